"""What is said about files in a work directory, and about what a turn did to them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class ChangedFile:
    """A file that a turn made or changed. Size in bytes, time in epoch milliseconds."""

    path: str
    size: int
    modified_ms: int


class ChangeKind(StrEnum):
    """What happened to a file, a link or a folder."""

    CREATED = "created"
    CHANGED = "changed"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class FileChange:
    """One path that a turn made, changed or deleted."""

    path: str
    kind: ChangeKind


@dataclass(frozen=True, slots=True)
class ToolUse:
    """A tool call of a turn that had or could have had an effect, and what allowed it.

    `decision` is `mode:…`, `session`, `user:once`, … ; `subject` the command, path or host.
    """

    name: str
    subject: str
    decision: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a turn did. `skipped` files were too large or unreadable: they cannot be undone."""

    turn_id: int
    files: tuple[FileChange, ...]
    uses: tuple[ToolUse, ...]
    skipped: tuple[str, ...]
    undone: bool
    tokens: int
    cost_usd: Decimal | None


@dataclass(frozen=True, slots=True)
class UndoReport:
    """What undoing (or doing again) did; conflicts were changed by hand since and left alone."""

    turn_id: int
    restored: tuple[str, ...]
    conflicts: tuple[str, ...]
    user_text: str
