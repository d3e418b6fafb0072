"""Whole copies of the database beside it: made consistently, verified, listed, put in its place."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlcipher3 import dbapi2

from aigc_desktop.config.atomic import sync_directory
from aigc_desktop.config.paths import Paths
from aigc_desktop.core.errors import UserError
from aigc_desktop.core.migration import Snapshot, SnapshotKind
from aigc_desktop.store.engine import database_uri

DatabaseError = dbapi2.DatabaseError
"""What is raised for a database that is locked, damaged or none; the driver's own."""

BEFORE = "before"
ASIDE = "after"
TAKE_OVER = "takeover"
DAMAGED = "damaged"
KEPT = 3
"""Copies of each kind that are kept; older ones are deleted when another upgrade has succeeded."""

SIDE_FILES = ("-wal", "-shm", "-journal")
_SAME_SECOND = 1000


def connect(database: Path, options: str = "mode=ro") -> Any:
    """Open a database with autocommit; options: `mode=ro`, `mode=rw`, `mode=rwc`, `immutable=1`."""
    return dbapi2.connect(
        database_uri(database, options), uri=True, isolation_level=None, timeout=5
    )


@contextlib.contextmanager
def opened(database: Path, options: str = "mode=ro") -> Iterator[Any]:
    """The same, closed at the end."""
    with contextlib.closing(connect(database, options)) as db:
        yield db


def revision_in(db: Any) -> str | None:
    """Return the revision that a database says it is at, or None."""
    try:
        row = db.execute("SELECT version_num FROM alembic_version").fetchone()
    except dbapi2.OperationalError as error:
        if "no such table" in str(error):
            return None
        raise
    return str(row[0]) if row else None


def row_counts(db: Any) -> dict[str, int]:
    """Return how many rows each table has."""
    names = db.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        " ORDER BY name"
    ).fetchall()
    return {name: db.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for (name,) in names}  # noqa: S608 names of tables


def copy_database(source: Path, target: Path) -> None:
    """Copy a database consistently; it gets its name only when it is whole and verified.

    Raises:
        UserError: `copy_unsound` (it is not what it was copied from), `disk_full`.
    """
    partial = target.with_name(target.name + ".part")
    discard(partial)
    try:
        with opened(source, "mode=rw") as old, opened(partial, "mode=rwc") as new:
            old.execute("BEGIN")
            wanted = (revision_in(old), row_counts(old))
            old.backup(new, pages=4096)
            new.execute("PRAGMA journal_mode=DELETE")
        with opened(partial) as new:
            found = (revision_in(new), row_counts(new))
            if found != wanted or not is_sound(new):
                raise UserError("copy_unsound", path=str(target))
        _settle(partial)
        partial.replace(target)
    except BaseException:
        discard(partial)
        raise
    sync_directory(target.parent)


def is_sound(db: Any) -> bool:
    """Return whether every page and index is as it should be."""
    return bool(db.execute("PRAGMA integrity_check(1)").fetchone() == ("ok",))


def is_sound_file(database: Path) -> bool:
    """The same for a file that nobody has open."""
    try:
        with opened(database) as db:
            return is_sound(db)
    except dbapi2.DatabaseError:
        return False


def take(paths: Paths, label: str) -> Path:
    """Keep a verified copy of the database as it is now; return its path."""
    target = free_name(paths.data_dir, f"{BEFORE}-{label}")
    copy_database(paths.database, target)
    return target


def free_name(folder: Path, stem: str) -> Path:
    """Return a path that ends with the present time and names nothing yet."""
    stamp = time.strftime("%Y%m%d-%H%M%S")
    for number in range(1, _SAME_SECOND):
        suffix = "" if number == 1 else f"-{number}"
        path = folder / f"{stem}-{stamp}{suffix}.db"
        if not path.exists() and not path.is_symlink():
            return path
    raise UserError("data_dir_read_only", path=str(folder), reason="")


def all_snapshots(paths: Paths) -> list[Snapshot]:
    """Return the copies beside the database, the newest first."""
    found = [
        _described(path)
        for stem in (BEFORE, ASIDE)
        for path in paths.data_dir.glob(f"{stem}-*.db")
        if path.is_file() and not path.is_symlink()
    ]
    return sorted(found, key=lambda snapshot: snapshot.taken_at, reverse=True)


def _described(path: Path) -> Snapshot:
    status = path.stat()
    try:
        with opened(path, "immutable=1") as db:
            revision = revision_in(db)
    except dbapi2.DatabaseError:
        revision = None
    kind = SnapshotKind.UPGRADE
    if path.name.startswith(f"{ASIDE}-"):
        kind = SnapshotKind.ASIDE
    elif path.name.startswith(f"{BEFORE}-{TAKE_OVER}-"):
        kind = SnapshotKind.TAKE_OVER
    taken = status.st_mtime_ns // 1_000_000
    return Snapshot(str(path), kind, revision, taken, status.st_size)


def prune(paths: Paths) -> None:
    """Delete all but the newest copies of each kind."""
    for kind in SnapshotKind:
        same = [snapshot for snapshot in all_snapshots(paths) if snapshot.kind is kind]
        for snapshot in same[KEPT:]:
            discard(Path(snapshot.path))


def keep_aside(database: Path, target: Path) -> None:
    """Give the database a second name, so that it stays when another takes its place."""
    try:
        os.link(database, target)
    except OSError as error:
        if error.errno == errno.ENOSPC or not database.is_file():
            raise
        copy_database(database, target)


def is_same_file(one: Path, other: Path) -> bool:
    """Return whether both are names of one file."""
    try:
        return one.samefile(other)
    except OSError:
        return False


def swap_in(fresh: Path, database: Path) -> None:
    """Put `fresh` in the database's place; it never meets an old -wal."""
    _settle(fresh)
    for suffix in SIDE_FILES:
        Path(f"{database}{suffix}").unlink(missing_ok=True)
    fresh.replace(database)
    sync_directory(database.parent)


def _settle(database: Path) -> None:
    """Make a file durable, and the user's own."""
    with database.open("rb") as file:
        os.fsync(file.fileno())
    database.chmod(0o600)


@contextlib.contextmanager
def held(database: Path) -> Iterator[None]:
    """Keep everybody else from writing; its -wal is in the file and gone.

    Raises UserError("database_in_use") when another program has the database open.
    """
    with opened(database, "mode=rw") as db:
        try:
            (mode,) = db.execute("PRAGMA journal_mode=DELETE").fetchone()
            if mode != "delete":
                raise UserError("database_in_use")
            db.execute("BEGIN IMMEDIATE")
        except dbapi2.OperationalError as error:
            if "locked" in str(error):
                raise UserError("database_in_use") from error
            raise
        yield


def discard(database: Path) -> None:
    """Delete a database that is not needed any more, with what hangs on it."""
    for suffix in ("", *SIDE_FILES):
        Path(f"{database}{suffix}").unlink(missing_ok=True)


def require_space(folder: Path, needed: int) -> None:
    """Raise UserError("no_room") unless so many bytes are free."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        mb = 1024 * 1024
        raise UserError(
            "no_room",
            needed=f"{-(-needed // mb):,} MB",
            free=f"{free // mb:,} MB",
            path=str(folder),
        )
