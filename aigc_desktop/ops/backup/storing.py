"""Reads what changed, in two threads, and stores the chunks that the repository does not have."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from aigc_desktop.files.beneath import open_beneath
from aigc_desktop.files.trees import OPEN_FILE
from aigc_desktop.ops.backup.keys import Key
from aigc_desktop.ops.backup.manifest import DATABASE_CHUNK, FILE_CHUNK, FileEntry, Id
from aigc_desktop.ops.backup.packs import ENCRYPTED, Encoder, Packer, Place
from aigc_desktop.store.image import DatabaseImage

THREADS = 2
SEGMENT = 16 * FILE_CHUNK
"""Bytes of a big file or of the database that one thread reads at a time."""

BATCH = 64
"""Small files that one thread reads at a time."""

_WAITING = 8
"""Pieces of work that wait for a thread; bounds the memory."""


class Storer:
    """Stores chunks, each once; encrypted ones apart from plain ones."""

    def __init__(self, places: dict[Id, Place], packer: Packer, key: Key | None) -> None:
        wanted = ENCRYPTED if key is not None else 0
        self._known = {c for c, place in places.items() if place.flags & ENCRYPTED == wanted}
        self._packer = packer
        self._key = key
        self._lock = threading.Lock()
        self._local = threading.local()

    def has_all(self, chunks: list[Id]) -> bool:
        """Return whether all these chunks are stored already."""
        return self._known.issuperset(chunks)

    def store(self, data: bytes | memoryview) -> Id:
        """Store a chunk unless it is there; return its hash. Any thread; raises OSError."""
        chunk = hashlib.sha256(data).digest()
        with self._lock:
            if chunk in self._known:
                return chunk
            self._known.add(chunk)
        encoder: Encoder | None = getattr(self._local, "encoder", None)
        if encoder is None:
            encoder = self._local.encoder = Encoder(self._key)
        stored, flags = encoder.encode(chunk, data)
        self._packer.add(chunk, stored, len(data), flags)
        return chunk

    def store_all(self, data: bytes, size: int) -> list[Id]:
        """Store data in chunks of `size` bytes; return their hashes in order."""
        view = memoryview(data)
        return [self.store(view[at : at + size]) for at in range(0, len(data), size)]


class Pool:
    """Two threads and a short queue before them; the first error ends everything."""

    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(THREADS, thread_name_prefix="backup")
        self._slots = threading.Semaphore(THREADS + _WAITING)
        self._futures: list[Future[Any]] = []
        self._failed = threading.Event()

    def submit(self, work: Callable[..., Any], *args: Any) -> None:
        """Do `work` in a thread; waits while too much is waiting. Raises the first error."""
        if self._failed.is_set():
            self.wait()
        self._slots.acquire()
        self._futures.append(self._executor.submit(self._run, work, args))

    def wait(self) -> None:
        """Wait until everything is done. Raises the first error."""
        futures, self._futures = self._futures, []
        try:
            for future in futures:
                future.result()
        except BaseException:
            self._executor.shutdown(cancel_futures=True)
            raise

    def close(self) -> None:
        """End the threads."""
        self._executor.shutdown(cancel_futures=True)

    def _run(self, work: Callable[..., Any], args: tuple[Any, ...]) -> None:
        try:
            if not self._failed.is_set():
                work(*args)
        except BaseException:
            self._failed.set()
            raise
        finally:
            self._slots.release()


class FileReader:
    """Stores the contents of files beneath their areas."""

    def __init__(
        self, roots: dict[str, Path], storer: Storer, pool: Pool, advance: Callable[[int], None]
    ) -> None:
        self._roots = {name: os.open(path, os.O_RDONLY) for name, path in roots.items()}
        self._storer = storer
        self._pool = pool
        self._advance = advance
        self._lock = threading.Lock()
        self.unsteady: list[FileEntry] = []
        """Changed while they were read in pieces."""
        self.unreadable: list[FileEntry] = []

    def close(self) -> None:
        """Give the folders back."""
        for descriptor in self._roots.values():
            os.close(descriptor)

    def read(self, files: list[tuple[str, str, FileEntry]]) -> None:
        """Store files, each given as (area, path in it, entry). Raises OSError."""
        batch: list[tuple[str, str, FileEntry]] = []
        size = 0
        for area, path, entry in files:
            if entry.size > SEGMENT:
                self._read_in_pieces(area, path, entry)
                continue
            batch.append((area, path, entry))
            size += entry.size
            if len(batch) == BATCH or size > SEGMENT:
                self._pool.submit(self._read_batch, batch)
                batch, size = [], 0
        if batch:
            self._pool.submit(self._read_batch, batch)
        self._pool.wait()
        for entry in {id(entry): entry for entry in self.unsteady}.values():
            area, path = next((a, p) for a, p, each in files if each is entry)
            self._read_batch([(area, path, entry)])

    def _read_batch(self, batch: list[tuple[str, str, FileEntry]]) -> None:
        for area, path, entry in batch:
            try:
                descriptor = self._open(area, path)
            except OSError:
                with self._lock:
                    self.unreadable.append(entry)
                continue
            with os.fdopen(descriptor, "rb", buffering=0) as file:
                status = os.fstat(file.fileno())
                self._take(entry, status)
                entry.chunks = list(self._chunks(file, entry))
            self._advance(entry.size)

    def _chunks(self, file: Any, entry: FileEntry) -> Iterator[Id]:
        """Store a file from beginning to end; its size is what was read."""
        read = 0
        while data := file.read(FILE_CHUNK):
            while len(data) < FILE_CHUNK and (more := file.read(FILE_CHUNK - len(data))):
                data += more
            read += len(data)
            yield self._storer.store(data)
        if read != entry.size:
            entry.size, entry.ctime_ns = read, 0

    def _read_in_pieces(self, area: str, path: str, entry: FileEntry) -> None:
        entry.chunks = [b""] * -(-entry.size // FILE_CHUNK)
        for start in range(0, entry.size, SEGMENT):
            self._pool.submit(self._read_piece, area, path, entry, start)

    def _read_piece(self, area: str, path: str, entry: FileEntry, start: int) -> None:
        length = min(SEGMENT, entry.size - start)
        try:
            descriptor = self._open(area, path)
            try:
                status = os.fstat(descriptor)
                same = (status.st_size, status.st_mtime_ns) == (entry.size, entry.mtime_ns)
                data = os.pread(descriptor, length, start) if same else b""
            finally:
                os.close(descriptor)
        except OSError:
            data = b""
        if len(data) != length:
            with self._lock:
                self.unsteady.append(entry)
            return
        first = start // FILE_CHUNK
        chunks = self._storer.store_all(data, FILE_CHUNK)
        entry.chunks[first : first + len(chunks)] = chunks
        self._advance(length)

    def _open(self, area: str, path: str) -> int:
        root = self._roots[area]
        return open_beneath(root, path.split("/"), OPEN_FILE)

    @staticmethod
    def _take(entry: FileEntry, status: os.stat_result) -> None:
        if (status.st_mtime_ns, status.st_ino) != (entry.mtime_ns, entry.inode):
            entry.ctime_ns = 0
        entry.size, entry.mtime_ns = status.st_size, status.st_mtime_ns
        entry.inode = status.st_ino


def read_database(
    image: DatabaseImage, storer: Storer, pool: Pool, advance: Callable[[int], None]
) -> list[Id]:
    """Begin to store the database's pages; the list is complete when the pool has been waited for.

    Raises OSError.
    """
    chunks = [b""] * -(-image.size // DATABASE_CHUNK)
    pages = SEGMENT // image.page_size

    def read(first: int) -> None:
        data = image.read(first, pages)
        at = first * image.page_size // DATABASE_CHUNK
        stored = storer.store_all(data, DATABASE_CHUNK)
        chunks[at : at + len(stored)] = stored
        advance(len(data))

    for first in range(0, image.pages, pages):
        pool.submit(read, first)
    return chunks
