"""Rows of `lessons` with their history: every change is kept, any day can be seen again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from aigc_desktop.core.errors import UserError
from aigc_desktop.core.learning import (
    Evidence,
    Lesson,
    LessonChange,
    LessonKind,
    LessonState,
    LessonUse,
    Scope,
    Target,
)
from aigc_desktop.core.trial import Pair, Proof, Share, TrialVerdict
from aigc_desktop.store.tables import lesson_changes, lesson_proofs, lessons

_DATA = (
    "kind",
    "topic",
    "value",
    "text",
    "when",
    "evidence",
    "automatic",
    "edited",
    "conflicts_with",
    "decided_at",
    "rejected_places",
    "expires_at",
)
"""Fields of a lesson that are kept as JSON: they change together and are never searched."""


def get(db: Connection, lesson_id: int) -> Lesson:
    """Return the lesson. Raises UserError("lesson_not_found")."""
    row = db.execute(select(lessons).where(lessons.c.id == lesson_id)).one_or_none()
    if row is None:
        raise UserError("lesson_not_found")
    return _lesson(row)


def of_user(
    db: Connection, user_id: int, states: Iterable[LessonState] | None = None
) -> list[Lesson]:
    """Return a user's lessons (of these states), the newest change first."""
    query = select(lessons).where(lessons.c.user_id == user_id)
    if states is not None:
        query = query.where(lessons.c.state.in_([state.value for state in states]))
    rows = db.execute(query.order_by(lessons.c.changed_at.desc(), lessons.c.id.desc()))
    return [_lesson(row) for row in rows]


def in_force(
    db: Connection, user_id: int, session_id: int, scenario_id: int | None, now: int
) -> list[Lesson]:
    """Return the active lessons that hold for a request of that session in that scenario."""
    own = lessons.c.session_id.is_(None) | (lessons.c.session_id == session_id)
    here = lessons.c.scenario_id.is_(None) | (lessons.c.scenario_id == scenario_id)
    active = lessons.c.state == LessonState.ACTIVE.value
    rows = db.execute(
        select(lessons)
        .where(lessons.c.user_id == user_id, active, own, here)
        .order_by(lessons.c.id)
    )
    found = (_lesson(row) for row in rows)
    return [each for each in found if each.expires_at is None or each.expires_at > now]


def save(db: Connection, lesson: Lesson, cause: str, now: int) -> Lesson:
    """Store a new lesson (id 0) or its new state, with a step in its history."""
    lesson = replace(lesson, changed_at=now)
    values = {
        "user_id": lesson.user_id,
        "session_id": lesson.target.session_id,
        "scenario_id": lesson.target.scenario_id,
        "state": lesson.state.value,
        "data": _data(lesson),
        "changed_at": now,
    }
    if lesson.id:
        db.execute(update(lessons).where(lessons.c.id == lesson.id).values(**values))
    else:
        made = db.execute(insert(lessons).values(**values, created_at=now).returning(lessons.c.id))
        lesson = replace(lesson, id=made.scalar_one(), created_at=now)
    db.execute(
        insert(lesson_changes).values(
            lesson_id=lesson.id,
            user_id=lesson.user_id,
            changed_at=now,
            cause=cause,
            state=lesson.state.value,
            data={**_data(lesson), "target": asdict(lesson.target)},
        )
    )
    return lesson


def count_use(db: Connection, uses: Iterable[LessonUse], now: int) -> None:
    """Note that an answer was given with these lessons."""
    ids = [use.id for use in uses]
    if ids:
        db.execute(
            update(lessons)
            .where(lessons.c.id.in_(ids))
            .values(uses=lessons.c.uses + 1, used_at=now)
        )


def history(db: Connection, lesson_id: int) -> list[LessonChange]:
    """Return what became of a lesson, the newest step first."""
    rows = db.execute(
        select(lesson_changes)
        .where(lesson_changes.c.lesson_id == lesson_id)
        .order_by(lesson_changes.c.id.desc())
    )
    return [
        LessonChange(
            row.id,
            row.lesson_id,
            row.changed_at,
            row.cause,
            LessonState(row.state),
            str(row.data.get("text", "")),
        )
        for row in rows
    ]


def change_times(db: Connection, user_id: int) -> list[int]:
    """Return when lessons changed, the newest first."""
    rows = db.execute(
        select(lesson_changes.c.changed_at)
        .where(lesson_changes.c.user_id == user_id)
        .order_by(lesson_changes.c.changed_at.desc())
    )
    return list(rows.scalars())


def as_of(db: Connection, user_id: int, at: int) -> dict[int, Lesson]:
    """Return every lesson of a user as it was at a moment; those that came later as removed."""
    last = (
        select(func.max(lesson_changes.c.id))
        .where(lesson_changes.c.user_id == user_id, lesson_changes.c.changed_at <= at)
        .group_by(lesson_changes.c.lesson_id)
    )
    rows = db.execute(select(lesson_changes).where(lesson_changes.c.id.in_(last)))
    then = {row.lesson_id: row for row in rows}
    found = {}
    for lesson in of_user(db, user_id):
        row = then.get(lesson.id)
        if row is None:
            found[lesson.id] = replace(lesson, state=LessonState.REMOVED)
        else:
            found[lesson.id] = _restored(lesson, row)
    return found


def add_proof(db: Connection, lesson_id: int, proof: Proof) -> None:
    """Keep what the test of a lesson came to."""
    db.execute(
        insert(lesson_proofs).values(
            lesson_id=lesson_id,
            lesson_text=proof.lesson_text,
            created_at=proof.at,
            result=asdict(proof),
        )
    )


def proofs(db: Connection, lesson_id: int) -> list[Proof]:
    """Return the tests of a lesson, the newest first."""
    rows = db.execute(
        select(lesson_proofs)
        .where(lesson_proofs.c.lesson_id == lesson_id)
        .order_by(lesson_proofs.c.id.desc())
    )
    return [_proof(row.result) for row in rows]


def _data(lesson: Lesson) -> dict[str, Any]:
    data = {name: getattr(lesson, name) for name in _DATA}
    data["kind"] = lesson.kind.value
    data["evidence"] = [asdict(each) for each in lesson.evidence]
    return data


def _fields(data: Mapping[str, Any]) -> dict[str, Any]:
    known = {name: data[name] for name in _DATA if name in data}
    known["kind"] = LessonKind(known["kind"])
    known["evidence"] = tuple(Evidence(**each) for each in known.get("evidence", ()))
    return known


def _lesson(row: Row[Any]) -> Lesson:
    scope = Scope.GLOBAL
    if row.session_id is not None:
        scope = Scope.SESSION
    elif row.scenario_id is not None:
        scope = Scope.SCENARIO
    return Lesson(
        id=row.id,
        user_id=row.user_id,
        target=Target(scope, row.session_id, row.scenario_id),
        state=LessonState(row.state),
        created_at=row.created_at,
        changed_at=row.changed_at,
        uses=row.uses,
        used_at=row.used_at,
        **_fields(row.data),
    )


def _restored(lesson: Lesson, row: Row[Any]) -> Lesson:
    target = row.data.get("target") or {}
    return replace(
        lesson,
        target=Target(
            Scope(target.get("scope", Scope.GLOBAL)),
            target.get("session_id"),
            target.get("scenario_id"),
        ),
        state=LessonState(row.state),
        **_fields(row.data),
    )


def _proof(data: Mapping[str, Any]) -> Proof:
    pairs: Sequence[Mapping[str, Any]] = data["pairs"]
    return Proof(
        **{
            **data,
            "verdict": TrialVerdict(data["verdict"]),
            "wins": Share(**data["wins"]),
            "harm": Share(**data["harm"]),
            "pairs": tuple(Pair(**pair) for pair in pairs),
        }
    )
