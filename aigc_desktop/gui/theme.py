"""Colours, fonts and spacing, said once; every widget takes them from here."""

from __future__ import annotations

import sys
from dataclasses import asdict, dataclass
from functools import cache
from string import Template

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication, QStyleFactory

from aigc_desktop.config.paths import resource

SYSTEM = "system"
LIGHT = "light"
DARK = "dark"

SPACE = 8
"""The grid, in device-independent pixels: all margins and gaps are multiples of its half."""

RADIUS = 8
RADIUS_SMALL = 6
RADIUS_LARGE = 14

_FONTS = {
    "win32": ("Segoe UI Variable Text", "Segoe UI", "Microsoft YaHei UI", "Segoe UI Emoji"),
    "darwin": (".AppleSystemUIFont", "PingFang SC", "Apple Color Emoji"),
}
_LINUX_FONTS = ("Inter", "Cantarell", "Ubuntu", "Noto Sans")
_FALLBACK_FONTS = ("DejaVu Sans", "Noto Sans CJK SC", "WenQuanYi Micro Hei", "Noto Color Emoji")
_MONO_FONTS = (
    "Cascadia Mono",
    "SF Mono",
    "Menlo",
    "Consolas",
    "JetBrains Mono",
    "DejaVu Sans Mono",
    "Noto Sans Mono CJK SC",
    "Noto Sans CJK SC",
    "Noto Color Emoji",
)


@dataclass(frozen=True, slots=True)
class Tokens:
    """The colours of one theme, as #rrggbb. Text on bg, surface and surface_alt meets WCAG AA."""

    dark: bool
    bg: str
    surface: str
    surface_alt: str
    text: str
    text_muted: str
    border: str
    border_strong: str
    accent: str
    accent_hover: str
    accent_text: str
    accent_soft: str
    danger: str
    danger_soft: str
    warning: str
    warning_soft: str
    success: str
    success_soft: str
    code_bg: str
    user_bubble: str
    selection: str
    diff_add: str
    diff_del: str
    hover: str
    pressed: str
    scrollbar: str
    chart: tuple[str, ...]
    """Fills and lines of plots, told apart also by who sees few colours; the last is "others"."""


_LIGHT = Tokens(
    dark=False,
    bg="#ffffff",
    surface="#f7f6f3",
    surface_alt="#f0eee9",
    text="#23221f",
    text_muted="#676560",
    border="#e4e1da",
    border_strong="#8d8a82",
    accent="#0f766e",
    accent_hover="#0b5f58",
    accent_text="#ffffff",
    accent_soft="#e3f1ef",
    danger="#b3261e",
    danger_soft="#fbe9e7",
    warning="#8a5a00",
    warning_soft="#fdf3dc",
    success="#1b7340",
    success_soft="#e5f4ea",
    code_bg="#f6f5f2",
    user_bubble="#f0eee9",
    selection="#bfe3de",
    diff_add="#dff3e4",
    diff_del="#fbe2df",
    hover="#eceae4",
    pressed="#e2dfd7",
    scrollbar="#cdc9c0",
    chart=("#0f766e", "#e0a100", "#3b6fd4", "#c8466b", "#8a63d2", "#7f9a2c", "#5f9fb8", "#b5b1a8"),
)

_DARK = Tokens(
    dark=True,
    bg="#1d1e20",
    surface="#17181a",
    surface_alt="#292b2e",
    text="#e9e7e2",
    text_muted="#a6a39c",
    border="#35373b",
    border_strong="#77797e",
    accent="#5cc8b8",
    accent_hover="#7ad6c8",
    accent_text="#0a2420",
    accent_soft="#1d3733",
    danger="#f2857b",
    danger_soft="#40211f",
    warning="#e5b35a",
    warning_soft="#3a2f1a",
    success="#6fca8f",
    success_soft="#1c3526",
    code_bg="#161719",
    user_bubble="#2b2d31",
    selection="#2c5a54",
    diff_add="#183626",
    diff_del="#45211f",
    hover="#2a2c30",
    pressed="#34363b",
    scrollbar="#4b4e53",
    chart=("#4fbdad", "#e5b35a", "#7aa7f7", "#f08aa5", "#b79bf0", "#a9c66a", "#7cc4de", "#63666c"),
)


class _Theme(QObject):
    """The one theme of the program."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.tokens = _LIGHT
        self.mode = SYSTEM
        self._followed: QGuiApplication | None = None

    def apply(self, app: QApplication, mode: str) -> None:
        self.mode = mode
        if self._followed is not app:
            self._followed = app
            if app.style().name() != "fusion":
                app.setStyle(QStyleFactory.create("Fusion"))
            app.setFont(font())
            app.styleHints().colorSchemeChanged.connect(self._follow_system)
        tokens = _tokens_for(app, mode)
        app.setPalette(palette(tokens))
        app.setStyleSheet(style_sheet(tokens))
        self.tokens = tokens
        self.changed.emit()

    @Slot()
    def _follow_system(self) -> None:
        app = QApplication.instance()
        if self.mode == SYSTEM and isinstance(app, QApplication):
            self.apply(app, SYSTEM)


_theme = _Theme()
changed = _theme.changed
"""Emitted after palette and style sheet have changed."""


def current() -> Tokens:
    """Return the colours in use."""
    return _theme.tokens


def apply(app: QApplication, mode: str) -> None:
    """Show the program in `mode`: system, light or dark."""
    _theme.apply(app, mode)


def color(token: str) -> QColor:
    """Return the current colour called `token`."""
    return QColor(getattr(_theme.tokens, token))


def chart_color(number: int) -> QColor:
    """Return the colour of a plot's line `number`; -1 is what stands for all others."""
    colors = _theme.tokens.chart
    return QColor(colors[number if number < 0 else number % (len(colors) - 1)])


def font(points: float = 10.5, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
    """Return the interface's font; Chinese is drawn with simplified Chinese glyphs everywhere."""
    chosen = QFont()
    chosen.setFamilies(list(_installed(_FONTS.get(sys.platform, _LINUX_FONTS) + _FALLBACK_FONTS)))
    chosen.setPointSizeF(points)
    chosen.setWeight(weight)
    return chosen


def mono_font(points: float = 10) -> QFont:
    """Return the font of code and paths."""
    chosen = QFont()
    chosen.setFamilies(list(_installed(_MONO_FONTS)))
    chosen.setStyleHint(QFont.StyleHint.Monospace)
    chosen.setPointSizeF(points)
    return chosen


@cache
def _installed(families: tuple[str, ...]) -> tuple[str, ...]:
    """Leave out fonts that are not there: after one, Qt takes the wrong weight of the next."""
    return tuple(f for f in families if f.startswith(".") or QFontDatabase.hasFamily(f))


def palette(tokens: Tokens) -> QPalette:
    """Return Qt's palette for `tokens`."""
    made = QPalette()
    role = QPalette.ColorRole
    for target, value in (
        (role.Window, tokens.bg),
        (role.WindowText, tokens.text),
        (role.Base, tokens.bg),
        (role.AlternateBase, tokens.surface),
        (role.Text, tokens.text),
        (role.PlaceholderText, tokens.text_muted),
        (role.Button, tokens.surface_alt),
        (role.ButtonText, tokens.text),
        (role.BrightText, tokens.danger),
        (role.ToolTipBase, tokens.surface_alt),
        (role.ToolTipText, tokens.text),
        (role.Highlight, tokens.selection),
        (role.HighlightedText, tokens.text),
        (role.Accent, tokens.accent),
        (role.Link, tokens.accent),
        (role.LinkVisited, tokens.accent),
        (role.Light, tokens.surface_alt),
        (role.Midlight, tokens.border),
        (role.Mid, tokens.border),
        (role.Dark, tokens.border_strong),
        (role.Shadow, "#000000"),
    ):
        made.setColor(target, QColor(value))
    for target in (role.WindowText, role.Text, role.ButtonText):
        made.setColor(QPalette.ColorGroup.Disabled, target, QColor(tokens.text_muted))
    return made


def style_sheet(tokens: Tokens) -> str:
    """Return the application's one style sheet, filled in."""
    template = Template(resource("styles/app.qss").read_text(encoding="utf-8"))
    arrow = resource(f"icons/{'arrow-dark' if tokens.dark else 'arrow-light'}.svg").as_posix()
    check = resource(f"icons/{'check-dark' if tokens.dark else 'check-light'}.svg").as_posix()
    return template.substitute(asdict(tokens), arrow_icon=arrow, check_icon=check)


def _tokens_for(app: QApplication, mode: str) -> Tokens:
    if mode == SYSTEM:
        mode = DARK if _system_is_dark(app) else LIGHT
    return _DARK if mode == DARK else _LIGHT


def _system_is_dark(app: QApplication) -> bool:
    """Return what the style says: asking for `Qt.ColorScheme` costs 12 ms of the first paint."""
    return app.style().standardPalette().color(QPalette.ColorRole.Window).lightness() < 128


def all_tokens() -> tuple[Tokens, Tokens]:
    """Return both sets, light and dark (for tests of contrast)."""
    return _LIGHT, _DARK
