"""A tile: what is measured, its value, how it changed, its course as a small line."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from aigc_desktop.config.i18n import tr
from aigc_desktop.core.statistics import Measure
from aigc_desktop.gui import theme
from aigc_desktop.gui.ops import figures_text

HEIGHT = 78
TITLE_LINE, VALUE_LINE = 20, 45
"""Where the words stand: the same for letters of every script."""


class MeasureTile(QAbstractButton):
    """Chooses what the plot shows."""

    def __init__(self, measure: Measure, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.measure = measure
        self._title = title
        self._value = figures_text.MISSING
        self._change = ""
        self._course: tuple[float | None, ...] = ()
        self.setCheckable(True)
        self.setAutoExclusive(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setToolTip(figures_text.explain(measure))
        theme.changed.connect(self.update)

    def show_value(self, value: str, change: str, course: tuple[float | None, ...]) -> None:
        """Show another value."""
        self._value, self._change, self._course = value, change, course
        said = tr("{name}: {value}", name=self._title, value=value)
        self.setAccessibleName(f"{said}, {change}" if change else said)
        self.update()

    @property
    def value(self) -> str:
        return self._value

    def sizeHint(self) -> QSize:
        return QSize(112, HEIGHT)

    def minimumSizeHint(self) -> QSize:
        return QSize(84, HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect()).adjusted(0.75, 0.75, -0.75, -0.75)
        strong = self.isChecked() or self.hasFocus()
        edge = "accent" if strong else "border_strong" if self.underMouse() else "border"
        painter.setPen(QPen(theme.color(edge), 1.5 if self.hasFocus() else 1))
        painter.setBrush(theme.color("accent_soft" if self.isChecked() else "bg"))
        painter.drawRoundedRect(box, 10, 10)
        inner = box.adjusted(11, 8, -8, -9)
        painter.setFont(theme.font(9))
        painter.setPen(theme.color("text_muted"))
        elided = painter.fontMetrics().elidedText(
            self._title, Qt.TextElideMode.ElideRight, int(inner.width())
        )
        painter.drawText(QPointF(inner.left(), box.top() + TITLE_LINE), elided)
        painter.setFont(self._value_font(inner.width()))
        painter.setPen(theme.color("text"))
        painter.drawText(QPointF(inner.left(), box.top() + VALUE_LINE), self._value)
        painter.setFont(theme.font(8.5))
        painter.setPen(theme.color("text_muted"))
        painter.drawText(QPointF(inner.left(), inner.bottom() - 1), self._change)
        self._paint_course(painter, inner)

    def _value_font(self, width: float) -> QFont:
        """Return the largest font in which the value has room."""
        for points in (15.0, 13.0, 11.5):
            font = theme.font(points, QFont.Weight.DemiBold)
            if QFontMetricsF(font).horizontalAdvance(self._value) <= width:
                break
        return font

    def _paint_course(self, painter: QPainter, inner: QRectF) -> None:
        """Draw the course in the room that the change leaves."""
        known = [value for value in self._course if value is not None]
        taken = painter.fontMetrics().horizontalAdvance(self._change)
        width = min(56.0, inner.width() - taken - 8)
        if len(known) < 2 or max(known) <= 0 or width < 18:
            return
        area = QRectF(inner.right() - width, inner.bottom() - 13, width, 11)
        step = area.width() / (len(self._course) - 1)
        line = QPolygonF(
            [
                QPointF(area.left() + n * step, area.bottom() - v / max(known) * area.height())
                for n, v in enumerate(self._course)
                if v is not None
            ]
        )
        painter.setPen(QPen(theme.color("accent" if self.isChecked() else "border_strong"), 1.2))
        painter.drawPolyline(line)
