"""Line icons on a 24-pixel grid, tinted with the theme's colours."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QByteArray, QObject, QRectF, QSize, Qt, Slot
from PySide6.QtGui import QAction, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QAbstractButton

from aigc_desktop.config.paths import resource
from aigc_desktop.gui import theme

_SIZES = (20, 40)
"""Pixels: as large as a button's icon, at 100 % and at 200 %."""


@lru_cache(maxsize=256)
def _source(name: str) -> str:
    return resource(f"icons/{name}.svg").read_text(encoding="utf-8")


def pixmap(name: str, color: str, size: int, ratio: float = 1.0) -> QPixmap:
    """Return the icon `name` drawn in `color` (#rrggbb), `size` logical pixels wide."""
    renderer = QSvgRenderer(QByteArray(_source(name).replace("currentColor", color).encode()))
    side = round(size * ratio)
    made = QPixmap(QSize(side, side))
    made.fill(Qt.GlobalColor.transparent)
    painter = QPainter(made)
    renderer.render(painter, QRectF(0, 0, side, side))
    painter.end()
    made.setDevicePixelRatio(ratio)
    return made


@lru_cache(maxsize=256)
def _icon(name: str, color: str, disabled: str) -> QIcon:
    made = QIcon()
    for size in _SIZES:
        made.addPixmap(pixmap(name, disabled, size), QIcon.Mode.Disabled)
        tinted = pixmap(name, color, size)
        for mode in (QIcon.Mode.Normal, QIcon.Mode.Selected, QIcon.Mode.Active):
            made.addPixmap(tinted, mode)
    return made


def icon(name: str, token: str = "text_muted") -> QIcon:  # noqa: S107 a colour's name
    """Return the icon `name` in the current theme's colour `token`."""
    return _icon(name, getattr(theme.current(), token), theme.current().border_strong)


class _Tint(QObject):
    """Keeps one button's or action's icon in the theme's colours."""

    def __init__(self, target: QAbstractButton | QAction, name: str, token: str) -> None:
        super().__init__(target)
        self.setObjectName("tint")
        self._target = target
        self._name = name
        self._token = token
        theme.changed.connect(self.refresh)
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        self._target.setIcon(icon(self._name, self._token))

    def change(self, name: str, token: str) -> None:
        self._name, self._token = name, token
        self.refresh()


def bind(target: QAbstractButton | QAction, name: str, token: str = "text_muted") -> None:  # noqa: S107
    """Show the icon on `target`, now and after every change of theme."""
    existing = target.findChild(_Tint, "tint", Qt.FindChildOption.FindDirectChildrenOnly)
    if existing is None:
        _Tint(target, name, token)
    else:
        existing.change(name, token)
