"""The store: one writer thread, a few read connections, errors that a user can act on."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import queue
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DatabaseError
from sqlcipher3.dbapi2 import DatabaseError as DriverError

from aigc_desktop.config.paths import Paths
from aigc_desktop.core.errors import UserError
from aigc_desktop.store import volume
from aigc_desktop.store.engine import (
    READ_CONNECTIONS,
    check_sqlite_version,
    make_engine,
    user_error,
)
from aigc_desktop.store.search import SearchHit, SearchIndex

logger = logging.getLogger(__name__)

T = TypeVar("T")
Db: TypeAlias = Connection
"""A transaction, as the services hand it to the repositories."""

Trouble = Callable[[str, dict[str, Any]], None]

LOCK_PATIENCE = 120.0
"""Seconds for which a write waits while another process holds the database."""

LOCK_NOTICE_AFTER = 2.0
"""Seconds after which the user is told about it."""

RETRY_EVERY = 0.5
"""Seconds between two tries of a journal write that found the disk full."""


@dataclass(slots=True)
class _Write(Generic[T]):
    run: Callable[[Connection], T]
    future: Future[T]
    patient: bool
    plain: bool = False
    """`run` gets the driver's connection and no transaction."""


class Store:
    """The database of one user. Read and write from any thread or any asyncio loop.

    A write is one transaction, done by the writer thread; when it has returned it is on disk.
    A `patient` write (the journal's) is kept in memory while the disk is full, in order, and done
    when there is room; others then raise UserError("disk_full") at once.
    """

    def __init__(
        self,
        paths: Paths,
        on_trouble: Trouble,
        on_recovered: Callable[[str], None],
        read_only: bool = False,
    ) -> None:
        check_sqlite_version()
        self.paths = paths
        self.read_only = read_only
        self._on_trouble = on_trouble
        self._on_recovered = on_recovered
        self._trouble: str | None = None
        shared_by = volume.shared_by(paths.data_dir)
        mode = "DELETE" if shared_by else "WAL"
        if shared_by:
            on_trouble("data_dir_shared", {"path": str(paths.data_dir), "kind": shared_by})
        self._writer_engine = make_engine(
            paths.database, begin="BEGIN IMMEDIATE", read_only=read_only, journal_mode=mode
        )
        self._reader_engine = make_engine(
            paths.database, begin="BEGIN", read_only=read_only, journal_mode=mode
        )
        self._readers = ThreadPoolExecutor(READ_CONNECTIONS, thread_name_prefix="store-reader")
        self._queue: queue.SimpleQueue[_Write[Any] | None] = queue.SimpleQueue()
        self._waiting: deque[_Write[Any]] = deque()
        self._closing = threading.Event()
        self._writer = threading.Thread(target=self._write_all, name="store-writer", daemon=True)
        self._index = SearchIndex(paths, read_only=read_only)

    @classmethod
    def open(
        cls,
        paths: Paths,
        *,
        on_trouble: Trouble,
        on_recovered: Callable[[str], None],
        read_only: bool = False,
    ) -> Store:
        """Open a database that is at the newest revision (see `store.migration`).

        Raises:
            UserError: `sqlite_too_old`, `database_corrupt`, `database_read_only`.
        """
        store = cls(paths, on_trouble, on_recovered, read_only)
        try:
            store._read(lambda db: db.exec_driver_sql("SELECT count(*) FROM sqlite_master"))
        except BaseException:
            store._reader_engine.dispose()
            raise
        store._writer.start()
        if not read_only:
            store._index.start()
        return store

    async def write(self, run: Callable[[Connection], T], *, patient: bool = False) -> T:
        """Do `run` in a transaction. Cancelling the caller does not cancel the write."""
        return await asyncio.shield(asyncio.wrap_future(self._submit(run, patient)))

    async def maintain(self, run: Callable[[Any], T]) -> T:
        """Do `run` with the driver's own connection, in no transaction; writes wait meanwhile."""
        future = self._submit(run, patient=False, plain=True)
        return await asyncio.shield(asyncio.wrap_future(future))

    async def read(self, run: Callable[[Connection], T]) -> T:
        """Do `run` on a read connection, with one consistent view."""
        return await asyncio.wrap_future(self._readers.submit(self._read, run))

    def write_sync(self, run: Callable[[Connection], T]) -> T:
        """As `write`, for a thread without a loop."""
        return self._submit(run, patient=False).result()

    def read_sync(self, run: Callable[[Connection], T]) -> T:
        """As `read`, for a thread without a loop."""
        return self._read(run)

    async def search(self, text: str, limit: int = 50) -> list[SearchHit]:
        """Find messages by their words, newest first."""
        return await asyncio.get_running_loop().run_in_executor(
            self._readers, self._index.search, text, limit
        )

    def wake_search(self) -> None:
        """Another process wrote messages: index them soon."""
        self._index.wake()

    def catch_up_search(self) -> None:
        """Index everything that is not indexed yet, now (tests, benchmarks)."""
        self._index.catch_up()

    def rebuild_search(self) -> None:
        """Throw the index away; it is built anew in the background."""
        self._index.rebuild()

    def close(self) -> None:
        """Write what is queued, end the threads, close the files."""
        self._closing.set()
        self._index.stop()
        self._queue.put(None)
        self._writer.join()
        self._readers.shutdown()
        self._reader_engine.dispose()
        if not self.read_only:
            with contextlib.suppress(DatabaseError), self._writer_engine.connect() as db:
                db.connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._writer_engine.dispose()

    def _submit(self, run: Callable[[Any], T], patient: bool, plain: bool = False) -> Future[T]:
        if self.read_only:
            raise UserError("database_read_only", path=str(self.paths.database))
        future: Future[T] = Future()
        self._queue.put(_Write(run, future, patient, plain))
        return future

    def _read(self, run: Callable[[Connection], T]) -> T:
        try:
            with self._reader_engine.begin() as db:
                return run(db)
        except DatabaseError as error:
            raise user_error(error, self.paths.database) or error from error

    def _write_all(self) -> None:
        while True:
            try:
                item = self._queue.get(timeout=RETRY_EVERY if self._waiting else None)
            except queue.Empty:
                self._retry_waiting()
                continue
            if item is None:
                self._retry_waiting()
                for write in self._waiting:
                    write.future.set_exception(UserError("disk_full"))
                return
            if item.patient and self._waiting:
                self._waiting.append(item)
                self._retry_waiting()
            else:
                self._do(item)

    def _retry_waiting(self) -> None:
        while self._waiting:
            if not self._do(self._waiting[0], again=True):
                return
            self._waiting.popleft()

    def _do(self, write: _Write[Any], *, again: bool = False) -> bool:
        """Do one write; return False if it has to wait for room on the disk."""
        try:
            result = self._maintain(write.run) if write.plain else self._transact(write.run)
        except UserError as error:
            if error.code == "disk_full" and write.patient and not self._closing.is_set():
                self._report(error)
                if not again:
                    self._waiting.append(write)
                return False
            write.future.set_exception(error)
        except BaseException as error:  # noqa: BLE001 the caller gets it, whatever it is
            write.future.set_exception(error)
        else:
            self._report(None)
            write.future.set_result(result)
        self._index.wake()
        return True

    def _maintain(self, run: Callable[[Any], T]) -> T:
        with self._writer_engine.connect() as db:
            try:
                return run(db.connection)
            except DriverError as error:
                wrapped = DatabaseError("", {}, error)
                raise user_error(wrapped, self.paths.database) or error from error

    def _transact(self, run: Callable[[Connection], T]) -> T:
        began = time.monotonic()
        while True:
            try:
                with self._writer_engine.begin() as db:
                    return run(db)
            except DatabaseError as error:
                known = user_error(error, self.paths.database)
                if known is None:
                    raise
                waited = time.monotonic() - began
                if known.code != "database_locked" or waited > LOCK_PATIENCE:
                    raise known from error
                if waited > LOCK_NOTICE_AFTER:
                    self._report(known)

    def _report(self, error: UserError | None) -> None:
        code = error.code if error else None
        if code == self._trouble:
            return
        if self._trouble is not None:
            logger.info("recovered from %s", self._trouble)
            self._on_recovered(self._trouble)
        self._trouble = code
        if error is not None:
            logger.warning("trouble: %s", error)
            self._on_trouble(error.code, error.params)
