"""`aigc-desktop doctor`: also when the database cannot be opened."""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import sys
from pathlib import Path

from aigc_desktop.cli.exits import FAILED, OK
from aigc_desktop.cli.running import at_files, print_json
from aigc_desktop.config.i18n import tr
from aigc_desktop.config.paths import Paths
from aigc_desktop.config.settings import Settings
from aigc_desktop.core.diagnostics import CheckResult, Report, State
from aigc_desktop.services import diagnostics

_MARKS = {
    State.OK: "✓",
    State.WARNING: "!",
    State.PROBLEM: "✗",
    State.UNKNOWN: "?",
    State.NOT_APPLICABLE: "–",
}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    doing = parser.add_mutually_exclusive_group()
    doing.add_argument("--fix", metavar="NAME", help="mend what the check NAME found")
    doing.add_argument("--undo", metavar="NAME", help="take that back")
    doing.add_argument("--bundle", metavar="FILE", help="write a support bundle without secrets")
    parser.set_defaults(run=at_files(_doctor))


async def _doctor(paths: Paths, settings: Settings, options: argparse.Namespace) -> int:
    place = diagnostics.without_app(paths, settings)
    try:
        if options.bundle:
            await diagnostics.bundle_at(place, await asyncio.to_thread(_absolute, options.bundle))
            print(tr("Written: {path}", path=options.bundle), file=sys.stderr)
            return OK
        if options.fix or options.undo:
            name = options.fix or options.undo
            change = diagnostics.mend_at if options.fix else diagnostics.undo_at
            result = await change(place, name)
            _print(options, result)
            return FAILED if result.state is State.PROBLEM else OK
        report = await diagnostics.examine(place)
    finally:
        await place.close()
    if options.json:
        print_json(_plain(report))
    else:
        _print_report(report)
    return FAILED if report.worst is State.PROBLEM else OK


def _absolute(path: str) -> Path:
    return Path(path).expanduser().absolute()


def _plain(report: Report) -> dict[str, object]:
    return {"worst": report.worst, **dataclasses.asdict(report)}


def _print(options: argparse.Namespace, result: CheckResult) -> None:
    if options.json:
        print_json(dataclasses.asdict(result))
    else:
        _print_result(result)


def _print_report(report: Report) -> None:
    group = None
    for result in report.results:
        if group not in (None, result.group):
            print()
        group = result.group
        _print_result(result)
    print()
    print(
        tr(
            "{ok} fine, {warnings} to look at, {problems} wrong, {unknown} unknown.",
            ok=report.count(State.OK),
            warnings=report.count(State.WARNING),
            problems=report.count(State.PROBLEM),
            unknown=report.count(State.UNKNOWN),
        )
    )


def _print_result(result: CheckResult) -> None:
    print(f"{_MARKS[result.state]} {result.title}: {result.reason}")
    for line in (result.detail, result.remedy):
        if line and result.state not in (State.OK, State.NOT_APPLICABLE):
            print(f"    {line}")
    if result.mend:
        print(f"    aigc-desktop doctor --fix {result.name}   ({result.mend_explained})")
    if result.undo:
        print(f"    aigc-desktop doctor --undo {result.name}")
