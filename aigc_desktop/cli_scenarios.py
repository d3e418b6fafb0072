"""`aigc-desktop match` and `aigc-desktop scenarios`."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from typing import Any

from aigc_desktop.cli import OK
from aigc_desktop.config.i18n import tr, tr_n
from aigc_desktop.config.messages import outcome_text, reason_text
from aigc_desktop.core.errors import UserError
from aigc_desktop.core.scenario import Scenario
from aigc_desktop.services import scenarios
from aigc_desktop.services.app import App


async def run(app: App, options: argparse.Namespace) -> int:
    """Do what the options say; return the exit code."""
    if options.command == "match":
        return await _match(app, options)
    actions = {"list": _list, "show": _show, "import": _import, "export": _export}
    return await actions[options.action](app, options)


async def _match(app: App, options: argparse.Namespace) -> int:
    text = sys.stdin.read() if options.text == "-" else options.text
    if not text.strip():
        raise UserError("message_empty")
    await scenarios.settle_index(app)
    trial = await scenarios.try_request(app, text)
    match = trial.match
    if options.json:
        _print_json(
            {
                **dataclasses.asdict(match),
                "scenario": {"id": trial.scenario.id, "name": trial.scenario.name},
                "prompt_tokens": trial.prompt.tokens,
            }
        )
        return OK
    print(f"{trial.scenario.name}  {match.confidence:.0%}  {outcome_text(match)}")
    for reason in match.reasons:
        print(f"  · {reason_text(reason)}")
    for ranked in match.ranked[:5]:
        print(f"  {ranked.share:>6.1%}  {ranked.name}")
    print(tr("{milliseconds} ms on this machine", milliseconds=f"{match.milliseconds:.1f}"))
    return OK


async def _list(app: App, options: argparse.Namespace) -> int:
    found = await scenarios.list_scenarios(app)
    if options.json:
        _print_json([_summary(scenario) for scenario in found])
        return OK
    for scenario in found:
        mark = "*" if scenario.is_default else " "
        print(f"{scenario.id:>5} {mark} v{scenario.version:<3} {scenario.name}")
    return OK


async def _show(app: App, options: argparse.Namespace) -> int:
    found = await scenarios.list_scenarios(app)
    scenario = next((s for s in found if s.id == options.id), None)
    if scenario is None:
        raise UserError("scenario_not_found")
    data = {**_summary(scenario), **dataclasses.asdict(scenario.bundle)}
    if options.json:
        _print_json(data)
        return OK
    for key, value in data.items():
        if value not in (None, "", (), {}):
            shown = "\n    ".join(map(str, value)) if isinstance(value, tuple) else value
            print(f"{key}:\n    {shown}" if "\n" in str(shown) else f"{key}: {shown}")
    return OK


async def _import(app: App, options: argparse.Namespace) -> int:
    imported = await scenarios.read_import(options.file)
    made = await scenarios.import_scenarios(app, imported)
    print(tr_n("{count} scenario taken over", "{count} scenarios taken over", len(made)))
    for each in imported:
        if each.left_out:
            print(
                tr("{name}: not taken over: {keys}", name=each.bundle.name, keys=_keys(each)),
                file=sys.stderr,
            )
    return OK


async def _export(app: App, options: argparse.Namespace) -> int:
    count = await scenarios.export_scenarios(app, options.file, options.ids)
    print(tr_n("{count} scenario written", "{count} scenarios written", count))
    return OK


def _keys(imported: Any) -> str:
    return ", ".join(imported.left_out)


def _summary(scenario: Scenario) -> dict[str, Any]:
    return {
        "id": scenario.id,
        "version": scenario.version,
        "name": scenario.name,
        "is_default": scenario.is_default,
        "is_public": scenario.is_public,
        "builtin": scenario.builtin,
    }


def _print_json(data: Any) -> None:
    print(json.dumps(data, ensure_ascii=False, indent=2, default=str))
