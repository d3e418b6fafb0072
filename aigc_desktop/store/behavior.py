"""Rows of `user_behavior_stats` and `session_preferences`: aggregates, exact at every moment.

They are counted anew from the rows themselves, in the transaction that changes these, so that no
order of writers and no crash can make them differ.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from aigc_desktop.store import feedback as feedback_rows
from aigc_desktop.store.tables import (
    business_scenarios,
    messages,
    session_preferences,
    sessions,
    turn_matches,
    turns,
    user_behavior_stats,
    user_preferences_cache,
)


def count_feedback(db: Connection, user_id: int) -> None:
    """Bring a user's counts of feedback up to date."""
    totals = feedback_rows.totals(db, user_id=user_id)
    _put(
        db,
        user_id,
        total_feedback=sum(totals.values()),
        like_count=totals.get("like", 0),
        dislike_count=totals.get("dislike", 0),
    )


def count_all(db: Connection, user_id: int) -> None:
    """Bring everything about a user up to date; reads all of the user's turns."""
    mine = select(turns.c.id).join(sessions, sessions.c.id == turns.c.session_id)
    mine = mine.where(sessions.c.user_id == user_id)
    usage = db.execute(
        select(turn_matches.c.scenario_id, func.count())
        .where(turn_matches.c.turn_id.in_(mine), turn_matches.c.scenario_id.is_not(None))
        .group_by(turn_matches.c.scenario_id)
    )
    used: dict[int, int] = {row[0]: row[1] for row in usage}
    names = db.execute(
        select(business_scenarios.c.id, business_scenarios.c.category).where(
            business_scenarios.c.id.in_(list(used))
        )
    )
    types: Counter[str] = Counter()
    for number, category in names:
        types[category or ""] += used[number]
    own = sessions.c.user_id == user_id
    _put(
        db,
        user_id,
        total_sessions=db.execute(select(func.count()).where(own)).scalar_one(),
        total_messages=db.execute(
            select(func.count()).select_from(messages).where(messages.c.turn_id.in_(mine))
        ).scalar_one(),
        scenario_usage={str(number): count for number, count in used.items()},
        question_types={name: count for name, count in types.items() if name},
    )
    count_feedback(db, user_id)


def of_user(db: Connection, user_id: int) -> dict[str, Any]:
    """Return a user's row; {} if there is none."""
    row = db.execute(
        select(user_behavior_stats).where(user_behavior_stats.c.user_id == user_id)
    ).one_or_none()
    return dict(row._mapping) if row else {}


def user_cache(db: Connection, user_id: int) -> tuple[str | None, dict[str, Any]]:
    """Return the hash that a user's preferences were learned from, and the preferences."""
    row = db.execute(
        select(
            user_preferences_cache.c.data_summary_hash, user_preferences_cache.c.preferences
        ).where(user_preferences_cache.c.user_id == user_id)
    ).one_or_none()
    return (row[0], _mapping(row[1])) if row else (None, {})


def set_user_cache(
    db: Connection, user_id: int, summary_hash: str, preferences: dict[str, Any]
) -> None:
    """Keep what was learned, and from what."""
    where = user_preferences_cache.c.user_id == user_id
    db.execute(delete(user_preferences_cache).where(where))
    db.execute(
        insert(user_preferences_cache).values(
            user_id=user_id, data_summary_hash=summary_hash, preferences=preferences
        )
    )


def session_cache(db: Connection, session_id: int) -> tuple[str | None, dict[str, Any]]:
    """The same for a session."""
    row = db.execute(
        select(session_preferences.c.data_summary_hash, session_preferences.c.preferences).where(
            session_preferences.c.session_id == _key(session_id)
        )
    ).one_or_none()
    return (row[0], _mapping(row[1])) if row else (None, {})


def set_session_cache(
    db: Connection, session_id: int, summary_hash: str | None, preferences: dict[str, Any]
) -> None:
    """Keep what was learned in a session; None keeps the hash that is there."""
    known, _ = session_cache(db, session_id)
    where = session_preferences.c.session_id == _key(session_id)
    db.execute(delete(session_preferences).where(where))
    uuid = db.execute(select(sessions.c.session_id).where(sessions.c.id == session_id)).scalar_one()
    db.execute(
        insert(session_preferences).values(
            session_id=uuid,
            data_summary_hash=known if summary_hash is None else summary_hash,
            preferences=preferences,
        )
    )


def count_session_feedback(db: Connection, session_id: int) -> None:
    """Bring a session's `feedback_stats` up to date."""
    _, preferences = session_cache(db, session_id)
    totals = feedback_rows.totals(db, session_id=session_id)
    set_session_cache(db, session_id, None, {**preferences, "feedback_stats": totals})


def _key(session_id: int) -> Any:
    return select(sessions.c.session_id).where(sessions.c.id == session_id).scalar_subquery()


def _put(db: Connection, user_id: int, **values: Any) -> None:
    where = user_behavior_stats.c.user_id == user_id
    done = db.execute(
        update(user_behavior_stats)
        .where(where)
        .values(**values, updated_at=func.current_timestamp())
    )
    if not done.rowcount:
        db.execute(insert(user_behavior_stats).values(user_id=user_id, **values))


def _mapping(value: Any) -> dict[str, Any]:
    return dict(value) if isinstance(value, dict) else {}
