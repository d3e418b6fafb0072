"""Rows of `learning_runs`: when the learner ran for whom, and what came of it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, delete, func, insert, select

from aigc_desktop.core.learning import LearningRun, Outcome
from aigc_desktop.store.tables import learning_runs as table

_DETAIL = ("feedback", "proposed", "applied", "changed", "error")


UNREADABLE = "unreadable"
"""The error of a run whose answer had not the form that was asked for."""

KEPT = 30
"""Runs that are kept for each user and each session."""

_QUIET = (Outcome.UNCHANGED, Outcome.TOO_LITTLE, Outcome.NO_MODEL, Outcome.OFF)


def add(db: Connection, run: LearningRun, summary_hash: str) -> None:
    """Keep a run that has ended, with the hash of what it worked on.

    One that did nothing, like the one before it, takes that one's place.
    """
    mine = _of(run.user_id, run.session_id)
    ids = list(db.execute(select(table.c.id).where(mine).order_by(table.c.id.desc())).scalars())
    before = last(db, run.user_id, run.session_id)
    gone = ids[KEPT - 1 :]
    if before is not None and before.outcome is run.outcome and run.outcome in _QUIET:
        gone = [*ids[:1], *gone]
    if gone:
        db.execute(delete(table).where(table.c.id.in_(gone)))
    detail: dict[str, Any] = {name: getattr(run, name) for name in _DETAIL}
    detail |= {"refused": list(run.refused), "hash": summary_hash}
    db.execute(
        insert(table).values(
            user_id=run.user_id,
            session_id=run.session_id,
            started_at=run.started_at,
            ended_at=run.ended_at,
            cause=run.cause,
            outcome=run.outcome.value,
            detail=detail,
        )
    )


def last(db: Connection, user_id: int, session_id: int | None) -> LearningRun | None:
    """Return the newest run for a user or a session."""
    row = db.execute(
        select(table).where(_of(user_id, session_id)).order_by(table.c.id.desc()).limit(1)
    ).one_or_none()
    return _run(row) if row else None


def failures(db: Connection, user_id: int, session_id: int | None, summary_hash: str) -> int:
    """Return how often the model's answer about this very data could not be used."""
    count: int = db.execute(
        select(func.count()).where(
            _of(user_id, session_id),
            table.c.outcome == Outcome.FAILED.value,
            table.c.detail["error"].as_string() == UNREADABLE,
            table.c.detail["hash"].as_string() == summary_hash,
        )
    ).scalar_one()
    return count


def _of(user_id: int, session_id: int | None) -> ColumnElement[bool]:
    return and_(table.c.user_id == user_id, table.c.session_id.is_not_distinct_from(session_id))


def _run(row: Row[Any]) -> LearningRun:
    detail = {name: row.detail[name] for name in _DETAIL if name in row.detail}
    return LearningRun(
        user_id=row.user_id,
        session_id=row.session_id,
        outcome=Outcome(row.outcome),
        started_at=row.started_at,
        ended_at=row.ended_at,
        cause=row.cause,
        refused=tuple(row.detail.get("refused", ())),
        **detail,
    )
