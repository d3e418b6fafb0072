"""Brings the database to the newest revision: snapshot, work on a copy, verify, swap (rule 6)."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlcipher3 import dbapi2

from aigc_desktop.config.atomic import sync_directory
from aigc_desktop.config.paths import Paths, migrations_dir
from aigc_desktop.core.errors import UserError
from aigc_desktop.store.engine import check_sqlite_version, database_uri, read_only_mode

logger = logging.getLogger(__name__)

REVISIONS = (
    "init_database",
    "add_scenario_meta_fields",
    "add_scenario_is_default_field",
    "add_user_scenario_config_table",
    "migrate_string_ids_to_integer",
    "add_phase3_evolution_tables",
    "desktop_turn_tree",
    "turn_effects",
    "permission_rules",
    "scenario_versions",
    "lessons",
    "operations",
)
"""All revisions in their order: the manual's six, then ours."""

HEAD = REVISIONS[-1]
LOCK_TIMEOUT = 300.0
"""Seconds to wait for another process that migrates."""

QUICK_CHECK_LIMIT = 256 * 1024 * 1024
"""Bytes up to which the whole database is checked at every start; larger ones only in part."""

SQLITE_MAGIC = b"SQLite format 3\x00"
SPACE_FACTOR = 4
"""A migration may need this many times the database's size (measured, TECH.md)."""

Progress = Callable[[str], None]


def prepare(paths: Paths, progress: Progress | None = None) -> str | None:
    """Check the database and bring it to the newest revision; return the revision it was at.

    A missing database is made (returns None). Whatever fails, the file stays as it was.

    Raises:
        UserError: `sqlite_too_old`, `database_corrupt`, `database_newer`, `database_locked`,
            `disk_full`, `migration_failed`.
    """
    from filelock import FileLock, Timeout

    check_sqlite_version()
    try:
        with FileLock(paths.data_dir / "migration.lock", timeout=LOCK_TIMEOUT):
            _sweep(paths)
            revision = _check(paths.database)
            if revision == HEAD:
                return revision
            _upgrade(paths, revision, progress or (lambda _revision: None))
            return revision
    except Timeout as error:
        raise UserError("database_locked") from error
    except OSError as error:
        code = "disk_full" if error.errno == 28 else "data_dir_read_only"
        raise UserError(code, path=str(paths.data_dir), reason=error.strerror or "") from error


def check_read_only(paths: Paths) -> None:
    """Check that a database that cannot be written to can be read by this version.

    Raises:
        UserError: `sqlite_too_old`, `database_corrupt`, `database_newer`; `data_dir_read_only`
            when there is no database or it is an older one.
    """
    check_sqlite_version()
    options = read_only_mode(paths.database)
    if not paths.database.is_file():
        raise UserError("data_dir_read_only", path=str(paths.data_dir), reason="")
    try:
        with contextlib.closing(_connect_with(paths.database, options)) as db:
            (revision,) = db.execute("SELECT version_num FROM alembic_version").fetchone()
    except dbapi2.DatabaseError as error:
        raise UserError("database_corrupt", path=str(paths.database)) from error
    if revision not in REVISIONS:
        raise UserError("database_newer", revision=revision)
    if revision != HEAD:
        raise UserError("data_dir_read_only", path=str(paths.data_dir), reason="")


def current(database: Path) -> str | None:
    """Return the revision that the database is at; None for one without a revision table."""
    with contextlib.closing(_connect(database, "ro")) as db:
        try:
            row = db.execute("SELECT version_num FROM alembic_version").fetchone()
        except dbapi2.OperationalError:
            return None
        return str(row[0]) if row else None


def pending(database: Path) -> tuple[str, ...]:
    """Return the revisions that are still to be run."""
    revision = current(database) if database.exists() else None
    return REVISIONS if revision is None else REVISIONS[REVISIONS.index(revision) + 1 :]


def _check(database: Path) -> str | None:
    """Return the revision of an existing, sound database, or None when there is no file."""
    if not database.exists() and not database.is_symlink():
        for suffix in ("-wal", "-shm"):
            if Path(f"{database}{suffix}").exists():
                raise UserError("database_corrupt", path=str(database))
        return None
    damaged = UserError("database_corrupt", path=str(database))
    if not database.is_file():
        raise damaged
    with database.open("rb") as file:
        if file.read(16) != SQLITE_MAGIC:
            raise damaged
    try:
        with contextlib.closing(_connect(database, "rw")) as db:
            if database.stat().st_size <= QUICK_CHECK_LIMIT:
                answer = db.execute("PRAGMA integrity_check(1)").fetchone()
                if answer != ("ok",):
                    logger.error("integrity check: %s", answer)
                    raise damaged
        revision = current(database)
    except dbapi2.DatabaseError as error:
        if "locked" in str(error):
            raise UserError("database_locked") from error
        logger.error("integrity check: %s", error)  # noqa: TRY400 the message is the point
        raise damaged from error
    if revision is None:
        raise damaged
    if revision not in REVISIONS:
        raise UserError("database_newer", revision=revision)
    return revision


def _upgrade(paths: Paths, revision: str | None, progress: Progress) -> None:
    fresh = paths.data_dir / "sessions.db.new"
    if revision is not None:
        size = paths.database.stat().st_size
        if shutil.disk_usage(paths.data_dir).free < size * SPACE_FACTOR:
            raise UserError("disk_full", path=str(paths.data_dir), reason="")
        snapshot = paths.data_dir / f"before-{HEAD}-{time.strftime('%Y%m%d-%H%M%S')}.db"
        copy_database(paths.database, snapshot)
        copy_database(snapshot, fresh)
    try:
        _run_alembic(fresh, progress)
        _verify(fresh)
    except UserError:
        raise
    except Exception as error:
        logger.exception("migration failed")
        raise UserError("migration_failed", reason=str(error)[:200]) from error
    _swap(fresh, paths.database)


def make_database(database: Path) -> None:
    """Make an empty database at the newest revision."""
    _run_alembic(database, lambda _revision: None)


def _run_alembic(database: Path, progress: Progress) -> None:
    from alembic import command
    from alembic.config import Config
    from sqlalchemy import create_engine, event

    engine = create_engine("sqlite://", module=dbapi2, creator=lambda: _connect(database, "rwc"))

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    config = Config()
    config.set_main_option("script_location", str(migrations_dir()).replace("%", "%%"))
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA journal_mode=DELETE")
        connection.rollback()
        config.attributes["connection"] = connection
        for revision in pending(database):
            progress(revision)
            with connection.begin():
                command.upgrade(config, revision)
                broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
                if broken is not None:
                    raise UserError("migration_failed", reason=f"foreign key: {broken[0]}")
            logger.info("migrated to %s", revision)
    engine.dispose()


def _verify(database: Path) -> None:
    with contextlib.closing(_connect(database, "ro")) as db:
        if db.execute("PRAGMA integrity_check(1)").fetchone() != ("ok",):
            raise UserError("migration_failed", reason="integrity check")
    if current(database) != HEAD:
        raise UserError("migration_failed", reason=f"revision {current(database)}")


def copy_database(source: Path, target: Path) -> None:
    """Copy a database consistently, under its final name only when it is whole."""
    partial = target.with_name(target.name + ".part")
    partial.unlink(missing_ok=True)
    with (
        contextlib.closing(_connect(source, "rw")) as old,
        contextlib.closing(_connect(partial, "rwc")) as new,
    ):
        old.execute("BEGIN")
        old.execute("SELECT count(*) FROM sqlite_master").fetchone()
        old.backup(new, pages=4096)
    with partial.open("rb") as file:
        os.fsync(file.fileno())
    partial.replace(target)
    sync_directory(target.parent)


def _swap(fresh: Path, database: Path) -> None:
    """Put the new file in the old one's place. A restored file never meets an old -wal."""
    with fresh.open("rb") as file:
        os.fsync(file.fileno())
    if database.exists():
        with contextlib.closing(_connect(database, "rw")) as db:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            db.execute("PRAGMA journal_mode=DELETE")
    for suffix in ("-wal", "-shm"):
        Path(f"{database}{suffix}").unlink(missing_ok=True)
    fresh.replace(database)
    sync_directory(database.parent)


def _sweep(paths: Paths) -> None:
    """Remove what a killed migration left unfinished."""
    for pattern in ("*.part", "*.part-*", "sessions.db.new", "sessions.db.new-*"):
        for leftover in paths.data_dir.glob(pattern):
            leftover.unlink()


def _connect(database: Path, mode: str) -> Any:
    return _connect_with(database, f"mode={mode}")


def _connect_with(database: Path, options: str) -> Any:
    return dbapi2.connect(
        database_uri(database, options), uri=True, isolation_level=None, timeout=5
    )
