"""The transcript's rows: built from a snapshot, then changed by events. No drawing here."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from aigc_desktop.core import events as ev
from aigc_desktop.core.content import TextBlock, ThinkingBlock
from aigc_desktop.core.session import USER_POSITION, Turn, TurnStatus
from aigc_desktop.core.transcript import (
    ItemKind,
    ToolCall,
    ToolState,
    TranscriptItem,
    TranscriptSnapshot,
)
from aigc_desktop.gui.chat.heights import Heights

if TYPE_CHECKING:
    from aigc_desktop.gui.chat.row_view import RowView

FOOTER_POSITION = 1_000_000_000
"""Place of a turn's last row, after everything in it."""

OPEN_STATES = (ToolState.PENDING, ToolState.ASKING, ToolState.RUNNING)

Key = tuple[int, int]


@dataclass(slots=True, eq=False)
class TurnState:
    """A turn and what is known of it beyond the stored values."""

    turn: Turn
    retry: ev.RetryScheduled | None = None
    retry_at: float = 0.0
    """When the next try comes, on the monotonic clock."""
    asks_scenario: bool = False
    """Whether the turn waits for the user to say which scenario is meant."""

    @property
    def open(self) -> bool:
        return self.turn.status in (TurnStatus.RUNNING, TurnStatus.QUEUED)


@dataclass(slots=True, eq=False)
class Row:
    """One row. `kind` None is the turn's footer. `text` None: not loaded yet."""

    turn_id: int
    position: int
    kind: ItemKind | None
    state: TurnState
    length: int = 0
    text: str | None = None
    tool: ToolCall | None = None
    duration_ms: int | None = None
    streaming: bool = False
    pending: list[str] = field(default_factory=list)
    began: float = 0.0
    expanded: bool = False
    shown: int = 0
    """Extra characters that the reader has asked to see of a long text."""
    approval: ev.ApprovalRequested | None = None
    view: RowView | None = None

    @property
    def key(self) -> Key:
        return (self.turn_id, self.position)

    @property
    def loaded(self) -> bool:
        return self.kind is None or self.text is not None

    def fill(self, item: TranscriptItem) -> None:
        """Take what a loaded item brings."""
        self.kind, self.length, self.text = item.kind, item.length, item.text
        self.tool, self.duration_ms = item.tool, item.duration_ms


class Rows:
    """All rows of a session's shown branch with their heights."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.index: dict[Key, int] = {}
        self.turns: dict[int, TurnState] = {}
        self.heights = Heights()

    def __len__(self) -> int:
        return len(self.rows)

    def find(self, turn_id: int, position: int) -> Row | None:
        """Return the row at that place of the turn."""
        at = self.index.get((turn_id, position))
        return None if at is None else self.rows[at]

    def load(self, snapshot: TranscriptSnapshot) -> None:
        """Show another session."""
        self.turns = {turn.id: TurnState(turn) for turn in snapshot.turns}
        by_turn: dict[int, list[Row]] = {turn.id: [] for turn in snapshot.turns}
        for item in snapshot.items:
            if item.turn_id in by_turn:
                by_turn[item.turn_id].append(_row(item, self.turns[item.turn_id]))
        self.rows = []
        for turn in snapshot.turns:
            state, rows = self.turns[turn.id], by_turn[turn.id]
            if not rows or rows[0].position != USER_POSITION:
                rows.insert(0, _user_row(state))
            self.rows += rows
            self.rows.append(Row(turn.id, FOOTER_POSITION, None, state))
        _mark_running(self.rows)
        self.index = {row.key: at for at, row in enumerate(self.rows)}
        self.heights = Heights()

    def supply(self, items: Iterable[TranscriptItem]) -> list[Row]:
        """Fill rows that were not loaded; return those that changed."""
        changed = []
        for item in items:
            row = self.find(*item.key)
            if row is not None and row.text is None and item.text is not None:
                row.fill(item)
                changed.append(row)
        return changed

    def add(self, row: Row, height: int) -> None:
        """Put `row` at its place in its turn, before the turn's footer."""
        footer = self.index[(row.turn_id, FOOTER_POSITION)]
        at = footer
        while at > 0 and self.rows[at - 1].turn_id == row.turn_id:
            if self.rows[at - 1].position < row.position:
                break
            at -= 1
        self._splice(at, [row], [height])

    def show_turn(self, turn: Turn, heights: tuple[int, int]) -> bool:
        """Add or update a turn; return whether rows came or went.

        A new turn whose parent is not the last one begins another branch: what came after that
        parent is no longer shown.
        """
        known = self.turns.get(turn.id)
        if known is not None:
            known.turn, known.retry = turn, None
            return False
        self._cut_after(turn.parent_id)
        state = TurnState(turn)
        self.turns[turn.id] = state
        rows = [_user_row(state), Row(turn.id, FOOTER_POSITION, None, state)]
        self._splice(len(self.rows), rows, list(heights))
        return True

    def remove_turn(self, turn_id: int) -> None:
        """Take a turn's rows away."""
        if self.turns.pop(turn_id, None) is None:
            return
        first = next(at for at, row in enumerate(self.rows) if row.turn_id == turn_id)
        kept = [
            (row, height)
            for row, height in zip(self.rows[first:], self._truncate(first), strict=True)
            if row.turn_id != turn_id
        ]
        del self.rows[first:]
        self._splice(first, [row for row, _ in kept], [height for _, height in kept])

    def _cut_after(self, parent_id: int | None) -> None:
        first = 0
        if parent_id is not None:
            if parent_id not in self.turns:
                return
            first = self.index[(parent_id, FOOTER_POSITION)] + 1
        if first >= len(self.rows):
            return
        self._truncate(first)
        for row in self.rows[first:]:
            self.turns.pop(row.turn_id, None)
        del self.rows[first:]

    def _truncate(self, first: int) -> list[int]:
        for row in self.rows[first:]:
            self.index.pop(row.key, None)
        return self.heights.truncate(first)

    def _splice(self, at: int, rows: list[Row], heights: list[int]) -> None:
        moved = self.rows[at:]
        heights = heights + self._truncate(at)
        del self.rows[at:]
        for row, height in zip([*rows, *moved], heights, strict=True):
            self.index[row.key] = len(self.rows)
            self.rows.append(row)
            self.heights.append(height)


def fold(row: Row, event: ev.Event) -> bool:
    """Change `row` by an event about it; return whether that ended or changed its whole look."""
    match event:
        case ev.TextDelta(text=text) | ev.ThinkingDelta(text=text):
            row.pending.append(text)
            return False
        case ev.BlockFinished(block=TextBlock() as block):
            _finish(row, block.shown)
        case ev.NoteAdded(text=text):
            _finish(row, text)
        case ev.BlockFinished(block=ThinkingBlock(thinking)):
            _finish(row, thinking)
        case ev.ApprovalRequested():
            row.approval = event
            _change(row, state=ToolState.ASKING)
        case ev.ToolStarted():
            row.approval = None
            _change(row, state=ToolState.RUNNING)
        case ev.ToolOutput(text=text):
            row.pending.append(text)
            return False
        case ev.ToolFinished():
            row.approval = None
            row.pending.clear()
            _change(
                row,
                state=event.state,
                result=event.result,
                duration_ms=event.duration_ms,
                full_output=event.full_output,
            )
            row.text, row.length = event.result, len(event.result)
        case _:
            pass
    return True


def new_row(state: TurnState, event: ev.TurnEvent) -> Row | None:
    """Return the row that an event begins, None if it begins none."""
    turn_id, position = event.turn_id, getattr(event, "position", 0)
    match event:
        case ev.BlockStarted(kind="text") | ev.TextDelta() | ev.BlockFinished(block=TextBlock()):
            kind = ItemKind.TEXT
        case (
            ev.BlockStarted(kind="thinking")
            | ev.ThinkingDelta()
            | ev.BlockFinished(block=ThinkingBlock())
        ):
            kind = ItemKind.THINKING
        case ev.NoteAdded():
            kind = ItemKind.NOTE
        case ev.ToolRequested() | ev.ApprovalRequested():
            call = ToolCall(event.tool_use_id, event.name, event.input, ToolState.PENDING)
            return Row(turn_id, position, ItemKind.TOOL, state, text="", tool=call)
        case _:
            return None
    began = time.monotonic()
    return Row(turn_id, position, kind, state, text="", streaming=True, began=began)


def close_open_tools(rows: Iterable[Row]) -> list[Row]:
    """After a turn's end nothing waits any more; return the rows that changed."""
    changed = []
    for row in rows:
        row.streaming = False
        if row.tool is not None and row.tool.state in OPEN_STATES:
            row.approval = None
            _change(row, state=ToolState.NOT_RUN)
            changed.append(row)
    return changed


def flush(row: Row) -> str:
    """Move what has arrived into the row's text; return it."""
    arrived = "".join(row.pending)
    row.pending.clear()
    if row.tool is not None:
        row.tool = replace(row.tool, result=row.tool.result + arrived)
    row.text = (row.text or "") + arrived
    row.length = len(row.text)
    return arrived


def _finish(row: Row, text: str) -> None:
    row.pending.clear()
    row.text, row.length, row.streaming = text, len(text), False
    if row.kind is ItemKind.THINKING and row.began and row.duration_ms is None:
        row.duration_ms = round((time.monotonic() - row.began) * 1000)


def _change(row: Row, **changes: Any) -> None:
    if row.tool is not None:
        row.tool = replace(row.tool, **changes)


def _row(item: TranscriptItem, state: TurnState) -> Row:
    return Row(
        item.turn_id,
        item.position,
        item.kind,
        state,
        item.length,
        item.text,
        item.tool,
        item.duration_ms,
    )


def _user_row(state: TurnState) -> Row:
    text = state.turn.user_text
    return Row(state.turn.id, USER_POSITION, ItemKind.USER, state, len(text), text)


def _mark_running(rows: list[Row]) -> None:
    """The last block of a turn that runs right now is still being written."""
    for at in range(len(rows) - 1, 0, -1):
        row = rows[at]
        if row.kind is None and row.state.turn.status is TurnStatus.RUNNING:
            last = rows[at - 1]
            last.streaming = last.kind in (ItemKind.TEXT, ItemKind.THINKING) and last.loaded
