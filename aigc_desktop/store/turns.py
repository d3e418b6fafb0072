"""Rows of `turns` as values; turns form a tree per session."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from aigc_desktop.core.errors import UserError
from aigc_desktop.core.learning import LessonUse, Opinion, Scope
from aigc_desktop.core.session import (
    USER_POSITION,
    Effects,
    StopReason,
    Turn,
    TurnConfig,
    TurnStatus,
    Usage,
)
from aigc_desktop.store import feedback as feedback_rows
from aigc_desktop.store import sessions as session_rows
from aigc_desktop.store.matches import match_from
from aigc_desktop.store.tables import (
    messages,
    sessions,
    turn_effects,
    turn_journal,
    turn_matches,
    turns,
)

MICROS = Decimal(1_000_000)

_COLUMNS = (
    turns.c.id,
    turns.c.session_id,
    turns.c.parent_id,
    turns.c.status,
    turns.c.created_at,
    turns.c.user_text,
    turns.c.stop_reason,
    turns.c.ended_at,
    turns.c.input_tokens,
    turns.c.output_tokens,
    turns.c.cache_read_tokens,
    turns.c.cache_write_tokens,
    turns.c.cost_micros,
    turns.c.model,
    turns.c.error,
    turns.c.config["permission_mode"].as_string().label("permission_mode"),
)

_SELECT = select(
    *_COLUMNS,
    turn_effects.c.created,
    turn_effects.c.changed,
    turn_effects.c.deleted,
    turn_effects.c.undone_at,
    turn_matches.c.decision,
).select_from(
    turns.outerjoin(turn_effects, turn_effects.c.turn_id == turns.c.id).outerjoin(
        turn_matches, turn_matches.c.turn_id == turns.c.id
    )
)


def add_turn(
    db: Connection,
    session_id: int,
    parent_id: int | None,
    user_text: str,
    status: TurnStatus,
    now: int,
    owner: str = "",
) -> Turn:
    """Insert a turn with its user message and show it; `owner` is the process that runs it."""
    result = db.execute(
        insert(turns)
        .values(
            session_id=session_id,
            parent_id=parent_id,
            status=status.value,
            user_text=user_text,
            owner=owner,
            created_at=now,
        )
        .returning(turns.c.id)
    )
    turn_id = result.scalar_one()
    db.execute(
        insert(messages).values(
            turn_id=turn_id,
            position=USER_POSITION,
            role="user",
            message_type="text",
            content=user_text,
            created_at=now,
        )
    )
    db.execute(insert(turn_journal).values(turn_id=turn_id, state="queued", created_at=now))
    session_rows.set_current_turn(db, session_id, turn_id)
    session_rows.touch(db, session_id, now)
    return get_turn(db, turn_id)


def get_turn(db: Connection, turn_id: int) -> Turn:
    """Return the turn. Raises UserError("turn_not_found")."""
    row = db.execute(_SELECT.where(turns.c.id == turn_id)).one_or_none()
    if row is None:
        raise UserError("turn_not_found")
    siblings = db.execute(
        select(turns.c.id)
        .where(
            turns.c.session_id == row.session_id,
            turns.c.parent_id.is_not_distinct_from(row.parent_id),
        )
        .order_by(turns.c.id)
    ).scalars()
    opinion = feedback_rows.opinions(db, [turn_id]).get(turn_id, Opinion())
    return replace(_turn(row, tuple(siblings)), opinion=opinion)


def branch(db: Connection, session_id: int, leaf_id: int | None) -> list[Turn]:
    """Return the turns from the root to `leaf_id`, with their siblings."""
    if leaf_id is None:
        return []
    rows = {row.id: row for row in db.execute(_SELECT.where(turns.c.session_id == session_id))}
    children: defaultdict[int | None, list[int]] = defaultdict(list)
    for turn_id in sorted(rows):
        children[rows[turn_id].parent_id].append(turn_id)
    opinions = feedback_rows.opinions_of_session(db, session_id)
    path: list[Turn] = []
    at: int | None = leaf_id
    while at is not None and at in rows:
        row = rows[at]
        turn = _turn(row, tuple(children[row.parent_id]))
        path.append(replace(turn, opinion=opinions[at]) if at in opinions else turn)
        at = row.parent_id
    return path[::-1]


def newest(db: Connection, user_id: int, limit: int) -> list[Turn]:
    """Return a user's newest answered turns, without their siblings and opinions."""
    rows = db.execute(
        _SELECT.join(sessions, sessions.c.id == turns.c.session_id)
        .where(sessions.c.user_id == user_id, turns.c.status == TurnStatus.DONE.value)
        .order_by(turns.c.id.desc())
        .limit(limit)
    )
    return [_turn(row, ()) for row in rows]


def path_to(db: Connection, turn_id: int) -> list[int]:
    """Return the ids of the turns from the root to `turn_id`."""
    up = select(turns.c.id, turns.c.parent_id).where(turns.c.id == turn_id).cte(recursive=True)
    up = up.union_all(select(turns.c.id, turns.c.parent_id).join(up, turns.c.id == up.c.parent_id))
    return sorted(db.execute(select(up.c.id)).scalars())


def newest_leaf(db: Connection, turn_id: int) -> int:
    """Return the newest turn below `turn_id` that nothing follows (or itself)."""
    while True:
        child = db.execute(
            select(func.max(turns.c.id)).where(turns.c.parent_id == turn_id)
        ).scalar()
        if child is None:
            return turn_id
        turn_id = child


def set_running(db: Connection, turn_id: int, owner: str) -> None:
    """The turn begins, in the process `owner`."""
    db.execute(
        update(turns)
        .where(turns.c.id == turn_id)
        .values(status=TurnStatus.RUNNING.value, owner=owner)
    )


def set_ended(
    db: Connection,
    turn_id: int,
    status: TurnStatus,
    stop_reason: StopReason,
    error: tuple[str, Mapping[str, Any]] | None,
    now: int,
) -> None:
    """The turn is over."""
    db.execute(
        update(turns)
        .where(turns.c.id == turn_id)
        .values(
            status=status.value,
            stop_reason=stop_reason.value,
            error=None if error is None else {"code": error[0], "params": dict(error[1])},
            ended_at=now,
        )
    )


def add_usage(db: Connection, turn_id: int, usage: Usage, cost_usd: Decimal | None) -> None:
    """Add one step's tokens and cost; a step without a price leaves the cost as it is."""
    cost = {}
    if cost_usd is not None:
        micros = int((cost_usd * MICROS).to_integral_value())
        cost = {"cost_micros": func.coalesce(turns.c.cost_micros, 0) + micros}
    db.execute(
        update(turns)
        .where(turns.c.id == turn_id)
        .values(
            input_tokens=turns.c.input_tokens + usage.input_tokens,
            output_tokens=turns.c.output_tokens + usage.output_tokens,
            cache_read_tokens=turns.c.cache_read_tokens + usage.cache_read_tokens,
            cache_write_tokens=turns.c.cache_write_tokens + usage.cache_write_tokens,
            **cost,
        )
    )


def set_first_token(db: Connection, turn_id: int, milliseconds: int) -> None:
    """Keep how long the answer took to begin."""
    db.execute(update(turns).where(turns.c.id == turn_id).values(first_token_ms=milliseconds))


def set_config(db: Connection, turn_id: int, config: TurnConfig) -> None:
    """Keep the exact configuration that the turn is answered with."""
    data = asdict(config)
    data["cost_limit_usd"] = None if config.cost_limit_usd is None else str(config.cost_limit_usd)
    db.execute(
        update(turns).where(turns.c.id == turn_id).values(config=data, model=config.resolved_model)
    )


def turn_config(db: Connection, turn_id: int) -> TurnConfig | None:
    """Return the configuration that the turn was answered with, if it got that far."""
    data = db.execute(select(turns.c.config).where(turns.c.id == turn_id)).scalar()
    if not data:
        return None
    limit = data.get("cost_limit_usd")
    return TurnConfig(
        **{
            **data,
            "allowed_tools": tuple(data["allowed_tools"]),
            "prompt_parts": tuple((kind, size) for kind, size in data.get("prompt_parts", ())),
            "cost_limit_usd": None if limit is None else Decimal(limit),
            "lessons": _uses(data.get("lessons", ())),
            "lessons_left_out": _uses(data.get("lessons_left_out", ())),
        }
    )


def delete_queued(db: Connection, turn_id: int) -> str:
    """Take back a turn that waits; what was queued behind it moves up. Returns its text."""
    turn = get_turn(db, turn_id)
    db.execute(update(turns).where(turns.c.parent_id == turn_id).values(parent_id=turn.parent_id))
    session = session_rows.get(db, turn.session_id)
    db.execute(delete(turns).where(turns.c.id == turn_id))
    if session.current_turn_id == turn_id:
        session_rows.set_current_turn(db, turn.session_id, turn.parent_id)
    return turn.user_text


def session_totals(db: Connection, session_id: int) -> tuple[Usage, Decimal | None]:
    """Return all tokens and the cost of a session; None when nothing in it had a price."""
    row = db.execute(
        select(
            func.coalesce(func.sum(turns.c.input_tokens), 0),
            func.coalesce(func.sum(turns.c.output_tokens), 0),
            func.coalesce(func.sum(turns.c.cache_read_tokens), 0),
            func.coalesce(func.sum(turns.c.cache_write_tokens), 0),
            func.sum(turns.c.cost_micros),
        ).where(turns.c.session_id == session_id)
    ).one()
    return Usage(*row[:4]), None if row[4] is None else Decimal(row[4]) / MICROS


def _turn(row: Any, siblings: tuple[int, ...]) -> Turn:
    error = row.error
    return Turn(
        id=row.id,
        session_id=row.session_id,
        parent_id=row.parent_id,
        status=TurnStatus(row.status),
        created_at=row.created_at,
        user_text=row.user_text,
        stop_reason=StopReason(row.stop_reason) if row.stop_reason else None,
        ended_at=row.ended_at,
        usage=Usage(
            row.input_tokens, row.output_tokens, row.cache_read_tokens, row.cache_write_tokens
        ),
        cost_usd=None if row.cost_micros is None else Decimal(row.cost_micros) / MICROS,
        model=row.model,
        error=(error["code"], error["params"]) if error else None,
        siblings=siblings,
        effects=_effects(row),
        permission_mode=row.permission_mode or "",
        match=match_from(row.decision) if row.decision else None,
    )


def _uses(data: Iterable[Mapping[str, Any]]) -> tuple[LessonUse, ...]:
    return tuple(LessonUse(each["id"], each["text"], Scope(each["scope"])) for each in data)


def _effects(row: Any) -> Effects | None:
    if row.created is None:
        return None
    return Effects(row.created, row.changed, row.deleted, row.undone_at is not None)
