"""The one archive reader: a zip archive is checked whole before anything is written.

Regular files and folders only; names that every system can have; counted bytes, whatever the
archive says about itself. Never `extractall` (zipfile silently renames `../x` to `x`).
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import TracebackType

from aigc_desktop.core.errors import UserError
from aigc_desktop.files.names import parts_of

PIECE = 1 << 20
_ENCRYPTED = 0x1
_UTF8 = 0x800
_END = 64 * 1024 + 22
"""Bytes at the end of a zip file within which its end record is."""

MAX_DIRECTORY = 256 * 1024 * 1024
"""Bytes of the table of contents, at most."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much an archive may hold."""

    entries: int = 500_000
    bytes: int = 512 * 1024**3
    ratio: int = 100
    """How many times the archive's own size its contents may be."""


@dataclass(frozen=True, slots=True)
class Member:
    """A regular file in the archive."""

    name: str
    size: int
    executable: bool


def refused(reason: str) -> UserError:
    """Return the error for an archive that is not taken."""
    return UserError("archive_refused", reason=reason)


class Archive:
    """An archive that may be read. Enter it, read, leave it."""

    def __init__(self, path: Path, limits: Limits | None = None) -> None:
        """Check everything that can be checked without reading the contents.

        Raises:
            UserError("archive_refused"): with the reason; OSError when it cannot be read.
        """
        self._limits = limits or Limits()
        self._size = path.stat().st_size
        _check_directory_size(path)
        try:
            self._zip = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, ValueError, OverflowError, NotImplementedError) as error:
            raise refused(f"not a whole zip archive: {error}") from error
        self._read = 0
        try:
            self._infos, self.folders = self._checked()
        except BaseException:
            self._zip.close()
            raise

    def __enter__(self) -> Archive:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._zip.close()

    @property
    def members(self) -> list[Member]:
        """The regular files, in their order."""
        return [
            Member(name, info.file_size, bool(info.external_attr >> 16 & stat.S_IXUSR))
            for name, info in self._infos.items()
        ]

    def content(self, name: str, limit: int) -> bytes:
        """Return a small file's content. Raises UserError("archive_refused")."""
        info = self._infos.get(name)
        if info is None:
            raise refused(f"a part is missing: {name}")
        if info.file_size > limit:
            raise refused(f"a part is too large: {name}")
        return b"".join(self._pieces(name))

    def extract(self, folder: Path, advance: Callable[[int], None]) -> dict[str, str]:
        """Write everything beneath `folder`, which is empty and the caller's own.

        Returns the SHA-256 of each file. Files get 0600, or 0700 if they were executable.

        Raises:
            UserError("archive_refused"): the contents are not what the archive says. OSError.
        """
        for name in self.folders:
            (folder / name).mkdir(mode=0o700, parents=True, exist_ok=True)
        digests = {}
        for member in self.members:
            target = folder / member.name
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            mode = 0o700 if member.executable else 0o600
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
            digest = hashlib.sha256()
            with os.fdopen(os.open(target, flags, mode), "wb") as out:
                for piece in self._pieces(member.name):
                    out.write(piece)
                    digest.update(piece)
                    advance(len(piece))
            digests[member.name] = digest.hexdigest()
        return digests

    def digests(self, advance: Callable[[int], None]) -> dict[str, str]:
        """Read everything, write nothing; return the SHA-256 of each file."""
        found = {}
        for name in self._infos:
            digest = hashlib.sha256()
            for piece in self._pieces(name):
                digest.update(piece)
                advance(len(piece))
            found[name] = digest.hexdigest()
        return found

    def _checked(self) -> tuple[dict[str, zipfile.ZipInfo], list[str]]:
        infos = self._zip.infolist()
        if len(infos) > self._limits.entries:
            raise refused(f"it has too many entries: > {self._limits.entries:,}")
        total = sum(info.file_size for info in infos)
        if total > self._limits.bytes or total > self._limits.ratio * max(self._size, PIECE):
            raise refused("its contents are too large")
        files: dict[str, zipfile.ZipInfo] = {}
        folders: list[str] = []
        for info in infos:
            name = _checked_name(info)
            if name in files or name in folders:
                raise refused("a name comes twice")
            if _is_folder(info):
                folders.append(name)
            else:
                files[name] = info
        _check_nesting(files, folders)
        return files, folders

    def _pieces(self, name: str) -> Iterator[bytes]:
        info = self._infos[name]
        size = 0
        with self._told(), self._zip.open(info) as file:
            while piece := file.read(PIECE):
                size += len(piece)
                self._read += len(piece)
                if size > info.file_size or self._read > self._limits.bytes:
                    raise refused("its contents are larger than it says")
                yield piece
        if size != info.file_size:
            raise refused("its contents are smaller than it says")

    @staticmethod
    @contextlib.contextmanager
    def _told() -> Iterator[None]:
        try:
            yield
        except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError) as error:
            raise refused(f"damaged: {error}") from error


def safe_name(path: str) -> str:
    """Return a path like this one that the reader takes: odd characters become `_`."""
    cleaned = []
    for part in path.split("/"):
        name = "".join(c if _is_plain(c) else "_" for c in part) or "_"
        name = name.encode("utf-8", "replace").decode()
        while len(name.encode()) > 200:
            name = name[:-1]
        cleaned.append(name if _is_taken(name) else f"_{name.rstrip('. ')}_")
    return "/".join(cleaned)


def _is_taken(name: str) -> bool:
    """Whether the reader takes a part of a path; "." is none to it."""
    try:
        return parts_of(name, PurePosixPath("/")) == (name,)
    except UserError:
        return False


def _is_plain(character: str) -> bool:
    try:
        parts_of(f"a{character}a", PurePosixPath("/"))
    except UserError:
        return False
    return character != "/"


def _check_directory_size(path: Path) -> None:
    """A table of contents of millions of entries is not even read."""
    with path.open("rb") as file:
        file.seek(max(path.stat().st_size - _END, 0))
        end = file.read()
    at = end.rfind(b"PK\x05\x06")
    if at < 0 or len(end) < at + 22:
        raise refused("not a whole zip archive")
    size = int.from_bytes(end[at + 12 : at + 16], "little")
    if size != 0xFFFFFFFF and size > MAX_DIRECTORY:
        raise refused("its table of contents is too large")


def _checked_name(info: zipfile.ZipInfo) -> str:
    name = info.orig_filename
    if info.flag_bits & _ENCRYPTED:
        raise refused("it is encrypted")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise refused("an unknown compression")
    if not info.flag_bits & _UTF8 and not name.isascii():
        raise refused("a name that is not UTF-8")
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise refused("something that is neither a file nor a folder")
    if name.startswith("/") or "\\" in name or "//" in name:
        raise refused("a name that leads elsewhere")
    plain = name.removesuffix("/")
    try:
        parts = parts_of(plain, PurePosixPath("/"))
    except UserError as error:
        raise refused(str(error.params["reason"])) from error
    if not parts or "/".join(parts) != plain:
        raise refused("a name that leads elsewhere")
    return plain


def _is_folder(info: zipfile.ZipInfo) -> bool:
    is_folder = info.orig_filename.endswith("/")
    if stat.S_ISDIR(info.external_attr >> 16) and not is_folder:
        raise refused("a folder that is named like a file")
    if is_folder and info.file_size:
        raise refused("a folder with contents of its own")
    return is_folder


def _check_nesting(files: dict[str, zipfile.ZipInfo], folders: list[str]) -> None:
    """No file is also a folder: neither as an entry nor because something is in it."""
    for name in (*files, *folders):
        for above in PurePosixPath(name).parents:
            if str(above) in files:
                raise refused("a name is both a file and a folder")
