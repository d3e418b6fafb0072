"""The database's revisions: where it stands, upgrade, dry run, the way back.

What changes the database works without a running program, in any thread: nobody may have the
database open then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from aigc_desktop.config.paths import Paths
from aigc_desktop.core.migration import MigrationStatus, Progress, Returned, UpgradeReport
from aigc_desktop.services.app import App

OnProgress = Callable[[Progress], None]


async def get_status(app: App) -> MigrationStatus:
    """Return where the database stands, its history, and the copies that one can go back to."""
    return await asyncio.to_thread(read_status, app.paths)


def read_status(paths: Paths) -> MigrationStatus:
    """The same without a running program."""
    from aigc_desktop.store import migration_status

    return migration_status.status(paths)


def upgrade(paths: Paths, to: str | None, on_progress: OnProgress) -> UpgradeReport:
    """Bring the database to a revision (None: the newest); raises as `store.migration.upgrade`."""
    from aigc_desktop.store import migration

    return migration.upgrade(paths, to, on_progress)


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
