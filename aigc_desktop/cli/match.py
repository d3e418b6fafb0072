"""`aigc-desktop match`."""

from __future__ import annotations

import argparse
import dataclasses

from aigc_desktop.cli.ask import request_text
from aigc_desktop.cli.exits import OK
from aigc_desktop.cli.running import in_app, print_json
from aigc_desktop.config.i18n import tr
from aigc_desktop.config.messages import (
    confidence_text,
    outcome_text,
    percent_text,
    reason_text,
)
from aigc_desktop.services import scenarios
from aigc_desktop.services.app import App


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("text", help="the request; - reads it from standard input")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=in_app(_match))


async def _match(app: App, options: argparse.Namespace) -> int:
    text = request_text(options)
    await scenarios.settle_index(app)
    trial = await scenarios.try_request(app, text)
    match = trial.match
    if options.json:
        print_json(
            {
                **dataclasses.asdict(match),
                "scenario": {"id": trial.scenario.id, "name": trial.scenario.name},
                "prompt_tokens": trial.prompt.tokens,
            }
        )
        return OK
    said = (trial.scenario.name, confidence_text(match), outcome_text(match))
    print("  ".join(filter(None, said)))
    for reason in match.reasons:
        print(f"  · {reason_text(reason)}")
    for ranked in match.ranked[:5]:
        print(f"  {percent_text(ranked.share):>6}  {ranked.name}")
    print(tr("{milliseconds} ms on this machine", milliseconds=f"{match.milliseconds:.1f}"))
    return OK
