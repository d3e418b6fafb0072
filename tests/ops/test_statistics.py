"""What is put together from the sums in the store, against adding every row up."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from datetime import date, timedelta

import pytest
from sqlalchemy import Connection, create_engine, insert

from aigc_desktop.core.statistics import FIGURES, By, Figures, Measure, Split, period_start
from aigc_desktop.ops import statistics
from aigc_desktop.store.tables import business_scenarios, metadata, sessions, usage_aggregates

Row = dict[str, int | str]
EPOCH = date(1970, 1, 1)
LAST = date(2026, 3, 10)
DAYS = 60
ORDERS = (Measure.REQUESTS, Measure.COST, Measure.CHATS, Measure.LIKES, Measure.TOKENS)
COLUMNS = {Split.MODEL: "model", Split.SCENARIO: "scenario_id", Split.SESSION: "session_id"}


@pytest.fixture
def db() -> Iterator[Connection]:
    engine = create_engine("sqlite://")
    tables = [usage_aggregates, sessions, business_scenarios]
    metadata.create_all(engine, tables=tables)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def used(db: Connection, parts: int) -> list[Row]:
    """Return some rows in which `parts` models, scenarios and chats occur, put into `db`."""
    dice = random.Random(parts)
    rows: dict[tuple[int, int, str, int], Row] = {}
    for _ in range(parts * 8):
        key = (
            (LAST - EPOCH).days - dice.randrange(DAYS),
            dice.randrange(-parts // 4, parts) or parts,
            f"model {dice.randrange(parts)}" if dice.randrange(9) else "",
            dice.randrange(parts),
        )
        rows[key] = {
            **dict(zip(("day", "session_id", "model", "scenario_id"), key, strict=True)),
            **{name: dice.randrange(50) for name in FIGURES[1:]},
        }
    db.execute(insert(usage_aggregates), list(rows.values()))
    return list(rows.values())


def part_of(row: Row, split: Split) -> str:
    value = row[COLUMNS[split]]
    if isinstance(value, int) and value <= 0:
        return ""
    return str(value)


def added(rows: Iterable[Row]) -> Figures:
    rows = list(rows)
    chats = len({row["session_id"] for row in rows})
    return Figures(chats, *(sum(int(row[name]) for row in rows) for name in FIGURES[1:]))


def period_of(row: Row, by: By) -> date:
    return period_start(EPOCH + timedelta(days=int(row["day"])), by)


def size(figures: Figures, order: Measure) -> int:
    """What parts are ordered by."""
    match order:
        case Measure.COST:
            return figures.cost_micros
        case Measure.CHATS:
            return figures.chats
        case Measure.LIKES:
            return figures.likes + figures.dislikes
        case Measure.TOKENS:
            return figures.tokens
        case _:
            return figures.turns


def by_part_and_period(
    rows: Iterable[Row], split: Split, by: By
) -> dict[tuple[str, date], list[Row]]:
    found: dict[tuple[str, date], list[Row]] = {}
    for row in rows:
        found.setdefault((part_of(row, split), period_of(row, by)), []).append(row)
    return found


@pytest.mark.parametrize("parts", [2, 7, 30])
@pytest.mark.parametrize("split", [Split.MODEL, Split.SCENARIO, Split.SESSION])
@pytest.mark.parametrize("by", list(By))
@pytest.mark.parametrize("lines", [statistics.LINES, None])
def test_every_figure_is_what_the_rows_add_up_to(
    db: Connection,
    monkeypatch: pytest.MonkeyPatch,
    parts: int,
    split: Split,
    by: By,
    lines: int | None,
) -> None:
    monkeypatch.setattr(statistics, "MAX_PARTS", 20)
    everything = used(db, parts)
    for place, order in enumerate(ORDERS):
        since = (None, LAST - timedelta(days=25))[place % 2]
        low = ((since or EPOCH) - EPOCH).days
        rows = [row for row in everything if int(row["day"]) >= low]
        cells = by_part_and_period(rows, split, by)
        keys = {key for key, _ in cells}
        wanted = {key: added(row for row in rows if part_of(row, split) == key) for key in keys}
        ranked = sorted((size(figures, order) for figures in wanted.values()), reverse=True)

        found = statistics.series(db, by, split, since, LAST, order, lines)

        assert found.total == added(rows)
        assert found.totals == tuple(
            added(row for (_, start), each in cells.items() if start == period for row in each)
            for period in found.periods
        )
        assert {part.key: part.total for part in found.parts}.items() <= wanted.items()
        shown = ranked if lines is None else ranked[:20]
        assert [size(part.total, order) for part in found.parts] == shown
        own = [part for part, _ in found.lines if part is not None]
        assert own == list(found.parts[: len(own)])
        assert len(own) == (len(keys) if lines is None or len(keys) <= 7 else 6)
        assert len(found.lines) == (len(own) if len(own) == len(keys) else 7)
        others = keys - {part.key for part in own}
        counts_chats = lines is None or order is Measure.CHATS or split is Split.SESSION
        for part, line in found.lines:
            its = {part.key} if part else others
            for period, figures in zip(found.periods, line, strict=True):
                expected = added(row for key in its for row in cells.get((key, period), ()))
                assert figures == (expected if counts_chats else expected._replace(chats=0))
