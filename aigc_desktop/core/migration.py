"""The database's revisions: where it stands, what happened to it, what one can go back to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Stage(StrEnum):
    """What a migration is doing."""

    BACKUP = "backup"
    SNAPSHOT = "snapshot"
    COPY = "copy"
    REVISION = "revision"
    VERIFY = "verify"
    SWAP = "swap"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a migration came: `number` of `count` revisions, while it is at one.

    `share` (0 to 1) says how much of a backup is done.
    """

    stage: Stage
    revision: str = ""
    number: int = 0
    count: int = 0
    share: float = 0.0


@dataclass(frozen=True, slots=True)
class Revision:
    """One revision. Time in epoch ms; None: not applied, or applied before that was noted."""

    name: str
    applied: bool
    applied_at: int | None = None
    duration_ms: int | None = None


class SnapshotKind(StrEnum):
    """Why a copy of the database is there."""

    UPGRADE = "upgrade"
    """Taken before an upgrade."""
    TAKE_OVER = "takeover"
    """Taken before data of the web version came in."""
    ASIDE = "aside"
    """The newer database, put aside when the user went back."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A whole copy of the database beside it. `revision` None: it cannot be read."""

    path: str
    kind: SnapshotKind
    revision: str | None
    taken_at: int
    size: int


@dataclass(frozen=True, slots=True)
class MigrationStatus:
    """Where the database stands. `problem`: the code of what is wrong with it, or ""."""

    database: str
    revision: str | None
    head: str
    revisions: tuple[Revision, ...]
    snapshots: tuple[Snapshot, ...]
    size: int = 0
    problem: str = ""

    @property
    def pending(self) -> tuple[str, ...]:
        """The revisions that are still to be run."""
        return tuple(r.name for r in self.revisions if not r.applied)


@dataclass(frozen=True, slots=True)
class StepTime:
    """How long one revision took, in milliseconds."""

    revision: str
    ms: int


@dataclass(frozen=True, slots=True)
class UpgradeReport:
    """What an upgrade did, or (`dry`) would do. Rows per table before and after, sizes in bytes.

    `problem` is the code of the error that a dry run ran into, with its params.
    """

    before: str | None
    after: str | None
    steps: tuple[StepTime, ...]
    rows_before: Mapping[str, int] = field(default_factory=dict)
    rows_after: Mapping[str, int] = field(default_factory=dict)
    size_before: int = 0
    size_after: int = 0
    ms: int = 0
    dry: bool = False
    snapshot: str = ""
    """The copy of the database that was kept beside it."""
    backup: str = ""
    """The id of the backup that was made first; empty where that did not work."""
    problem: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Returned:
    """The database is as it was: at `revision`, taken at `taken_at`; the newer one is `kept`."""

    revision: str
    taken_at: int
    kept: str
