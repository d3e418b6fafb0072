"""Which rows are on the screen and where. One row stays fixed while heights become known."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from aigc_desktop.core.transcript import ItemKind
from aigc_desktop.gui.chat.heights import Heights
from aigc_desktop.gui.chat.message_views import (
    LoadingView,
    NoteView,
    TextView,
    ThinkingView,
    UserView,
    estimate,
)
from aigc_desktop.gui.chat.row_view import Context, RowView
from aigc_desktop.gui.chat.rows import Row, Rows
from aigc_desktop.gui.chat.scene import Scene
from aigc_desktop.gui.chat.style import COLUMN, MARGIN
from aigc_desktop.gui.chat.tool_card import ToolView
from aigc_desktop.gui.chat.turn_footer import FooterView

MAX_VIEWS = 300
"""Rows that keep their documents; the least recently seen are dropped first."""

TOP = 12
BOTTOM = 16

_VIEWS: dict[ItemKind | None, type[RowView]] = {
    None: FooterView,
    ItemKind.USER: UserView,
    ItemKind.TEXT: TextView,
    ItemKind.THINKING: ThinkingView,
    ItemKind.TOOL: ToolView,
    ItemKind.NOTE: NoteView,
}


@dataclass(slots=True)
class Placed:
    """A row on the screen; `y` is its top in the viewport."""

    index: int
    row: Row
    y: float
    scene: Scene


class Stage:
    """Places rows in a viewport. `first` is the top row, `y` its top, both kept true."""

    def __init__(self, rows: Rows, context: Context) -> None:
        self.rows = rows
        self.context = context
        self.width = 0
        self.height = 0
        self.first = 0
        self.y = 0.0
        self.at_end = True
        self.placed: list[Placed] = []
        self._views: OrderedDict[Row, None] = OrderedDict()

    @property
    def column(self) -> int:
        """Width of the text column."""
        return max(120, min(COLUMN, self.width - 2 * MARGIN))

    @property
    def left(self) -> int:
        """Where the column begins."""
        return (self.width - self.column) // 2

    @property
    def total(self) -> int:
        """Height of everything, as far as it is known."""
        return self.rows.heights.total + TOP + BOTTOM

    @property
    def value(self) -> int:
        """How far the viewport is scrolled."""
        return round(self.rows.heights.top(self.first) + TOP - self.y)

    @property
    def limit(self) -> int:
        """The farthest it can be scrolled."""
        return max(0, self.total - self.height)

    def restart(self) -> None:
        """Estimate all heights anew: other rows, or another width."""
        column = self.column
        self.rows.heights = Heights(estimate(row, column) for row in self.rows.rows)

    def forget_views(self) -> None:
        """Drop all documents (the theme or the language has changed)."""
        for row in self._views:
            row.view = None
        self._views.clear()

    def views(self) -> list[RowView]:
        """Return everything that keeps documents now."""
        return [row.view for row in self._views if row.view is not None]

    def resize(self, width: int, height: int) -> None:
        """The viewport has another size."""
        changed = width != self.width
        self.width, self.height = width, height
        if changed:
            self.restart()

    def view(self, row: Row) -> RowView:
        """Return what draws the row; it is kept for a while."""
        view = row.view
        if view is None:
            kind = _VIEWS[row.kind] if row.loaded else LoadingView
            view = row.view = kind(row, self.context)
            self._views[row] = None
            if len(self._views) > MAX_VIEWS:
                self._views.popitem(last=False)[0].view = None
        else:
            self._views.move_to_end(row)
        return view

    def measure(self, index: int) -> int:
        """Lay out row `index`; return its height."""
        height = int(self.scene(index).height)
        self.rows.heights.set(index, height)
        return height

    def scene(self, index: int) -> Scene:
        """Return row `index` laid out."""
        return self.view(self.rows.rows[index]).scene(self.column)

    def arrange(self) -> None:
        """Place the rows that are on the screen, measuring them."""
        count = len(self.rows)
        if not count:
            self.placed, self.first, self.y, self.at_end = [], 0, TOP, True
            return
        self.first = min(self.first, count - 1)
        if self.at_end or not self._place_from_top():
            self._place_from_end()

    def scroll(self, pixels: float) -> None:
        """Move the content up by `pixels`."""
        self.at_end = False
        self.y -= pixels
        self.arrange()

    def jump(self, value: int) -> None:
        """Go to a far place."""
        self.at_end = value >= self.limit - 1
        self.first = self.rows.heights.at(value - TOP)
        self.y = self.rows.heights.top(self.first) + TOP - value
        self.arrange()

    def show(self, index: int, top: float, bottom: float, margin: float = 24) -> None:
        """Bring the part of row `index` between `top` and `bottom` into view, moving little."""
        placed = next((place for place in self.placed if place.index == index), None)
        if placed is None:
            self.at_end = False
            self.first, self.y = index, self.height / 3 - top
            self.arrange()
        elif placed.y + top < margin:
            self.scroll(placed.y + top - margin)
        elif placed.y + bottom > self.height - margin:
            room = placed.y + bottom - self.height + margin
            self.scroll(min(room, placed.y + top - margin))

    def hold(self, row: Row) -> None:
        """Keep `row` where it is when heights change next."""
        for place in self.placed:
            if place.row is row:
                self.at_end, self.first, self.y = False, place.index, place.y

    def at(self, y: float) -> Placed | None:
        """Return the row at `y` in the viewport, or the one nearest to it."""
        best: Placed | None = None
        for place in self.placed:
            if best is None or place.y <= y:
                best = place
        return best

    def _place_from_top(self) -> bool:
        """Place downwards from the top row; return False if that leaves room below the end."""
        count = len(self.rows)
        while self.y > 0 and self.first > 0:
            self.first -= 1
            self.y -= self.measure(self.first)
        if self.first == 0:
            self.y = min(self.y, TOP)
        while self.first < count - 1 and self.y + self.measure(self.first) <= 0:
            self.y += self.rows.heights[self.first]
            self.first += 1
        y, index = self.y, self.first
        self.placed = []
        while index < count and y < self.height:
            y = self._place(index, y)
            index += 1
        if index < count:
            return True
        self.at_end = y + BOTTOM <= self.height + 1
        return not self.at_end

    def _place_from_end(self) -> None:
        index, y = len(self.rows), float(self.height - BOTTOM)
        while index > 0 and y > 0:
            index -= 1
            y -= self.measure(index)
        self.first, self.y = index, min(y, TOP) if index == 0 else y
        self.at_end = True
        y, self.placed = self.y, []
        for at in range(index, len(self.rows)):
            y = self._place(at, y)

    def _place(self, index: int, y: float) -> float:
        row = self.rows.rows[index]
        height = self.measure(index)
        self.placed.append(Placed(index, row, y, self.scene(index)))
        return y + height
