"""Connections to the database: the driver, its pragmas, and how transactions begin."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import QueuePool
from sqlcipher3 import dbapi2

from aigc_desktop.core.errors import UserError
from aigc_desktop.store.uri import database_uri, read_only_mode

__all__ = ["check_sqlite_version", "database_uri", "make_engine", "read_only_mode", "user_error"]

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


def make_engine(
    database: Path, *, begin: str, read_only: bool = False, journal_mode: str = "WAL"
) -> Engine:
    """Return an engine whose transactions start with `begin` (`BEGIN IMMEDIATE` or `BEGIN`)."""
    mode = read_only_mode(database) if read_only else "mode=rw"
    engine = create_engine(
        "sqlite://",
        module=dbapi2,
        creator=lambda: dbapi2.connect(
            database_uri(database, mode),
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
            cursor.execute(f"PRAGMA journal_mode={journal_mode}")
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
    path = str(database)
    if name == "SQLITE_FULL" or "disk is full" in text:
        return UserError("disk_full", path=path, reason="")
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return UserError("database_locked")
    if name.startswith("SQLITE_READONLY"):
        return UserError("database_read_only", path=path)
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")) or "malformed" in text:
        return UserError("database_corrupt", path=path)
    if name.startswith(("SQLITE_CANTOPEN", "SQLITE_IOERR")):
        return UserError("database_unreachable", path=path, reason=name)
    return None
