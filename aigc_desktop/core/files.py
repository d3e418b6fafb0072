"""What is said about files in a work directory."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ChangedFile:
    """A file that a turn made or changed. Size in bytes, time in epoch milliseconds."""

    path: str
    size: int
    modified_ms: int
