"""`aigc-desktop migrate`: works on a database that the program itself could not open."""

from __future__ import annotations

import argparse
import dataclasses
import sys
from datetime import datetime
from typing import Any

from aigc_desktop.cli.exits import FAILED, OK
from aigc_desktop.cli.running import print_json, say_warning, without_app
from aigc_desktop.config.i18n import sentences, tr
from aigc_desktop.config.messages import describe, progress_text
from aigc_desktop.config.operation_words import size_text
from aigc_desktop.config.paths import Paths
from aigc_desktop.config.settings import Settings
from aigc_desktop.core.bus import EventBus
from aigc_desktop.core.migration import MigrationStatus, Progress, UpgradeReport
from aigc_desktop.services import migrations


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--status", action="store_true", help="only say where the database stands")
    what.add_argument("--dry-run", action="store_true", help="try it on a copy; change nothing")
    what.add_argument(
        "--back",
        nargs="?",
        const="",
        metavar="COPY",
        help="return to the copy taken before the last upgrade, or to the one named",
    )
    parser.add_argument("--to", metavar="R", help="the revision to go to (default: the newest)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=without_app(_run))


def _run(paths: Paths, options: argparse.Namespace) -> int:
    if options.status:
        return _status(paths, options.json)
    if options.back is not None:
        return _back(paths, options)
    report = _work(paths, options)
    if options.json:
        print_json(dataclasses.asdict(report))
    else:
        _print_report(report)
    return FAILED if report.problem else OK


def _work(paths: Paths, options: argparse.Namespace) -> UpgradeReport:
    on_progress = _ignore if options.json else _Teller()
    if options.dry_run:
        return migrations.dry_run(paths, options.to, on_progress)
    bus = EventBus()
    bus.subscribe(say_warning)
    return migrations.upgrade(paths, Settings(paths, bus), bus, options.to, on_progress)


def _status(paths: Paths, as_json: bool) -> int:
    status = migrations.read_status(paths)
    if as_json:
        print_json({**dataclasses.asdict(status), "pending": status.pending})
    else:
        _print_status(status)
    return FAILED if status.problem in ("database_corrupt", "database_newer") else OK


def _back(paths: Paths, options: argparse.Namespace) -> int:
    returned = migrations.go_back(paths, options.back or None)
    if options.json:
        print_json(dataclasses.asdict(returned))
        return OK
    print(tr("The database is as it was: {time}.", time=moment(returned.taken_at)))
    if returned.kept:
        print(tr("The newer one is kept as {path}.", path=returned.kept))
    print(tr("This version of the program would bring it up to date again when it starts."))
    return OK


def _print_status(status: MigrationStatus) -> None:
    print(status.database)
    if status.problem:
        params = {"path": status.database, "revision": status.revision or ""}
        if status.problem == "database_missing" and not status.snapshots:
            print(tr("There is no database yet."))
        else:
            print(sentences(*describe(status.problem, params)))
    for revision in status.revisions:
        mark = "✓" if revision.applied else "·"
        when = moment(revision.applied_at) if revision.applied_at else ""
        title, _ = describe(f"revision:{revision.name}", {})
        print(f"{mark} {revision.name:<32} {when:<17} {title}")
    for snapshot in status.snapshots:
        size = size_text(snapshot.size)
        print(f"  {moment(snapshot.taken_at)}  {size:>12}  {snapshot.revision}  {snapshot.path}")


def _print_report(report: UpgradeReport) -> None:
    if report.problem:
        print(sentences(*describe(report.problem, report.params)), file=sys.stderr)
        return
    if not report.steps:
        print(tr("The database is up to date ({revision}).", revision=report.after or ""))
        return
    for step in report.steps:
        print(f"✓ {step.revision:<32} {step.ms:>8,} ms")
    print(_rows(report))
    if report.backup:
        print(tr("A backup was made first: {id}.", id=report.backup))
    if report.dry:
        print(tr("This was a trial on a copy. Nothing was changed."))
    elif report.snapshot:
        print(tr("The state before is kept as {path}.", path=report.snapshot))


def _rows(report: UpgradeReport) -> str:
    return tr(
        "Rows: {before} before, {after} after. Size: {old} MB before, {new} MB after.",
        before=f"{sum(report.rows_before.values()):,}",
        after=f"{sum(report.rows_after.values()):,}",
        old=f"{report.size_before / 1024 / 1024:,.1f}",
        new=f"{report.size_after / 1024 / 1024:,.1f}",
    )


class _Teller:
    """Says each step once; a backup comes back with every part of it that is done."""

    def __init__(self) -> None:
        self._said = ""

    def __call__(self, progress: Progress) -> None:
        text = progress_text(progress)
        if text != self._said:
            self._said = text
            print(f"… {text}", file=sys.stderr)


def _ignore(_progress: Any) -> None:
    pass


def moment(epoch_ms: int) -> str:
    """Return a time as the user's clock shows it."""
    return f"{datetime.fromtimestamp(epoch_ms / 1000).astimezone():%Y-%m-%d %H:%M}"
