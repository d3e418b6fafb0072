"""Rows of `messages`: one content block each; for the API as messages, for the eye as items."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, literal, select

from aigc_desktop.core.content import (
    Block,
    RedactedThinkingBlock,
    Role,
    ServerBlock,
    TextBlock,
    ThinkingBlock,
    ToolResultBlock,
    ToolUseBlock,
)
from aigc_desktop.core.session import (
    STEP_POSITIONS,
    USER_POSITION,
    Message,
    TurnStatus,
    assistant_position,
)
from aigc_desktop.core.transcript import (
    ItemKind,
    ToolCall,
    ToolState,
    TranscriptItem,
    TranscriptSnapshot,
)
from aigc_desktop.store import sessions as session_rows
from aigc_desktop.store import turns as turn_rows
from aigc_desktop.store.tables import messages, turns

TAIL = 120
"""Items of a snapshot that come with their text: more than any screen shows."""

_CHUNK = 900
"""Values in one IN list; SQLite's default limit of variables is far above."""

_KINDS = {
    "text": ItemKind.TEXT,
    "thinking": ItemKind.THINKING,
    "tool_use": ItemKind.TOOL,
    "server_tool_use": ItemKind.TOOL,
    "note": ItemKind.NOTE,
}

_UNSEEN = ("tool_result", "server_tool_result", "redacted_thinking")


def row_of(
    turn_id: int,
    position: int,
    role: Role,
    block: Block,
    now: int,
    extra: Mapping[str, Any] | None = None,
    message_type: str | None = None,
) -> dict[str, Any]:
    """Return the row for a block; every row has the same keys, so that many go in one insert."""
    kind, content, own = _columns(block)
    return {
        "turn_id": turn_id,
        "position": position,
        "role": role,
        "message_type": message_type or kind,
        "content": content,
        "extra_data": {**own, **(extra or {})} or None,
        "created_at": now,
    }


def insert_rows(db: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows made by `row_of`."""
    if rows:
        db.execute(insert(messages), list(rows))


def replace_step(
    db: Connection, turn_id: int, step: int, rows: Sequence[Mapping[str, Any]]
) -> None:
    """Put `rows` in the place of what is kept of the step's answer."""
    first = assistant_position(step, 0)
    db.execute(
        delete(messages).where(
            messages.c.turn_id == turn_id,
            messages.c.position >= first,
            messages.c.position < first + STEP_POSITIONS,
        )
    )
    insert_rows(db, rows)


def history(db: Connection, turn_id: int) -> list[Message]:
    """Return all messages on the way from the root to `turn_id`, itself included."""
    return messages_of(db, turn_rows.path_to(db, turn_id))


def messages_of(db: Connection, turn_ids: Sequence[int]) -> list[Message]:
    """Return the messages of the turns, in the turns' order (ids grow towards the leaf)."""
    found: list[Message] = []
    for at in range(0, len(turn_ids), _CHUNK):
        rows = db.execute(
            select(messages)
            .where(messages.c.turn_id.in_(turn_ids[at : at + _CHUNK]))
            .order_by(messages.c.turn_id, messages.c.position)
        )
        found.extend(_message(row) for row in rows)
    return found


def transcript_snapshot(db: Connection, session_id: int, tail: int = TAIL) -> TranscriptSnapshot:
    """Return the session's shown branch; only its newest `tail` items carry their text."""
    session = session_rows.get(db, session_id)
    path = turn_rows.branch(db, session_id, session.current_turn_id)
    shown = {turn.id for turn in path}
    rows = db.execute(
        select(
            messages.c.turn_id,
            messages.c.position,
            messages.c.role,
            messages.c.message_type,
            func.length(messages.c.content),
        )
        .join(turns, turns.c.id == messages.c.turn_id)
        .where(turns.c.session_id == literal(session_id))
        .order_by(messages.c.turn_id, messages.c.position)
    )
    items = [
        TranscriptItem(turn_id, position, _kind(position, role, kind), length or 0)
        for turn_id, position, role, kind, length in rows
        if turn_id in shown and kind not in _UNSEEN
    ]
    loaded = {item.key: item for item in load_items(db, [item.key for item in items[-tail:]])}
    return TranscriptSnapshot(
        session, tuple(path), tuple(loaded.get(item.key, item) for item in items)
    )


def load_items(db: Connection, keys: Iterable[tuple[int, int]]) -> tuple[TranscriptItem, ...]:
    """Return the items of the keys (turn id, position) with their text."""
    wanted = set(keys)
    turn_ids = sorted({turn_id for turn_id, _ in wanted})
    found = messages_of(db, turn_ids)
    running = _running(db, turn_ids)
    results = {
        (message.turn_id, answered): message
        for message in found
        if (answered := _answered_call(message.block))
    }
    return tuple(
        _item(message, results, message.turn_id in running)
        for message in found
        if (message.turn_id, message.position) in wanted
    )


def _running(db: Connection, turn_ids: Sequence[int]) -> set[int]:
    return set(
        db.execute(
            select(turns.c.id).where(
                turns.c.status == TurnStatus.RUNNING.value, turns.c.id.in_(turn_ids[-_CHUNK:])
            )
        ).scalars()
    )


def _kind(position: int, role: str, message_type: str) -> ItemKind:
    if position == USER_POSITION:
        return ItemKind.USER
    if role == "user":
        return ItemKind.NOTE
    return _KINDS.get(message_type, ItemKind.TEXT)


def _item(
    message: Message, results: Mapping[tuple[int, str], Message], running: bool
) -> TranscriptItem:
    block = message.block
    if isinstance(block, ToolUseBlock | ServerBlock):
        call = _tool_call(block, results.get((message.turn_id, _call_id(block))), running)
        return TranscriptItem(
            message.turn_id, message.position, ItemKind.TOOL, len(call.result), call.result, call
        )
    text = block.thinking if isinstance(block, ThinkingBlock) else getattr(block, "shown", "")
    kind = _kind(message.position, message.role, _columns(block)[0])
    return TranscriptItem(
        message.turn_id,
        message.position,
        kind,
        len(text),
        text,
        duration_ms=message.extra.get("duration_ms"),
    )


def _call_id(block: ToolUseBlock | ServerBlock) -> str:
    return block.call_id if isinstance(block, ServerBlock) else block.id


def _answered_call(block: Block) -> str:
    """Return the id of the call that a block is the result of, else ""."""
    match block:
        case ToolResultBlock(tool_use_id):
            return tool_use_id
        case ServerBlock() if not block.is_call:
            return block.call_id
        case _:
            return ""


def _tool_call(
    block: ToolUseBlock | ServerBlock, result: Message | None, running: bool
) -> ToolCall:
    if isinstance(block, ServerBlock):
        return _server_call(block, result)
    if result is None or not isinstance(result.block, ToolResultBlock):
        state = ToolState.PENDING if running else ToolState.NOT_RUN
        return ToolCall(block.id, block.name, block.input, state)
    failed = ToolState.FAILED if result.block.is_error else ToolState.DONE
    return ToolCall(
        block.id,
        block.name,
        block.input,
        ToolState(result.extra.get("state", failed)),
        result.block.content,
        result.extra.get("duration_ms"),
        result.extra.get("full_output"),
    )


def _server_call(block: ServerBlock, result: Message | None) -> ToolCall:
    if result is None or not isinstance(result.block, ServerBlock):
        return ToolCall(block.call_id, block.name, block.input, ToolState.NOT_RUN)
    state = ToolState.FAILED if result.block.failed else ToolState.DONE
    return ToolCall(block.call_id, block.name, block.input, state, result.block.shown)


def _columns(block: Block) -> tuple[str, str, dict[str, Any]]:
    """Return (message_type, content, extra_data) of a block."""
    match block:
        case TextBlock(text, citations):
            return "text", text, {"citations": list(citations)} if citations else {}
        case ServerBlock(data) if block.is_call:
            return "server_tool_use", block.name, {"data": dict(data)}
        case ServerBlock(data):
            return "server_tool_result", block.shown, {"data": dict(data)}
        case ThinkingBlock(thinking, signature):
            return "thinking", thinking, {"signature": signature}
        case RedactedThinkingBlock(data):
            return "redacted_thinking", data, {}
        case ToolUseBlock(id_, name, input_):
            return "tool_use", name, {"id": id_, "name": name, "input": dict(input_)}
        case ToolResultBlock(tool_use_id, content, is_error):
            return "tool_result", content, {"tool_use_id": tool_use_id, "is_error": is_error}


def _message(row: Row[Any]) -> Message:
    extra = row.extra_data if isinstance(row.extra_data, dict) else {}
    return Message(row.turn_id, row.position, row.role, _block(row, extra), row.created_at, extra)


def _block(row: Row[Any], extra: Mapping[str, Any]) -> Block:
    match row.message_type:
        case "thinking":
            return ThinkingBlock(row.content, extra.get("signature", ""))
        case "redacted_thinking":
            return RedactedThinkingBlock(row.content)
        case "server_tool_use" | "server_tool_result":
            return ServerBlock(extra.get("data") or {})
        case "tool_use":
            input_ = extra.get("input")
            return ToolUseBlock(
                extra.get("id") or f"call_{row.id}",
                extra.get("name") or row.content,
                input_ if isinstance(input_, dict) else {},
            )
        case "tool_result":
            return ToolResultBlock(
                extra.get("tool_use_id") or f"call_{row.id - 1}",
                row.content,
                bool(extra.get("is_error")),
            )
        case _:
            return TextBlock(row.content, tuple(extra.get("citations") or ()))
