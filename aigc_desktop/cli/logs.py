"""`aigc-desktop logs`: works while the program runs, and when it cannot start."""

from __future__ import annotations

import argparse
import dataclasses
import re
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from aigc_desktop.cli.exits import OK
from aigc_desktop.cli.running import print_json, printable
from aigc_desktop.config import startup
from aigc_desktop.config.log import redact
from aigc_desktop.config.paths import Paths
from aigc_desktop.core.logs import LEVELS, LogFilter, LogLine

if TYPE_CHECKING:
    from aigc_desktop.ops.log_reader import LogBook

FOLLOW_SECONDS = 0.5
PAGE = 500
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "--level", choices=LEVELS, type=str.upper, default="", help="this level and graver ones"
    )
    parser.add_argument(
        "--component", action="append", default=[], help="only this component (may be repeated)"
    )
    parser.add_argument("--grep", default="", metavar="TEXT", help="only records with this text")
    parser.add_argument("--regex", action="store_true", help="--grep is a regular expression")
    parser.add_argument(
        "--since", type=_since, metavar="TIME", help="90s, 15m, 2h, 3d, or 2026-01-31T12:00"
    )
    parser.add_argument("--tail", type=int, metavar="N", help="only the newest N records")
    parser.add_argument("--follow", action="store_true", help="go on with what comes (Ctrl-C ends)")
    parser.add_argument("--json", action="store_true", help="print one JSON array")
    parser.set_defaults(run=run)


def _pages(book: LogBook, first: int, count: int) -> Iterator[LogLine]:
    for at in range(first, count, PAGE):
        yield from book.page(at, min(PAGE, count - at))


def run(options: argparse.Namespace) -> int:
    """Print the records that fit, oldest first."""
    from aigc_desktop.services import logs

    paths = Paths.default()
    startup.prepare(paths)
    wanted = LogFilter(
        level=options.level,
        components=tuple(options.component),
        text=options.grep,
        is_regex=options.regex,
        since=None if options.since is None else logs.moment(options.since),
        newest_first=False,
    )
    book = logs.open_files(paths.logs_dir, wanted)
    count = book.refresh().count
    first = 0 if options.tail is None else max(0, count - max(0, options.tail))
    if options.json:
        lines = _pages(book, first, count)
        print_json(
            [{**dataclasses.asdict(line), "text": redact(book.record(line))} for line in lines]
        )
        return OK
    while True:
        for line in _pages(book, first, count):
            print(printable(redact(book.record(line))), flush=options.follow)
        if not options.follow:
            return OK
        time.sleep(FOLLOW_SECONDS)
        first, count = count, book.refresh().count
        first = min(first, count)


def _since(text: str) -> datetime:
    now = datetime.now()  # noqa: DTZ005 the log has local times
    if match := re.fullmatch(r"(\d{1,6})([smhdw])", text):
        return now - timedelta(**{_UNITS[match[2]]: int(match[1])})
    try:
        return datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        raise argparse.ArgumentTypeError(f"not a time: {text}") from None
