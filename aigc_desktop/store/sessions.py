"""Rows of `sessions` as values."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from aigc_desktop.core.errors import UserError
from aigc_desktop.core.session import Session
from aigc_desktop.store.tables import sessions

_COLUMNS = (
    sessions.c.id,
    sessions.c.title,
    sessions.c.created_at,
    sessions.c.last_activity,
    sessions.c.pinned,
    sessions.c.trashed_at,
    sessions.c.current_turn_id,
    sessions.c.model,
    sessions.c.work_dir,
    sessions.c.draft,
    sessions.c.title_is_manual,
)


def create(db: Connection, title: str, now: int) -> Session:
    """Insert an empty session."""
    result = db.execute(
        insert(sessions)
        .values(session_id=str(uuid.uuid4()), title=title, created_at=now, last_activity=now)
        .returning(sessions.c.id)
    )
    return get(db, result.scalar_one())


def get(db: Connection, session_id: int) -> Session:
    """Return the session. Raises UserError("session_not_found")."""
    row = db.execute(select(*_COLUMNS).where(sessions.c.id == session_id)).one_or_none()
    if row is None:
        raise UserError("session_not_found")
    return _session(row)


def user_of(db: Connection, session_id: int) -> int:
    """Return whose session it is. Raises UserError("session_not_found")."""
    found = db.execute(select(sessions.c.user_id).where(sessions.c.id == session_id)).scalar()
    if found is None:
        raise UserError("session_not_found")
    return int(found)


def list_sessions(db: Connection, *, trashed: bool = False) -> list[Session]:
    """Return all sessions in or out of the trash: pinned first, then the newest activity."""
    wanted = sessions.c.trashed_at.is_not(None) if trashed else sessions.c.trashed_at.is_(None)
    rows = db.execute(
        select(*_COLUMNS)
        .where(wanted)
        .order_by(sessions.c.pinned.desc(), sessions.c.last_activity.desc(), sessions.c.id.desc())
    )
    return [_session(row) for row in rows]


def search_titles(db: Connection, text: str, limit: int = 200) -> list[Session]:
    """Return the sessions (not in the trash) whose title contains `text`, literally."""
    rows = db.execute(
        select(*_COLUMNS)
        .where(sessions.c.trashed_at.is_(None), sessions.c.title.icontains(text, autoescape=True))
        .order_by(sessions.c.pinned.desc(), sessions.c.last_activity.desc())
        .limit(limit)
    )
    return [_session(row) for row in rows]


def rename(db: Connection, session_id: int, title: str) -> None:
    """Set a title of the user's own."""
    _set(db, session_id, title=title, title_is_manual=True)


def set_auto_title(db: Connection, session_id: int, title: str) -> None:
    """Set a title made by the program, unless the user gave one."""
    db.execute(
        update(sessions)
        .where(sessions.c.id == session_id, sessions.c.title_is_manual.is_(False))
        .values(title=title)
    )


def set_pinned(db: Connection, session_id: int, pinned: bool) -> None:
    """Pin or unpin."""
    _set(db, session_id, pinned=pinned)


def trash(db: Connection, session_id: int, now: int) -> None:
    """Move to the trash."""
    _set(db, session_id, trashed_at=now)


def restore(db: Connection, session_id: int) -> None:
    """Take out of the trash."""
    _set(db, session_id, trashed_at=None)


def delete_forever(db: Connection, session_id: int) -> None:
    """Delete the session with its turns and messages."""
    db.execute(delete(sessions).where(sessions.c.id == session_id))


def set_draft(db: Connection, session_id: int, text: str) -> None:
    """Keep what is typed and not sent."""
    _set(db, session_id, draft=text)


def set_current_turn(db: Connection, session_id: int, turn_id: int | None) -> None:
    """Choose the shown branch by its leaf."""
    _set(db, session_id, current_turn_id=turn_id)


def set_model(db: Connection, session_id: int, model: str | None) -> None:
    """Choose the session's own model, or none."""
    _set(db, session_id, model=model)


def set_work_dir(db: Connection, session_id: int, path: str | None) -> None:
    """Choose the session's own work directory, or none."""
    _set(db, session_id, work_dir=path)


def touch(db: Connection, session_id: int, now: int) -> None:
    """Note that something happened in the session."""
    _set(db, session_id, last_activity=now)


def _set(db: Connection, session_id: int, **values: Any) -> None:
    db.execute(update(sessions).where(sessions.c.id == session_id).values(**values))


def _session(row: Any) -> Session:
    return Session(*row)
