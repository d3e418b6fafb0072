"""Copies a foreign work directory into ours: plain files, nothing overwritten, nothing outside.

Both sides are walked by descriptor and no link is ever followed.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import secrets
import stat
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

from aigc_desktop.core.errors import UserError
from aigc_desktop.core.takeover import FilesReport
from aigc_desktop.files.names import MAX_PATH, parts_of

MAX_FILES = 200_000
MAX_FILE = 4 * 1024 * 1024 * 1024
"""Bytes."""

MAX_DEPTH = 100
MAX_LISTED = 200
"""Entries of each list in the report."""

CHUNK = 1024 * 1024
_NAMES_TRIED = 1000
_FOLDER = os.O_RDONLY | os.O_CLOEXEC | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0)
_FILE = os.O_RDONLY | os.O_CLOEXEC | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)

OnFile = Callable[[str, int], None]
"""Called with the path of each file and how many came before."""


def adopt(
    source: Path, target: Path, *, dry: bool, on_file: OnFile, stop: Callable[[], None]
) -> FilesReport:
    """Copy what is beneath `source` to the same places beneath `target`.

    The same file again is not copied again; where another file has the name, the copy gets a
    free one. With `dry` nothing is written.

    Raises:
        UserError: `file_not_readable`, `takeover_overlap`, `disk_full`.
    """
    try:
        here, there = source.resolve(strict=True), target.resolve()
        root = os.open(here, _FOLDER)
    except OSError as error:
        reason = error.strerror or ""
        raise UserError("file_not_readable", path=str(source), reason=reason) from error
    try:
        if here == there or here in there.parents or there in here.parents:
            raise UserError("takeover_overlap", path=str(source))
        work = _Adoption(dry, on_file, stop)
        if not dry:
            target.mkdir(parents=True, exist_ok=True)
        with _opened_folder(str(there)) as folder:
            work.folder(root, folder, PurePosixPath(), 0)
    except OSError as error:
        code = "disk_full" if error.errno == errno.ENOSPC else "file_not_writable"
        raise UserError(code, path=str(target), reason=error.strerror or "") from error
    finally:
        os.close(root)
    return work.report()


class _Adoption:
    def __init__(self, dry: bool, on_file: OnFile, stop: Callable[[], None]) -> None:
        self._dry = dry
        self._on_file = on_file
        self._stop = stop
        self._copied = self._bytes = self._already = self._seen = 0
        self._renamed: list[tuple[str, str]] = []
        self._refused: list[tuple[str, str]] = []
        self._refused_count = 0

    def report(self) -> FilesReport:
        return FilesReport(
            self._copied,
            self._bytes,
            self._already,
            tuple(self._renamed),
            tuple(self._refused),
            self._refused_count,
        )

    def folder(self, source: int, target: int | None, path: PurePosixPath, depth: int) -> None:
        """Copy a folder's entries; `target` None: it is not there yet (dry)."""
        for name in sorted(os.listdir(source)):
            self._stop()
            inside = path / name
            reason = self._objection(source, name, inside, depth)
            if reason:
                self._refuse(inside, reason)
                continue
            status = os.stat(name, dir_fd=source, follow_symlinks=False)
            try:
                if stat.S_ISDIR(status.st_mode):
                    self._enter(source, target, inside, depth)
                else:
                    self._file(source, target, inside)
            except OSError as error:
                if error.errno == errno.ENOSPC:
                    raise
                self._refuse(inside, error.strerror or "cannot be read")

    def _objection(self, source: int, name: str, inside: PurePosixPath, depth: int) -> str:
        """Return why an entry is not taken, or ""."""
        try:
            if len(str(inside)) > MAX_PATH:
                return "path too long"
            parts_of(name, PurePosixPath("/"))
            status = os.stat(name, dir_fd=source, follow_symlinks=False)
        except UserError as error:
            return str(error.params["reason"])
        except (OSError, UnicodeError):
            return "cannot be read"
        if stat.S_ISLNK(status.st_mode):
            return "is a link"
        if stat.S_ISDIR(status.st_mode):
            return "too deep" if depth >= MAX_DEPTH else ""
        if not stat.S_ISREG(status.st_mode):
            return "is not a plain file"
        if status.st_nlink > 1:
            return "has several names (hard link)"
        if status.st_size > MAX_FILE:
            return "too large"
        self._seen += 1
        return "too many files" if self._seen > MAX_FILES else ""

    def _enter(self, source: int, target: int | None, inside: PurePosixPath, depth: int) -> None:
        name = inside.name
        if target is not None and not self._dry:
            with contextlib.suppress(FileExistsError):
                os.mkdir(name, 0o755, dir_fd=target)
        with _opened_folder(name, source) as inner, _opened_folder(name, target) as into:
            if inner is not None:
                self.folder(inner, into, inside, depth + 1)

    def _file(self, source: int, target: int | None, inside: PurePosixPath) -> None:
        self._on_file(str(inside), self._copied)
        descriptor = os.open(inside.name, _FILE, dir_fd=source)
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode) or status.st_nlink > 1:
                self._refuse(inside, "is not a plain file")
                return
            name = self._free_name(descriptor, target, inside)
            if name is None:
                self._already += 1
                return
            if not self._dry and target is not None:
                self._write(descriptor, target, name, status)
        finally:
            os.close(descriptor)
        self._copied += 1
        self._bytes += status.st_size
        if name != inside.name and len(self._renamed) < MAX_LISTED:
            self._renamed.append((str(inside), str(inside.parent / name)))

    def _free_name(self, source: int, target: int | None, inside: PurePosixPath) -> str | None:
        """Return a name that is free, or None if the very file is here already."""
        if target is None:
            return inside.name
        size = os.fstat(source).st_size
        digest = ""
        for number in range(_NAMES_TRIED):
            mark = "" if number == 0 else " (web)" if number == 1 else f" (web {number})"
            name = f"{inside.stem}{mark}{inside.suffix}"
            try:
                there = os.open(name, _FILE, dir_fd=target)
            except FileNotFoundError:
                return name
            except OSError:
                continue
            try:
                status = os.fstat(there)
                if stat.S_ISREG(status.st_mode) and status.st_size == size:
                    digest = digest or self._digest(source)
                    if self._digest(there) == digest:
                        return None
            finally:
                os.close(there)
        raise OSError(errno.EEXIST, "too many files of this name")

    def _digest(self, descriptor: int) -> str:
        total = hashlib.sha256()
        os.lseek(descriptor, 0, os.SEEK_SET)
        while chunk := os.read(descriptor, CHUNK):
            self._stop()
            total.update(chunk)
        return total.hexdigest()

    def _write(self, source: int, target: int, name: str, status: os.stat_result) -> None:
        mode = 0o755 if status.st_mode & stat.S_IXUSR else 0o644
        temporary = f".{secrets.token_hex(8)}.tmp"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        descriptor = os.open(temporary, flags, mode, dir_fd=target)
        try:
            os.lseek(source, 0, os.SEEK_SET)
            with os.fdopen(descriptor, "wb") as file:
                while chunk := os.read(source, CHUNK):
                    self._stop()
                    file.write(chunk)
            os.utime(temporary, ns=(status.st_atime_ns, status.st_mtime_ns), dir_fd=target)
            os.rename(temporary, name, src_dir_fd=target, dst_dir_fd=target)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary, dir_fd=target)
            raise

    def _refuse(self, inside: PurePosixPath, reason: str) -> None:
        self._refused_count += 1
        if len(self._refused) < MAX_LISTED:
            shown = str(inside).encode("utf-8", "backslashreplace").decode()
            self._refused.append((shown[:500].encode("unicode_escape").decode("ascii"), reason))


@contextlib.contextmanager
def _opened_folder(name: str, beneath: int | None = -1) -> Iterator[int | None]:
    """Open a folder (beneath another); None for one that is not there (or where that is None)."""
    if beneath is None:
        yield None
        return
    try:
        descriptor = os.open(name, _FOLDER, dir_fd=None if beneath == -1 else beneath)
    except FileNotFoundError:
        yield None
        return
    try:
        yield descriptor
    finally:
        os.close(descriptor)
