"""What came over from the web version, and what could not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Step(StrEnum):
    """What a take-over is doing."""

    READ = "read"
    STAGE = "stage"
    MIGRATE = "migrate"
    SNAPSHOT = "snapshot"
    MERGE = "merge"
    FILES = "files"


@dataclass(frozen=True, slots=True)
class TakeOverProgress:
    """How far a take-over came. `detail` is a revision, a table or a file; `share` 0..1."""

    step: Step
    detail: str = ""
    share: float = 0.0

    @property
    def overall(self) -> float:
        """How much of the whole is done, 0..1; by how long the steps usually take."""
        begins, ends = _SPANS[self.step]
        return begins + (ends - begins) * min(1.0, max(0.0, self.share))


_SPANS = {
    Step.READ: (0.0, 0.08),
    Step.STAGE: (0.08, 0.3),
    Step.MIGRATE: (0.3, 0.65),
    Step.SNAPSHOT: (0.65, 0.7),
    Step.MERGE: (0.7, 0.95),
    Step.FILES: (0.95, 1.0),
}


@dataclass(frozen=True, slots=True)
class Arrived:
    """How many of a kind came over, and how many were here already."""

    kind: str
    came: int
    already: int = 0


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something that did not come over, or not as it was: a message's code with its params."""

    code: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FilesReport:
    """What became of the files of the web version's work_dir. Paths are relative to it.

    `renamed` are (path, new path) where another file had the name; `refused` (path, reason).
    Of the lists the first entries are kept; `refused_count` says how many there were.
    """

    copied: int = 0
    bytes: int = 0
    already: int = 0
    renamed: tuple[tuple[str, str], ...] = ()
    refused: tuple[tuple[str, str], ...] = ()
    refused_count: int = 0


@dataclass(frozen=True, slots=True)
class TakeOverReport:
    """What a take-over did, or (`dry`) would do.

    `step` is the web version's migration that the file was at; `sha256` is of the file and its
    -wal, before and after. `snapshot` is the copy of our database from before.
    """

    source: str
    sha256: str
    step: str
    arrived: tuple[Arrived, ...]
    left_out: tuple[LeftOut, ...]
    files: FilesReport | None = None
    user: str = ""
    dry: bool = False
    ms: int = 0
    snapshot: str = ""
    taken_at: int = 0

    @property
    def changed(self) -> bool:
        """Whether anything came over."""
        return any(each.came for each in self.arrived) or bool(self.files and self.files.copied)
