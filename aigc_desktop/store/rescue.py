"""What can be done with a damaged database: it is set aside, never deleted, never written to."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlcipher3 import dbapi2

from aigc_desktop.config.atomic import sync_directory
from aigc_desktop.config.paths import Paths
from aigc_desktop.core.errors import UserError
from aigc_desktop.core.migration import Snapshot, SnapshotKind
from aigc_desktop.store import migration, snapshots
from aigc_desktop.store.engine import database_uri

logger = logging.getLogger(__name__)

SUFFIXES = ("", "-wal", "-shm")


@dataclass(frozen=True, slots=True)
class Rescued:
    """How many rows could be read, and in how many tables some could not."""

    rows: int
    damaged_tables: int


def set_aside(paths: Paths) -> Path:
    """Keep the database with its -wal and -shm under another name; return that name.

    A file stays in its place too until another takes it: a crash never leaves nothing there.
    """
    target = snapshots.free_name(paths.data_dir, snapshots.DAMAGED)
    for suffix in SUFFIXES:
        part, kept = Path(f"{paths.database}{suffix}"), Path(f"{target}{suffix}")
        if part.is_file() and not part.is_symlink() and not suffix:
            _name_twice(part, kept)
        elif part.exists() or part.is_symlink():
            part.rename(kept)
    sync_directory(paths.data_dir)
    logger.info("the damaged database was set aside as %s", target.name)
    return target


def _name_twice(part: Path, kept: Path) -> None:
    try:
        os.link(part, kept)
    except OSError:
        part.rename(kept)


def newest_snapshot(paths: Paths) -> Path | None:
    """Return the newest copy beside the database that is sound and not newer than the program."""
    found = (Path(s.path) for s in snapshots.all_snapshots(paths) if _is_known(s))
    return next((path for path in found if _is_sound(path)), None)


def _is_known(snapshot: Snapshot) -> bool:
    return snapshot.kind is not SnapshotKind.ASIDE and snapshot.revision in migration.REVISIONS


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
    """Set the damaged database aside and put an empty one in its place."""
    fresh = _fresh(paths)
    migration.make_database(fresh)
    _replace(paths, fresh)


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
    # What has no row ids is sums that triggers keep (`store.aggregates`): made anew, not copied.
    for (table,) in new.execute(
        "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND NOT wr"
        " AND name NOT LIKE 'sqlite_%' AND name NOT IN ('alembic_version', 'revision_history')"
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
    snapshots.swap_in(fresh, paths.database)


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
