"""Rows of `turn_matches` and `scenario_labels`: what was chosen, and what should have been."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, Integer, String, cast, delete, func, insert, select, update

from aigc_desktop.core.matching import Match, Outcome, Ranked, Reason, ReasonKind
from aigc_desktop.core.scenario import Label
from aigc_desktop.store.tables import scenario_labels, turn_matches, turns, user_feedback


@dataclass(frozen=True, slots=True)
class VersionFigures:
    """How the answers given in one version of a scenario fared.

    `cost_micros` sums those turns that had a price (`priced`); `seconds` sums those that ended.
    """

    version: int
    turns: int
    corrected: int
    likes: int
    dislikes: int
    cost_micros: int
    priced: int
    seconds: float
    ended: int


def save(db: Connection, turn_id: int, match: Match, version: int) -> None:
    """Keep how a turn was matched."""
    db.execute(delete(turn_matches).where(turn_matches.c.turn_id == turn_id))
    db.execute(
        insert(turn_matches).values(
            turn_id=turn_id,
            scenario_id=match.scenario_id,
            version=version,
            decision=asdict(match),
        )
    )


def of_turns(db: Connection, turn_ids: Iterable[int]) -> dict[int, Match]:
    """Return how turns were matched, those that were."""
    rows = db.execute(
        select(turn_matches.c.turn_id, turn_matches.c.decision).where(
            turn_matches.c.turn_id.in_(list(turn_ids))
        )
    )
    return {row.turn_id: match_from(row.decision) for row in rows}


def scenario_before(db: Connection, turn_id: int) -> int | None:
    """Return the scenario of the turn that `turn_id` follows."""
    parent = select(turns.c.parent_id).where(turns.c.id == turn_id).scalar_subquery()
    found: int | None = db.execute(
        select(turn_matches.c.scenario_id).where(turn_matches.c.turn_id == parent)
    ).scalar()
    return found


def mark_corrected(db: Connection, turn_id: int) -> None:
    """Note that the user chose another scenario for a turn."""
    db.execute(update(turn_matches).where(turn_matches.c.turn_id == turn_id).values(corrected=True))


def add_label(db: Connection, label: Label) -> Label:
    """Keep a request with where it belongs; the same text again replaces what was known."""
    db.execute(delete(scenario_labels).where(scenario_labels.c.text == label.text))
    result = db.execute(
        insert(scenario_labels)
        .values(
            text=label.text,
            scenario_id=label.scenario_id,
            was_id=label.was_id,
            turn_id=label.turn_id,
            created_at=label.created_at,
        )
        .returning(scenario_labels)
    )
    return _label(result.one())


def labels(db: Connection) -> list[Label]:
    """Return all labelled requests, the newest first."""
    rows = db.execute(select(scenario_labels).order_by(scenario_labels.c.id.desc()))
    return [_label(row) for row in rows]


def labels_stamp(db: Connection) -> tuple[int, int]:
    """Return what changes whenever the labels do: how many, and the newest one's id."""
    row = db.execute(select(func.count(), func.coalesce(func.max(scenario_labels.c.id), 0))).one()
    return row[0], row[1]


def remove_label(db: Connection, label_id: int) -> None:
    """Forget a labelled request."""
    db.execute(delete(scenario_labels).where(scenario_labels.c.id == label_id))


def figures(db: Connection, scenario_id: int) -> list[VersionFigures]:
    """Return how each version of a scenario fared, the newest first; those that answered."""
    matched = turn_matches.c
    ended = turns.c.ended_at - turns.c.created_at
    rows = db.execute(
        select(
            matched.version,
            func.count(),
            func.coalesce(func.sum(cast(matched.corrected, Integer)), 0),
            func.coalesce(func.sum(turns.c.cost_micros), 0),
            func.count(turns.c.cost_micros),
            func.coalesce(func.sum(ended), 0),
            func.count(turns.c.ended_at),
        )
        .join(turns, turns.c.id == matched.turn_id)
        .where(matched.scenario_id == scenario_id)
        .group_by(matched.version)
        .order_by(matched.version.desc())
    )
    opinions = _opinions(db, scenario_id)
    return [
        VersionFigures(
            row[0],
            row[1],
            row[2],
            opinions.get((row[0], "like"), 0),
            opinions.get((row[0], "dislike"), 0),
            row[3],
            row[4],
            row[5] / 1000,
            row[6],
        )
        for row in rows
    ]


def _opinions(db: Connection, scenario_id: int) -> dict[tuple[int, str], int]:
    matched = turn_matches.c
    turn = cast(matched.turn_id, String(36))
    rows = db.execute(
        select(matched.version, user_feedback.c.feedback_type, func.count())
        .join(user_feedback, user_feedback.c.conversation_turn_id == turn)
        .where(matched.scenario_id == scenario_id)
        .group_by(matched.version, user_feedback.c.feedback_type)
    )
    return {(row[0], row[1]): row[2] for row in rows}


def match_from(data: Mapping[str, Any]) -> Match:
    """Return the match of the JSON data that `save` keeps."""
    return Match(
        outcome=Outcome(data["outcome"]),
        scenario_id=data["scenario_id"],
        confidence=data["confidence"],
        ranked=tuple(Ranked(**ranked) for ranked in data["ranked"]),
        reasons=tuple(
            Reason(ReasonKind(r["kind"]), r["text"], r["weight"]) for r in data["reasons"]
        ),
        scorer=data["scorer"],
        milliseconds=data["milliseconds"],
    )


def _label(row: Any) -> Label:
    return Label(row.id, row.text, row.scenario_id, row.was_id, row.created_at, row.turn_id)
