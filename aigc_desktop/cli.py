"""The command line: the same job without a window."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from aigc_desktop import __version__
from aigc_desktop.config.i18n import tr

if TYPE_CHECKING:
    from aigc_desktop.services.app import App

OK = 0
FAILED = 1
USAGE = 2
NOT_CONNECTED = 3
LIMIT_REACHED = 4
DENIED = 5
INTERRUPTED = 130

EXIT_CODES = """\
exit codes:
  0  the answer is complete
  1  something went wrong (the message says what)
  2  the command was not understood
  3  no model is connected: give a key, a server, or --model demo
  4  a limit ended the answer (turns, tokens, cost)
  5  the answer is complete, but something it wanted to do was denied
  130  stopped with Ctrl-C
"""


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Return the options; exits with code 2 and a message for what is not understood."""
    parser = argparse.ArgumentParser(
        prog="aigc-desktop",
        description="Get work done with a Claude agent. Without a command the window opens.",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"aigc-desktop {__version__}")
    parser.add_argument("--self-test", action="store_true", help="check that everything works")
    commands = parser.add_subparsers(dest="command", metavar="command")
    ask = commands.add_parser(
        "ask",
        help="ask the agent and stream its answer",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    ask.add_argument("text", help="the request; - reads it from standard input")
    ask.add_argument("--session", type=int, metavar="S", help="go on in this session")
    ask.add_argument("--work-dir", metavar="D", help="where the agent may read and write")
    ask.add_argument("--model", metavar="M", help="sonnet, opus, haiku, a model id, or demo")
    ask.add_argument("--scenario", type=int, metavar="ID", help="answer in this scenario")
    ask.add_argument("--yes", action="store_true", help="allow what would be asked")
    ask.add_argument("--json", action="store_true", help="print events as JSON lines")
    listing = commands.add_parser("sessions", help="list the sessions")
    listing.add_argument("--json", action="store_true", help="print one JSON object")
    match = commands.add_parser("match", help="show which scenario a request belongs to, and why")
    match.add_argument("text", help="the request; - reads it from standard input")
    match.add_argument("--json", action="store_true", help="print one JSON object")
    _add_scenarios(commands)
    return parser.parse_args(arguments)


def _add_scenarios(commands: Any) -> None:
    scenarios = commands.add_parser("scenarios", help="list, show, import and export scenarios")
    actions = scenarios.add_subparsers(dest="action", metavar="action", required=True)
    listing = actions.add_parser("list", help="list the scenarios")
    listing.add_argument("--json", action="store_true", help="print one JSON object")
    show = actions.add_parser("show", help="show one scenario whole")
    show.add_argument("id", type=int)
    show.add_argument("--json", action="store_true", help="print one JSON object")
    taking = actions.add_parser("import", help="take over the scenarios of a file")
    taking.add_argument("file")
    giving = actions.add_parser("export", help="write scenarios into a file")
    giving.add_argument("file")
    giving.add_argument("ids", type=int, nargs="*", help="which (all, if none is named)")


def run_command(options: argparse.Namespace) -> int:
    """Run a command and return its exit code."""
    from aigc_desktop.config.messages import describe
    from aigc_desktop.core.errors import UserError

    _use_utf8()
    try:
        return _run(options)
    except UserError as error:
        title, remedy = describe(error.code, error.params)
        if getattr(options, "json", False):
            print(json.dumps({"type": "error", "code": error.code, "message": title}))
        print(f"{title} {remedy}", file=sys.stderr)
        return NOT_CONNECTED if error.code in NOT_CONNECTED_CODES else FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED


NOT_CONNECTED_CODES = frozenset(
    {"api_key_missing", "api_key_invalid", "provider_not_chosen", "base_url_missing"}
)


def _run(options: argparse.Namespace) -> int:
    from aigc_desktop.bootstrap import open_app, prepare
    from aigc_desktop.config.paths import Paths

    if options.self_test:
        from aigc_desktop.self_test import run_self_test

        return run_self_test()
    paths = Paths.default()
    settings, bus, stop_logging = prepare(paths)

    async def go() -> int:
        async with open_app(paths, settings, bus) as app:
            if options.command == "sessions":
                return await _list_sessions(app, options.json)
            if options.command in ("match", "scenarios"):
                from aigc_desktop import cli_scenarios

                return await cli_scenarios.run(app, options)
            from aigc_desktop.cli_ask import ask

            return await ask(app, options)

    try:
        return asyncio.run(go())
    finally:
        stop_logging()


async def _list_sessions(app: App, as_json: bool) -> int:
    from aigc_desktop.services import sessions

    found = await sessions.list_sessions(app)
    if as_json:
        print(
            json.dumps(
                [{"id": s.id, "title": s.title, "pinned": s.pinned} for s in found],
                ensure_ascii=False,
            )
        )
    elif not found:
        print(tr("There are no sessions yet."))
    else:
        for session in found:
            print(f"{session.id:>6}  {'*' if session.pinned else ' '} {session.title}")
    return OK


def _use_utf8() -> None:
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8", errors="replace")
