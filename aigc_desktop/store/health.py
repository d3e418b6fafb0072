"""Looks at a database without opening the store: also one that the store would not open.

Nothing here changes a database. The file itself is never opened by other means than SQLite while
the program runs: closing such a handle would drop the locks that SQLite holds in this process.
"""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DatabaseError
from sqlcipher3 import dbapi2

from aigc_desktop.config.paths import Paths
from aigc_desktop.store import migration, volume
from aigc_desktop.store.engine import database_uri, make_engine, read_only_mode, user_error

T = TypeVar("T")

FULL_CHECK_LIMIT = migration.QUICK_CHECK_LIMIT
"""Bytes up to which indexes are compared with their tables; of larger ones the structure alone."""

_STEPS = 20_000
"""Instructions of SQLite's machine between two looks at the clock."""

_WRITE_LOCK_BYTE = 120
"""Of the -shm file: who holds it writes (sqlite.org/walformat.html, 2.3)."""

_PENDING_BYTE = 0x40000000
"""Of the database file: locks of the rollback journal begin here."""


@dataclass(frozen=True, slots=True)
class Integrity:
    """`fault` is SQLite's first complaint, "" if none. `complete`: the check got to the end."""

    fault: str
    complete: bool


@dataclass(frozen=True, slots=True)
class Holder:
    """A process that holds a lock. `started` in epoch seconds, None if unknown."""

    pid: int
    program: str
    started: float | None


@dataclass(frozen=True, slots=True)
class SearchState:
    """The full-text index: is it there, is it sound, how many messages are not in it yet."""

    exists: bool
    fault: str = ""
    behind: int = 0


def read(paths: Paths, run: Callable[[Connection], T]) -> T:
    """Do `run` on a connection of its own that cannot write.

    Raises UserError: `database_unreachable`, `database_corrupt`, `database_locked`, ….
    """
    return _run(paths, make_engine(paths.database, begin="BEGIN", read_only=True), run)


def write(paths: Paths, run: Callable[[Connection], T]) -> T:
    """Do `run` in a transaction of its own, for mends without a running program. Raises as read."""
    mode = "DELETE" if volume.shared_by(paths.data_dir) else "WAL"
    engine = make_engine(paths.database, begin="BEGIN IMMEDIATE", journal_mode=mode)
    return _run(paths, engine, run)


def _run(paths: Paths, engine: Engine, run: Callable[[Connection], T]) -> T:
    try:
        with engine.begin() as db:
            return run(db)
    except DatabaseError as error:
        raise user_error(error, paths.database) or error from error
    finally:
        engine.dispose()


def check_integrity(
    database: Path,
    seconds: float,
    *,
    whole: bool = False,
    is_stopped: Callable[[], bool] = lambda: False,
) -> Integrity:
    """Check the database for so long at most; `whole`: a large one's indexes too."""
    deadline = time.monotonic() + seconds
    whole = whole or database.stat().st_size <= FULL_CHECK_LIMIT
    pragma = "integrity_check" if whole else "quick_check"
    try:
        with _reading(database) as db:
            db.set_progress_handler(lambda: is_stopped() or time.monotonic() > deadline, _STEPS)
            (answer,) = db.execute(f"PRAGMA {pragma}(1)").fetchone()
    except dbapi2.DatabaseError as error:
        if getattr(error, "sqlite_errorname", "") == "SQLITE_INTERRUPT":
            return Integrity("", complete=False)
        return Integrity(str(error), complete=True)
    return Integrity("" if answer == "ok" else str(answer), complete=True)


def wait_for_writing(database: Path, seconds: float) -> bool:
    """Return whether a writing transaction could begin within `seconds`; it is rolled back."""
    uri = database_uri(database, "mode=rw")
    with contextlib.closing(
        dbapi2.connect(uri, uri=True, isolation_level=None, timeout=seconds)
    ) as db:
        try:
            db.execute("BEGIN IMMEDIATE")
        except dbapi2.OperationalError as error:
            if getattr(error, "sqlite_errorname", "").startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
                return False
            raise
        db.execute("ROLLBACK")
    return True


def lock_holders(database: Path) -> list[Holder]:
    """Return the processes that keep others from writing; empty where the system does not say."""
    if not sys.platform.startswith("linux"):
        return []
    wanted = {
        (_inode(Path(f"{database}-shm")), range(_WRITE_LOCK_BYTE, _WRITE_LOCK_BYTE + 1)),
        (_inode(database), range(_PENDING_BYTE, _PENDING_BYTE + 512)),
    }
    found: dict[int, Holder] = {}
    for line in Path("/proc/locks").read_text(encoding="ascii").splitlines():
        words = line.split()
        if "->" in words or words[3] != "WRITE":
            continue
        pid, inode = int(words[4]), int(words[5].rpartition(":")[2])
        first, last = int(words[6]), _last(words[7])
        if any(inode == at and first < span.stop and last >= span.start for at, span in wanted):
            found[pid] = _holder(pid)
    return list(found.values())


def row_counts(paths: Paths) -> dict[str, int]:
    """Return how many rows each table has."""

    def count(db: Connection) -> dict[str, int]:
        names = db.exec_driver_sql(
            "SELECT name FROM sqlite_master WHERE type = 'table'"
            " AND name NOT LIKE 'sqlite_%' ORDER BY name"
        ).scalars()
        return {
            name: db.exec_driver_sql(f'SELECT count(*) FROM "{name}"').scalar_one()  # noqa: S608
            for name in names.all()
        }

    return read(paths, count)


def search_state(paths: Paths, seconds: float) -> SearchState:
    """Look at the full-text index for so long at most."""
    if not paths.search_database.exists():
        return SearchState(exists=False)
    found = check_integrity(paths.search_database, seconds)
    if found.fault:
        return SearchState(exists=True, fault=found.fault)
    try:
        with _reading(paths.search_database) as db:
            (last_id,) = db.execute("SELECT last_id FROM progress").fetchone()
            db.execute("SELECT rowid FROM words WHERE words MATCH '\"a\"' LIMIT 1").fetchall()
        behind = read(paths, lambda rows: _after(rows, last_id))
    except dbapi2.DatabaseError as error:
        return SearchState(exists=True, fault=str(error))
    return SearchState(exists=True, behind=behind)


def _after(db: Connection, last_id: int) -> int:
    found = db.exec_driver_sql(
        "SELECT count(*) FROM messages WHERE id > ? AND message_type IN ('text', 'note')",
        (last_id,),
    )
    return int(found.scalar_one())


def _inode(path: Path) -> int:
    try:
        return path.stat().st_ino
    except OSError:
        return -1


def _last(word: str) -> int:
    return sys.maxsize if word == "EOF" else int(word)


def _holder(pid: int) -> Holder:
    import psutil

    try:
        process = psutil.Process(pid)
        return Holder(pid, process.name(), process.create_time())
    except (psutil.Error, ValueError):
        return Holder(pid, "?", None)


@contextlib.contextmanager
def _reading(database: Path) -> Iterator[Any]:
    uri = database_uri(database, read_only_mode(database))
    with contextlib.closing(dbapi2.connect(uri, uri=True, isolation_level=None)) as db:
        yield db
