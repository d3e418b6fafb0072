"""Sums over everything that is stored."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from aigc_desktop.core.http import SessionStats
from aigc_desktop.store.tables import messages, sessions, turns


def session_stats(db: Connection) -> SessionStats:
    """Return how many sessions, turns and messages there are, and what they used."""
    tokens = (
        turns.c.input_tokens,
        turns.c.output_tokens,
        turns.c.cache_read_tokens,
        turns.c.cache_write_tokens,
    )
    sums = db.execute(
        select(
            func.count(),
            *(func.coalesce(func.sum(column), 0) for column in tokens),
            func.coalesce(func.sum(turns.c.cost_micros), 0),
            func.count().filter(turns.c.cost_micros.is_(None)),
        ).select_from(turns)
    ).one()
    trashed = func.count().filter(sessions.c.trashed_at.is_not(None))
    total, in_trash = db.execute(select(func.count(), trashed).select_from(sessions)).one()
    count = db.execute(select(func.count()).select_from(messages)).scalar_one()
    return SessionStats(total - in_trash, in_trash, sums[0], count, *sums[1:])
