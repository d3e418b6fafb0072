"""`aigc-desktop take-over`."""

from __future__ import annotations

import argparse
import dataclasses
import sys

from aigc_desktop.cli.exits import OK
from aigc_desktop.cli.running import in_app, print_json, printable
from aigc_desktop.config.i18n import tr
from aigc_desktop.config.messages import describe, refusal_text, take_over_text
from aigc_desktop.config.operation_words import size_text
from aigc_desktop.core.events import Event, TakeOverProgressed
from aigc_desktop.core.takeover import FilesReport, TakeOverReport
from aigc_desktop.services import takeover
from aigc_desktop.services.app import App


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("database", help="the web version's sessions.db; it is not changed")
    parser.add_argument("--work-dir", metavar="D", help="its work_dir, to be copied into yours")
    parser.add_argument("--user", metavar="NAME", help="whose data becomes yours")
    parser.add_argument("--dry-run", action="store_true", help="only say what would come over")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=in_app(_run))


async def _run(app: App, options: argparse.Namespace) -> int:
    unsubscribe = app.bus.subscribe(_say) if sys.stderr.isatty() else None
    try:
        report = await takeover.take_over(
            app,
            takeover.Wish(options.database, options.work_dir, options.user, options.dry_run),
        )
    finally:
        if unsubscribe is not None:
            unsubscribe()
    if options.json:
        print_json({**dataclasses.asdict(report), "changed": report.changed})
    else:
        _print(report)
    return OK


def _say(event: Event) -> None:
    if isinstance(event, TakeOverProgressed):
        print(f"… {take_over_text(event.progress)}", file=sys.stderr)


def _print(report: TakeOverReport) -> None:
    step, _ = describe(f"revision:{report.step}", {})
    print(tr("State of the old database: {step}", step=f"{step} ({report.step})"))
    if report.user:
        print(printable(tr("Taken as you: {user}", user=report.user)))
    print()
    print(tr("This would come over") if report.dry else tr("What came over"))
    for each in report.arrived:
        title, _ = describe(f"arrived:{each.kind}", {})
        figures = tr("{came} new, {already} already here", came=each.came, already=each.already)
        print(f"  {title}: {figures}")
    if report.files is not None:
        _print_files(report.files)
    if report.left_out:
        print()
        print(tr("What did not, or not as it was"))
    for left in report.left_out:
        title, remedy = describe(left.code, left.params)
        print(printable(f"  {title}\n      {remedy}"))
    if not report.changed:
        print(tr("Nothing new came over: everything was here already."))
    if report.snapshot:
        print(tr("The state before is kept as {path}.", path=report.snapshot))
    if report.dry:
        print(tr("This was a trial on a copy. Nothing was changed."))


def _print_files(files: FilesReport) -> None:
    print(
        "  "
        + tr(
            "Files copied: {count} ({size}); already here: {already}",
            count=files.copied,
            size=size_text(files.bytes),
            already=files.already,
        )
    )
    if files.renamed:
        count = len(files.renamed)
        print("  " + tr("Under another name, because another file has it: {count}", count=count))
        for old, new in files.renamed:
            print(f"      {old} → {new}")
    if files.refused_count:
        print("  " + tr("Refused: {count}", count=files.refused_count))
        for path, reason in files.refused:
            print(f"      {path}: {refusal_text(reason)}")
