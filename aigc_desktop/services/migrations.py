"""The database's revisions: where it stands, upgrade, dry run, the way back.

What changes the database works without a running program, in any thread: nobody may have the
database open then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

from aigc_desktop.config.paths import Paths
from aigc_desktop.config.settings import Settings
from aigc_desktop.core.backup import Cause
from aigc_desktop.core.bus import EventBus
from aigc_desktop.core.migration import MigrationStatus, Progress, Returned, UpgradeReport
from aigc_desktop.services import safety_backup
from aigc_desktop.services.app import App

OnProgress = Callable[[Progress], None]


async def get_status(app: App) -> MigrationStatus:
    """Return where the database stands, its history, and the copies that one can go back to."""
    return await asyncio.to_thread(read_status, app.paths)


def read_status(paths: Paths) -> MigrationStatus:
    """The same without a running program."""
    from aigc_desktop.store import migration_status

    return migration_status.status(paths)


def prepare(paths: Paths, settings: Settings, bus: EventBus, on_progress: OnProgress) -> None:
    """Bring the database to the newest revision, as every start does.

    A backup comes first if there is something to do, or if another version of the program used the
    data last; `services.safety_backup.make` says what happens where it cannot be made.

    Raises as `store.migration.prepare`.
    """
    from aigc_desktop.store import migration

    def back_up(revision: str) -> None:
        if revision != migration.HEAD:
            safety_backup.make(paths, settings, bus, Cause.BEFORE_MIGRATION, on_progress)
        elif safety_backup.is_new_version(paths):
            safety_backup.make(paths, settings, bus, Cause.BEFORE_UPDATE, on_progress)

    migration.prepare(paths, on_progress, back_up)
    safety_backup.note_version(paths)


def upgrade(
    paths: Paths, settings: Settings, bus: EventBus, to: str | None, on_progress: OnProgress
) -> UpgradeReport:
    """Bring the database to a revision (None: the newest), behind a backup as in `prepare`.

    Raises as `store.migration.upgrade`.
    """
    from aigc_desktop.store import migration

    made: list[str] = []

    def back_up(_revision: str) -> None:
        cause = Cause.BEFORE_MIGRATION
        made.append(safety_backup.make(paths, settings, bus, cause, on_progress))

    report = migration.upgrade(paths, to, on_progress, back_up)
    return replace(report, backup="".join(made))


def dry_run(paths: Paths, to: str | None, on_progress: OnProgress) -> UpgradeReport:
    """Say what an upgrade would do; nothing is changed."""
    from aigc_desktop.store import migration

    return migration.dry_run(paths, to, on_progress)


def go_back(paths: Paths, snapshot: str | None = None) -> Returned:
    """Return to a copy of the database (None: the newest that was taken before an upgrade).

    The database that was there is kept aside. Raises as `store.migration_status.go_back`.
    """
    from aigc_desktop.store import migration_status

    return migration_status.go_back(paths, snapshot)
