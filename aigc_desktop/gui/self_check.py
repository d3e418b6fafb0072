"""The self-test's look at Qt: a window can be painted, with Chinese text and an SVG."""

from __future__ import annotations

from PySide6.QtCore import qVersion
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication, QLabel


def paint_a_window() -> str:
    """Return Qt's version. Raises RuntimeError when nothing was painted."""
    app = QApplication.instance() or QApplication([])
    label = QLabel("AIGC 桌面")
    label.resize(200, 60)
    image = label.grab().toImage()
    colours = {image.pixel(x, y) for x in range(0, image.width(), 2) for y in range(image.height())}
    if len(colours) < 2:
        raise RuntimeError("nothing was painted")
    QSvgRenderer(b"<svg xmlns='http://www.w3.org/2000/svg' width='8' height='8'/>")
    label.deleteLater()
    app.processEvents()
    return f"Qt {qVersion()} on {QApplication.platformName()}"
