"""The turn journal: written before each effect, read after a crash."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from aigc_desktop.core.clock import Clock
from aigc_desktop.core.content import (
    Block,
    TextBlock,
    ThinkingBlock,
    ToolResultBlock,
    ToolUseBlock,
)
from aigc_desktop.core.session import (
    RESULT_OFFSET,
    STEP_POSITIONS,
    Message,
    StopReason,
    TurnStatus,
    Usage,
    assistant_position,
    result_position,
)
from aigc_desktop.core.transcript import ToolState
from aigc_desktop.store import messages as message_rows
from aigc_desktop.store import turns as turn_rows
from aigc_desktop.store.store import Store
from aigc_desktop.store.tables import messages, turn_journal, turns

logger = logging.getLogger(__name__)

NOT_RUN = "This tool call was not run: the program ended before it started."
OUTCOME_UNKNOWN = (
    "The program ended while this tool was running. Its outcome is unknown; it was not run again. "
    "Check what it may have done before repeating it."
)


class StoreJournal:
    """Implements `core.ports.TurnJournal`; every write is patient (see `Store`).

    `first_token` says how many milliseconds the turn's answer took to begin; None: not begun.
    """

    def __init__(
        self,
        store: Store,
        turn_id: int,
        clock: Clock,
        first_token: Callable[[], int | None] = lambda: None,
    ) -> None:
        self._store = store
        self._turn_id = turn_id
        self._clock = clock
        self._first_token = first_token

    async def streaming(self, step: int) -> None:
        await self._write(lambda db, now: self._note_state(db, now, "streaming", step=step))

    async def partial(self, step: int, blocks: Sequence[tuple[int, Block]]) -> None:
        await self._write(lambda db, now: self._replace(db, now, step, blocks, {"partial": True}))

    async def answered(
        self, step: int, blocks: Sequence[Block], usage: Usage, cost_usd: Decimal | None
    ) -> None:
        def write(db: Connection, now: int) -> None:
            self._replace(db, now, step, list(enumerate(blocks)), {})
            turn_rows.add_usage(db, self._turn_id, usage, cost_usd)
            for block in blocks:
                if isinstance(block, ToolUseBlock):
                    self._note_state(db, now, "tool_pending", block.id, step=step)

        await self._write(write)

    async def note(self, step: int, index: int, text: str) -> None:
        def write(db: Connection, now: int) -> None:
            position = result_position(step, index)
            row = message_rows.row_of(
                self._turn_id, position, "user", TextBlock(text), now, message_type="note"
            )
            message_rows.insert_rows(db, [row])

        await self._write(write)

    async def tool_running(self, tool_use_id: str, decision: str) -> None:
        await self._write(
            lambda db, now: self._note_state(
                db, now, "tool_running", tool_use_id, decision=decision
            )
        )

    async def tool_done(
        self,
        step: int,
        index: int,
        result: ToolResultBlock,
        *,
        state: str,
        duration_ms: int | None,
        full_output: str | None,
    ) -> None:
        def write(db: Connection, now: int) -> None:
            extra = {"state": state, "duration_ms": duration_ms, "full_output": full_output}
            row = message_rows.row_of(
                self._turn_id, result_position(step, index), "user", result, now, extra
            )
            message_rows.insert_rows(db, [row])
            self._note_state(db, now, "tool_done", result.tool_use_id, outcome=state)

        await self._write(write)

    async def ended(
        self,
        status: TurnStatus,
        stop_reason: StopReason,
        error: tuple[str, Mapping[str, Any]] | None,
    ) -> None:
        def write(db: Connection, now: int) -> None:
            turn_rows.set_ended(db, self._turn_id, status, stop_reason, error, now)
            if (first := self._first_token()) is not None:
                turn_rows.set_first_token(db, self._turn_id, first)
            self._note_state(db, now, "ended", status=status.value)

        await self._write(write)

    async def _write(self, write: Callable[[Connection, int], None]) -> None:
        now = self._clock.now_ms()
        await self._store.write(lambda db: write(db, now), patient=True)

    def _replace(
        self,
        db: Connection,
        now: int,
        step: int,
        blocks: Sequence[tuple[int, Block]],
        extra: Mapping[str, Any],
    ) -> None:
        rows = [
            message_rows.row_of(
                self._turn_id, assistant_position(step, index), "assistant", block, now, extra
            )
            for index, block in blocks
        ]
        message_rows.replace_step(db, self._turn_id, step, rows)

    def _note_state(
        self, db: Connection, now: int, state: str, tool_use_id: str | None = None, **detail: Any
    ) -> None:
        note_state(db, self._turn_id, now, state, tool_use_id, detail)


def note_state(
    db: Connection,
    turn_id: int,
    now: int,
    state: str,
    tool_use_id: str | None = None,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Append one line to a turn's journal."""
    db.execute(
        insert(turn_journal).values(
            turn_id=turn_id,
            state=state,
            tool_use_id=tool_use_id,
            detail=dict(detail or {}),
            created_at=now,
        )
    )


def decisions(db: Connection, turn_id: int) -> dict[str, str]:
    """Return what allowed each tool call of a turn that ran, by the call's id."""
    rows = db.execute(
        select(turn_journal.c.tool_use_id, turn_journal.c.detail).where(
            turn_journal.c.turn_id == turn_id, turn_journal.c.state == "tool_running"
        )
    )
    return {row.tool_use_id: str((row.detail or {}).get("decision", "")) for row in rows}


def recover(store: Store, is_alive: Callable[[str], bool], now: int) -> int:
    """End the turns that a process left behind; return how many those were.

    Their text is kept; a tool call without a result gets one that says whether it had begun
    (it is never run again); what the API would not take back is dropped. Running it twice changes
    nothing more.
    """

    def left_behind(db: Connection) -> list[int]:
        rows = db.execute(
            select(turns.c.id, turns.c.owner).where(
                turns.c.status.in_([TurnStatus.RUNNING.value, TurnStatus.QUEUED.value])
            )
        )
        return [turn_id for turn_id, owner in rows if not is_alive(owner)]

    found = store.read_sync(left_behind)
    for turn_id in found:
        store.write_sync(lambda db, turn_id=turn_id: _interrupt(db, turn_id, now))  # type: ignore[misc]
    if found:
        logger.info("turns that had been interrupted: %s", found)
    return len(found)


def _interrupt(db: Connection, turn_id: int, now: int) -> None:
    entries = message_rows.messages_of(db, [turn_id])
    dropped = [entry.position for entry in entries if _unusable(entry)]
    db.execute(
        delete(messages).where(messages.c.turn_id == turn_id, messages.c.position.in_(dropped))
    )
    close_orphans(db, turn_id, now)
    turn_rows.set_ended(db, turn_id, TurnStatus.INTERRUPTED, StopReason.INTERRUPTED, None, now)
    note_state(db, turn_id, now, "ended", detail={"status": TurnStatus.INTERRUPTED.value})


def close_orphans(db: Connection, turn_id: int, now: int) -> None:
    """Give every tool call of the turn that has no result an error result."""
    entries = message_rows.messages_of(db, [turn_id])
    answered = {
        entry.block.tool_use_id for entry in entries if isinstance(entry.block, ToolResultBlock)
    }
    started = set(
        db.execute(
            select(turn_journal.c.tool_use_id).where(
                turn_journal.c.turn_id == turn_id, turn_journal.c.state == "tool_running"
            )
        ).scalars()
    )
    taken = {entry.position for entry in entries}
    for entry in entries:
        if not isinstance(entry.block, ToolUseBlock) or entry.block.id in answered:
            continue
        step = entry.position // STEP_POSITIONS
        position = step * STEP_POSITIONS + RESULT_OFFSET
        while position in taken:
            position += 1
        taken.add(position)
        ran = entry.block.id in started
        result = ToolResultBlock(entry.block.id, OUTCOME_UNKNOWN if ran else NOT_RUN, True)
        state = ToolState.UNKNOWN if ran else ToolState.NOT_RUN
        row = message_rows.row_of(turn_id, position, "user", result, now, {"state": state.value})
        message_rows.insert_rows(db, [row])


def _unusable(entry: Message) -> bool:
    if not entry.extra.get("partial"):
        return False
    match entry.block:
        case ThinkingBlock(signature=signature):
            return not signature
        case ToolUseBlock():
            return True
        case TextBlock(text):
            return not text
        case _:
            return False
