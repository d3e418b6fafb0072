"""A folder as a tree of objects: every file, link, folder and mode, by descriptor."""

from __future__ import annotations

import json
import os
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from aigc_desktop.core.errors import UserError
from aigc_desktop.files.objects import Hash, ObjectStore, PackWriter

MAX_FILE = 64 * 1024 * 1024
"""Bytes; a larger file is named in `Captured.skipped` and not stored."""

MAX_FILES = 200_000
MAX_BYTES = 4 * 1024 * 1024 * 1024
"""Of content that is new at one capture."""

MAX_DEPTH = 200

IGNORED = ("node_modules", ".venv", "__pycache__", ".mypy_cache", ".pytest_cache", ".ruff_cache")
"""Folders that can be made again from what is stored; by name, at any depth."""

OPEN_FOLDER = os.O_RDONLY | os.O_CLOEXEC | getattr(os, "O_DIRECTORY", 0) | os.O_NOFOLLOW
OPEN_FILE = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | getattr(os, "O_NONBLOCK", 0)

FINE_RACE_NS = 20_000_000
COARSE_RACE_NS = 2_000_000_000
"""A file changed so shortly before it was looked at may change again without a new time stamp:
some clock ticks on most file systems, two seconds where time stamps are coarse (FAT)."""


class Kind(StrEnum):
    """What an entry is."""

    FILE = "f"
    LINK = "l"
    FOLDER = "d"
    SKIPPED = "s"
    """A file too large or unreadable: it is known to be there, not what is in it."""


class Entry(NamedTuple):
    """One entry: its kind, permission bits, and content (hash in hex, or a link's target)."""

    kind: str
    mode: int
    content: str


Identity = tuple[int, int, int, int, int]
"""Size, times of the last change of content and of status (ns), inode, mode."""


class Seen(NamedTuple):
    """A folder when it was last captured: its tree, how many entries that has, and each file's
    identity and content (but of files that were changed just then)."""

    tree: str
    entries: int
    files: dict[str, tuple[Identity, Entry]]


@dataclass(slots=True)
class Captured:
    """A folder's state: the hash of its root tree (hex), and the files that were left out."""

    tree: str
    files: int = 0
    skipped: list[str] = field(default_factory=list)


class Capture:
    """Reads a folder into objects; files that have not changed since `seen` are not read."""

    def __init__(self, writer: PackWriter, seen: dict[str, Seen], ignored: frozenset[str]) -> None:
        """`seen`: by the folder's path, which ends with a slash ("" is the root's)."""
        self._writer = writer
        self._before = seen
        self.seen: dict[str, Seen] = {}
        self._ignored = ignored
        self._now = time.time_ns()
        self._bytes = 0
        self._result = Captured("")

    def run(self, root: int) -> Captured:
        """Capture the folder at the descriptor `root`.

        Raises:
            UserError("checkpoint_too_large"): more than MAX_FILES files or MAX_BYTES new bytes.
        """
        self._result.tree = self._folder(root, "", 0)
        return self._result

    def _folder(self, folder: int, path: str, depth: int) -> str:
        before = self._before.get(path)
        known = before.files if before else {}
        entries: dict[str, Entry] = {}
        files: dict[str, tuple[Identity, Entry]] = {}
        changed = False
        with os.scandir(folder) as found:
            for item in found:
                status = item.stat(follow_symlinks=False)
                identity = identity_of(status)
                seen = known.get(item.name)
                if seen is not None and seen[0] == identity:
                    files[item.name] = seen
                    entries[item.name] = seen[1]
                    continue
                entry = self._entry(folder, item.name, f"{path}{item.name}", depth, status, seen)
                if entry is None:
                    continue
                entries[item.name] = entry
                changed = True
                if entry.kind == Kind.FILE and not _is_racy(status, self._now):
                    files[item.name] = identity, entry
        self._count(len(entries))
        if before is not None and not changed and before.entries == len(entries):
            tree = before.tree
        else:
            tree = self._writer.add(json.dumps(entries, sort_keys=True).encode()).hex()
        self.seen[path] = Seen(tree, len(entries), files)
        return tree

    def _entry(
        self,
        folder: int,
        name: str,
        path: str,
        depth: int,
        status: os.stat_result,
        seen: tuple[Identity, Entry] | None,
    ) -> Entry | None:
        mode = stat.S_IMODE(status.st_mode)
        if stat.S_ISREG(status.st_mode):
            return self._file(folder, name, path, status, seen)
        if stat.S_ISLNK(status.st_mode):
            return Entry(Kind.LINK, 0, os.readlink(name, dir_fd=folder))
        if not stat.S_ISDIR(status.st_mode) or name in self._ignored:
            return None
        try:
            if depth >= MAX_DEPTH:
                raise PermissionError
            inner = os.open(name, OPEN_FOLDER, dir_fd=folder)
        except PermissionError:
            self._result.skipped.append(path)
            return Entry(Kind.SKIPPED, mode, "")
        try:
            return Entry(Kind.FOLDER, mode, self._folder(inner, f"{path}/", depth + 1))
        finally:
            os.close(inner)

    def _file(
        self,
        folder: int,
        name: str,
        path: str,
        status: os.stat_result,
        seen: tuple[Identity, Entry] | None,
    ) -> Entry:
        mode = stat.S_IMODE(status.st_mode)
        try:
            if status.st_size > MAX_FILE:
                raise PermissionError
            data = read_file(folder, name)
        except PermissionError:
            # After `chmod 000` only the mode is other: what was in it is still in it.
            if seen is not None and _same_content(seen[0], identity_of(status)):
                return Entry(Kind.FILE, mode, seen[1].content)
            self._result.skipped.append(path)
            return Entry(Kind.SKIPPED, mode, "")
        self._bytes += len(data)
        if self._bytes > MAX_BYTES:
            raise UserError("checkpoint_too_large", limit=f"{MAX_BYTES:,} bytes")
        return Entry(Kind.FILE, mode, self._writer.add(data).hex())

    def _count(self, entries: int) -> None:
        self._result.files += entries
        if self._result.files > MAX_FILES:
            raise UserError("checkpoint_too_large", limit=f"{MAX_FILES:,} files")


def identity_of(status: os.stat_result) -> Identity:
    """Return what tells whether a file may have changed."""
    return (
        status.st_size,
        status.st_mtime_ns,
        status.st_ctime_ns,
        status.st_ino,
        status.st_mode,
    )


def _same_content(old: Identity, new: Identity) -> bool:
    return (old[0], old[1], old[3]) == (new[0], new[1], new[3])


def read_file(folder: int, name: str) -> bytes:
    """Return a file's content; never follows a link, never waits for a FIFO."""
    with os.fdopen(os.open(name, OPEN_FILE, dir_fd=folder), "rb", buffering=0) as file:
        return file.readall()


def _is_racy(status: os.stat_result, now: int) -> bool:
    newest = max(status.st_mtime_ns, status.st_ctime_ns)
    coarse = newest % 1_000_000 == 0
    return newest > now - (COARSE_RACE_NS if coarse else FINE_RACE_NS)


Change = tuple[str, Entry | None, Entry | None]
"""Path, what was there, what is there."""


def differences(store: ObjectStore, before: str, after: str) -> Iterator[Change]:
    """Yield what differs between two trees; a changed folder before what is in it."""
    yield from _differences(store, before, after, "")


def _differences(
    store: ObjectStore, before: str | None, after: str | None, path: str
) -> Iterator[Change]:
    old, new = _tree(store, before), _tree(store, after)
    for name in sorted(old.keys() | new.keys()):
        was, now = old.get(name), new.get(name)
        if was == now:
            continue
        inside = f"{path}{name}"
        was_folder = was is not None and was.kind == Kind.FOLDER
        is_folder = now is not None and now.kind == Kind.FOLDER
        if not (was_folder and is_folder) or (was and now and was.mode != now.mode):
            yield inside, was, now
        if was_folder or is_folder:
            yield from _differences(
                store,
                was.content if was_folder and was else None,
                now.content if is_folder and now else None,
                f"{inside}/",
            )


def reachable(store: ObjectStore, tree: str) -> Iterator[Hash]:
    """Yield the hashes of a tree and of everything in it."""
    yield bytes.fromhex(tree)
    for entry in _tree(store, tree).values():
        if entry.kind == Kind.FOLDER:
            yield from reachable(store, entry.content)
        elif entry.kind == Kind.FILE:
            yield bytes.fromhex(entry.content)


def _tree(store: ObjectStore, tree: str | None) -> dict[str, Entry]:
    if tree is None:
        return {}
    entries = json.loads(store.read(bytes.fromhex(tree)))
    return {name: Entry(*entry) for name, entry in entries.items()}
