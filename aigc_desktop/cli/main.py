"""Finds the command, reads its options, runs it, and says what went wrong."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aigc_desktop import __version__
from aigc_desktop.cli.exits import (
    EXIT_CODES,
    FAILED,
    INTERRUPTED,
    NOT_CONNECTED,
    NOT_CONNECTED_CODES,
)


@dataclass(frozen=True)
class Command:
    """A command and the module of this package that has it.

    The module is imported when its command is given. It has `add_options(parser)`, which sets
    `run`: a function of the options that returns the exit code.
    """

    name: str
    module: str
    help: str


COMMANDS = (
    Command("ask", "ask", "ask the agent and stream its answer"),
    Command("sessions", "sessions", "list the sessions"),
    Command("match", "match", "show which scenario a request belongs to, and why"),
    Command("learn", "learn", "learn from the feedback that was given"),
    Command("scenarios", "scenarios", "list, show, import and export scenarios"),
    Command("jobs", "jobs", "list, run, pause and resume scheduled jobs"),
    Command("migrate", "migrate", "bring the database to another revision, or back"),
    Command("doctor", "doctor", "check that everything is well, and mend what is not"),
    Command("logs", "logs", "show the program's log, filtered; follow it"),
    Command("stats", "stats", "show statistics: use, cost, speed, feedback"),
    Command("serve", "serve", "run the local HTTP server and the jobs without a window"),
    Command("token", "token", "make, list and revoke tokens for the HTTP server"),
    Command("backup", "backup", "make, check and restore backups"),
    Command("take-over", "take_over", "take over a sessions.db of the web version"),
)


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
    given = next((word for word in arguments if not word.startswith("-")), None)
    for command in COMMANDS:
        added = commands.add_parser(
            command.name,
            help=command.help,
            description=command.help,
            epilog=EXIT_CODES,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        if command.name == given:
            _module(command).add_options(added)
    return parser.parse_args(arguments)


def run_command(options: argparse.Namespace) -> int:
    """Run a command and return its exit code."""
    from aigc_desktop.config.i18n import sentences
    from aigc_desktop.config.messages import describe
    from aigc_desktop.core.errors import UserError

    _use_utf8()
    try:
        if options.self_test:
            from aigc_desktop.self_test import run_self_test

            return run_self_test()
        code: int = options.run(options)
        return code
    except UserError as error:
        title, remedy = describe(error.code, error.params)
        if getattr(options, "json", False):
            print(json.dumps({"type": "error", "code": error.code, "message": title}))
        print(sentences(title, remedy), file=sys.stderr)
        return NOT_CONNECTED if error.code in NOT_CONNECTED_CODES else FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED


def _module(command: Command) -> Any:
    return importlib.import_module(f"aigc_desktop.cli.{command.module}")


def _use_utf8() -> None:
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8", errors="replace")
