"""Brings chunks back: reads them from packs, checks each, writes files; two threads."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from aigc_desktop.ops.backup.manifest import FileEntry, Id
from aigc_desktop.ops.backup.packs import Decoder, Index
from aigc_desktop.ops.backup.repository import Repository
from aigc_desktop.ops.backup.sealed import damaged
from aigc_desktop.ops.backup.storing import BATCH, SEGMENT, Pool

OPEN_PACKS = 64
"""Packs that are kept open at a time."""

_WRITE = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | getattr(os, "O_NOFOLLOW", 0)


@dataclass(frozen=True, slots=True)
class Target:
    """A file to be made: what it is to hold, and where. Its folder is there."""

    entry: FileEntry
    path: Path


class ChunkReader:
    """Reads chunks of a repository. Any thread may call it."""

    def __init__(self, repository: Repository, index: Index) -> None:
        self._repository = repository
        self._index = index
        self._lock = threading.Lock()
        self._packs: OrderedDict[str, int] = OrderedDict()
        self._local = threading.local()

    def close(self) -> None:
        """Close the packs."""
        while self._packs:
            os.close(self._packs.popitem()[1])

    def read(self, chunk: Id) -> bytes:
        """Return a chunk, checked against its hash. Raises UserError("backup_damaged")."""
        place = self._index.places.get(chunk)
        if place is None:
            raise damaged(f"chunk {chunk.hex()[:12]}")
        decoder: Decoder | None = getattr(self._local, "decoder", None)
        if decoder is None:
            decoder = self._local.decoder = Decoder(self._repository.key)
        try:
            stored = os.pread(self._pack(place.pack), place.stored, place.offset)
        except OSError as error:
            raise damaged(f"pack {place.pack[:12]}") from error
        return decoder.decode(chunk, place, stored)

    def content(self, entry: FileEntry) -> Iterator[bytes]:
        """Yield a file's chunks in order."""
        for chunk in entry.chunks:
            yield self.read(chunk)

    def _pack(self, name: str) -> int:
        with self._lock:
            descriptor = self._packs.get(name)
            if descriptor is None:
                path = self._repository.pack_file(name)
                descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
                self._packs[name] = descriptor
                if len(self._packs) > OPEN_PACKS:
                    # The other thread may be reading from the oldest only if there were fewer
                    # packs open than threads, which OPEN_PACKS rules out.
                    os.close(self._packs.popitem(last=False)[1])
            else:
                self._packs.move_to_end(name)
            return descriptor


def write_files(
    reader: ChunkReader, targets: Iterable[Target], advance: Callable[[int], None]
) -> None:
    """Make files. Raises UserError("backup_damaged") and OSError; some may be there then."""
    pool = Pool()
    try:
        batch: list[Target] = []
        size = 0
        for target in targets:
            if target.entry.size > SEGMENT:
                _write_in_pieces(reader, target, pool, advance)
                continue
            batch.append(target)
            size += target.entry.size
            if len(batch) == BATCH or size > SEGMENT:
                pool.submit(_write_batch, reader, batch, advance)
                batch, size = [], 0
        if batch:
            pool.submit(_write_batch, reader, batch, advance)
        pool.wait()
    finally:
        pool.close()


def _write_batch(reader: ChunkReader, batch: list[Target], advance: Callable[[int], None]) -> None:
    for target in batch:
        entry = target.entry
        descriptor = os.open(target.path, _WRITE | os.O_TRUNC, 0o600)
        try:
            for chunk in entry.chunks:
                write_all(descriptor, reader.read(chunk))
            _finish(descriptor, entry)
        finally:
            os.close(descriptor)
        advance(entry.size)


def _write_in_pieces(
    reader: ChunkReader, target: Target, pool: Pool, advance: Callable[[int], None]
) -> None:
    entry = target.entry
    descriptor = os.open(target.path, _WRITE | os.O_TRUNC, 0o600)
    os.close(descriptor)
    step = SEGMENT // entry.chunk_size
    pieces = range(0, len(entry.chunks), step)
    left = [len(pieces)]
    lock = threading.Lock()

    def write(first: int) -> None:
        piece = os.open(target.path, _WRITE, 0o600)
        try:
            for number in range(first, min(first + step, len(entry.chunks))):
                data = reader.read(entry.chunks[number])
                _write_at(piece, data, number * entry.chunk_size)
                advance(len(data))
            with lock:
                left[0] -= 1
                last = left[0] == 0
            if last:
                _finish(piece, entry)
        finally:
            os.close(piece)

    for first in pieces:
        pool.submit(write, first)


def _finish(descriptor: int, entry: FileEntry) -> None:
    os.fchmod(descriptor, entry.mode & 0o777)
    os.utime(descriptor, ns=(entry.mtime_ns, entry.mtime_ns))


def write_all(descriptor: int, data: bytes) -> None:
    """Write everything. Raises OSError."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _write_at(descriptor: int, data: bytes, offset: int) -> None:
    view = memoryview(data)
    while view:
        written = os.pwrite(descriptor, view, offset)
        view, offset = view[written:], offset + written
