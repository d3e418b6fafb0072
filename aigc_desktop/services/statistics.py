"""Statistics: how much was done, what it used and cost, how it was liked."""

from __future__ import annotations

import asyncio
from datetime import date
from pathlib import Path
from typing import Any

from aigc_desktop.config.atomic import write_atomically
from aigc_desktop.config.i18n import tr
from aigc_desktop.core.errors import UserError
from aigc_desktop.core.statistics import By, Figures, Measure, Series, Split
from aigc_desktop.ops import statistics
from aigc_desktop.services.app import App
from aigc_desktop.store import aggregates
from aigc_desktop.store import statistics as rows
from aigc_desktop.store.store import Db

_ALL = 10_000_000
"""A day after all days."""


async def series(
    app: App,
    by: By = By.DAY,
    split: Split = Split.NONE,
    since: date | None = None,
    until: date | None = None,
    order: Measure = Measure.REQUESTS,
) -> Series:
    """Return the figures over time; `since` None: from the first day; `until` None: today."""
    last = until or statistics.today(app.clock.now_ms())
    return await app.store.read(lambda db: statistics.series(db, by, split, since, last, order))


async def summary(app: App) -> Figures:
    """Return the figures of all time."""
    return await app.store.read(lambda db: rows.total(db, 0, _ALL))


async def totals(app: App) -> dict[str, Any]:
    """Return what `GET /api/v1/sessions/stats` says: plain values, money as a decimal string."""

    def read(db: Db) -> tuple[rows.Inventory, Figures]:
        return rows.inventory(db), rows.total(db, 0, _ALL)

    chats, figures = await app.store.read(read)
    return {
        "total_sessions": chats.sessions,
        "active_sessions": len(app.runner.running_sessions()),
        "trashed_sessions": chats.trashed,
        "total_turns": figures.turns,
        "running_turns": chats.running,
        "total_messages": figures.messages,
        "input_tokens": figures.input_tokens,
        "output_tokens": figures.output_tokens,
        "cache_read_tokens": figures.cache_read_tokens,
        "cache_write_tokens": figures.cache_write_tokens,
        "cache_hit_rate": figures.value(Measure.CACHE),
        "cost_usd": None if figures.cost_usd is None else str(figures.cost_usd),
        "average_seconds": figures.value(Measure.LATENCY),
        "average_seconds_to_first_token": figures.value(Measure.FIRST_TOKEN),
        "total_feedback": figures.feedback,
        "like_count": figures.likes,
        "dislike_count": figures.dislikes,
    }


async def as_csv(
    app: App,
    by: By = By.DAY,
    split: Split = Split.NONE,
    since: date | None = None,
    until: date | None = None,
) -> bytes:
    """Return the exact figures as a table for spreadsheets, every part told apart."""
    last = until or statistics.today(app.clock.now_ms())
    found = await app.store.read(
        lambda db: statistics.series(db, by, split, since, last, lines=None)
    )
    headings = (tr("Period from"), _heading(split))
    return await asyncio.to_thread(statistics.to_csv, found, headings, unnamed(split))


async def export_csv(
    app: App,
    path: str,
    by: By = By.DAY,
    split: Split = Split.NONE,
    since: date | None = None,
    until: date | None = None,
) -> int:
    """Write the table into a file; return its size in bytes. Raises UserError("not_written")."""
    data = await as_csv(app, by, split, since, until)
    try:
        await asyncio.to_thread(write_atomically, Path(path), data)
    except OSError as error:
        raise UserError("not_written", path=path, reason=error.strerror or "") from error
    return len(data)


async def rebuild(app: App) -> None:
    """Count everything anew from the chats; days are cut by the present time zone."""
    await app.store.write(aggregates.rebuild)


async def ensure_sound(app: App) -> None:
    """Count anew if something has taken the counting away (see `store.aggregates.is_sound`)."""
    if not app.store.read_only and not await app.store.read(aggregates.is_sound):
        await rebuild(app)


def unnamed(split: Split) -> str:
    """Return what a part without a name is called."""
    match split:
        case Split.MODEL:
            return tr("No model")
        case Split.SCENARIO:
            return tr("No scenario")
        case Split.SESSION:
            return tr("Deleted chats")
        case Split.NONE:
            return ""


def _heading(split: Split) -> str:
    return {
        Split.MODEL: tr("Model"),
        Split.SCENARIO: tr("Scenario"),
        Split.SESSION: tr("Chat"),
    }.get(split, "")
