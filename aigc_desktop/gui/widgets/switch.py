"""A switch: on or off at once, without a Save."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Slot
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from aigc_desktop.gui import theme

WIDTH = 36
HEIGHT = 20
KNOB = 14
RING = 2


class Switch(QAbstractButton):
    """A checkable button that looks like a switch; the space bar works it."""

    def __init__(self, name: str, *, on: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setCheckable(True)
        self.setChecked(on)
        self.setAccessibleName(name)
        self.setToolTip(name)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self._restyle)

    def sizeHint(self) -> QSize:
        return QSize(WIDTH + 2 * RING, HEIGHT + 2 * RING)

    @Slot()
    def _restyle(self) -> None:
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setOpacity(1 if self.isEnabled() else 0.45)
        track = QRectF(RING, RING, WIDTH, HEIGHT)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("accent" if self.isChecked() else "scrollbar"))
        painter.drawRoundedRect(track, HEIGHT / 2, HEIGHT / 2)
        gap = (HEIGHT - KNOB) / 2
        x = track.right() - gap - KNOB if self.isChecked() else track.left() + gap
        painter.setBrush(theme.color("accent_text" if self.isChecked() else "bg"))
        painter.drawEllipse(QRectF(x, track.top() + gap, KNOB, KNOB))
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(theme.color("accent"), 1.5))
            ring = QRectF(self.rect()).adjusted(0.75, 0.75, -0.75, -0.75)
            painter.drawRoundedRect(ring, HEIGHT / 2 + RING, HEIGHT / 2 + RING)
