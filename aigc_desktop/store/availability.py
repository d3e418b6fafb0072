"""Rows of the two scenario-config tables: what a user and what a session has chosen."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Connection, Table, delete, insert, select

from aigc_desktop.core.scenario import Available
from aigc_desktop.store.tables import (
    LOCAL_USER_ID,
    session_scenario_configs,
    sessions,
    user_scenario_configs,
)


def of_user(db: Connection) -> Available:
    """Return the user's list and custom prompt."""
    row = _row(db, user_scenario_configs, "user_id", LOCAL_USER_ID)
    return Available(_ids(row.scenario_ids), row.user_custom_prompt or "") if row else Available()


def set_for_user(db: Connection, available: Available) -> None:
    """Keep the user's list and custom prompt."""
    _replace(
        db,
        user_scenario_configs,
        "user_id",
        LOCAL_USER_ID,
        scenario_ids=json.dumps(list(available.scenario_ids)),
        user_custom_prompt=available.custom_prompt,
    )


def of_session(db: Connection, session_id: int) -> Available:
    """Return the session's list, custom prompt and pinned scenario."""
    row = _row(db, session_scenario_configs, "session_id", _uuid(db, session_id))
    if row is None:
        return Available()
    ids = _ids(row.scenario_ids)
    return Available(ids, row.session_custom_prompt or "", row.pinned_scenario_id)


def set_for_session(db: Connection, session_id: int, available: Available) -> None:
    """Keep the session's list, custom prompt and pinned scenario."""
    _replace(
        db,
        session_scenario_configs,
        "session_id",
        _uuid(db, session_id),
        scenario_ids=json.dumps(list(available.scenario_ids)),
        session_custom_prompt=available.custom_prompt,
        pinned_scenario_id=available.pinned_id,
    )


def _uuid(db: Connection, session_id: int) -> str:
    found = db.execute(select(sessions.c.session_id).where(sessions.c.id == session_id)).scalar()
    return found or ""


def _row(db: Connection, table: Table, key: str, value: Any) -> Any:
    return db.execute(select(table).where(table.c[key] == value)).one_or_none()


def _replace(db: Connection, table: Table, key: str, value: Any, **values: Any) -> None:
    db.execute(delete(table).where(table.c[key] == value))
    db.execute(insert(table).values(**{key: value}, **values))


def _ids(text: str | None) -> tuple[int, ...]:
    try:
        found = json.loads(text or "[]")
    except ValueError:
        return ()
    if not isinstance(found, list):
        return ()
    return tuple(entry for entry in found if isinstance(entry, int))
