"""The transcript for screen readers: a list whose items are the rows.

Where Qt may be given no interface, the stubs do not say so: those methods return Any.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from PySide6.QtCore import QObject, QRect
from PySide6.QtGui import QAccessible, QAccessibleInterface, QColor
from PySide6.QtWidgets import QAccessibleWidget

if TYPE_CHECKING:
    from aigc_desktop.gui.chat.rows import Row
    from aigc_desktop.gui.chat.transcript_view import TranscriptView

_installed = False


def install() -> None:
    """Make Qt ask us for the interfaces of transcripts; done once."""
    global _installed  # noqa: PLW0603 Qt keeps the factory for the whole program
    if not _installed:
        QAccessible.installFactory(_factory)
        _installed = True


class TranscriptAccessible(QAccessibleWidget):
    """The list."""

    def __init__(self, view: TranscriptView) -> None:
        super().__init__(view, QAccessible.Role.List, view.accessibleName())
        self._view = view
        self._items: dict[Row, RowAccessible] = {}

    def text(self, kind: QAccessible.Text) -> str:
        return self._view.accessibleName() if kind == QAccessible.Text.Name else ""

    def childCount(self) -> int:
        return len(self._view.rows)

    def child(self, index: int) -> Any:
        rows = self._view.rows.rows
        if not 0 <= index < len(rows):
            return None
        row = rows[index]
        if row not in self._items:
            if len(self._items) > 2 * len(rows) + 100:
                self._items.clear()
            self._items[row] = RowAccessible(self, self._view, row)
        return self._items[row]

    def childAt(self, x: int, y: int) -> Any:
        point = self._view.viewport().mapFromGlobal(QRect(x, y, 1, 1).topLeft())
        placed = self._view.stage.at(point.y())
        return None if placed is None else self.child(placed.index)

    def indexOfChild(self, child: QAccessibleInterface) -> int:
        row = getattr(child, "row", None)
        return -1 if row is None else self._view.rows.index.get(row.key, -1)


class RowAccessible(QAccessibleInterface):
    """One row as a list item."""

    def __init__(self, parent: TranscriptAccessible, view: TranscriptView, row: Row) -> None:
        super().__init__()
        self._parent = parent
        self._view = view
        self.row = row

    def isValid(self) -> bool:
        return self.row.key in self._view.rows.index

    def object(self) -> Any:
        return None

    def window(self) -> Any:
        return self._view.window().windowHandle()

    def parent(self) -> QAccessibleInterface:
        return self._parent

    def child(self, index: int) -> Any:
        return None

    def childAt(self, x: int, y: int) -> Any:
        return None

    def childCount(self) -> int:
        return 0

    def indexOfChild(self, child: QAccessibleInterface) -> int:
        return -1

    def text(self, kind: QAccessible.Text) -> str:
        if kind != QAccessible.Text.Name or not self.isValid():
            return ""
        return self._view.stage.view(self.row).name()

    def setText(self, kind: QAccessible.Text, text: str) -> None:
        """Rows are not changed from outside."""

    def rect(self) -> QRect:
        stage = self._view.stage
        for place in stage.placed:
            if place.row is self.row:
                box = QRect(stage.left, round(place.y), stage.column, round(place.scene.height))
                corner = self._view.viewport().mapToGlobal(box.topLeft())
                return QRect(corner, box.size())
        return QRect()

    def role(self) -> QAccessible.Role:
        return QAccessible.Role.ListItem

    def state(self) -> QAccessible.State:
        state = QAccessible.State()
        state.readOnly = True
        return state

    def foregroundColor(self) -> QColor:
        return self._view.stage.context.style.color("text")

    def backgroundColor(self) -> QColor:
        return self._view.stage.context.style.color("bg")


def _factory(key: str, target: QObject | None) -> QAccessibleInterface | None:
    from aigc_desktop.gui.chat.transcript_view import TranscriptView

    if isinstance(target, TranscriptView):
        kept = cast("Any", target)
        if getattr(kept, "accessible_list", None) is None:
            kept.accessible_list = TranscriptAccessible(target)
        return cast("QAccessibleInterface", kept.accessible_list)
    return None
