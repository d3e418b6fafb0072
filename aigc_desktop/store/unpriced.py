"""Turns that used tokens and have no price, or not the one that their model has now."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import Connection, func, select, update

from aigc_desktop.core.session import Usage
from aigc_desktop.store.tables import turns

MICROS = Decimal(1_000_000)


class Unpriced(NamedTuple):
    """A turn without a price; `provider` as in its configuration."""

    turn_id: int
    model: str
    provider: str
    usage: Usage


def find(db: Connection, after_id: int, limit: int) -> list[Unpriced]:
    """Return ended turns without a price, by id."""
    used = turns.c.input_tokens + turns.c.output_tokens > 0
    rows = db.execute(
        select(
            turns.c.id,
            turns.c.model,
            func.json_extract(turns.c.config, "$.provider").label("provider"),
            turns.c.input_tokens,
            turns.c.output_tokens,
            turns.c.cache_read_tokens,
            turns.c.cache_write_tokens,
        )
        .where(turns.c.id > after_id, turns.c.cost_micros.is_(None), used)
        .where(turns.c.ended_at.is_not(None), turns.c.config.is_not(None))
        .order_by(turns.c.id)
        .limit(limit)
    )
    return [Unpriced(row[0], row[1], row[2] or "", Usage(*row[3:7])) for row in rows]


def set_costs(db: Connection, costs: Iterable[tuple[int, Decimal]]) -> None:
    """Store what turns cost, in US dollars."""
    for turn_id, cost in costs:
        micros = int((cost * MICROS).to_integral_value())
        db.execute(update(turns).where(turns.c.id == turn_id).values(cost_micros=micros))
