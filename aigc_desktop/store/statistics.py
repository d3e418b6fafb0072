"""Reads the sums that `store.aggregates` keeps; days are counted from 1970-01-01."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Select,
    case,
    distinct,
    func,
    literal,
    literal_column,
    or_,
    select,
)

from aigc_desktop.core.session import TurnStatus
from aigc_desktop.core.statistics import FIGURES, WEIGHTS, By, Figures, Measure, Split
from aigc_desktop.store.tables import business_scenarios, sessions, turns, usage_aggregates

_TABLE = usage_aggregates.c
_DAY = 86_400
_MONDAY = 3
"""1970-01-01 was a Thursday: three days after a Monday."""

_FEW = 10
"""So many parts are counted each for itself in one pass: half the time of sorting them apart."""

Cells = dict[str | None, dict[int, Figures]]
"""Part (None: all others together) → first day of the period → figures; empty ones left out."""


@dataclass(frozen=True, slots=True)
class Inventory:
    """How many chats and turns there are right now."""

    sessions: int
    trashed: int
    running: int


_CHATS = func.count(distinct(_TABLE.session_id))
_FIGURES = (_CHATS, *(func.sum(_TABLE[name]) for name in FIGURES[1:]))
_UNCOUNTED = (literal_column("0"), *_FIGURES[1:])
"""Made once: putting the expressions together costs more than many of the queries."""


def _key(split: Split) -> ColumnElement[Any]:
    match split:
        case Split.MODEL:
            return _TABLE.model
        case Split.SCENARIO:
            return _TABLE.scenario_id
        case Split.SESSION:
            return case((_TABLE.session_id > 0, _TABLE.session_id), else_=0)
        case Split.NONE:
            return literal("")


def _weight(order: Measure) -> ColumnElement[int]:
    """Return what parts are ordered by, so that the greatest come first."""
    first, *others = WEIGHTS[order]
    if first == "chats":
        return _CHATS
    return func.sum(sum((_TABLE[name] for name in others), start=_TABLE[first]))


def _between(query: Select[*tuple[Any, ...]], since: int, until: int) -> Select[*tuple[Any, ...]]:
    return query.where(_TABLE.day >= since, _TABLE.day <= until)


def first_day(db: Connection) -> int | None:
    """Return the first day on which there was anything."""
    found: int | None = db.execute(select(func.min(_TABLE.day))).scalar()
    return found


def total(db: Connection, since: int, until: int) -> Figures:
    """Return the figures of all days from `since` to `until`, both included."""
    found = db.execute(_between(select(*_FIGURES), since, until)).one()
    return Figures._make(value or 0 for value in found)


def chats(db: Connection, since: int, until: int) -> int:
    """Return in how many chats there was anything in those days."""
    found: int = db.execute(_chat_by_chat(select(_CHATS), since, until)).scalar_one()
    return found


def _chat_by_chat(
    query: Select[*tuple[Any, ...]], since: int, until: int
) -> Select[*tuple[Any, ...]]:
    """Restrict to those days, for counting chats only.

    The sum with nothing keeps SQLite from looking the days up by the primary key: in the order of
    the other index all rows of a chat stand together, which counts them up to six times as fast.
    """
    day = _TABLE.day + 0
    return query.where(day >= since, day <= until)


def per_period(db: Connection, by: By, since: int, until: int) -> dict[int, Figures]:
    """Return the figures per period: its first day → figures; empty ones are left out."""
    query = select(_first_day(by).label("at"), *_FIGURES)
    rows = db.execute(_between(query, since, until).group_by("at"))
    return {row[0]: Figures._make(row[1:]) for row in rows}


def chats_per_period(db: Connection, by: By, since: int, until: int) -> dict[int, int]:
    """Return in how many chats there was anything: first day of the period → chats."""
    query = select(_first_day(by).label("at"), _CHATS)
    rows = db.execute(_between(query, since, until).group_by("at"))
    return {row[0]: row[1] for row in rows}


def has_more_parts_than(db: Connection, count: int, split: Split, since: int, until: int) -> bool:
    """Return whether there are more than `count` parts; all of them need not be looked at."""
    query = _between(select(_key(split)), since, until).distinct().limit(count + 1)
    return len(db.execute(query).all()) > count


def ranking(
    db: Connection, split: Split, since: int, until: int, order: Measure, limit: int
) -> list[str]:
    """Return the first `limit` parts, the greatest in `order` first.

    The figures are left out: thousands of parts are sorted for it, and what is sorted along with
    them costs most of the time.
    """
    query = _between(select(_key(split).label("key")), since, until).group_by("key")
    rows = db.execute(query.order_by(_weight(order).desc(), "key").limit(limit))
    return [_as_text(row[0]) for row in rows]


def chats_per_part(
    db: Connection, split: Split, keys: Sequence[str], since: int, until: int
) -> dict[str, int]:
    """Return in how many chats each part was; `keys` are all parts there are.

    The parts come in their own order: by name, or by id.
    """
    part = _key(split)
    if not 0 < len(keys) <= _FEW:
        query = select(part.label("key"), _CHATS).group_by("key").order_by("key")
        rows = db.execute(_chat_by_chat(query, since, until))
        return {_as_text(row[0]): row[1] for row in rows}
    in_order = sorted(keys, key=lambda key: _value(split, key))
    counts = (_CHATS.filter(part == _value(split, key)) for key in in_order)
    row = db.execute(_chat_by_chat(select(*counts), since, until)).one()
    return dict(zip(in_order, row, strict=True))


def per_part(
    db: Connection, split: Split, keys: Sequence[str], since: int, until: int
) -> dict[str, Figures]:
    """Return the figures of the parts `keys`; a part without any is left out."""
    key = _key(split).label("key")
    query = _between(select(key, *_FIGURES), since, until).where(_is_one_of(split, keys))
    rows = db.execute(query.group_by("key"))
    return {_as_text(row[0]): Figures._make(row[1:]) for row in rows}


def _is_one_of(split: Split, keys: Sequence[str]) -> ColumnElement[bool]:
    """Return the condition in the form that finds chats by their index."""
    wanted = [_value(split, key) for key in keys]
    if split is not Split.SESSION:
        return _key(split).in_(wanted)
    one_of = _TABLE.session_id.in_(wanted)
    return or_(one_of, _TABLE.session_id <= 0) if "" in keys else one_of


def _value(split: Split, key: str) -> Any:
    """Return what stands in the table for a part: a name or an id."""
    return key if split is Split.MODEL else int(key or 0)


def per_part_and_period(
    db: Connection,
    split: Split,
    keys: Sequence[str] | None,
    by: By,
    since: int,
    until: int,
    *,
    counts_chats: bool,
) -> Cells:
    """Return the figures of the parts `keys` per period, and of all others together (None).

    Without `keys` every part is told apart. Chats are 0 unless `counts_chats`: telling them apart
    in thousands of cells is a fifth of the time.
    """
    part = _key(split) if keys is None else _place(split, keys)
    figures = _FIGURES if counts_chats else _UNCOUNTED
    query = select(_first_day(by).label("at"), part.label("part"), *figures)
    rows = db.execute(_between(query, since, until).group_by("at", "part"))
    cells: dict[str | int, dict[int, Figures]] = {}
    for row in rows:
        cells.setdefault(row[1], {})[row[0]] = Figures._make(row[2:])
    if keys is None:
        return {_as_text(key): line for key, line in cells.items()}
    return {(*keys, None)[int(place)]: line for place, line in cells.items()}


def _place(split: Split, keys: Sequence[str]) -> ColumnElement[int]:
    """Return at which place of `keys` a row's part is; -1: at none."""
    part = _key(split)
    places = enumerate(_value(split, key) for key in keys)
    return case(*((part == value, literal(place, Integer)) for place, value in places), else_=-1)


def _first_day(by: By) -> ColumnElement[int]:
    """Return the first day of the period that a row belongs to."""
    match by:
        case By.MONTH:
            seconds = _TABLE.day * _DAY
            return func.unixepoch(seconds, "unixepoch", "start of month", type_=Integer) // _DAY
        case By.WEEK:
            return _TABLE.day - (_TABLE.day + _MONDAY) % 7
        case By.DAY:
            return _TABLE.day


def names(db: Connection, split: Split, keys: Sequence[str]) -> dict[str, str]:
    """Return what the parts are called; those that are no more are left out."""
    if split is Split.MODEL:
        return {key: key for key in keys if key}
    if split is Split.NONE:
        return {}
    table = business_scenarios if split is Split.SCENARIO else sessions
    name = business_scenarios.c.name if split is Split.SCENARIO else sessions.c.title
    found: dict[str, str] = {}
    ids = [int(key) for key in keys if key]
    for start in range(0, len(ids), 900):
        rows = db.execute(select(table.c.id, name).where(table.c.id.in_(ids[start : start + 900])))
        found.update((str(row[0]), row[1]) for row in rows)
    return found


def inventory(db: Connection) -> Inventory:
    """Return how many chats there are, in the trash too, and how many turns run."""
    row = db.execute(select(func.count(), func.count(sessions.c.trashed_at))).one()
    running = select(func.count()).where(turns.c.status == TurnStatus.RUNNING.value)
    return Inventory(row[0], row[1], db.execute(running).scalar_one())


def _as_text(key: object) -> str:
    return str(key or "")
