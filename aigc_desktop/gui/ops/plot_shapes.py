"""The shapes of a plot: bars, lines, and what lies below a line."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath


def bar(place: QRectF, rounded: bool, *, down: bool) -> QPainterPath:
    """Return a bar whose outer end is rounded."""
    shape = QPainterPath()
    radius = min(4.0, place.width() / 2, place.height())
    if not rounded or radius < 1:
        shape.addRect(place)
        return shape
    shape.addRoundedRect(place, radius, radius)
    half = place.height() / 2
    square = place.adjusted(0, 0, 0, -half) if down else place.adjusted(0, half, 0, 0)
    shape.addRect(square)
    shape.setFillRule(Qt.FillRule.WindingFill)
    return shape.simplified()


def line(points: list[QPointF | None]) -> QPainterPath:
    """Return a line through the points, with a gap wherever there is none."""
    shape, drawing = QPainterPath(), False
    for point in points:
        if point is None:
            drawing = False
        elif drawing:
            shape.lineTo(point)
        else:
            shape.moveTo(point)
            drawing = True
    return shape


def paint_below(
    painter: QPainter, points: list[QPointF | None], floor: float, color: QColor
) -> None:
    """Shade what lies below a line."""
    shade = QColor(color)
    shade.setAlpha(36)
    run: list[QPointF] = []
    for point in (*points, None):
        if point is not None:
            run.append(point)
        elif run:
            path = QPainterPath(QPointF(run[0].x(), floor))
            for each in run:
                path.lineTo(each)
            path.lineTo(QPointF(run[-1].x(), floor))
            painter.fillPath(path, shade)
            run = []


def is_alone(points: list[QPointF | None], period: int) -> bool:
    """Return whether a point has no neighbour, so that no line would show it."""
    before = points[period - 1] if period else None
    after = points[period + 1] if period + 1 < len(points) else None
    return before is None and after is None
