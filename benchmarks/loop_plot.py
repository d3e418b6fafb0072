"""The plot of the closed loop: what had been changed in all, with and without learning."""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path

WIDTH, HEIGHT, SCALE = 760, 380, 2
LEFT, TOP, RIGHT, BOTTOM = 56, 44, 24, 46
INK, GRID, WITH, WITHOUT = "#5c6370", "#e3e6ea", "#2f6fdf", "#b0563a"


def save(file: Path, with_it: Sequence[float], without: Sequence[float], flip: int) -> None:
    """Write the plot as a PNG picture."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtCore import QPointF, QRectF, Qt
    from PySide6.QtGui import QColor, QFont, QGuiApplication, QImage, QPainter, QPen, QPolygonF

    app = QGuiApplication.instance() or QGuiApplication([])
    image = QImage(WIDTH * SCALE, HEIGHT * SCALE, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(SCALE)
    image.fill(QColor("white"))
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setFont(QFont("DejaVu Sans", 9))
    lines = [(list(accumulate(v)), colour) for v, colour in ((without, WITHOUT), (with_it, WITH))]
    top = max(lines[0][0][-1], lines[1][0][-1])
    step = next(s for s in (1, 2, 5, 10, 20, 25, 50, 100, 200) if top / s <= 6)

    def at(x: float, y: float) -> QPointF:
        across = (WIDTH - LEFT - RIGHT) * x / len(with_it)
        up = (HEIGHT - TOP - BOTTOM) * y / (step * (top // step + 1))
        return QPointF(LEFT + across, HEIGHT - BOTTOM - up)

    right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
    for value in range(0, int(step * (top // step + 1)) + 1, step):
        painter.setPen(QPen(QColor(GRID), 1))
        painter.drawLine(at(0, value), at(len(with_it), value))
        painter.setPen(QColor(INK))
        place = QRectF(0, at(0, value).y() - 9, LEFT - 8, 18)
        painter.drawText(place, right, str(value))
    painter.setPen(QPen(QColor(INK), 1, Qt.PenStyle.DashLine))
    painter.drawLine(at(flip, 0), QPointF(at(flip, 0).x(), TOP))
    painter.drawText(QPointF(at(flip, 0).x() + 6, TOP + 12), "preferences change")
    for values, colour in lines:
        painter.setPen(QPen(QColor(colour), 2.4))
        painter.drawPolyline(QPolygonF([at(0, 0), *(at(n, v) for n, v in enumerate(values, 1))]))
    for text, colour, x in (
        ("without learning", WITHOUT, LEFT),
        ("with learning", WITH, LEFT + 150),
    ):
        painter.setPen(QPen(QColor(colour), 3))
        painter.drawLine(QPointF(x, 22), QPointF(x + 20, 22))
        painter.setPen(QColor(INK))
        painter.drawText(QPointF(x + 27, 26), text)
    painter.drawText(
        QRectF(LEFT, HEIGHT - 28, WIDTH - LEFT - RIGHT, 20),
        Qt.AlignmentFlag.AlignCenter,
        f"requests (0 to {len(with_it)}) → answers that had to be rewritten, in all",
    )
    painter.end()
    image.save(str(file))
    del app
