"""A share with its interval, painted: where it lies, and how sure that is."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Slot
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from aigc_desktop.core.trial import Share
from aigc_desktop.gui import theme
from aigc_desktop.gui.learning.proof_words import share_text

HEIGHT = 26
TRACK = 6
DOT = 5
EDGE = 8
LEAST_WIDTH = 80


class IntervalBar(QWidget):
    """0 to 100 %; `line` is the share that the interval is compared with."""

    def __init__(
        self, share: Share, token: str, line: float, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._share = share
        self._token = token
        self._line = line
        self.setAccessibleName(share_text(share))
        self.setToolTip(share_text(share))
        self.setMinimumWidth(LEAST_WIDTH)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self._restyle)

    def sizeHint(self) -> QSize:
        return QSize(260, HEIGHT)

    @Slot()
    def _restyle(self) -> None:
        self.update()

    def _x(self, share: float) -> float:
        return EDGE + share * (self.width() - 2 * EDGE)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle, share = self.height() / 2, self._share
        track = QRectF(self._x(0), middle - TRACK / 2, self._x(1) - self._x(0), TRACK)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("surface_alt"))
        painter.drawRoundedRect(track, TRACK / 2, TRACK / 2)
        color = theme.color(self._token)
        if share.n:
            faint = theme.color(self._token)
            faint.setAlphaF(0.4)
            painter.setBrush(faint)
            left, right = self._x(share.low), self._x(share.high)
            band = QRectF(left, track.top(), max(right - left, TRACK), TRACK)
            painter.drawRoundedRect(band, TRACK / 2, TRACK / 2)
        painter.setPen(QPen(theme.color("border_strong"), 1, Qt.PenStyle.DashLine))
        line = round(self._x(self._line)) + 0.5
        painter.drawLine(QPointF(line, 2), QPointF(line, self.height() - 2))
        if share.n:
            painter.setPen(QPen(theme.color("bg"), 2))
            painter.setBrush(color)
            painter.drawEllipse(QPointF(self._x(share.share), middle), DOT + 1, DOT + 1)
