"""The round button that brings the reader back to the newest line."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QWidget

from aigc_desktop.config.i18n import tr
from aigc_desktop.gui import icons, theme

SIDE = 36


class EndButton(QAbstractButton):
    """Drawn here, in the theme's colours; the style sheet knows no round buttons."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setFixedSize(SIDE, SIDE)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.retranslate()

    def retranslate(self) -> None:
        """The language has changed."""
        self.setAccessibleName(tr("Go to the end"))
        self.setToolTip(tr("Go to the end"))

    def sizeHint(self) -> QSize:
        return QSize(SIDE, SIDE)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.color("border"), 1))
        painter.setBrush(theme.color("hover" if self.underMouse() else "bg"))
        painter.drawEllipse(QRectF(0.5, 0.5, SIDE - 1, SIDE - 1))
        ratio = self.devicePixelRatioF()
        pixmap = icons.pixmap("arrow-down", theme.current().text, 18, ratio)
        painter.drawPixmap((SIDE - 18) // 2, (SIDE - 18) // 2, pixmap)
