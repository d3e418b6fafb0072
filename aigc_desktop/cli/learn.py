"""`aigc-desktop learn`."""

from __future__ import annotations

import argparse
import dataclasses

from aigc_desktop.cli.exits import FAILED, NOT_CONNECTED, OK
from aigc_desktop.cli.running import in_app, print_json
from aigc_desktop.config.i18n import sentences, tr
from aigc_desktop.config.messages import describe, learning_outcome
from aigc_desktop.core.learning import LearnReport, Outcome
from aigc_desktop.services import learning
from aigc_desktop.services.app import App


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "--min-feedback",
        type=int,
        default=learning.MIN_FEEDBACK,
        metavar="N",
        help="feedback that a user must have given (default: %(default)s)",
    )
    parser.add_argument(
        "--user", type=int, action="append", default=[], metavar="ID", help="only this user"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=in_app(_learn))


async def _learn(app: App, options: argparse.Namespace) -> int:
    report = await learning.learn_all(app, options.min_feedback, options.user, cause="command")
    if options.json:
        print_json(
            {
                "runs": [dataclasses.asdict(run) for run in report.runs],
                "proposed": report.proposed,
                "applied": report.applied,
            }
        )
    else:
        _print(report)
    if report.count(Outcome.FAILED):
        return FAILED
    return NOT_CONNECTED if report.count(Outcome.NO_MODEL) else OK


def _print(report: LearnReport) -> None:
    if not report.runs:
        print(tr("There is no feedback yet."))
    for run in report.runs:
        who = tr("User {id}", id=run.user_id)
        if run.session_id is not None:
            who += f" · {tr('Session {id}', id=run.session_id)}"
        print(f"{who}: {learning_outcome(run)}")
        if run.error:
            print("  " + sentences(*describe(run.error, {})))
