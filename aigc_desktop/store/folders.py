"""Where sessions and scenarios work, when not in the work directory of the settings."""

from __future__ import annotations

from sqlalchemy import Connection, select

from aigc_desktop.store.tables import business_scenarios, sessions


def work_dirs(db: Connection) -> list[str]:
    """Return the work directories that single sessions and scenarios have of their own."""
    found: set[str] = set()
    for column in (sessions.c.work_dir, business_scenarios.c.work_dir):
        found.update(db.execute(select(column).where(column.is_not(None)).distinct()).scalars())
    return sorted(folder for folder in found if folder)
