"""What the transcript looks like: colours, fonts and measures, all from the theme."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPixmap

from aigc_desktop.gui import icons, theme

COLUMN = 780
"""Widest the text gets, in device-independent pixels: about 95 characters."""

MARGIN = 24
"""Least room left and right of the column."""

GAP = 14
"""Room between two blocks of a message."""

BODY_POINTS = 11.0
SMALL_POINTS = 9.5
CODE_POINTS = 10.0

LINE = 1.45
CODE_LINE = 1.3
"""Least line height, in the font's own: Latin and Chinese lines come out equally high."""


class ChatStyle:
    """One theme's look; made anew when the theme changes."""

    def __init__(self) -> None:
        self.tokens = theme.current()
        self.body = theme.font(BODY_POINTS)
        self.strong = theme.font(BODY_POINTS - 0.5, QFont.Weight.DemiBold)
        self.small = theme.font(SMALL_POINTS)
        self.small_strong = theme.font(SMALL_POINTS, QFont.Weight.DemiBold)
        self.mono = theme.mono_font(CODE_POINTS)
        self.mono_small = theme.mono_font(CODE_POINTS - 0.5)
        self._metrics: dict[str, QFontMetricsF] = {}
        self.line = round(self.metrics(self.body).height() * LINE)
        self.code_line = round(self.metrics(self.mono).height() * CODE_LINE)
        self.small_line = round(self.metrics(self.small).height() * CODE_LINE)
        self.leading = self.line - self.metrics(self.body).height()
        self.code_leading = self.code_line - self.metrics(self.mono).height()
        """Room above a line, of prose and of code, that is not seen as part of it."""
        self.css = self._css(self.tokens.text)
        self.css_muted = self._css(self.tokens.text_muted)

    def color(self, token: str) -> QColor:
        """Return the theme's colour called `token`."""
        return QColor(getattr(self.tokens, token))

    def metrics(self, font: QFont) -> QFontMetricsF:
        """Return the measures of `font`."""
        key = font.key()
        if key not in self._metrics:
            self._metrics[key] = QFontMetricsF(font)
        return self._metrics[key]

    def width(self, text: str, font: QFont) -> float:
        """Return how wide `text` is on one line."""
        return self.metrics(font).horizontalAdvance(text)

    def icon(self, name: str, token: str, size: int, ratio: float) -> QPixmap:
        """Return the icon in the theme's colour `token`."""
        return _pixmap(name, getattr(self.tokens, token), size, ratio)

    def _css(self, text: str) -> str:
        tokens = self.tokens
        mono = ", ".join(f"'{family}'" for family in self.mono.families())
        heading = f"margin-bottom: 6px; color: {tokens.text}; font-weight: 600"
        return f"""
            body {{ color: {text}; }}
            p, li {{ line-height: {self.line}px; -qt-line-height-type: minimum;
                margin-top: 0; margin-bottom: {GAP}px; }}
            ul, ol {{ margin-top: 0; margin-bottom: {GAP}px; }}
            li {{ margin-bottom: 4px; }}
            h1 {{ font-size: 17pt; margin-top: 14px; {heading}; }}
            h2 {{ font-size: 14.5pt; margin-top: 12px; {heading}; }}
            h3 {{ font-size: 12.5pt; margin-top: 8px; {heading}; }}
            h4, h5, h6 {{ font-size: 11pt; margin-top: 6px; {heading}; }}
            a {{ color: {tokens.accent}; text-decoration: none; }}
            code {{ font-family: {mono}; font-size: {CODE_POINTS}pt;
                background-color: {tokens.surface_alt}; }}
            pre {{ font-family: {mono}; font-size: {CODE_POINTS}pt; margin: 0; }}
            .muted {{ color: {tokens.text_muted}; }}
            td.quote {{ border-left: 3px solid {tokens.border}; padding-left: 12px;
                color: {tokens.text_muted}; }}
            td.code {{ background-color: {tokens.code_bg}; padding: 8px; }}
            table.grid {{ border-collapse: collapse; border-style: solid;
                border-color: {tokens.border}; border-width: 1px; margin-bottom: 2px; }}
            table.grid td, table.grid th {{ border-style: solid; border-width: 1px;
                border-color: {tokens.border}; padding: 6px 10px; }}
            table.grid th {{ background-color: {tokens.surface}; font-weight: 600; }}
        """


@lru_cache(maxsize=256)
def _pixmap(name: str, color: str, size: int, ratio: float) -> QPixmap:
    return icons.pixmap(name, color, size, ratio)
