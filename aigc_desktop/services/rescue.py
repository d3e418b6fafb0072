"""What the user can do about a damaged database. Works without a store, in any thread."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from aigc_desktop.config.paths import Paths
from aigc_desktop.config.settings import Settings
from aigc_desktop.core.backup import Operation, Snapshot
from aigc_desktop.core.bus import EventBus
from aigc_desktop.core.errors import UserError

REPLACEABLE = frozenset({"database_corrupt", "database_newer", "database_missing"})
"""What is wrong with a database in whose place a backup may be put; it is kept."""


def snapshot_time(paths: Paths) -> datetime | None:
    """Return when the newest sound snapshot was taken (local time), or None if there is none."""
    found = _newest(paths)
    return datetime.fromtimestamp(found.stat().st_mtime).astimezone() if found else None


def restore_snapshot(paths: Paths) -> int:
    """Go back to the newest sound snapshot; return 0 (the number of rows is not known).

    Raises UserError("nothing_to_rescue") when there is none.
    """
    from aigc_desktop.store import rescue as store

    found = _newest(paths)
    if found is None:
        raise UserError("nothing_to_rescue", path=str(paths.database))
    store.restore(paths, found)
    return 0


def backup_time(paths: Paths) -> datetime | None:
    """Return when the newest backup was made (local time), or None if there is none."""
    found = _newest_backup(paths)
    return datetime.fromtimestamp(found.created_at / 1000).astimezone() if found else None


def restore_backup(
    paths: Paths, snapshot_id: str | None = None, passphrase: str | None = None
) -> int:
    """Put a backup's database in place at the next start; return its sessions.

    The newest of our own, if none is named. Files and settings stay as they are. One that turns
    out to be damaged is marked, so that the one before it is the next to be offered.

    Raises UserError: `nothing_to_rescue`, `snapshot_not_found`, `passphrase_*`, `backup_*`,
    `disk_full`.
    """
    from aigc_desktop.config.secrets import SecretStore
    from aigc_desktop.ops.backup import state
    from aigc_desktop.ops.backup.process import BlockingWorker
    from aigc_desktop.services import backup

    found = _backup(paths, snapshot_id)
    if found.encrypted and passphrase is None:
        passphrase = backup.known_passphrase(SecretStore(paths))
    job = backup.local_job(
        paths,
        _settings(paths),
        "stage_database",
        {"snapshot": found.id},
        passphrase=passphrase if found.encrypted else None,
    )
    try:
        return int(BlockingWorker().run(Operation.RESTORE, job)["sessions"])
    except UserError as error:
        if error.code == "backup_damaged":
            state.note(Path(job.repository), found.id, damaged=True)
        raise


def go_back(paths: Paths) -> int:
    """Go back from a database that is too new to the newest copy that is not; return 0.

    Raises UserError as `services.migrations.go_back`.
    """
    from aigc_desktop.services import migrations

    migrations.go_back(paths)
    return 0


def rescue(paths: Paths) -> int:
    """Copy what can be read into a new database; return how many rows that were.

    Raises UserError("nothing_to_rescue").
    """
    from aigc_desktop.store import rescue as store

    return store.rescue(paths).rows


def start_empty(paths: Paths) -> int:
    """Set the damaged database aside and begin anew; return 0."""
    from aigc_desktop.store import rescue as store

    store.start_empty(paths)
    return 0


def _newest(paths: Paths) -> Path | None:
    from aigc_desktop.store import rescue as store

    return store.newest_snapshot(paths)


def _newest_backup(paths: Paths) -> Snapshot | None:
    from aigc_desktop.ops.backup import catalog

    return catalog.newest_own([each for each in _backups(paths) if not each.damaged])


def _backup(paths: Paths, snapshot_id: str | None) -> Snapshot:
    if snapshot_id is None:
        newest = _newest_backup(paths)
        if newest is None:
            raise UserError("nothing_to_rescue", path=str(paths.database))
        return newest
    for each in _backups(paths):
        if each.id == snapshot_id:
            return each
    raise UserError("snapshot_not_found")


def _backups(paths: Paths) -> list[Snapshot]:
    from aigc_desktop.ops.backup import catalog

    return catalog.snapshots(catalog.repository(paths, _settings(paths)), catalog.origin(paths))


def _settings(paths: Paths) -> Settings:
    return Settings(paths, EventBus())
