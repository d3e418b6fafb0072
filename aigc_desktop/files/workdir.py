"""The work directory: everything beneath one root, opened by descriptor (rule 2)."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from aigc_desktop.core.errors import UserError
from aigc_desktop.core.files import ChangedFile
from aigc_desktop.files.beneath import open_beneath
from aigc_desktop.files.names import parts_of, refuse
from aigc_desktop.files.trash import move_to_trash

MAX_READ = 64 * 1024 * 1024
"""Bytes of the largest file that is read or written."""

MAX_ENTRIES = 20_000
"""Entries that a walk visits at most."""

MAX_DEPTH = 40
_DIRECTORY = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0)
_SKIPPED = frozenset({".git", "node_modules", ".venv", "__pycache__"})


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a directory; `path` is relative to the root, with forward slashes."""

    path: str
    is_dir: bool
    size: int
    modified_ns: int


class WorkDir:
    """Access beneath `root`. Raises UserError for what may not be done, OSError never."""

    def __init__(self, root: str | Path, app_home: str | Path) -> None:
        """Open the folder, making it if it is missing.

        Raises:
            UserError("work_dir_invalid"): it is a home directory, a file system's root, the
                program's own data, or it cannot be used.
        """
        self.root = _checked_root(Path(root), Path(app_home))
        self._trash = Path(app_home) / "trash"

    def read_bytes(self, path: str, limit: int = MAX_READ) -> bytes:
        """Return a file's content.

        Raises:
            UserError: `file_missing`, `path_refused`, `file_too_large`.
        """
        with self._opened(path, os.O_RDONLY) as descriptor:
            size = self._require_plain_file(descriptor, path)
            if size > limit:
                raise UserError("file_too_large", path=path, size=f"{size} bytes")
            with os.fdopen(os.dup(descriptor), "rb") as file:
                return file.read(limit + 1)[:limit]

    def write_bytes(self, path: str, data: bytes) -> None:
        """Replace or make a file, atomically; missing folders are made, its mode is kept.

        Raises:
            UserError: `path_refused`, `file_too_large`, `disk_full`.
        """
        if len(data) > MAX_READ:
            raise UserError("file_too_large", path=path, size=f"{len(data)} bytes")
        parts = self._parts(path)
        if not parts:
            raise refuse(path, "is a folder")
        mode = self._mode_of(path)
        with self._directory(parts[:-1], make=True) as directory:
            temporary = f".{parts[-1][:60]}.{secrets.token_hex(6)}.tmp"
            with _told(path):
                descriptor = os.open(
                    temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode, dir_fd=directory
                )
                try:
                    with os.fdopen(descriptor, "wb") as file:
                        file.write(data)
                        file.flush()
                        os.fsync(file.fileno())
                        os.fchmod(file.fileno(), mode)
                    os.replace(temporary, parts[-1], src_dir_fd=directory, dst_dir_fd=directory)
                except BaseException:
                    with contextlib.suppress(OSError):
                        os.unlink(temporary, dir_fd=directory)
                    raise
                os.fsync(directory)

    def delete(self, path: str) -> Path:
        """Move a file, a link or a whole folder to the trash; return where it is now.

        Raises:
            UserError: `file_missing`, `path_refused`, `disk_full`.
        """
        parts = self._parts(path)
        if not parts:
            raise refuse(path, "is the work directory itself")
        with self._directory(parts[:-1], make=False) as directory, _told(path):
            return move_to_trash(directory, parts[-1], self._trash)

    def create(self, path: str, data: bytes) -> None:
        """Make a new file. Raises UserError("path_refused") if there is something already."""
        parts = self._parts(path)
        with self._directory(parts[:-1], make=True) as directory, _told(path):
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
            with os.fdopen(os.open(parts[-1], flags, 0o600, dir_fd=directory), "wb") as file:
                file.write(data)

    def exists(self, path: str) -> bool:
        """Return whether there is something at `path`."""
        try:
            with self._opened(path, os.O_RDONLY):
                return True
        except UserError as error:
            if error.code == "file_missing":
                return False
            raise

    def list_dir(self, path: str = ".") -> list[Entry]:
        """Return the entries of a folder, folders first, by name."""
        parts = self._parts(path)
        with self._directory(parts, make=False) as directory:
            entries = list(_entries(directory, "/".join(parts)))
        return sorted(entries, key=lambda entry: (not entry.is_dir, entry.path))

    def walk(self, path: str = ".") -> Iterator[Entry]:
        """Yield the files below a folder; links are not followed; at most MAX_ENTRIES."""
        pending = [self._parts(path)]
        seen = 0
        while pending:
            parts = pending.pop()
            try:
                with self._directory(parts, make=False) as directory:
                    entries = sorted(
                        _entries(directory, "/".join(parts)), key=lambda entry: entry.path
                    )
            except UserError:
                continue
            for entry in entries:
                seen += 1
                if seen > MAX_ENTRIES:
                    return
                if not entry.is_dir:
                    yield entry
            pending.extend(
                tuple(entry.path.split("/"))
                for entry in reversed(entries)
                if entry.is_dir
                and len(parts) < MAX_DEPTH
                and entry.path.rpartition("/")[2] not in _SKIPPED
            )

    def describe(self, paths: Iterable[str]) -> list[ChangedFile]:
        """Return those of the files that are there, with size and time."""
        found = []
        for path in paths:
            try:
                with self._opened(path, os.O_RDONLY) as descriptor:
                    status = os.fstat(descriptor)
            except UserError:
                continue
            found.append(ChangedFile(path, status.st_size, status.st_mtime_ns // 1_000_000))
        return found

    def _parts(self, path: str) -> tuple[str, ...]:
        return tuple(part for part in parts_of(path, self.root) if part != ".")

    def _mode_of(self, path: str) -> int:
        try:
            with self._opened(path, os.O_RDONLY) as descriptor:
                self._require_plain_file(descriptor, path)
                return stat.S_IMODE(os.fstat(descriptor).st_mode) & 0o777
        except UserError as error:
            if error.code == "file_missing":
                return 0o644
            raise

    def _require_plain_file(self, descriptor: int, path: str) -> int:
        """Return the size. A hard link may be another name of a file outside the root."""
        status = os.fstat(descriptor)
        if stat.S_ISDIR(status.st_mode):
            raise refuse(path, "is a folder")
        if not stat.S_ISREG(status.st_mode):
            raise refuse(path, "is not a plain file")
        if status.st_nlink > 1:
            raise refuse(path, "has several names (hard link)")
        return status.st_size

    @contextlib.contextmanager
    def _opened(self, path: str, flags: int) -> Iterator[int]:
        # O_NONBLOCK: opening a FIFO must not wait for its other end.
        parts = self._parts(path)
        with _told(path), self._root_descriptor() as root:
            descriptor = open_beneath(root, parts, flags | getattr(os, "O_NONBLOCK", 0))
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    @contextlib.contextmanager
    def _directory(self, parts: Sequence[str], *, make: bool) -> Iterator[int]:
        path = "/".join(parts) or "."
        with _told(path), self._root_descriptor() as root:
            if make:
                _make_directories(root, parts)
            descriptor = open_beneath(root, parts, _DIRECTORY)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    @contextlib.contextmanager
    def _root_descriptor(self) -> Iterator[int]:
        descriptor = os.open(self.root, _DIRECTORY | os.O_CLOEXEC)
        try:
            yield descriptor
        finally:
            os.close(descriptor)


def _checked_root(root: Path, app_home: Path) -> Path:
    def invalid(reason: str) -> UserError:
        return UserError("work_dir_invalid", path=str(root), reason=reason)

    if not root.is_absolute():
        raise invalid("it must be an absolute path")
    try:
        root.mkdir(parents=True, exist_ok=True)
        real, home, app = root.resolve(), Path.home().resolve(), app_home.resolve()
    except OSError as error:
        raise invalid(error.strerror or "") from error
    if real == Path(real.anchor):
        raise invalid("it is the root of a file system")
    if real == home or real in home.parents:
        raise invalid("it holds your whole home directory")
    if real == app or real in app.parents:
        raise invalid("it holds the program's own data")
    own = app / "work_dir"
    if app in real.parents and real != own and own not in real.parents:
        raise invalid("it belongs to the program's own data")
    return real


def _make_directories(root: int, parts: Sequence[str]) -> None:
    for depth in range(1, len(parts) + 1):
        try:
            os.close(open_beneath(root, parts[:depth], _DIRECTORY))
        except FileNotFoundError:
            parent = open_beneath(root, parts[: depth - 1], _DIRECTORY)
            try:
                with contextlib.suppress(FileExistsError):
                    os.mkdir(parts[depth - 1], 0o755, dir_fd=parent)
            finally:
                os.close(parent)


def _entries(directory: int, prefix: str) -> Iterator[Entry]:
    with os.scandir(directory) as found:
        for entry in found:
            try:
                status = entry.stat(follow_symlinks=False)
            except OSError:
                continue
            is_dir = stat.S_ISDIR(status.st_mode)
            if is_dir or stat.S_ISREG(status.st_mode):
                path = f"{prefix}/{entry.name}" if prefix else entry.name
                yield Entry(path, is_dir, status.st_size, status.st_mtime_ns)


@contextlib.contextmanager
def _told(path: str) -> Iterator[None]:
    """Turn what the system says into what the user (or the model) can act on."""
    try:
        yield
    except FileNotFoundError as error:
        raise UserError("file_missing", path=path) from error
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise UserError("disk_full", path=path, reason="") from error
        if error.errno in (errno.EXDEV, errno.ELOOP):
            raise refuse(path, "a link leads outside the work directory") from error
        raise refuse(path, error.strerror or "cannot be opened") from error
