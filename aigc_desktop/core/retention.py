"""What is tidied away by rule, as values. Sizes in bytes, times in epoch milliseconds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DueSession:
    """A session that is due for the trash, or in it for long enough to be deleted."""

    id: int
    title: str
    since: int
    """Its last activity, or when it came into the trash."""


@dataclass(frozen=True, slots=True)
class Space:
    """How much of the database file is used, and how much could be given back."""

    size: int
    unused: int
    worthwhile: bool
    """Whether giving it back is worth the work."""


@dataclass(frozen=True, slots=True)
class RetentionPlan:
    """What would go now. Without `enabled` no session is touched."""

    enabled: bool
    idle_days: int
    trash_days: int
    to_trash: tuple[DueSession, ...]
    to_delete: tuple[DueSession, ...]
    files: int
    """Files that nothing refers to any more: whole outputs of tools, half-written files."""
    file_bytes: int
    rows: int
    """Rows about sessions that are gone."""
    space: Space


@dataclass(frozen=True, slots=True)
class RetentionReport:
    """What went."""

    trashed: int
    deleted: int
    files: int
    rows: int
    freed: int
    """Of files, checkpoints and the database file."""
    vacuumed: bool
    put_off: str = ""
    """Why the database file was not made smaller although that is worthwhile: `busy` or `space`."""
