"""Where the database stands, what happened to it, and the way back to before an upgrade."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from sqlcipher3 import dbapi2

from aigc_desktop.config.paths import Paths
from aigc_desktop.core.errors import UserError
from aigc_desktop.core.migration import (
    MigrationStatus,
    Returned,
    Revision,
    Snapshot,
    SnapshotKind,
)
from aigc_desktop.store import migration, snapshots

logger = logging.getLogger(__name__)


def status(paths: Paths) -> MigrationStatus:
    """Return where the database stands. Never raises for a database that cannot be used."""
    revision, applied, problem = None, {}, ""
    try:
        with snapshots.opened(paths.database) as db:
            revision = snapshots.revision_in(db)
            applied = _history(db)
        if revision is None:
            problem = "database_corrupt"
        elif revision not in migration.REVISIONS:
            problem = "database_newer"
    except dbapi2.DatabaseError:
        problem = "database_corrupt" if paths.database.exists() else "database_missing"
    reached = _place(revision)
    revisions = tuple(
        Revision(name, number <= reached, *applied.get(name, (None, None)))
        for number, name in enumerate(migration.REVISIONS)
    )
    size = paths.database.stat().st_size if paths.database.is_file() else 0
    return MigrationStatus(
        str(paths.database),
        revision,
        migration.HEAD,
        revisions,
        tuple(snapshots.all_snapshots(paths)),
        size,
        problem,
    )


def _place(revision: str | None) -> int:
    if revision is None:
        return -1
    names = migration.REVISIONS
    return names.index(revision) if revision in names else len(names)


def _history(db: Any) -> dict[str, tuple[int, int]]:
    try:
        rows = db.execute("SELECT revision, applied_at, duration_ms FROM revision_history")
        return {name: (applied_at, ms) for name, applied_at, ms in rows}
    except dbapi2.OperationalError:
        return {}


def way_back(paths: Paths) -> Snapshot | None:
    """Return the newest copy that this program can open and that was taken before a change."""
    found = snapshots.all_snapshots(paths)
    usable = (s for s in found if s.revision in migration.REVISIONS)
    return next((s for s in usable if s.kind is not SnapshotKind.ASIDE), None)


def go_back(paths: Paths, snapshot: str | None = None) -> Returned:
    """Put a copy (the newest taken before an upgrade) in the database's place.

    The database that was there is kept aside. Nobody may have it open.

    Raises:
        UserError: `no_way_back` (there is no such copy), `copy_unsound`, `database_in_use`,
            `no_room`, `disk_full`.
    """
    with migration.locked(paths):
        chosen = _chosen(paths, snapshot)
        fresh = paths.data_dir / migration.FRESH
        snapshots.require_space(paths.data_dir, 2 * chosen.size)
        try:
            if not snapshots.is_sound_file(Path(chosen.path)):
                raise UserError("copy_unsound", path=chosen.path)
            snapshots.copy_database(Path(chosen.path), fresh)
            kept = _set_aside(paths)
            snapshots.swap_in(fresh, paths.database)
        except BaseException:
            snapshots.discard(fresh)
            raise
    logger.info("went back to %s; the newer database is %s", Path(chosen.path).name, kept)
    return Returned(chosen.revision or "", chosen.taken_at, kept)


def _chosen(paths: Paths, snapshot: str | None) -> Snapshot:
    if snapshot is None:
        found = way_back(paths)
    else:
        listed = snapshots.all_snapshots(paths)
        found = next((s for s in listed if Path(s.path) == Path(snapshot).absolute()), None)
    if found is None or found.revision is None:
        raise UserError("no_way_back", path=str(paths.data_dir))
    return found


def _set_aside(paths: Paths) -> str:
    """Keep the present database under another name; there is never a moment without one."""
    database = paths.database
    if not database.exists():
        return ""
    target = snapshots.free_name(paths.data_dir, snapshots.ASIDE)
    try:
        with snapshots.held(database):
            pass
    except dbapi2.DatabaseError as error:
        logger.info("put aside as it is, with its -wal: %s", error)
        for suffix in snapshots.SIDE_FILES:
            part = Path(f"{database}{suffix}")
            if part.exists():
                snapshots.keep_aside(part, Path(f"{target}{suffix}"))
    snapshots.keep_aside(database, target)
    return str(target)
