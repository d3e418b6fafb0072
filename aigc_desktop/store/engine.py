"""Connections to the database: the driver, its pragmas, and how transactions begin."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import QueuePool
from sqlcipher3 import dbapi2

from aigc_desktop.core.errors import UserError

MINIMUM_SQLITE = (3, 51, 3)
"""Older ones can corrupt a WAL database (the WAL-reset bug; sqlite.org/wal.html)."""

BUSY_TIMEOUT_MS = 1000
"""How long one statement waits for another process; the writer tries again after that."""

READ_CONNECTIONS = 4


def check_sqlite_version(version: tuple[int, ...] = dbapi2.sqlite_version_info) -> None:
    """Raise UserError("sqlite_too_old") when the SQLite in use is older than it may be."""
    if version < MINIMUM_SQLITE:
        raise UserError(
            "sqlite_too_old",
            version=".".join(map(str, version)),
            needed=".".join(map(str, MINIMUM_SQLITE)),
        )


def make_engine(database: Path, *, begin: str, read_only: bool = False) -> Engine:
    """Return an engine whose transactions start with `begin` (`BEGIN IMMEDIATE` or `BEGIN`)."""
    mode = "ro" if read_only else "rw"
    engine = create_engine(
        "sqlite://",
        module=dbapi2,
        creator=lambda: dbapi2.connect(
            f"file:{_uri_path(database)}?mode={mode}",
            uri=True,
            isolation_level=None,
            check_same_thread=False,
            timeout=BUSY_TIMEOUT_MS / 1000,
        ),
        poolclass=QueuePool,
        pool_size=READ_CONNECTIONS,
        max_overflow=0,
        pool_reset_on_return="rollback",
    )

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        if not read_only:
            cursor.execute("PRAGMA journal_mode=WAL")
            cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute("PRAGMA temp_store=MEMORY")
        cursor.execute("PRAGMA cache_size=-16000")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        connection.exec_driver_sql(begin)

    return engine


def user_error(error: DatabaseError, database: Path) -> UserError | None:
    """Return what the user can do about a database error, or None if it is a bug."""
    name = getattr(error.orig, "sqlite_errorname", "") or ""
    text = str(error.orig)
    if name == "SQLITE_FULL" or "disk is full" in text:
        return UserError("disk_full", path=str(database), reason="")
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return UserError("database_locked")
    if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN")):
        return UserError("database_read_only", path=str(database))
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")) or "malformed" in text:
        return UserError("database_corrupt", path=str(database))
    if name.startswith("SQLITE_IOERR"):
        return UserError("disk_full", path=str(database), reason=name)
    return None


def _uri_path(path: Path) -> str:
    return str(path).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
