"""What the user can do about a damaged database. Works without a store, in any thread."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from aigc_desktop.config.paths import Paths
from aigc_desktop.config.settings import Settings
from aigc_desktop.core.backup import Snapshot
from aigc_desktop.core.bus import EventBus
from aigc_desktop.core.errors import UserError


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


def restore_backup(paths: Paths) -> int:
    """Put the newest backup's database in place at the next start; return its sessions.

    Files and settings stay as they are. Raises UserError: `nothing_to_rescue`, `passphrase_*`,
    `backup_*`, `disk_full`.
    """
    from aigc_desktop import __version__
    from aigc_desktop.config.secrets import SecretStore
    from aigc_desktop.ops.backup import catalog
    from aigc_desktop.ops.backup.job import Job, Keep
    from aigc_desktop.ops.backup.process import run_blocking
    from aigc_desktop.services.backup import PASSPHRASE

    found = _newest_backup(paths)
    if found is None:
        raise UserError("nothing_to_rescue", path=str(paths.database))
    job = Job(
        name="stage_database",
        home=str(paths.home),
        repository=str(catalog.repository(paths, _settings(paths))),
        work_dir=str(paths.work_dir),
        folders=(),
        version=__version__,
        keep=Keep(1, 0, 0),
        encrypt=found.encrypted,
        passphrase=SecretStore(paths).get(PASSPHRASE) if found.encrypted else None,
        bucket=None,
        options={"snapshot": found.id},
    )
    return int(run_blocking(job)["sessions"])


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

    repository = catalog.repository(paths, _settings(paths))
    found = catalog.snapshots(repository, catalog.origin(paths))
    return next((each for each in found if not each.damaged), None)


def _settings(paths: Paths) -> Settings:
    return Settings(paths, EventBus())
