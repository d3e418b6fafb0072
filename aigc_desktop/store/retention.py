"""Which sessions are due, and what is left over of those that are gone."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Table, delete, func, select

from aigc_desktop.core.retention import DueSession, Space
from aigc_desktop.store.tables import (
    messages,
    session_preferences,
    session_scenario_configs,
    sessions,
    turns,
    user_file_relationships,
)

WORTH_BYTES = 32 * 1024 * 1024
WORTH_SHARE = 0.2
"""Giving space back rewrites the whole file: only when that much of it is unused."""

_ABOUT_SESSIONS: tuple[Table, ...] = (
    user_file_relationships,
    session_preferences,
    session_scenario_configs,
)
"""Tables that name a session without a foreign key. Feedback stays: it is learned from."""


def idle(db: Connection, before: int, limit: int) -> list[DueSession]:
    """Return unpinned sessions without activity since `before` or a draft; none that runs."""
    unfinished = select(turns.c.session_id).where(turns.c.status.in_(("queued", "running")))
    return _due(
        db,
        sessions.c.last_activity,
        before,
        limit,
        sessions.c.trashed_at.is_(None),
        sessions.c.pinned.is_(False),
        sessions.c.draft == "",
        sessions.c.id.not_in(unfinished),
    )


def expired(db: Connection, before: int, limit: int) -> list[DueSession]:
    """Return sessions that have been in the trash since `before` or longer."""
    return _due(db, sessions.c.trashed_at, before, limit)


def _due(db: Connection, since: Any, before: int, limit: int, *conditions: Any) -> list[DueSession]:
    rows = db.execute(
        select(sessions.c.id, sessions.c.title, since)
        .where(since <= before, *conditions)
        .order_by(since)
        .limit(limit)
    )
    return [DueSession(*row) for row in rows]


def kept_outputs(db: Connection) -> set[str]:
    """Return the paths of the whole outputs that messages refer to."""
    path = messages.c.extra_data["full_output"].as_string()
    rows = db.execute(
        select(path).where(messages.c.message_type == "tool_result", path.is_not(None))
    )
    return set(rows.scalars())


def count_orphans(db: Connection) -> int:
    """Count rows about sessions that are gone."""
    return sum(
        db.execute(select(func.count()).where(_orphaned(table))).scalar_one()
        for table in _ABOUT_SESSIONS
    )


def delete_orphans(db: Connection) -> int:
    """Delete rows about sessions that are gone; return how many."""
    return sum(
        db.execute(delete(table).where(_orphaned(table))).rowcount for table in _ABOUT_SESSIONS
    )


def _orphaned(table: Table) -> Any:
    return table.c.session_id.not_in(select(sessions.c.session_id))


def space(db: Connection) -> Space:
    """Return how much of the file is used."""
    page, pages, free = (
        int(db.exec_driver_sql(f"PRAGMA {name}").scalar_one())
        for name in ("page_size", "page_count", "freelist_count")
    )
    unused = page * free
    size = page * pages
    return Space(size, unused, unused >= WORTH_BYTES and unused >= size * WORTH_SHARE)
