"""A row of controls that breaks into further rows where there is no room."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLayout,
    QLayoutItem,
    QSizePolicy,
    QSpacerItem,
    QWidget,
)

Line = list[tuple[QLayoutItem, int]]
"""Items with their least widths in pixels."""


class FlowLayout(QLayout):
    """Nothing is squeezed: what does not fit beside the others goes below them.

    What wants to grow (a stretch, a widget or layout whose width is `Expanding`) shares what a row
    leaves; it is put beside others if its smallest width fits.
    """

    def __init__(self, spacing: int = 8, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._items: list[QLayoutItem] = []
        self.setContentsMargins(0, 0, 0, 0)
        self.setSpacing(spacing)

    def addLayout(self, layout: QLayout) -> None:
        """Add a layout as one of the things in the row."""
        self.addChildLayout(layout)
        self.addItem(layout)

    def addStretch(self) -> None:
        """What follows goes to the right end of its row."""
        self.addItem(QSpacerItem(0, 0, QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum))

    def addItem(self, item: QLayoutItem) -> None:
        self._items.append(item)
        self.invalidate()

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        return Qt.Orientation.Horizontal

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        edges = self.contentsMargins()
        inner = width - edges.left() - edges.right()
        return self._place(QRect(0, 0, inner, 0), move=False) + edges.top() + edges.bottom()

    def sizeHint(self) -> QSize:
        shown = [item for item in self._items if not _is_hidden(item)]
        gaps = self.spacing() * max(0, sum(map(bool, map(_least, shown))) - 1)
        height = max((item.sizeHint().height() for item in shown), default=0)
        return self._with_edges(sum(_least(item) for item in shown) + gaps, height)

    def minimumSize(self) -> QSize:
        sizes = [item.minimumSize() for item in self._items if not _is_hidden(item)]
        width = max((size.width() for size in sizes), default=0)
        return self._with_edges(width, max((size.height() for size in sizes), default=0))

    def setGeometry(self, rect: QRect) -> None:
        super().setGeometry(rect)
        self._place(rect.marginsRemoved(self.contentsMargins()), move=True)

    def _with_edges(self, width: int, height: int) -> QSize:
        edges = self.contentsMargins()
        return QSize(width + edges.left() + edges.right(), height + edges.top() + edges.bottom())

    def _place(self, rect: QRect, *, move: bool) -> int:
        """Put everything where it belongs, or only reckon; return the height in pixels."""
        top = rect.top()
        for number, line in enumerate(self._lines(rect.width())):
            top += self.spacing() if number else 0
            placed = list(zip(line, self._widths(line, rect.width()), strict=True))
            height = max(_height(item, width) for (item, _), width in placed)
            left = rect.left()
            for (item, least), width in placed:
                tall = min(height, _height(item, width))
                if move:
                    item.setGeometry(QRect(left, top + (height - tall) // 2, width, tall))
                left += width + (self.spacing() if least else 0)
            top += height
        return top - rect.top()

    def _lines(self, width: int) -> Iterator[Line]:
        line: Line = []
        used = 0
        for item in self._items:
            if _is_hidden(item):
                continue
            least = _least(item)
            gap = self.spacing() if used and least else 0
            if used and used + gap + least > width:
                yield line
                line, used, gap = [], 0, 0
            line.append((item, least))
            used += gap + least
        if line:
            yield line

    def _widths(self, line: Line, width: int) -> list[int]:
        solid = [least for _, least in line if least]
        free = max(0, width - sum(solid) - self.spacing() * max(0, len(solid) - 1))
        growing = [_grows(item) for item, _ in line]
        share = free // sum(growing) if any(growing) else 0
        return [
            min(width, least + share * grows)
            for (_, least), grows in zip(line, growing, strict=True)
        ]


def growing(words: QLayout, least: int, before: QWidget | None = None) -> QWidget:
    """Return `words` as something that takes the room a row leaves, at least `least` pixels.

    `before` is put on its left, at the height of the first line.
    """
    box = QWidget()
    box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
    box.setMinimumWidth(least)
    row = QHBoxLayout(box)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(10)
    if before is not None:
        row.addWidget(before, 0, Qt.AlignmentFlag.AlignTop)
    row.addLayout(words, 1)
    return box


def together(*widgets: QWidget, spacing: int = 8) -> QWidget:
    """Return the widgets side by side as one thing: they go to another row all at once."""
    box = QWidget()
    box.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
    row = QHBoxLayout(box)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(spacing)
    for widget in widgets:
        row.addWidget(widget)
    return box


def _is_hidden(item: QLayoutItem) -> bool:
    return item.isEmpty() and item.spacerItem() is None


def _grows(item: QLayoutItem) -> bool:
    wants = bool(item.expandingDirections() & Qt.Orientation.Horizontal)
    return wants and item.maximumSize().width() > item.minimumSize().width()


def _least(item: QLayoutItem) -> int:
    """Return the width that an item must have: it is not cut, but may be asked to break lines."""
    if item.spacerItem() is not None:
        return 0
    smallest = item.minimumSize().width()
    return smallest if _grows(item) else max(smallest, item.sizeHint().width())


def _height(item: QLayoutItem, width: int) -> int:
    return item.heightForWidth(width) if item.hasHeightForWidth() else item.sizeHint().height()
