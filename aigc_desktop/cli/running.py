"""Runs a command inside the program, without a window; prints what it found."""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from aigc_desktop.cli.exits import FAILED
from aigc_desktop.core.events import Event, NoticeLevel, NoticeRaised
from aigc_desktop.services.app import App

if TYPE_CHECKING:
    from aigc_desktop.config.paths import Paths
    from aigc_desktop.config.settings import Settings

Run = Callable[[argparse.Namespace], int]
InApp = Callable[[App, argparse.Namespace], Awaitable[int]]
OnNotice = Callable[[NoticeRaised], None]

LEFT = "restore_left_files"


def in_app(work: InApp, *, resident: bool = False, notice: OnNotice | None = None) -> Run:
    """Return a command's `run`: opens the program, does `work` in it, closes it.

    A `resident` one runs jobs by their schedules meanwhile. `notice` is told what goes wrong in
    the background, from the opening on; without it, what goes wrong at the opening is printed.
    """

    def run(options: argparse.Namespace) -> int:
        from aigc_desktop.bootstrap import open_app, prepare
        from aigc_desktop.config.paths import Paths

        paths = Paths.default()
        settings, bus, stop_logging = prepare(paths)
        stop_telling = bus.subscribe(say_warning if notice is None else _notices(notice))

        async def go() -> int:
            async with open_app(paths, settings, bus, resident=resident) as app:
                if notice is None:
                    stop_telling()
                return await work(app, options)

        try:
            return asyncio.run(go())
        finally:
            stop_logging()

    return run


def in_app_twice(work: InApp) -> Run:
    """The same, and opens the program once more: what `work` prepared for that is put in.

    What could not be put in is said, and the command has failed.
    """
    first = in_app(work)

    def run(options: argparse.Namespace) -> int:
        code = first(options)
        told: list[str] = []

        def tell(notice: NoticeRaised) -> None:
            if notice.level is not NoticeLevel.INFO:
                say_notice(notice)
                told.append(notice.code)

        code = in_app(nothing, notice=tell)(options) or code
        return FAILED if LEFT in told else code

    return run


def _notices(notice: OnNotice) -> Callable[[Event], None]:
    return lambda event: notice(event) if isinstance(event, NoticeRaised) else None


def say_warning(event: Event) -> None:
    """Print what goes wrong in the background, but not what is only good to know."""
    if isinstance(event, NoticeRaised) and event.level is not NoticeLevel.INFO:
        say_notice(event)


def say_notice(notice: NoticeRaised) -> None:
    """Print what goes wrong in the background."""
    from aigc_desktop.config.i18n import sentences
    from aigc_desktop.config.messages import describe

    print(sentences(*describe(notice.code, notice.params)), file=sys.stderr, flush=True)


async def nothing(_app: App, _options: argparse.Namespace) -> int:
    """Open and close the program: what waits for the next start is done."""
    return 0


def without_app(
    work: Callable[[Paths, argparse.Namespace], int],
) -> Run:
    """Return the `run` of a command that must work where the program cannot be opened."""

    def run(options: argparse.Namespace) -> int:
        from aigc_desktop.bootstrap import prepare
        from aigc_desktop.config.paths import Paths

        paths = Paths.default()
        _, _, stop_logging = prepare(paths)
        try:
            return work(paths, options)
        finally:
            stop_logging()

    return run


def at_files(work: Callable[[Paths, Settings, argparse.Namespace], Awaitable[int]]) -> Run:
    """As `without_app`, for work that waits and needs the settings."""

    def run(options: argparse.Namespace) -> int:
        from aigc_desktop.bootstrap import prepare
        from aigc_desktop.config.paths import Paths

        paths = Paths.default()
        settings, _, stop_logging = prepare(paths)

        async def go() -> int:
            return await work(paths, settings, options)

        try:
            return asyncio.run(go())
        finally:
            stop_logging()

    return run


def printable(text: str) -> str:
    """Return `text` so that it cannot steer a terminal."""
    return re.sub(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", "\N{REPLACEMENT CHARACTER}", text)


def print_json(data: Any) -> None:
    """Print one JSON value for programs."""
    print(json.dumps(data, ensure_ascii=False, indent=2, default=str))
