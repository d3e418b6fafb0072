"""Checkpoints of work directories, and going from one to another without losing other work."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import logging
import os
import secrets
import stat
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from aigc_desktop.config.atomic import write_atomically
from aigc_desktop.core.errors import UserError
from aigc_desktop.files import trees
from aigc_desktop.files.objects import ObjectStore, hash_of
from aigc_desktop.files.trees import (
    OPEN_FOLDER,
    Capture,
    Captured,
    Change,
    Entry,
    Identity,
    Kind,
    Seen,
)

logger = logging.getLogger(__name__)

MIN_AGE = 3600.0
"""Seconds for which contents are kept that no checkpoint needs (any more, or yet)."""

_WRITE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
_OWNER = stat.S_IRWXU


@dataclass(slots=True)
class Restored:
    """What going back did: paths that were put back, and those left alone, with the reason."""

    restored: list[str] = field(default_factory=list)
    conflicts: list[str] = field(default_factory=list)
    """Changed by somebody else since; left as they are."""


class Checkpoints:
    """Takes and restores checkpoints. One at a time; every method may be called in any thread."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._objects = ObjectStore(folder / "packs")
        self._seen: dict[str, dict[str, Seen]] = {}
        self._unsaved: set[str] = set()
        self._generation = b""
        self._lock = threading.Lock()

    def take(self, root: Path, ignored: Iterable[str] = trees.IGNORED) -> Captured:
        """Store the state of `root`; only what changed since the last time is read and stored.

        Raises:
            UserError: `disk_full`, `checkpoint_too_large`, `work_dir_invalid`.
        """
        with self._alone(), _opened(root) as descriptor, self._objects.adding() as writer:
            capture = Capture(writer, self._seen_of(root), frozenset(ignored))
            captured = capture.run(descriptor)
        self._seen[str(root)] = capture.seen
        self._unsaved.add(str(root))
        return captured

    def save(self) -> None:
        """Write down what was seen, so that the next start need not read everything again."""
        with self._alone():
            for root in self._unsaved:
                self._store_seen(root)
            self._unsaved.clear()

    def differences(self, before: str, after: str) -> list[Change]:
        """Return what differs between two checkpoints. Raises UserError("checkpoint_damaged")."""
        return list(trees.differences(self._objects, before, after))

    def content(self, entry: Entry) -> bytes:
        """Return what is in a file or where a link leads."""
        if entry.kind == Kind.LINK:
            return os.fsencode(entry.content)
        return self._objects.read(bytes.fromhex(entry.content))

    def go(self, root: Path, source: str, target: str) -> Restored:
        """Change what differs between `source` and `target` from the one to the other.

        A path that is not as `source` says was changed by somebody else: it is left alone and
        named as a conflict.
        """
        done = Restored()
        with self._lock, _opened(root) as descriptor:
            changes = list(trees.differences(self._objects, source, target))
            wanted = [each for each in changes if self._may_change(descriptor, each, done)]
            _Restorer(descriptor, self, done).apply(wanted)
        return done

    def forget_all_but(self, kept: Iterable[str], min_age: float = MIN_AGE) -> int:
        """Delete packs that no kept checkpoint needs; return how many bytes that freed.

        What was seen in folders is forgotten too: its contents may be gone, here and for every
        other process.
        """
        with self._alone():
            wanted = {key for tree in set(kept) for key in trees.reachable(self._objects, tree)}
            freed = self._objects.keep_only(wanted, min_age)
            if freed:
                for seen in self._folder.glob("seen-*.json"):
                    seen.unlink()
                write_atomically(self._generation_file, secrets.token_bytes(16))
        return freed

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep other threads and processes out; forget what one of them has made untrue."""
        from filelock import FileLock

        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._lock, FileLock(self._folder / "lock"):
            try:
                generation = self._generation_file.read_bytes()
            except FileNotFoundError:
                generation = b""
            if generation != self._generation:
                self._generation = generation
                self._seen.clear()
                self._unsaved.clear()
                self._objects.forget()
            yield

    @property
    def _generation_file(self) -> Path:
        return self._folder / "generation"

    def _may_change(self, root: int, change: Change, done: Restored) -> bool:
        path, was, wanted = change
        if Kind.SKIPPED in (was.kind if was else "", wanted.kind if wanted else ""):
            done.conflicts.append(path)
            return False
        now = current(root, path, was)
        if now == wanted:
            return False
        # A folder may hold other things now; what is in it is looked at on its own.
        same_folder = bool(was and now and was.kind == now.kind == Kind.FOLDER)
        if now == was or same_folder:
            return True
        done.conflicts.append(path)
        return False

    def _seen_of(self, root: Path) -> dict[str, Seen]:
        key = str(root)
        if key not in self._seen:
            self._seen[key] = _read_seen(self._seen_file(key))
        return self._seen[key]

    def _store_seen(self, root: str) -> None:
        text = json.dumps(self._seen[root])
        with contextlib.suppress(OSError):
            write_atomically(self._seen_file(root), text.encode(), mode=0o600)

    def _seen_file(self, root: str) -> Path:
        name = hashlib.sha256(os.fsencode(root)).hexdigest()[:32]
        return self._folder / f"seen-{name}.json"


def current(root: int, path: str, like: Entry | None) -> Entry | None:
    """Return what is at `path` now; a folder's content is not looked at (it is `like`'s)."""
    *parents, name = PurePosixPath(path).parts
    try:
        with _folder(root, parents) as folder:
            status = os.stat(name, dir_fd=folder, follow_symlinks=False)
            mode = stat.S_IMODE(status.st_mode)
            if stat.S_ISLNK(status.st_mode):
                return Entry(Kind.LINK, 0, os.readlink(name, dir_fd=folder))
            if stat.S_ISDIR(status.st_mode):
                known = like is not None and like.kind == Kind.FOLDER
                return Entry(Kind.FOLDER, mode, like.content if known and like else "")
            if not stat.S_ISREG(status.st_mode) or status.st_size > trees.MAX_FILE:
                return Entry(Kind.SKIPPED, mode, "")
            with _readable(folder, name, mode):
                data = trees.read_file(folder, name)
            return Entry(Kind.FILE, mode, hash_of(data).hex())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError:
        return Entry(Kind.SKIPPED, 0, "")


class _Restorer:
    """Applies changes beneath a root: what has to go first (deepest first), then what comes."""

    def __init__(self, root: int, checkpoints: Checkpoints, done: Restored) -> None:
        self._root = root
        self._checkpoints = checkpoints
        self._done = done

    def apply(self, changes: Sequence[Change]) -> None:
        """Do it; what cannot be done is named as a conflict."""
        for path, was, wanted in reversed(changes):
            if was is not None and (wanted is None or wanted.kind != was.kind):
                self._try(path, self._remove, was)
        for path, was, wanted in changes:
            if wanted is None:
                continue
            if wanted.kind == Kind.FOLDER:
                self._try(path, self._make_folder, Entry(wanted.kind, wanted.mode | _OWNER, ""))
            elif was is not None and was[::2] == wanted[::2]:
                self._try(path, self._set_mode, wanted)
            else:
                self._try(path, self._write, wanted)
        for path, _, wanted in reversed(changes):
            if wanted is not None and wanted.kind == Kind.FOLDER:
                self._try(path, self._set_mode, wanted)
        self._done.restored = [path for path, _, _ in changes if path not in self._done.conflicts]

    def _try(self, path: str, step: object, entry: Entry) -> None:
        *parents, name = PurePosixPath(path).parts
        try:
            with _folder(self._root, parents) as folder, _writable(folder):
                step(folder, name, entry)  # type: ignore[operator]
        except (OSError, UserError) as error:
            logger.info("%s is not restored: %s", path, error)
            if path not in self._done.conflicts:
                self._done.conflicts.append(path)

    def _remove(self, folder: int, name: str, entry: Entry) -> None:
        if entry.kind == Kind.FOLDER:
            os.rmdir(name, dir_fd=folder)
        else:
            os.unlink(name, dir_fd=folder)

    def _make_folder(self, folder: int, name: str, entry: Entry) -> None:
        with contextlib.suppress(FileExistsError):
            os.mkdir(name, 0o700, dir_fd=folder)
        self._set_mode(folder, name, entry)

    def _set_mode(self, folder: int, name: str, entry: Entry) -> None:
        status = os.stat(name, dir_fd=folder, follow_symlinks=False)
        if stat.S_IMODE(status.st_mode) != entry.mode and not stat.S_ISLNK(status.st_mode):
            _chmod(folder, name, entry.mode)

    def _write(self, folder: int, name: str, entry: Entry) -> None:
        temporary = f".{secrets.token_hex(8)}.aigc-tmp"
        content = self._checkpoints.content(entry)
        try:
            if entry.kind == Kind.LINK:
                os.symlink(entry.content, temporary, dir_fd=folder)
            else:
                with os.fdopen(os.open(temporary, _WRITE, 0o600, dir_fd=folder), "wb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
                    os.fchmod(file.fileno(), entry.mode)
            os.replace(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary, dir_fd=folder)
            raise


@contextlib.contextmanager
def _opened(root: Path) -> Iterator[int]:
    try:
        descriptor = os.open(root, OPEN_FOLDER)
    except OSError as error:
        reason = error.strerror or ""
        raise UserError("work_dir_invalid", path=str(root), reason=reason) from error
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _folder(root: int, parts: Sequence[str]) -> Iterator[int]:
    """Open a folder beneath `root`; no link is followed, and none is named with `..`."""
    at = os.dup(root)
    try:
        for name in parts:
            deeper = os.open(name, OPEN_FOLDER, dir_fd=at)
            os.close(at)
            at = deeper
        yield at
    finally:
        os.close(at)


@contextlib.contextmanager
def _writable(folder: int) -> Iterator[None]:
    """Let the owner change a folder's entries for a moment (after `chmod a-w`)."""
    mode = stat.S_IMODE(os.fstat(folder).st_mode)
    if mode & _OWNER == _OWNER:
        yield
        return
    os.fchmod(folder, mode | _OWNER)
    try:
        yield
    finally:
        os.fchmod(folder, mode)


@contextlib.contextmanager
def _readable(folder: int, name: str, mode: int) -> Iterator[None]:
    """Let the owner read a file for a moment (after `chmod 000`)."""
    if mode & stat.S_IRUSR:
        yield
        return
    _chmod(folder, name, mode | stat.S_IRUSR)
    try:
        yield
    finally:
        _chmod(folder, name, mode)


def _chmod(folder: int, name: str, mode: int) -> None:
    """Change an entry's mode; raises OSError for a link instead of following it."""
    if os.chmod in os.supports_follow_symlinks:
        os.chmod(name, mode, dir_fd=folder, follow_symlinks=False)
        return
    entry = os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
    try:
        if stat.S_ISLNK(os.fstat(entry).st_mode):
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), name)
        Path(f"/proc/self/fd/{entry}").chmod(mode)
    finally:
        os.close(entry)


def _read_seen(file: Path) -> dict[str, Seen]:
    try:
        content = json.loads(file.read_bytes())
        return {
            path: Seen(tree, count, _files(files)) for path, (tree, count, files) in content.items()
        }
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        logger.info("checkpoints read everything anew: %s", error)
        return {}


def _files(content: dict[str, Any]) -> dict[str, tuple[Identity, Entry]]:
    return {name: (tuple(identity), Entry(*entry)) for name, (identity, entry) in content.items()}
