"""A plot over time, painted: stacked bars or lines, with axes, legend, and values to be reached."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleEvent,
    QFocusEvent,
    QFont,
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from aigc_desktop.config.i18n import tr
from aigc_desktop.gui import theme
from aigc_desktop.gui.ops import plot_scale
from aigc_desktop.gui.ops import plot_shapes as shapes
from aigc_desktop.gui.ops.plot_picture import Line, Picture

HEIGHT = 240
LEGEND = 26
"""Pixels for a row of the legend."""

AXIS = 26
MARGIN = 12
GAP = 0.28
"""Share of a period's width that is left between bars."""

WIDEST_BAR = 46.0
DOTS_UP_TO = 40
"""Lines with more points than this have no dots."""

TIP_ROWS = 9


class Plot(QWidget):
    """Shows a picture. The mouse, or the arrow keys, choose a period; its values are shown."""

    period_chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._picture: Picture | None = None
        self._marks: list[float] = [0.0, 1.0]
        self._chosen = -1
        self._hovered = -1
        self.setMinimumHeight(HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        theme.changed.connect(self.update)

    def show_picture(self, picture: Picture) -> None:
        """Show another picture; the chosen period is given up."""
        self._picture = picture
        self._marks = _marks(picture)
        self._chosen = self._hovered = -1
        self.setAccessibleName(picture.title)
        self._describe()
        self.update()

    @property
    def picture(self) -> Picture | None:
        return self._picture

    @property
    def chosen(self) -> int:
        """The period whose values are shown; -1: none."""
        return self._hovered if self._hovered >= 0 else self._chosen

    def values_text(self, period: int) -> str:
        """Return a period and all its values, in words."""
        assert self._picture is not None
        rows = self._tip_rows(period)
        parts = [f"{name}: {value}" if value else name for _, name, value in rows]
        return f"{self._picture.long_labels[period]}. " + "; ".join(parts)

    def sizeHint(self) -> QSize:
        return QSize(600, HEIGHT + 40)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        count = len(self._picture.labels) if self._picture else 0
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()), 0)
        if count and step:
            begin = self._chosen if self._chosen >= 0 else (count if step < 0 else -1)
            self._choose(min(count - 1, max(0, begin + step)))
        elif count and event.key() == Qt.Key.Key_Home:
            self._choose(0)
        elif count and event.key() == Qt.Key.Key_End:
            self._choose(count - 1)
        elif event.key() == Qt.Key.Key_Escape and self._chosen >= 0:
            self._choose(-1)
        else:
            super().keyPressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover(self._period_at(event.position()))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._choose(self._period_at(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        self._hover(-1)

    def focusInEvent(self, event: QFocusEvent) -> None:
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._choose(-1)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.hasFocus():
            painter.setPen(QPen(theme.color("accent"), 1))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 8, 8)
        if self._picture is None:
            return
        self._paint_legend(painter, self._picture)
        if self._picture.empty:
            painter.setPen(theme.color("text_muted"))
            painter.drawText(self._area(), Qt.AlignmentFlag.AlignCenter, self._picture.empty)
            return
        marks = self._marks
        self._paint_grid(painter, self._picture, marks)
        self._paint_chosen(painter)
        if self._picture.stacked:
            self._paint_bars(painter, self._picture, marks)
        else:
            self._paint_lines(painter, self._picture, marks)
        self._paint_tip(painter)

    def _area(self) -> QRectF:
        """Return where the bars and lines are."""
        left = float(MARGIN)
        if self._picture is not None and not self._picture.empty:
            metrics = QFontMetricsF(self._small())
            texts = self._mark_texts(self._picture)
            left = max(metrics.horizontalAdvance(text) for text in texts) + MARGIN + 8
        top = LEGEND * self._legend_rows() + 14
        return QRectF(left, top, self.width() - left - MARGIN, self.height() - top - AXIS)

    def _mark_texts(self, picture: Picture) -> list[str]:
        greatest = max(map(abs, self._marks))
        return [picture.mark(abs(mark), greatest) for mark in self._marks]

    def _slot(self) -> float:
        count = len(self._picture.labels) if self._picture else 0
        return self._area().width() / max(1, count)

    def _period_at(self, at: QPointF) -> int:
        if self._picture is None or self._picture.empty or at.y() < self._area().top() - 8:
            return -1
        period = int((at.x() - self._area().left()) // self._slot())
        return period if 0 <= period < len(self._picture.labels) else -1

    def _choose(self, period: int) -> None:
        self._hovered = -1
        self._chosen = period
        self._describe()
        self.update()
        if period >= 0:
            self.period_chosen.emit(period)

    def _hover(self, period: int) -> None:
        if period != self._hovered:
            self._hovered = period
            self.update()

    def _describe(self) -> None:
        """Say the chosen period's values to a screen reader."""
        if self._picture is None:
            return
        hint = tr("Left and right arrow keys go through the values.")
        said = self._picture.empty or hint
        if self._chosen >= 0:
            said = self.values_text(self._chosen)
        self.setAccessibleDescription(said)
        QAccessible.updateAccessibility(
            QAccessibleEvent(self, QAccessible.Event.DescriptionChanged)
        )

    def _small(self) -> QFont:
        return theme.font(9)

    def _legend_cells(self) -> list[tuple[int, float, Line]]:
        """Return (row, x, line) of each entry of the legend."""
        if self._picture is None or len(self._picture.lines) < 2:
            return []
        metrics = QFontMetricsF(self._small())
        cells: list[tuple[int, float, Line]] = []
        row, x = 0, float(MARGIN)
        for line in self._picture.lines:
            width = 26 + metrics.horizontalAdvance(_cut(line.name))
            if x + width > self.width() - MARGIN and x > MARGIN:
                row, x = row + 1, float(MARGIN)
            cells.append((row, x, line))
            x += width + 12
        return cells

    def _legend_rows(self) -> int:
        return max((row for row, _, _ in self._legend_cells()), default=-1) + 1

    def _paint_legend(self, painter: QPainter, picture: Picture) -> None:
        painter.setFont(self._small())
        for row, x, line in self._legend_cells():
            y = 8 + row * LEGEND
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.chart_color(line.color))
            painter.drawRoundedRect(QRectF(x, y + 5, 11, 11), 3, 3)
            painter.setPen(theme.color("text"))
            place = QRectF(x + 18, y, self.width() - x - 18, 21)
            painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, _cut(line.name))

    def _paint_grid(self, painter: QPainter, picture: Picture, marks: list[float]) -> None:
        area = self._area()
        painter.setFont(self._small())
        for mark, said in zip(marks, self._mark_texts(picture), strict=True):
            y = _y(area, marks, mark)
            painter.setPen(QPen(theme.color("border_strong" if mark == 0 else "border"), 1))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            painter.setPen(theme.color("text_muted"))
            place = QRectF(0, y - 10, area.left() - 8, 20)
            right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(place, right, said)
        self._paint_labels(painter, picture, area)

    def _paint_labels(self, painter: QPainter, picture: Picture, area: QRectF) -> None:
        metrics = QFontMetricsF(self._small())
        widest = max(metrics.horizontalAdvance(text) for text in picture.labels)
        step = plot_scale.label_step(len(picture.labels), area.width(), widest + 18)
        slot = self._slot()
        painter.setPen(theme.color("text_muted"))
        for period in range((len(picture.labels) - 1) % step, len(picture.labels), step):
            middle = area.left() + (period + 0.5) * slot
            left = min(middle - widest / 2, self.width() - widest - MARGIN / 2)
            place = QRectF(max(0.0, left), area.bottom() + 5, widest + 2, 20)
            painter.drawText(place, Qt.AlignmentFlag.AlignCenter, picture.labels[period])

    def _paint_chosen(self, painter: QPainter) -> None:
        if self.chosen < 0:
            return
        area, slot = self._area(), self._slot()
        band = QRectF(area.left() + self.chosen * slot, area.top(), max(slot, 2.0), area.height())
        painter.fillRect(band, theme.color("hover"))

    def _paint_bars(self, painter: QPainter, picture: Picture, marks: list[float]) -> None:
        area, slot = self._area(), self._slot()
        width = max(1.0, min(slot * (1 - GAP), WIDEST_BAR))
        painter.setPen(Qt.PenStyle.NoPen)
        for period in range(len(picture.labels)):
            x = area.left() + (period + 0.5) * slot - width / 2
            ends = {True: 0.0, False: 0.0}
            drawn = [line for line in picture.lines if line.values[period]]
            for place, line in enumerate(drawn):
                value = line.values[period] or 0.0
                begin = ends[value > 0]
                ends[value > 0] = begin + value
                upper = _y(area, marks, max(begin, begin + value))
                lower = _y(area, marks, min(begin, begin + value))
                last = not any((o.values[period] or 0) * value > 0 for o in drawn[place + 1 :])
                bar = QRectF(x, upper, width, max(lower - upper, 1.0))
                painter.setBrush(theme.chart_color(line.color))
                painter.drawPath(shapes.bar(bar, last, down=value < 0))

    def _paint_lines(self, painter: QPainter, picture: Picture, marks: list[float]) -> None:
        area, slot = self._area(), self._slot()
        for line in picture.lines:
            color = theme.chart_color(line.color)
            points = [
                None
                if value is None
                else QPointF(area.left() + (period + 0.5) * slot, _y(area, marks, value))
                for period, value in enumerate(line.values)
            ]
            if len(picture.lines) == 1:
                shapes.paint_below(painter, points, _y(area, marks, 0), color)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            pen = QPen(color, 2)
            pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
            painter.setPen(pen)
            painter.drawPath(shapes.line(points))
            known = [point for point in points if point is not None]
            painter.setPen(QPen(theme.color("bg"), 1.5))
            painter.setBrush(color)
            for period, point in enumerate(points):
                dotted = len(known) <= DOTS_UP_TO or period == self.chosen
                if point is not None and (dotted or shapes.is_alone(points, period)):
                    painter.drawEllipse(point, 4, 4)

    def _tip_rows(self, period: int) -> list[tuple[int | None, str, str]]:
        """Return (colour, name, value) of what is to be said about a period."""
        picture = self._picture
        assert picture is not None
        rows: list[tuple[int | None, str, str]] = []
        for line in picture.lines:
            value = line.values[period]
            if value is not None and (value or len(picture.lines) < 3):
                rows.append((line.color, line.name, picture.text(abs(value))))
        if not rows:
            return [(None, tr("nothing"), "")]
        left_out = len(rows) - TIP_ROWS
        if left_out > 0:
            rows = rows[:TIP_ROWS]
        if picture.total and len(picture.lines) > 1:
            rows.append((None, tr("Total"), picture.total[period]))
        return rows

    def _paint_tip(self, painter: QPainter) -> None:
        period = self.chosen
        if period < 0 or self._picture is None:
            return
        rows = self._tip_rows(period)
        head = self._picture.long_labels[period]
        bold = theme.font(9.5, QFont.Weight.DemiBold)
        small, strong = QFontMetricsF(self._small()), QFontMetricsF(bold)
        names = max(small.horizontalAdvance(_cut(name)) for _, name, _ in rows)
        values = max(strong.horizontalAdvance(value) for _, _, value in rows)
        width = max(names + values + 64, strong.horizontalAdvance(head) + 28)
        height = 36 + 21 * len(rows)
        area, slot = self._area(), self._slot()
        middle = area.left() + (period + 0.5) * slot
        left = middle + slot / 2 + 8
        if left + width > self.width() - 4:
            left = middle - slot / 2 - 8 - width
        left = max(4.0, left)
        top = min(area.top() - 6, self.height() - height - 4)
        box = QRectF(left, max(4.0, top), width, height)
        painter.setPen(QPen(theme.color("border_strong"), 1))
        painter.setBrush(theme.color("bg"))
        painter.drawRoundedRect(box, 8, 8)
        painter.setPen(theme.color("text"))
        painter.setFont(bold)
        painter.drawText(QPointF(box.left() + 14, box.top() + 22), head)
        for number, (color, name, value) in enumerate(rows):
            y = box.top() + 32 + 21 * number
            if color is not None:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(theme.chart_color(color))
                painter.drawRoundedRect(QRectF(box.left() + 14, y + 5, 10, 10), 3, 3)
            painter.setPen(theme.color("text_muted"))
            painter.setFont(self._small())
            place = QRectF(box.left() + 31, y, width, 20)
            painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, _cut(name))
            painter.setPen(theme.color("text"))
            painter.setFont(bold)
            right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(QRectF(box.left(), y, width - 14, 20), right, value)


def _marks(picture: Picture) -> list[float]:
    """Return the values at which lines divide the plot."""
    lines = [line.values for line in picture.lines]
    if picture.stacked:
        low, high = plot_scale.stacks(lines)
    else:
        known = [value for line in lines for value in line if value is not None]
        low, high = min(known, default=0.0), max(known, default=0.0)
    return plot_scale.ticks(low, high, whole=picture.whole)


def _cut(name: str, limit: int = 34) -> str:
    return name if len(name) <= limit else name[: limit - 1] + "…"


def _y(area: QRectF, marks: list[float], value: float) -> float:
    low, high = marks[0], marks[-1]
    return area.bottom() - (value - low) / (high - low) * area.height()
