"""Undoes what a turn did to files and moves the conversation back; does it again; receipts."""

from __future__ import annotations

import asyncio
import difflib
from pathlib import Path

from aigc_desktop.core.content import ToolUseBlock
from aigc_desktop.core.errors import UserError
from aigc_desktop.core.events import BranchSwitched, FilesChanged
from aigc_desktop.core.files import Receipt, ToolUse, UndoReport
from aigc_desktop.core.session import Message, Turn
from aigc_desktop.files.trees import Entry, Kind
from aigc_desktop.services import chat
from aigc_desktop.services.app import App
from aigc_desktop.services.checkpointing import file_changes
from aigc_desktop.store import effects, journal
from aigc_desktop.store import messages as message_rows
from aigc_desktop.store import sessions as session_rows
from aigc_desktop.store import turns as turn_rows
from aigc_desktop.store.effects import EffectsRow
from aigc_desktop.store.store import Db

MAX_DIFF = 400_000
"""Bytes of a file of which a difference is shown."""


async def undo_turn(app: App, turn_id: int) -> UndoReport:
    """Put back what this turn and those after it did, newest first; show the turn before it.

    What was changed by hand since is kept and named.

    Raises:
        UserError: `turn_running`, `nothing_to_undo`, `checkpoint_damaged`, `disk_full`,
            `work_dir_invalid`.
    """
    turn = await _idle_turn(app, turn_id)

    def rows_of(db: Db) -> list[EffectsRow]:
        leaf = session_rows.get(db, turn.session_id).current_turn_id
        path = turn_rows.path_to(db, leaf) if leaf is not None else []
        later = path[path.index(turn_id) :] if turn_id in path else [turn_id]
        return [row for row in effects.of_turns(db, later) if not row.undone]

    rows = await app.store.read(rows_of)
    if not rows:
        raise UserError("nothing_to_undo")
    report = await _go(app, turn, [(row, True) for row in reversed(rows)])
    await _show(app, turn.session_id, turn.parent_id)
    return report


async def redo_turn(app: App, turn_id: int) -> UndoReport:
    """Do again what `undo_turn` has undone: this turn and those after it, and show them.

    Raises UserError as `undo_turn` does.
    """
    turn = await _idle_turn(app, turn_id)

    def rows_of(db: Db) -> tuple[int, list[EffectsRow]]:
        leaf = turn_rows.newest_leaf(db, turn_id)
        path = turn_rows.path_to(db, leaf)
        later = path[path.index(turn_id) :]
        return leaf, [row for row in effects.of_turns(db, later) if row.undone]

    leaf, rows = await app.store.read(rows_of)
    if not rows:
        raise UserError("nothing_to_undo")
    report = await _go(app, turn, [(row, False) for row in rows])
    await _show(app, turn.session_id, leaf)
    return report


async def receipt(app: App, turn_id: int) -> Receipt:
    """Return what a turn did. Raises UserError: `nothing_to_undo`, `checkpoint_damaged`."""

    def read(db: Db) -> tuple[Turn, EffectsRow, list[Message], dict[str, str]]:
        return (
            turn_rows.get_turn(db, turn_id),
            effects.get(db, turn_id),
            message_rows.messages_of(db, [turn_id]),
            journal.decisions(db, turn_id),
        )

    turn, row, messages, decisions = await app.store.read(read)
    after = await _after(app, row)
    changes = await asyncio.to_thread(app.checkpoints.differences, row.before, after)
    return Receipt(
        turn_id,
        tuple(file_changes(changes)),
        tuple(_uses(messages, decisions)),
        row.skipped,
        row.undone,
        turn.usage.total,
        turn.cost_usd,
    )


async def file_diff(app: App, turn_id: int, path: str) -> str:
    """Return what a turn did to one path as a unified diff, or in words if it is no text."""
    row = await app.store.read(lambda db: effects.get(db, turn_id))
    after = await _after(app, row)

    def compare() -> str:
        for changed, was, now in app.checkpoints.differences(row.before, after):
            if changed == path:
                return _diff(app, path, was, now)
        return ""

    return await asyncio.to_thread(compare)


async def _idle_turn(app: App, turn_id: int) -> Turn:
    turn = await app.store.read(lambda db: turn_rows.get_turn(db, turn_id))
    if app.runner.is_busy(turn.session_id):
        raise UserError("turn_running")
    return turn


async def _go(app: App, turn: Turn, steps: list[tuple[EffectsRow, bool]]) -> UndoReport:
    restored: dict[str, None] = {}
    conflicts: dict[str, None] = {}
    for row, back in steps:
        after = await _after(app, row)
        source, target = (after, row.before) if back else (row.before, after)
        done = await asyncio.to_thread(app.checkpoints.go, Path(row.work_dir), source, target)
        restored |= dict.fromkeys(done.restored)
        conflicts |= dict.fromkeys(done.conflicts)
        undone_at = app.clock.now_ms() if back else None
        await app.store.write(
            lambda db, row=row, at=undone_at: effects.set_undone(db, row.turn_id, at)  # type: ignore[misc]
        )
    kept = [path for path in restored if path not in conflicts]
    return UndoReport(turn.id, tuple(kept), tuple(conflicts), turn.user_text)


async def _after(app: App, row: EffectsRow) -> str:
    """Return the checkpoint after a turn; what broke off ends with what is there now."""
    if row.after is not None:
        return row.after
    taken = await asyncio.to_thread(app.checkpoints.take, Path(row.work_dir))
    return taken.tree


async def _show(app: App, session_id: int, leaf: int | None) -> None:
    await app.store.write(lambda db: session_rows.set_current_turn(db, session_id, leaf))
    app.bus.publish(BranchSwitched(session_id, leaf))
    app.bus.publish(FilesChanged(session_id))
    await chat.open_session(app, session_id)


def _uses(messages: list[Message], decisions: dict[str, str]) -> list[ToolUse]:
    found = []
    for message in messages:
        block = message.block
        if isinstance(block, ToolUseBlock):
            subject = next(
                (str(block.input[key]) for key in ("command", "path", "url") if key in block.input),
                "",
            )
            hosts = block.input.get("hosts")
            if isinstance(hosts, list) and hosts:
                subject += f"  → {', '.join(map(str, hosts))}"
            found.append(ToolUse(block.name, subject, decisions.get(block.id, "")))
    return found


def _diff(app: App, path: str, was: Entry | None, now: Entry | None) -> str:
    sides = [_lines(app, entry) for entry in (was, now)]
    if any(side is None for side in sides):
        return f"{_describe(app, was)} → {_describe(app, now)}"
    old, new = (side or [] for side in sides)
    text = "\n".join(difflib.unified_diff(old, new, f"a/{path}", f"b/{path}", lineterm=""))
    if was is not None and now is not None and was.mode != now.mode:
        text = f"mode {was.mode:o} → {now.mode:o}\n{text}"
    return text


def _lines(app: App, entry: Entry | None) -> list[str] | None:
    """Return a file's lines; None for what is no text or too long."""
    if entry is None:
        return []
    if entry.kind != Kind.FILE:
        return None
    data = app.checkpoints.content(entry)
    if len(data) > MAX_DIFF or b"\0" in data:
        return None
    try:
        return data.decode().splitlines()
    except UnicodeDecodeError:
        return None


def _describe(app: App, entry: Entry | None) -> str:
    if entry is None:
        return "∅"
    if entry.kind == Kind.FILE:
        return f"{len(app.checkpoints.content(entry)):,} bytes"
    return f"→ {entry.content}" if entry.kind == Kind.LINK else f"{entry.kind} {entry.mode:o}"
