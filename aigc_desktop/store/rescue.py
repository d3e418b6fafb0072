"""What can be done with a damaged database: it is set aside, never deleted, never written to."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlcipher3 import dbapi2

from aigc_desktop.config.atomic import sync_directory
from aigc_desktop.config.paths import Paths
from aigc_desktop.core.errors import UserError
from aigc_desktop.store import migration
from aigc_desktop.store.engine import database_uri

logger = logging.getLogger(__name__)

SUFFIXES = ("", "-wal", "-shm")
SNAPSHOTS = "before-*.db"


@dataclass(frozen=True, slots=True)
class Rescued:
    """How many rows could be read, and in how many tables some could not."""

    rows: int
    damaged_tables: int


def set_aside(paths: Paths) -> Path:
    """Rename the database and its -wal and -shm; return the new name of the database."""
    stamp = time.strftime("%Y%m%d-%H%M%S")
    target = paths.data_dir / f"damaged-{stamp}.db"
    number = 1
    while target.exists() or target.is_symlink():
        number += 1
        target = paths.data_dir / f"damaged-{stamp}-{number}.db"
    for suffix in SUFFIXES:
        part = Path(f"{paths.database}{suffix}")
        if part.exists() or part.is_symlink():
            part.rename(f"{target}{suffix}")
    sync_directory(paths.data_dir)
    logger.info("the damaged database was set aside as %s", target.name)
    return target


def newest_snapshot(paths: Paths) -> Path | None:
    """Return the newest snapshot beside the database that is sound, if there is one."""
    found = sorted(paths.data_dir.glob(SNAPSHOTS), key=lambda path: path.stat().st_mtime_ns)
    return next((path for path in reversed(found) if _is_sound(path)), None)


def restore(paths: Paths, snapshot: Path) -> None:
    """Put a copy of `snapshot` in the damaged database's place, which is set aside.

    Raises:
        UserError: `database_corrupt` (the snapshot is damaged too), `disk_full`.
    """
    if not _is_sound(snapshot):
        raise UserError("database_corrupt", path=str(snapshot))
    fresh = _fresh(paths)
    migration.copy_database(snapshot, fresh)
    _replace(paths, fresh)


def start_empty(paths: Paths) -> None:
    """Set the damaged database aside; the next start makes a new one."""
    set_aside(paths)


def rescue(paths: Paths) -> Rescued:
    """Copy every row that can still be read into a new database; set the old one aside.

    Raises:
        UserError("nothing_to_rescue"): nothing at all can be read; everything stays as it was.
    """
    fresh = _fresh(paths)
    migration.make_database(fresh)
    try:
        with _reading(paths.database) as old, _writing(fresh) as new:
            rescued = _copy_all(old, new)
    except dbapi2.DatabaseError as error:
        logger.info("nothing could be rescued: %s", error)
        rescued = Rescued(0, 0)
    if not rescued.rows:
        fresh.unlink()
        raise UserError("nothing_to_rescue", path=str(paths.database))
    if not _is_sound(fresh):
        raise UserError("migration_failed", reason="integrity check")
    _replace(paths, fresh)
    logger.info("rescued %d rows; %d tables damaged", rescued.rows, rescued.damaged_tables)
    return rescued


def _copy_all(old: Any, new: Any) -> Rescued:
    rows = damaged = 0
    for (table,) in new.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table'"
        " AND name NOT LIKE 'sqlite_%' AND name != 'alembic_version'"
    ).fetchall():
        columns = [row[1] for row in new.execute(f"PRAGMA table_info({table})")]
        found, whole = _copy_table(old, new, table, columns)
        rows += found
        damaged += not whole
    for table, rowid, *_ in new.execute("PRAGMA foreign_key_check").fetchall():
        new.execute(f"DELETE FROM {table} WHERE rowid = ?", (rowid,))  # noqa: S608 our own names
    return Rescued(rows, damaged)


def _copy_table(old: Any, new: Any, table: str, wanted: list[str]) -> tuple[int, bool]:
    """Copy the rows before the first damaged place, and those after the last."""
    known = {row[1] for row in old.execute(f"PRAGMA table_info({table})")}
    columns = [column for column in wanted if column in known]
    if not columns:
        return 0, not known
    names, places = ", ".join(columns), ", ".join("?" * len(columns))
    into = f"{table} (rowid, {names}) VALUES (?, {places})"
    insert = f"INSERT OR IGNORE INTO {into}"
    select = f"SELECT rowid, {names} FROM {table}"  # noqa: S608 our own names
    count = 0
    for order in ("ASC", "DESC"):
        whole = True
        for row in _readable(old, select, order):
            if row is None:
                whole = False
            else:
                count += new.execute(insert, row).rowcount
        if whole:
            return count, True
    return count, False


def _readable(old: Any, select: str, order: str) -> Iterator[tuple[Any, ...] | None]:
    """Yield rows until one cannot be read; then None."""
    try:
        yield from old.execute(f"{select} ORDER BY rowid {order}")
    except dbapi2.DatabaseError as error:
        logger.info("cannot read on: %s", error)
        yield None


def _fresh(paths: Paths) -> Path:
    fresh = paths.data_dir / "sessions.db.new"
    fresh.unlink(missing_ok=True)
    return fresh


def _replace(paths: Paths, fresh: Path) -> None:
    set_aside(paths)
    fresh.replace(paths.database)
    sync_directory(paths.data_dir)


def _is_sound(database: Path) -> bool:
    try:
        with _reading(database) as db:
            return bool(db.execute("PRAGMA integrity_check(1)").fetchone() == ("ok",))
    except dbapi2.DatabaseError:
        return False


@contextlib.contextmanager
def _reading(database: Path) -> Iterator[Any]:
    uri = database_uri(database, "mode=ro")
    with contextlib.closing(dbapi2.connect(uri, uri=True, isolation_level=None)) as db:
        yield db


@contextlib.contextmanager
def _writing(database: Path) -> Iterator[Any]:
    uri = database_uri(database, "mode=rw")
    with contextlib.closing(dbapi2.connect(uri, uri=True, isolation_level=None)) as db:
        db.execute("PRAGMA foreign_keys=OFF")
        db.execute("BEGIN IMMEDIATE")
        yield db
        db.execute("COMMIT")
