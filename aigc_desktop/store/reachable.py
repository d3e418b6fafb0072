"""Finds what the program would not show: rows whose parent is gone, chats that lost their place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, select, text, update

from aigc_desktop.store import sessions as session_rows
from aigc_desktop.store.tables import messages, sessions, turns


@dataclass(frozen=True, slots=True)
class Census:
    """`stored` is counted by reading the table, `listed` is what the program's lists show."""

    stored: int
    listed: int
    trashed: int
    messages: int
    lost_turns: int
    lost_messages: int
    misplaced: tuple[int, ...]
    """Sessions that have turns, but stand at one that is not there."""


def census(db: Connection) -> Census:
    """Count sessions and messages, and what has lost its parent."""
    stored = db.execute(text("SELECT count(*) FROM sessions NOT INDEXED")).scalar_one()
    lost_turns = select(func.count()).where(turns.c.session_id.not_in(select(sessions.c.id)))
    lost_messages = select(func.count()).where(messages.c.turn_id.not_in(select(turns.c.id)))
    misplaced = (
        select(sessions.c.id)
        .where(
            sessions.c.id.in_(select(turns.c.session_id)),
            func.coalesce(sessions.c.current_turn_id, -1).not_in(select(turns.c.id)),
        )
        .order_by(sessions.c.id)
    )
    return Census(
        stored=stored,
        listed=len(session_rows.list_sessions(db)),
        trashed=len(session_rows.list_sessions(db, trashed=True)),
        messages=db.execute(select(func.count()).select_from(messages)).scalar_one(),
        lost_turns=db.execute(lost_turns).scalar_one(),
        lost_messages=db.execute(lost_messages).scalar_one(),
        misplaced=tuple(db.execute(misplaced).scalars()),
    )


def newest_turn(db: Connection) -> int:
    """Return when the newest turn began (epoch ms); 0 when there is none."""
    newest = db.execute(select(turns.c.created_at).order_by(turns.c.id.desc()).limit(1))
    return newest.scalar_one_or_none() or 0


def place_at_newest(db: Connection, session_ids: Sequence[int]) -> dict[int, int | None]:
    """Let each session stand at its newest turn; return where it stood before."""
    before: dict[int, int | None] = {}
    for session_id in session_ids:
        newest = db.execute(
            select(func.max(turns.c.id)).where(turns.c.session_id == session_id)
        ).scalar_one()
        stood = db.execute(
            select(sessions.c.current_turn_id).where(sessions.c.id == session_id)
        ).scalar_one()
        before[session_id] = stood
        _place(db, session_id, newest)
    return before


def place(db: Connection, where: Mapping[int, int | None]) -> None:
    """Let each session stand at the given turn again."""
    for session_id, turn_id in where.items():
        _place(db, session_id, turn_id)


def _place(db: Connection, session_id: int, turn_id: int | None) -> None:
    db.execute(update(sessions).where(sessions.c.id == session_id).values(current_turn_id=turn_id))
