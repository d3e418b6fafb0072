"""`aigc-desktop scenarios`."""

from __future__ import annotations

import argparse
import dataclasses
import sys
from typing import Any

from aigc_desktop.cli.exits import OK
from aigc_desktop.cli.running import in_app, print_json
from aigc_desktop.config.i18n import listing, tr, tr_n
from aigc_desktop.core.errors import UserError
from aigc_desktop.core.scenario import Scenario
from aigc_desktop.services import scenario_files, scenarios
from aigc_desktop.services.app import App


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the actions and their options."""
    actions = parser.add_subparsers(dest="action", metavar="action", required=True)
    listing = actions.add_parser("list", help="list the scenarios")
    listing.add_argument("--json", action="store_true", help="print one JSON array")
    listing.set_defaults(run=in_app(_list))
    show = actions.add_parser("show", help="show one scenario whole")
    show.add_argument("id", type=int)
    show.add_argument("--json", action="store_true", help="print one JSON object")
    show.set_defaults(run=in_app(_show))
    taking = actions.add_parser("import", help="take over the scenarios of a file")
    taking.add_argument("file")
    taking.set_defaults(run=in_app(_import))
    giving = actions.add_parser("export", help="write scenarios into a file")
    giving.add_argument("file")
    giving.add_argument("ids", type=int, nargs="*", help="which (all, if none is named)")
    giving.set_defaults(run=in_app(_export))


async def _list(app: App, options: argparse.Namespace) -> int:
    found = await scenarios.list_scenarios(app)
    if options.json:
        print_json([_summary(scenario) for scenario in found])
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
        print_json(data)
        return OK
    for key, value in data.items():
        if value not in (None, "", (), {}):
            shown = "\n    ".join(map(str, value)) if isinstance(value, tuple) else value
            print(f"{key}:\n    {shown}" if "\n" in str(shown) else f"{key}: {shown}")
    return OK


async def _import(app: App, options: argparse.Namespace) -> int:
    imported = await scenario_files.read_import(app, options.file)
    made = await scenario_files.import_scenarios(app, imported)
    print(tr_n("{count} scenario taken over", "{count} scenarios taken over", len(made)))
    for each in imported:
        if each.left_out:
            print(
                tr("{name}: not taken over: {keys}", name=each.bundle.name, keys=_keys(each)),
                file=sys.stderr,
            )
    return OK


async def _export(app: App, options: argparse.Namespace) -> int:
    count = await scenario_files.export_scenarios(app, options.file, options.ids)
    print(tr_n("{count} scenario written", "{count} scenarios written", count))
    return OK


def _keys(imported: Any) -> str:
    return listing(imported.left_out)


def _summary(scenario: Scenario) -> dict[str, Any]:
    return {
        "id": scenario.id,
        "version": scenario.version,
        "name": scenario.name,
        "is_default": scenario.is_default,
        "is_public": scenario.is_public,
        "builtin": scenario.builtin,
    }
