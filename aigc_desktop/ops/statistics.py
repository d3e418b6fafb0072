"""Statistics over time, put together from the sums in the store; and as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import islice

from aigc_desktop.core.statistics import (
    By,
    Figures,
    Measure,
    Part,
    Series,
    Split,
    period_start,
)
from aigc_desktop.store import statistics as rows
from aigc_desktop.store.store import Db

LINES = 6
"""Parts that get a line of their own in a plot; more colours cannot be told apart."""

MAX_PARTS = 500
"""Parts that are listed in the window; a table for spreadsheets has all."""

MAX_PERIODS = 4000
"""Longer ranges are cut at their beginning: ten years of days."""

_NOTHING = Figures()
_EPOCH = date(1970, 1, 1)

CSV_COLUMNS = (
    "chats",
    "requests",
    "messages",
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "cost_usd",
    "requests_with_price",
    "cache_hit_rate",
    "average_seconds",
    "average_seconds_to_first_token",
    "likes",
    "dislikes",
    "corrections",
    "feedback",
)


def today(now_ms: int) -> date:
    """Return the local day of a time in epoch milliseconds."""
    from datetime import datetime

    return datetime.fromtimestamp(now_ms / 1000).date()  # noqa: DTZ006 the local day is meant


def series(
    db: Db,
    by: By,
    split: Split,
    since: date | None,
    until: date,
    order: Measure = Measure.REQUESTS,
    lines: int | None = LINES,
) -> Series:
    """Return the figures from `since` (None: the first day there is) to `until`.

    `lines` is how many parts are given per period; None: all, with their chats.
    """
    first = rows.first_day(db)
    began = until if first is None else min(until, _date(first))
    compared = since is not None and since > began
    since = min(until, since or began)
    periods = _periods(since, until, by)
    since = max(since, periods[0])
    low, high = _number(since), _number(until)
    starts = [_number(period) for period in periods]
    parts, cells = _told_apart(db, by, split, (low, high), order, lines)
    totals = _totals(db, by, split, (low, high), cells)
    span = high - low + 1
    shown: dict[str | None, Part | None] = {part.key: part for part in parts}
    return Series(
        by=by,
        split=split,
        since=since,
        until=until,
        periods=periods,
        totals=tuple(totals.get(start, _NOTHING) for start in starts),
        total=_together(totals.values(), rows.chats(db, low, high)),
        before=rows.total(db, low - span, low - 1) if compared else None,
        parts=parts,
        lines=tuple(
            (shown.get(key), tuple(line.get(start, _NOTHING) for start in starts))
            for key, line in cells.items()
        ),
    )


def _told_apart(
    db: Db, by: By, split: Split, days: tuple[int, int], order: Measure, limit: int | None
) -> tuple[tuple[Part, ...], rows.Cells]:
    """Return the parts, the greatest in `order` first, and the figures of the first `limit`.

    Where all are shown, their figures per period are added up here: SQL would sort thousands of
    rows anew for it.
    """
    if split is Split.NONE:
        return (), {}
    some_only = limit is not None and rows.has_more_parts_than(db, limit + 1, split, *days)
    counts_chats = limit is None or order is Measure.CHATS or split is Split.SESSION
    keys: list[str]
    lines: Sequence[str | None]
    if some_only:
        keys = rows.ranking(db, split, *days, order, MAX_PARTS)
        totals = rows.per_part(db, split, keys, *days)
        own = keys[:limit]
        cells = rows.per_part_and_period(db, split, own, by, *days, counts_chats=counts_chats)
        lines = (*own, None)
    else:
        cells = rows.per_part_and_period(db, split, None, by, *days, counts_chats=counts_chats)
        found = [key for key in cells if key is not None]
        chats = rows.chats_per_part(db, split, found, *days)
        totals = {key: _together(cells[key].values(), count) for key, count in chats.items()}
        keys = sorted(totals, key=lambda key: totals[key].weight(order), reverse=True)
        lines = keys
    called = rows.names(db, split, keys)
    parts = tuple(Part(key, called.get(key, ""), totals[key]) for key in keys)
    return parts, {key: cells[key] for key in lines}


def _totals(
    db: Db, by: By, split: Split, days: tuple[int, int], cells: rows.Cells
) -> dict[int, Figures]:
    """Return the figures per period: what all `cells` of it, if there are any, have together."""
    if not cells:
        return rows.per_period(db, by, *days)
    columns: dict[int, list[Figures]] = {}
    for line in cells.values():
        for start, figures in line.items():
            columns.setdefault(start, []).append(figures)
    if split is Split.SESSION:  # Each chat is in one part only.
        chats = {start: sum(each.chats for each in column) for start, column in columns.items()}
    else:
        chats = rows.chats_per_period(db, by, *days)
    return {start: _together(column, chats[start]) for start, column in columns.items()}


def _together(parts: Iterable[Figures], chats: int) -> Figures:
    """Return the sum; a chat can be in several parts or periods and is counted elsewhere."""
    sums = map(sum, zip(*parts, strict=True))
    return Figures(chats, *islice(sums, 1, None))


def to_csv(series: Series, told_apart: Sequence[str], unnamed: str) -> bytes:
    """Return a table for spreadsheets: one row per period, and per part where it is split.

    `told_apart` are the headings of the first two columns, `unnamed` what parts without a name are
    called. UTF-8 with a byte order mark, which spreadsheets need to see that it is UTF-8. A text
    that a spreadsheet would take for a formula gets an apostrophe before it.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    split = series.split is not Split.NONE
    writer.writerow([told_apart[0], *([told_apart[1]] if split else []), *CSV_COLUMNS])
    if split:
        for part, figures in series.lines:
            name = inert(part.name or unnamed) if part else unnamed
            for start, each in zip(series.periods, figures, strict=True):
                if each.turns:
                    writer.writerow([start.isoformat(), name, *_cells(each)])
    else:
        for start, each in zip(series.periods, series.totals, strict=True):
            writer.writerow([start.isoformat(), *_cells(each)])
    return b"\xef\xbb\xbf" + out.getvalue().encode("utf-8", "replace")


def inert(text: str) -> str:
    """Return `text` so that no spreadsheet runs it (OWASP, "CSV Injection")."""
    text = text.replace("\x00", "")
    risky = text.lstrip().startswith(("=", "+", "-", "@", "|", "%")) or text[:1] in "\t\r\n"
    return f"'{text}" if text and risky else text


def _cells(figures: Figures) -> Iterator[object]:
    yield figures.chats
    yield figures.turns
    yield figures.messages
    yield figures.input_tokens
    yield figures.output_tokens
    yield figures.cache_read_tokens
    yield figures.cache_write_tokens
    yield _plain(figures.cost_usd)
    yield figures.priced
    for measure in (Measure.CACHE, Measure.LATENCY, Measure.FIRST_TOKEN):
        value = figures.value(measure)
        yield "" if value is None else f"{value:.4f}"
    yield figures.likes
    yield figures.dislikes
    yield figures.corrections
    yield figures.feedback


def _plain(cost: Decimal | None) -> str:
    return "" if cost is None else f"{cost:.6f}"


def _periods(since: date, until: date, by: By) -> tuple[date, ...]:
    """Return the first days of all periods from `since` to `until`, at most MAX_PERIODS."""
    found = [period_start(until, by)]
    while found[-1] > since and len(found) < MAX_PERIODS:
        found.append(period_start(found[-1] - timedelta(days=1), by))
    return tuple(reversed(found))


def _number(day: date) -> int:
    return (day - _EPOCH).days


def _date(number: int) -> date:
    return _EPOCH + timedelta(days=number)
