"""The work directory as the tools see it; `files.workdir.WorkDir` is one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol


class FolderEntry(Protocol):
    """One entry; `path` is relative to the root, `size` in bytes."""

    @property
    def path(self) -> str: ...
    @property
    def is_dir(self) -> bool: ...
    @property
    def size(self) -> int: ...
    @property
    def modified_ns(self) -> int: ...


class WorkFolder(Protocol):
    """Everything raises UserError for what may not be done."""

    root: Path

    def read_bytes(self, path: str, limit: int = ...) -> bytes: ...
    def write_bytes(self, path: str, data: bytes) -> None: ...
    def exists(self, path: str) -> bool: ...
    def list_dir(self, path: str = ...) -> Sequence[FolderEntry]: ...
    def walk(self, path: str = ...) -> Iterator[FolderEntry]: ...
