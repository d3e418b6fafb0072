"""What the transcript shows: a flat list of items, light at first, filled in as they are needed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from aigc_desktop.core.session import Session, Turn


class ItemKind(StrEnum):
    """What an item is, and so how it is drawn."""

    USER = "user"
    TEXT = "text"
    THINKING = "thinking"
    TOOL = "tool"
    NOTE = "note"


class ToolState(StrEnum):
    """Where a tool call stands."""

    PENDING = "pending"
    """Requested by the model; not decided or not started yet."""
    ASKING = "asking"
    """Waits for the user's answer."""
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    DENIED = "denied"
    NOT_RUN = "not_run"
    """Stopped or crashed before it started."""
    UNKNOWN = "unknown"
    """Was running when the program was killed: its outcome is not known."""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A tool call with its result, as one card. `duration_ms` None: not known."""

    tool_use_id: str
    name: str
    input: Mapping[str, Any]
    state: ToolState
    result: str = ""
    duration_ms: int | None = None
    full_output: str | None = None
    """Path of the untruncated result, if it was truncated."""


@dataclass(frozen=True, slots=True)
class TranscriptItem:
    """One drawable entry, identified by (turn_id, position).

    `text` None means not loaded yet; `length` is then the number of characters to expect. For a
    tool call, `tool` carries the call and `text` is its result.
    """

    turn_id: int
    position: int
    kind: ItemKind
    length: int
    text: str | None = None
    tool: ToolCall | None = None
    duration_ms: int | None = None

    @property
    def key(self) -> tuple[int, int]:
        return (self.turn_id, self.position)


@dataclass(frozen=True, slots=True)
class TranscriptSnapshot:
    """A session's shown branch: its turns root first, its items in order.

    Only the newest items carry their text; the others are asked for (`services.chat.load_items`).
    """

    session: Session
    turns: tuple[Turn, ...] = ()
    items: tuple[TranscriptItem, ...] = field(default_factory=tuple)
