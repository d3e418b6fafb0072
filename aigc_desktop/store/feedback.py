"""Rows of `user_feedback` as values; one row per answer and kind of signal, the newest stands."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select

from aigc_desktop.core.learning import Fault, Feedback, FeedbackKind, Opinion
from aigc_desktop.store.tables import sessions, turns, user_feedback

MAX_KEPT = 20_000
"""Characters of an answer and of a corrected answer that are kept."""

table = user_feedback

_VERDICTS = (FeedbackKind.LIKE.value, FeedbackKind.DISLIKE.value)
_OPINIONS = (*_VERDICTS, FeedbackKind.CORRECT.value)


@dataclass(frozen=True, slots=True)
class Signal:
    """What is to be stored about one answer."""

    kind: FeedbackKind
    turn_id: int
    at: int
    request: str = ""
    answer: str = ""
    scenario_id: int | None = None
    fault: Fault | None = None
    note: str = ""
    typed: str = ""
    corrected: str | None = None
    features: Mapping[str, float] = field(default_factory=dict)


def put(db: Connection, signal: Signal) -> int:
    """Store a signal in place of the answer's earlier one of its kind; return the row's id.

    A like and a dislike take each other's place.
    """
    remove(db, signal.turn_id, _replaced_by(signal.kind))
    owner = _owner(db, signal.turn_id)
    data = {
        "fault": signal.fault.value if signal.fault else None,
        "note": signal.note,
        "typed": signal.typed,
        "corrected": signal.corrected,
        "features": dict(signal.features),
        "weight": signal.kind.weight,
    }
    scenarios = [signal.scenario_id] if signal.scenario_id is not None else []
    result = db.execute(
        insert(table)
        .values(
            user_id=owner.user_id,
            session_id=owner.session_id,
            conversation_turn_id=str(signal.turn_id),
            feedback_type=signal.kind.value,
            feedback_data={key: value for key, value in data.items() if value not in (None, "")},
            user_prompt=signal.request[:MAX_KEPT],
            assistant_response=signal.answer[:MAX_KEPT],
            scenario_ids=json.dumps(scenarios),
            recorded_at=signal.at,
        )
        .returning(table.c.id)
    )
    number: int = result.scalar_one()
    return number


def remove(db: Connection, turn_id: int, kinds: Iterable[str]) -> None:
    """Take signals of an answer back."""
    db.execute(
        delete(table).where(
            table.c.conversation_turn_id == str(turn_id), table.c.feedback_type.in_(list(kinds))
        )
    )


def of_user(db: Connection, user_id: int, limit: int) -> list[Feedback]:
    """Return a user's newest feedback, the newest first."""
    return _listed(db, table.c.user_id == user_id, limit)


def of_session(db: Connection, session_id: int, limit: int) -> list[Feedback]:
    """Return a session's newest feedback, the newest first."""
    return _listed(db, sessions.c.id == session_id, limit)


def by_ids(db: Connection, ids: Iterable[int]) -> list[Feedback]:
    """Return these entries, those that are still there, the newest first."""
    return _listed(db, table.c.id.in_(list(ids)), None)


def opinions(db: Connection, turn_ids: Sequence[int]) -> dict[int, Opinion]:
    """Return what was said about answers, of those that anything was said about."""
    rows = db.execute(
        select(table.c.conversation_turn_id, table.c.feedback_type, table.c.feedback_data)
        .where(
            table.c.conversation_turn_id.in_([str(number) for number in turn_ids]),
            table.c.feedback_type.in_(_OPINIONS),
        )
        .order_by(table.c.id)
    )
    found: dict[int, Opinion] = {}
    for turn, kind, data in rows:
        number = int(turn)
        found[number] = _opinion(found.get(number, Opinion()), kind, _mapping(data))
    return found


def opinions_of_session(db: Connection, session_id: int) -> dict[int, Opinion]:
    """Return what was said about the answers of a session."""
    key = select(sessions.c.session_id).where(sessions.c.id == session_id).scalar_subquery()
    rows = db.execute(
        select(table.c.conversation_turn_id)
        .where(table.c.session_id == key, table.c.feedback_type.in_(_OPINIONS))
        .distinct()
    ).scalars()
    return opinions(db, [int(turn) for turn in rows if turn and turn.isdigit()])


def totals(
    db: Connection, *, user_id: int | None = None, session_id: int | None = None
) -> dict[str, int]:
    """Return how often each kind occurs for a user or in a session."""
    where = table.c.user_id == user_id
    if session_id is not None:
        key = select(sessions.c.session_id).where(sessions.c.id == session_id).scalar_subquery()
        where = table.c.session_id == key
    rows = db.execute(
        select(table.c.feedback_type, func.count()).where(where).group_by(table.c.feedback_type)
    )
    return {row[0]: row[1] for row in rows}


def users(db: Connection) -> list[int]:
    """Return the ids of all users who have given feedback."""
    return list(db.execute(select(table.c.user_id).distinct().order_by(table.c.user_id)).scalars())


def sessions_of(db: Connection, user_id: int, limit: int) -> list[int]:
    """Return the sessions that a user has given feedback in, the newest feedback first."""
    newest = func.max(table.c.id)
    rows = db.execute(
        select(sessions.c.id)
        .join(table, table.c.session_id == sessions.c.session_id)
        .where(table.c.user_id == user_id)
        .group_by(sessions.c.id)
        .order_by(newest.desc())
        .limit(limit)
    )
    return list(rows.scalars())


def answer_of(db: Connection, turn_id: int) -> str:
    """Return the answer as it was when the user corrected it, or ""."""
    row = db.execute(
        select(table.c.assistant_response).where(
            table.c.conversation_turn_id == str(turn_id),
            table.c.feedback_type == FeedbackKind.CORRECT.value,
        )
    ).first()
    return (row[0] if row else "") or ""


def _listed(db: Connection, where: Any, limit: int | None) -> list[Feedback]:
    kinds = [kind.value for kind in FeedbackKind]
    rows = db.execute(
        select(table, sessions.c.id.label("session_key"))
        .outerjoin(sessions, sessions.c.session_id == table.c.session_id)
        .where(where, table.c.feedback_type.in_(kinds))
        .order_by(table.c.recorded_at.desc(), table.c.id.desc())
        .limit(limit)
    )
    return [_feedback(row) for row in rows]


def _feedback(row: Row[Any]) -> Feedback:
    data = _mapping(row.feedback_data)
    turn = row.conversation_turn_id
    typed = " … ".join(str(data[key]) for key in ("note", "typed") if data.get(key))
    return Feedback(
        id=row.id,
        user_id=row.user_id,
        kind=FeedbackKind(row.feedback_type),
        at=row.recorded_at,
        session_id=row.session_key,
        turn_id=int(turn) if turn and turn.isdigit() else None,
        scenario_id=_first_scenario(row.scenario_ids),
        request=row.user_prompt or "",
        typed=typed,
        fault=_fault(data.get("fault")),
        features={
            str(name): value
            for name, value in _mapping(data.get("features")).items()
            if isinstance(value, int | float)
        },
    )


def _opinion(before: Opinion, kind: str, data: Mapping[str, Any]) -> Opinion:
    fault = _fault(data.get("fault")) or before.fault
    note = str(data.get("note") or "") or before.note
    if kind in _VERDICTS:
        return Opinion(FeedbackKind(kind), fault, note, before.corrected)
    return Opinion(before.verdict, fault, note, str(data.get("corrected") or ""))


def _replaced_by(kind: FeedbackKind) -> tuple[str, ...]:
    return _VERDICTS if kind.value in _VERDICTS else (kind.value,)


def _owner(db: Connection, turn_id: int) -> Any:
    return db.execute(
        select(sessions.c.user_id, sessions.c.session_id)
        .join(turns, turns.c.session_id == sessions.c.id)
        .where(turns.c.id == turn_id)
    ).one()


def _first_scenario(text: str | None) -> int | None:
    try:
        found = json.loads(text or "[]")
    except ValueError:
        return None
    numbers = found if isinstance(found, list) else [found]
    return next((each for each in numbers if isinstance(each, int)), None)


def _fault(value: Any) -> Fault | None:
    return Fault(value) if value in set(Fault) else None


def _mapping(value: Any) -> Mapping[str, Any]:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return {}
    return value if isinstance(value, Mapping) else {}
