"""Brings the database to another revision: snapshot, work on a copy, verify, swap (rule 6)."""

from __future__ import annotations

import contextlib
import errno
import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlcipher3 import dbapi2

from aigc_desktop.config.paths import Paths
from aigc_desktop.core.errors import UserError
from aigc_desktop.core.migration import Progress, Stage, StepTime, UpgradeReport
from aigc_desktop.store import snapshots
from aigc_desktop.store.engine import check_sqlite_version, read_only_mode, user_error
from aigc_desktop.store.revision_runner import run_revisions
from aigc_desktop.store.snapshots import connect, copy_database, discard, opened

__all__ = ["copy_database", "current", "make_database", "pending", "prepare", "upgrade"]

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
    "usage_aggregates",
    "usage_by_model",
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

FRESH = "sessions.db.new"
DRY = "sessions.db.dry"
_LEFTOVERS = ("*.part", "*.part-*", f"{FRESH}*", f"{DRY}*")

OnProgress = Callable[[Progress], None]
Before = Callable[[str], None]
"""Called with the revision of a sound database before anything is done to it: nobody else migrates
then, and nobody here has it open."""


def _silent(_: object) -> None:
    pass


def prepare(paths: Paths, progress: OnProgress = _silent, before: Before = _silent) -> str | None:
    """Check the database and bring it to the newest revision; return the revision it was at.

    A missing database is made (returns None). `before` is called for every other one. Whatever
    fails, the file stays as it was.

    Raises:
        UserError: `sqlite_too_old`, `database_corrupt`, `database_missing`, `database_newer`,
            `database_locked`, `database_in_use`, `no_room`, `disk_full`, `migration_failed`.
    """
    check_sqlite_version()
    with locked(paths):
        revision = check(paths)
        if revision is not None:
            before(revision)
        if revision != HEAD:
            _upgrade(paths, revision, HEAD, progress)
        return revision


def upgrade(
    paths: Paths,
    to: str | None = None,
    progress: OnProgress = _silent,
    before: Before = _silent,
) -> UpgradeReport:
    """Bring the database to the revision `to` (the newest, if none is named).

    `before` is called if there is something to do to a database.

    Raises UserError as `prepare` does, `revision_unknown`, and `revision_behind` for one that the
    database has passed.
    """
    check_sqlite_version()
    with locked(paths):
        revision = check(paths)
        target = _target(revision, to)
        if revision == target:
            return UpgradeReport(revision, revision, ())
        if revision is not None:
            before(revision)
        return _upgrade(paths, revision, target, progress)


def dry_run(paths: Paths, to: str | None = None, progress: OnProgress = _silent) -> UpgradeReport:
    """Say what `upgrade` would do, by doing it to a copy, which is deleted.

    What goes wrong while the copy is worked on is in the report.
    """
    check_sqlite_version()
    with locked(paths):
        revision = check(paths)
        target = _target(revision, to)
        copy = paths.data_dir / DRY
        try:
            if revision is not None:
                snapshots.require_space(
                    paths.data_dir, paths.database.stat().st_size * SPACE_FACTOR
                )
                progress(Progress(Stage.COPY))
                copy_database(paths.database, copy)
            try:
                return replace(_build(copy, revision, target, progress), dry=True)
            except UserError as error:
                report = UpgradeReport(revision, revision, (), dry=True)
                return replace(report, problem=error.code, params=error.params)
        finally:
            discard(copy)


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
        with opened(paths.database, options) as db:
            revision = snapshots.revision_in(db)
    except dbapi2.DatabaseError as error:
        raise UserError("database_corrupt", path=str(paths.database)) from error
    if revision is None:
        raise UserError("database_corrupt", path=str(paths.database))
    if revision not in REVISIONS:
        raise UserError("database_newer", revision=revision)
    if revision != HEAD:
        raise UserError("data_dir_read_only", path=str(paths.data_dir), reason="")


def current(database: Path) -> str | None:
    """Return the revision that the database is at; None for one without a revision table."""
    with opened(database) as db:
        return snapshots.revision_in(db)


def pending(database: Path, to: str | None = None) -> tuple[str, ...]:
    """Return the revisions that are still to be run."""
    revision = current(database) if database.exists() else None
    first = 0 if revision is None else REVISIONS.index(revision) + 1
    return REVISIONS[first : REVISIONS.index(to or HEAD) + 1]


@contextlib.contextmanager
def locked(paths: Paths) -> Iterator[None]:
    """Be the only one who migrates; say what the system says in words the user can act on."""
    from filelock import FileLock, Timeout

    try:
        with FileLock(paths.data_dir / "migration.lock", timeout=LOCK_TIMEOUT):
            _sweep(paths)
            yield
    except Timeout as error:
        raise UserError("database_locked") from error
    except dbapi2.DatabaseError as error:
        raise told(error, paths.database) from error
    except OSError as error:
        code = "disk_full" if error.errno == errno.ENOSPC else "data_dir_read_only"
        raise UserError(code, path=str(paths.data_dir), reason=error.strerror or "") from error


def check(paths: Paths) -> str | None:
    """Return the revision of an existing, sound database, or None when there never was one.

    Nothing is written, so that a database that is refused stays as it is.
    """
    database = paths.database
    if not database.exists() and not database.is_symlink():
        require_new(paths)
        return None
    damaged = UserError("database_corrupt", path=str(database))
    if not database.is_file():
        raise damaged
    with database.open("rb") as file:
        if file.read(16) != SQLITE_MAGIC:
            raise damaged
    try:
        with contextlib.closing(_reading(database)) as db:
            revision = snapshots.revision_in(db)
            if database.stat().st_size <= QUICK_CHECK_LIMIT or paths.suspect_mark.exists():
                answer = db.execute("PRAGMA integrity_check(1)").fetchone()
                if answer != ("ok",):
                    logger.error("integrity check: %s", answer)
                    raise damaged
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


def require_new(paths: Paths) -> None:
    """Raise unless there is no trace of a database that was here before.

    Raises UserError: `database_missing`; `database_corrupt` where its side files are still there.
    """
    for suffix in snapshots.SIDE_FILES:
        if Path(f"{paths.database}{suffix}").exists():
            raise UserError("database_corrupt", path=str(paths.database))
    traces = (snapshots.BEFORE, snapshots.ASIDE, snapshots.DAMAGED)
    copies = any(any(paths.data_dir.glob(f"{trace}-*.db")) for trace in traces)
    backups = any((paths.backups_dir / "snapshots").glob("*"))
    if copies or backups or paths.search_database.exists():
        raise UserError("database_missing", path=str(paths.database))


def _reading(database: Path) -> Any:
    """Open for reading; only what a crash left half-written has to be opened for writing."""
    db = connect(database)
    try:
        db.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except dbapi2.OperationalError as error:
        db.close()
        name = getattr(error, "sqlite_errorname", "") or ""
        if not name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN")):
            raise
        return connect(database, "mode=rw")
    return db


def _target(revision: str | None, to: str | None) -> str:
    target = to or HEAD
    if target not in REVISIONS:
        raise UserError("revision_unknown", revision=target, known=", ".join(REVISIONS))
    if revision is not None and REVISIONS.index(target) < REVISIONS.index(revision):
        raise UserError("revision_behind", revision=target, current=revision)
    return target


def _upgrade(paths: Paths, revision: str | None, to: str, progress: OnProgress) -> UpgradeReport:
    fresh = paths.data_dir / FRESH
    if revision is None:
        try:
            report = _build(fresh, None, to, _silent)
            snapshots.swap_in(fresh, paths.database)
        except BaseException:
            discard(fresh)
            raise
        return report
    snapshots.require_space(paths.data_dir, paths.database.stat().st_size * SPACE_FACTOR)
    snapshot = None
    try:
        with snapshots.held(paths.database):
            progress(Progress(Stage.SNAPSHOT))
            snapshot = snapshots.take(paths, to)
            progress(Progress(Stage.COPY))
            copy_database(snapshot, fresh)
            report = _build(fresh, revision, to, progress)
            progress(Progress(Stage.SWAP))
        snapshots.swap_in(fresh, paths.database)
    except BaseException:
        discard(fresh)
        if snapshot is not None:
            discard(snapshot)
        raise
    snapshots.prune(paths)
    return replace(report, snapshot=str(snapshot))


def _build(database: Path, revision: str | None, to: str, progress: OnProgress) -> UpgradeReport:
    """Run the revisions on a database that nobody else has, and verify it."""
    began = time.monotonic()
    rows, size = {}, 0
    if revision is not None:
        with opened(database) as db:
            rows = snapshots.row_counts(db)
        size = database.stat().st_size
    try:
        steps = _run(database, to, progress)
        progress(Progress(Stage.VERIFY))
        with opened(database) as db:
            if not snapshots.is_sound(db):
                raise UserError("migration_failed", reason="integrity check", revision=to)
            if snapshots.revision_in(db) != to:
                raise UserError("migration_failed", reason="revision", revision=to)
            after = snapshots.row_counts(db)
    except UserError:
        raise
    except Exception as error:
        logger.exception("migration failed")
        known = told(error, database)
        if known.code != "disk_full":
            known = UserError("migration_failed", reason=str(error)[:200])
        raise known from error
    ms = int((time.monotonic() - began) * 1000)
    end = database.stat().st_size
    return UpgradeReport(revision, to, tuple(steps), rows, after, size, end, ms)


def make_database(database: Path, to: str = HEAD, progress: OnProgress = _silent) -> None:
    """Make an empty database at a revision, or bring one there that nobody else has."""
    _run(database, to, progress)


def _run(database: Path, to: str, progress: OnProgress) -> list[StepTime]:
    return run_revisions(database, pending(database, to), progress, derive=to == HEAD)


def told(error: BaseException, database: Path) -> UserError:
    """Return what the user can do about an error."""
    from sqlalchemy.exc import DatabaseError

    if isinstance(error, dbapi2.DatabaseError):
        error = DatabaseError("", {}, error)
    known = user_error(error, database) if isinstance(error, DatabaseError) else None
    return known or UserError("migration_failed", reason=str(error)[:200])


def _sweep(paths: Paths) -> None:
    """Remove what a killed migration left unfinished."""
    for pattern in _LEFTOVERS:
        for leftover in paths.data_dir.glob(pattern):
            leftover.unlink()
    for aside in paths.data_dir.glob(f"{snapshots.ASIDE}-*.db"):
        if snapshots.is_same_file(aside, paths.database):
            aside.unlink()
