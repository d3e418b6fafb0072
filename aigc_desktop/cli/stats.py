"""`aigc-desktop stats`."""

from __future__ import annotations

import argparse
import sys
from datetime import date
from typing import Any

from aigc_desktop.cli.exits import OK
from aigc_desktop.cli.running import in_app, print_json
from aigc_desktop.config.i18n import tr
from aigc_desktop.core.statistics import By, Figures, Measure, Series, Split
from aigc_desktop.services import statistics
from aigc_desktop.services.app import App


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--by", choices=[each.value for each in By], default="day")
    parser.add_argument("--split", choices=[each.value for each in Split], default="none")
    parser.add_argument("--since", type=date.fromisoformat, metavar="DATE", help="first day")
    parser.add_argument("--until", type=date.fromisoformat, metavar="DATE", help="last day")
    parser.add_argument(
        "--rebuild",
        action="store_true",
        help="count everything anew first (days are cut by the present time zone)",
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print one JSON object")
    form.add_argument("--csv", action="store_true", help="print a table for spreadsheets")
    parser.set_defaults(run=in_app(_show))


async def _show(app: App, options: argparse.Namespace) -> int:
    by, split = By(options.by), Split(options.split)
    if options.rebuild:
        await statistics.rebuild(app)
    if options.csv:
        data = await statistics.as_csv(app, by, split, options.since, options.until)
        sys.stdout.write(data.decode("utf-8-sig").replace("\r\n", "\n"))
        return OK
    found = await statistics.series(app, by, split, options.since, options.until)
    if options.json:
        print_json({"totals": await statistics.totals(app), **_plain(found)})
        return OK
    if split is Split.NONE:
        rows = [
            (start.isoformat(), figures)
            for start, figures in zip(found.periods, found.totals, strict=True)
            if figures.turns
        ]
    else:
        unnamed = statistics.unnamed(split)
        rows = [(part.name or unnamed, part.total) for part in found.parts]
    _print_table([*rows, (tr("Total"), found.total)])
    return OK


def _print_table(rows: list[tuple[str, Figures]]) -> None:
    headings = (tr("Chats"), tr("Requests"), tr("Messages"), tr("Tokens"), tr("Cost"))
    print(f"{'':<28}" + "".join(f"{heading:>14}" for heading in headings))
    for name, figures in rows:
        cost = "–" if figures.cost_usd is None else f"${figures.cost_usd:.4f}"
        numbers = (figures.chats, figures.turns, figures.messages, figures.tokens)
        shown = "".join(ch if ch.isprintable() else "\N{REPLACEMENT CHARACTER}" for ch in name)
        print(f"{shown[:28]:<28}" + "".join(f"{n:>14,}" for n in numbers) + f"{cost:>14}")


def _plain(series: Series) -> dict[str, Any]:
    return {
        "by": series.by,
        "split": series.split,
        "since": series.since.isoformat(),
        "until": series.until.isoformat(),
        "periods": [
            {"start": start.isoformat(), **_figures(figures)}
            for start, figures in zip(series.periods, series.totals, strict=True)
        ],
        "parts": [
            {"key": part.key, "name": part.name, **_figures(part.total)} for part in series.parts
        ],
        "total": _figures(series.total),
    }


def _figures(figures: Figures) -> dict[str, Any]:
    return {
        **figures._asdict(),
        "cost_usd": figures.cost_usd,
        "cache_hit_rate": figures.value(Measure.CACHE),
        "average_seconds": figures.value(Measure.LATENCY),
    }
