"""Which files the turns of a session made or changed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath

from sqlalchemy import Connection, delete, insert, select

from aigc_desktop.store.tables import sessions, user_file_relationships


def add_files(
    db: Connection, session_id: int, turn_id: int, files: Sequence[tuple[str, int]]
) -> None:
    """Note (path in the work directory, bytes) of files that a turn made or changed."""
    key = select(sessions.c.session_id).where(sessions.c.id == session_id).scalar_subquery()
    names = [name for name, _ in files]
    db.execute(
        delete(user_file_relationships).where(
            user_file_relationships.c.session_id == key,
            user_file_relationships.c.file_name.in_(names),
        )
    )
    for name, size in files:
        db.execute(
            insert(user_file_relationships).values(
                session_id=key,
                conversation_turn_id=str(turn_id),
                file_name=name,
                file_type=PurePosixPath(name).suffix.lstrip("."),
                file_size=size,
            )
        )


def files_of_turn(db: Connection, turn_id: int) -> list[str]:
    """Return the paths of the files that a turn made or changed, and no later turn since."""
    return list(
        db.execute(
            select(user_file_relationships.c.file_name).where(
                user_file_relationships.c.conversation_turn_id == str(turn_id)
            )
        ).scalars()
    )


def files_of(db: Connection, session_id: int) -> list[str]:
    """Return the paths of the session's files, newest first."""
    key = select(sessions.c.session_id).where(sessions.c.id == session_id).scalar_subquery()
    return list(
        db.execute(
            select(user_file_relationships.c.file_name)
            .where(user_file_relationships.c.session_id == key)
            .order_by(user_file_relationships.c.id.desc())
        ).scalars()
    )
