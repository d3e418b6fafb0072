"""Where sessions and scenarios work, when not in the work directory of the settings."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, select

from aigc_desktop.core.errors import UserError
from aigc_desktop.store import snapshots
from aigc_desktop.store.tables import business_scenarios, sessions


def work_dirs(db: Connection) -> list[str]:
    """Return the work directories that single sessions and scenarios have of their own."""
    found: set[str] = set()
    for column in (sessions.c.work_dir, business_scenarios.c.work_dir):
        found.update(db.execute(select(column).where(column.is_not(None)).distinct()).scalars())
    return sorted(folder for folder in found if folder)


def work_dirs_in(database: Path) -> list[str]:
    """Return the same of a database of any revision, which nobody need have open.

    Raises UserError("database_corrupt").
    """
    found: set[str] = set()
    try:
        with snapshots.opened(database) as db:
            for table in (sessions.name, business_scenarios.name):
                if any(row[1] == "work_dir" for row in db.execute(f"PRAGMA table_info({table})")):
                    rows = db.execute(f"SELECT DISTINCT work_dir FROM {table}")  # noqa: S608 ours
                    found.update(str(folder) for (folder,) in rows if folder)
    except snapshots.DatabaseError as error:
        raise UserError("database_corrupt", path=str(database)) from error
    return sorted(found)
