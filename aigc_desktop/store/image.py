"""The database as it stood at one moment, read page by page while others write it.

A read transaction is pinned; the pages come from the file itself and, where the write-ahead log
has a newer version, from there. While the transaction lasts nobody writes into the file but pages
that the log has as well (sqlite.org/walformat.html, 2.3 and 4.2), so both together are one
consistent state; nothing is copied, and no writer waits (but where the journal is not a WAL).

Use it only in a process that has no other connection to the database: closing the file drops the
locks of the whole process (sqlite.org/howtocorrupt.html, 2.2).
"""

from __future__ import annotations

import os
import struct
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any

from sqlcipher3 import dbapi2

from aigc_desktop.core.errors import UserError
from aigc_desktop.store.uri import database_uri, read_only_mode

_SHM_HEADER = 48
_SHM = struct.Struct("=IIIBBHII8s8s8s")
"""The wal-index header: version, unused, change, initialised, checksum order, page size, frames,
pages, checksum of the frames, salts, its own checksum."""

_FRAME_HEADER = 24
_WAL_HEADER = 32
_TRIES = 500
_PAUSE = 0.002


class DatabaseImage:
    """A consistent view of a database file, as pages. Enter it, read, leave it."""

    def __init__(self, database: Path) -> None:
        self._database = database
        self._db: Any = None
        self._files: list[int] = []
        self._file = self._wal = self._shm = -1
        self._frames: dict[int, int] = {}
        self.page_size = 0
        self.pages = 0

    @property
    def size(self) -> int:
        """Bytes of the whole image."""
        return self.page_size * self.pages

    def __enter__(self) -> DatabaseImage:
        try:
            self._open()
        except dbapi2.DatabaseError as error:
            self.close()
            code = "database_locked" if "locked" in str(error) else "database_corrupt"
            raise UserError(code, path=str(self._database)) from error
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the transaction and close the files."""
        # The connection first: closing a file of SQLite's ends the locks that it still holds.
        if self._db is not None:
            self._db.close()
            self._db = None
        for descriptor in self._files:
            os.close(descriptor)
        self._files.clear()

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query on this very state."""
        return list(self._db.execute(sql).fetchall())

    def read(self, first: int, count: int) -> bytes:
        """Return `count` pages from page `first` (0 is the first page). Any thread may call it."""
        count = min(count, self.pages - first)
        data = bytearray(os.pread(self._file, count * self.page_size, first * self.page_size))
        data.extend(bytes(count * self.page_size - len(data)))
        for number in range(first, first + count):
            offset = self._frames.get(number + 1)
            if offset is not None:
                at = (number - first) * self.page_size
                data[at : at + self.page_size] = os.pread(self._wal, self.page_size, offset)
        return bytes(data)

    def _open(self) -> None:
        mode = read_only_mode(self._database)
        self._db = dbapi2.connect(
            database_uri(self._database, mode), uri=True, isolation_level=None, timeout=5,
            check_same_thread=False,
        )  # fmt: skip
        self._db.execute("SELECT count(*) FROM sqlite_master").fetchone()
        self._file = self._keep_open("")
        wal = "immutable" not in mode and self._journal_mode() == "wal"
        if wal:
            self._wal, self._shm = self._keep_open("-wal"), self._keep_open("-shm")
        self._pin(wal)
        (self.page_size,) = self._db.execute("PRAGMA page_size").fetchone()
        (self.pages,) = self._db.execute("PRAGMA page_count").fetchone()

    def _keep_open(self, suffix: str) -> int:
        path = f"{self._database}{suffix}"
        self._files.append(os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0)))
        return self._files[-1]

    def _journal_mode(self) -> str:
        return str(self._db.execute("PRAGMA journal_mode").fetchone()[0])

    def _pin(self, wal: bool) -> None:
        """Begin a transaction at a moment in which nobody committed, and note the log's frames."""
        for _ in range(_TRIES):
            before = self._shm_state() if wal else (b"", 0)
            self._db.execute("BEGIN")
            self._db.execute("SELECT count(*) FROM sqlite_master").fetchone()
            if not wal or (before == self._shm_state() and self._read_frames(*before)):
                return
            self._db.execute("ROLLBACK")
            time.sleep(_PAUSE)
        raise UserError("database_locked")

    def _shm_state(self) -> tuple[bytes, int]:
        """Return the wal-index header (nothing while it is being written) and, of its frames, how
        many are in the database file already."""
        both = os.pread(self._shm, 2 * _SHM_HEADER + 4, 0)
        first, second = both[:_SHM_HEADER], both[_SHM_HEADER : 2 * _SHM_HEADER]
        copied = int.from_bytes(both[2 * _SHM_HEADER :], sys.byteorder)
        return (first if first == second and len(first) == _SHM_HEADER else b""), copied

    def _read_frames(self, header: bytes, copied: int) -> bool:
        """Note where the log has the newest version of each page; False: try again."""
        if not header:
            return False
        _, _, _, ready, _, size, count, _, _, salts, _ = _SHM.unpack(header)
        if not ready:
            return False
        self._frames = {}
        if copied == count:
            # Everything is in the file, where it stays as it is until this transaction ends; the
            # log may be begun anew meanwhile (SQLite's WAL_READ_LOCK(0)).
            return True
        step = _FRAME_HEADER + (65536 if size == 1 else size)
        for number in range(count):
            at = _WAL_HEADER + number * step
            frame = os.pread(self._wal, _FRAME_HEADER, at)
            if len(frame) < _FRAME_HEADER or frame[8:16] != salts:
                return False
            self._frames[int.from_bytes(frame[:4], "big")] = at + _FRAME_HEADER
        return True
