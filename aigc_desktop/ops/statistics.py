"""Statistics over time, put together from the sums in the store; and as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal

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

    `lines` is how many parts are given per period; None: all.
    """
    first = rows.first_day(db)
    began = until if first is None else min(until, _date(first))
    compared = since is not None and since > began
    since = min(until, since or began)
    periods = _periods(since, until, by)
    since = max(since, periods[0])
    low, high = _number(since), _number(until)
    starts = [_number(period) for period in periods]
    found = rows.per_period(db, by, low, high)
    parts = _parts(db, split, low, high, order, None if lines is None else MAX_PARTS)
    span = high - low + 1
    return Series(
        by=by,
        split=split,
        since=since,
        until=until,
        periods=periods,
        totals=tuple(found.get(start, _NOTHING) for start in starts),
        total=_together(found.values(), rows.chats(db, low, high)),
        before=rows.total(db, low - span, low - 1) if compared else None,
        parts=parts,
        lines=_lines(db, by, split, parts, (low, high), starts, lines),
    )


def _parts(
    db: Db, split: Split, low: int, high: int, order: Measure, limit: int | None
) -> tuple[Part, ...]:
    """Return what is told apart, the greatest in `order` first."""
    if split is Split.NONE:
        return ()
    ranking = rows.per_part(db, split, low, high, order, limit)
    called = rows.names(db, split, [key for key, _ in ranking])
    return tuple(Part(key, called.get(key, ""), total) for key, total in ranking)


def _lines(
    db: Db,
    by: By,
    split: Split,
    parts: tuple[Part, ...],
    days: tuple[int, int],
    starts: list[int],
    limit: int | None,
) -> tuple[tuple[Part | None, tuple[Figures, ...]], ...]:
    """Return the figures per period of the first `limit` parts, and of all others together."""
    if not parts:
        return ()
    all_shown = limit is None or len(parts) <= limit + 1
    own = parts if all_shown else parts[:limit]
    keys = None if limit is None else [part.key for part in own]
    found = rows.per_part_and_period(db, split, keys, by, *days)
    return tuple(
        (
            part,
            tuple(found.get((part.key if part else None, start), _NOTHING) for start in starts),
        )
        for part in (own if all_shown else (*own, None))
    )


def _together(parts: Iterable[Figures], chats: int) -> Figures:
    """Return the sum; chats occur in several periods and cannot be added up."""
    sums = [sum(column) for column in zip(*parts, strict=True)]
    return Figures(chats, *sums[1:])


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
