"""`aigc-desktop sessions`."""

from __future__ import annotations

import argparse

from aigc_desktop.cli.exits import OK
from aigc_desktop.cli.running import in_app, print_json, printable
from aigc_desktop.config.i18n import tr
from aigc_desktop.services import sessions
from aigc_desktop.services.app import App


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--json", action="store_true", help="print one JSON array")
    parser.set_defaults(run=in_app(_list))


async def _list(app: App, options: argparse.Namespace) -> int:
    found = await sessions.list_sessions(app)
    if options.json:
        print_json([{"id": s.id, "title": s.title, "pinned": s.pinned} for s in found])
    elif not found:
        print(tr("There are no sessions yet."))
    else:
        for session in found:
            print(f"{session.id:>6}  {'*' if session.pinned else ' '} {printable(session.title)}")
    return OK
