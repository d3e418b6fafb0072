"""Packs: chunks one after another, a table of them at the end, named by the hash of the whole."""

from __future__ import annotations

import contextlib
import hashlib
import os
import struct
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO, NamedTuple

import zstandard

from aigc_desktop.config.atomic import sync_directory, write_atomically
from aigc_desktop.core.errors import UserError
from aigc_desktop.ops.backup import sealed
from aigc_desktop.ops.backup.keys import Key
from aigc_desktop.ops.backup.manifest import Id
from aigc_desktop.ops.backup.repository import Repository
from aigc_desktop.ops.backup.sealed import damaged

PACK_SIZE = 64 * 1024 * 1024
"""Bytes after which a pack is finished."""

MAGIC = b"AIGCPAK1"
_ENTRY = struct.Struct(">32sIIIB")
"""Hash of the content, offset, stored length, length of the content, flags."""

_END = struct.Struct(">IB8s")
"""Length of the table, encrypted, magic."""

COMPRESSED, ENCRYPTED = 1, 2
_TABLE = b"pack table"


class Place(NamedTuple):
    """Where a chunk is."""

    pack: str
    offset: int
    stored: int
    length: int
    flags: int


class Pack(NamedTuple):
    """A finished pack: name, bytes, and the chunks in it."""

    name: str
    size: int
    places: dict[Id, Place]


class Packer:
    """Appends chunks to a pack; finishes it at PACK_SIZE. Any thread may add."""

    def __init__(self, repository: Repository, key: Key | None) -> None:
        self._repository = repository
        self._key = key
        self._lock = threading.Lock()
        self._file: BinaryIO | None = None
        self._digest = hashlib.sha256()
        self._offset = 0
        self._table: list[tuple[Id, int, int, int, int]] = []
        self.packs: list[Pack] = []
        self.added = 0

    def add(self, chunk: Id, stored: bytes, length: int, flags: int) -> None:
        """Append a chunk as it is to be stored. Raises OSError."""
        with self._lock:
            if self._file is None:
                self._begin()
            assert self._file is not None
            self._file.write(stored)
            self._digest.update(stored)
            self._table.append((chunk, self._offset, len(stored), length, flags))
            self._offset += len(stored)
            self.added += len(stored)
            if self._offset >= PACK_SIZE:
                self._finish()

    def finish(self) -> None:
        """Finish the last pack. Raises OSError."""
        with self._lock:
            if self._file is not None:
                self._finish()

    def discard(self) -> None:
        """Forget the unfinished pack. Those that are finished stay for the next snapshot."""
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._file.close()
            self._partial.unlink(missing_ok=True)
            self._file = None

    def _begin(self) -> None:
        self._partial = self._repository.root / "packs" / f".{os.urandom(8).hex()}.part"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        self._file = os.fdopen(os.open(self._partial, flags, 0o600), "wb", buffering=1 << 20)
        self._digest = hashlib.sha256()
        self._offset = 0
        self._table = []

    def _finish(self) -> None:
        assert self._file is not None
        table = b"".join(_ENTRY.pack(*entry) for entry in self._table)
        if self._key is not None:
            table = self._key.seal(table, _TABLE)
        end = table + _END.pack(len(table), self._key is not None, MAGIC)
        self._file.write(end)
        self._digest.update(end)
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._file = None
        name = self._digest.hexdigest()
        final = self._repository.pack_file(name)
        final.parent.mkdir(mode=0o700, exist_ok=True)
        self._partial.rename(final)
        sync_directory(final.parent)
        places = {entry[0]: Place(name, *entry[1:]) for entry in self._table}
        self.packs.append(Pack(name, self._offset + len(end), places))


class Index:
    """Where every chunk is, from the repository's index files."""

    def __init__(self) -> None:
        self.places: dict[Id, Place] = {}
        self.sizes: dict[str, int] = {}
        """Bytes of each indexed pack."""
        self.tables: dict[str, dict[Id, Place]] = {}
        """What is in each of them."""
        self.cut: dict[str, dict[Id, Place]] = {}
        """What should be in packs that are not there in their full size."""
        self.unreadable: list[Path] = []
        """Damaged index files, and encrypted ones without the key."""
        self._present: dict[str, int] = {}

    @classmethod
    def load(cls, repository: Repository, *, lenient: bool = False) -> Index:
        """Read all index files; `lenient` passes over those that cannot be read.

        Packs that are not there, or not in their full size, are left out.

        Raises UserError("backup_damaged").
        """
        index = cls()
        index._present = {
            name: file.stat().st_size for name, file in repository.pack_files().items()
        }
        for file in repository.index_files():
            try:
                index._add_file(repository, file)
            except UserError as error:
                # Without the passphrase plain snapshots can be used, which need plain packs.
                if not lenient and error.code != "passphrase_missing":
                    raise
                index.unreadable.append(file)
        return index

    def add(self, packs: Iterable[Pack]) -> None:
        """Take in finished packs."""
        for pack in packs:
            self.sizes[pack.name] = pack.size
            self.tables[pack.name] = pack.places
            self.places.update(pack.places)

    def _add_file(self, repository: Repository, file: Path) -> None:
        content = file.read_bytes()
        what = f"index/{file.name}"
        if hashlib.sha256(content).hexdigest() != file.name:
            raise damaged(what)
        header, _ = sealed.header_of(sealed.INDEX, content, what)
        body = sealed.body_of(sealed.INDEX, content, repository.key, what)
        at = 0
        try:
            for name, size, count in header["packs"]:
                end = at + count * _ENTRY.size
                if name in self._present:
                    table = {c: Place(name, *rest) for c, *rest in _ENTRY.iter_unpack(body[at:end])}
                    if self._present[name] == size:
                        self.add([Pack(name, size, table)])
                    else:
                        self.cut[name] = table
                at = end
        except (KeyError, ValueError, TypeError, struct.error) as error:
            raise damaged(what) from error


def write_index(repository: Repository, packs: Iterable[Pack], key: Key | None) -> Path:
    """Write the index of packs; return its file. Raises OSError."""
    packs = list(packs)
    header = {"packs": [[pack.name, pack.size, len(pack.places)] for pack in packs]}
    body = b"".join(
        _ENTRY.pack(chunk, *place[1:]) for pack in packs for chunk, place in pack.places.items()
    )
    content = sealed.seal(sealed.INDEX, header, body, key)
    file = repository.root / "index" / hashlib.sha256(content).hexdigest()
    write_atomically(file, content)
    return file


def read_table(content: bytes | memoryview, name: str, key: Key | None) -> Pack:
    """Return what a pack's own table says. Raises UserError: `backup_damaged`, …"""
    what = f"pack {name[:12]}"
    if len(content) < _END.size:
        raise damaged(what)
    length, encrypted, magic = _END.unpack_from(content, len(content) - _END.size)
    start = len(content) - _END.size - length
    if magic != MAGIC or start < 0:
        raise damaged(what)
    table = bytes(content[start : start + length])
    if encrypted:
        if key is None:
            raise UserError("passphrase_missing")
        table = key.open(table, _TABLE, what)
    if len(table) % _ENTRY.size:
        raise damaged(what)
    places = {chunk: Place(name, *rest) for chunk, *rest in _ENTRY.iter_unpack(table)}
    return Pack(name, len(content), places)


class Decoder:
    """Turns stored bytes back into a chunk. One for each thread."""

    def __init__(self, key: Key | None) -> None:
        self._key = key
        self._decompressor = zstandard.ZstdDecompressor()

    def decode(self, chunk: Id, place: Place, stored: bytes | memoryview) -> bytes:
        """Return the chunk, checked against its hash. Raises UserError("backup_damaged")."""
        what = f"chunk {chunk.hex()[:12]} in pack {place.pack[:12]}"
        data: bytes | memoryview = stored
        if len(stored) != place.stored:
            raise damaged(what)
        if place.flags & ENCRYPTED:
            if self._key is None:
                raise UserError("passphrase_missing")
            data = self._key.open(stored, chunk, what)
        if place.flags & COMPRESSED:
            try:
                data = self._decompressor.decompress(data, max_output_size=place.length)
            except zstandard.ZstdError as error:
                raise damaged(what) from error
        if len(data) != place.length or hashlib.sha256(data).digest() != chunk:
            raise damaged(what)
        return bytes(data)


class Encoder:
    """Turns a chunk into what is stored. One for each thread."""

    def __init__(self, key: Key | None) -> None:
        self._key = key
        self._compressor = zstandard.ZstdCompressor(level=3)

    def encode(self, chunk: Id, data: bytes | memoryview) -> tuple[bytes, int]:
        """Return (stored bytes, flags)."""
        flags = 0
        stored = self._compressor.compress(data)
        if len(stored) < len(data):
            flags |= COMPRESSED
        else:
            stored = bytes(data)
        if self._key is not None:
            stored = self._key.seal(stored, chunk)
            flags |= ENCRYPTED
        return stored, flags
