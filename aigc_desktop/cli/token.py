"""`aigc-desktop token`: tokens for the local HTTP server."""

from __future__ import annotations

import argparse
import dataclasses
import sys
from datetime import datetime

from aigc_desktop.cli.exits import OK
from aigc_desktop.cli.running import in_app, print_json
from aigc_desktop.config.i18n import tr
from aigc_desktop.config.operation_words import token_state_text
from aigc_desktop.services import tokens
from aigc_desktop.services.app import App


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the actions and their options."""
    actions = parser.add_subparsers(dest="action", metavar="action", required=True)
    creating = actions.add_parser("create", help="make a token and print it, this once")
    creating.add_argument("--ttl", default="1h", help="how long it holds: 30m, 1h, 7d (1h)")
    creating.add_argument("--name", default="", help="what it is for")
    creating.set_defaults(run=in_app(_create))
    listing = actions.add_parser("list", help="list what tokens were given out")
    listing.set_defaults(run=in_app(_list))
    revoking = actions.add_parser("revoke", help="refuse a token from now on")
    revoking.add_argument("id")
    revoking.set_defaults(run=in_app(_revoke))
    rotating = actions.add_parser("rotate", help="make a new signing key: all tokens end")
    rotating.set_defaults(run=in_app(_rotate))
    for action in (creating, listing, revoking, rotating):
        action.add_argument("--json", action="store_true", help="print one JSON value")


async def _create(app: App, options: argparse.Namespace) -> int:
    ttl = tokens.parse_ttl(options.ttl)
    made = await tokens.create_token(app, ttl, options.name, lasting=True)
    if options.json:
        print_json({"token": made.token, **dataclasses.asdict(made.about)})
        return OK
    print(made.token)
    until = _time(made.about.expires_at)
    print(tr("Token {id} holds until {time}.", id=made.about.id, time=until), file=sys.stderr)
    return OK


async def _list(app: App, options: argparse.Namespace) -> int:
    found = await tokens.list_tokens(app)
    if options.json:
        print_json([dataclasses.asdict(token) for token in found])
        return OK
    for token in found:
        state = token_state_text(token.state)
        print(f"{token.id}  {_time(token.expires_at)}  {state:<10} {token.name}")
    return OK


async def _revoke(app: App, options: argparse.Namespace) -> int:
    await tokens.revoke_token(app, options.id)
    return _done(options, tr("The token is refused from now on."))


async def _rotate(app: App, options: argparse.Namespace) -> int:
    await tokens.rotate_key(app)
    return _done(options, tr("All tokens are refused from now on."))


def _done(options: argparse.Namespace, text: str) -> int:
    if options.json:
        print_json({"done": True})
    else:
        print(text)
    return OK


def _time(milliseconds: int) -> str:
    return f"{datetime.fromtimestamp(milliseconds / 1000).astimezone():%Y-%m-%d %H:%M}"
