"""`aigc-desktop serve`: the local HTTP server and the scheduled jobs, without a window."""

from __future__ import annotations

import argparse
import asyncio
import signal

from aigc_desktop.cli.exits import FAILED, OK
from aigc_desktop.cli.running import in_app, say_notice
from aigc_desktop.config.i18n import tr
from aigc_desktop.core.events import Event, HttpChanged
from aigc_desktop.services import tokens
from aigc_desktop.services.app import App


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--port", type=int, metavar="P", help="the port (PORT, or the settings)")
    parser.add_argument(
        "--print-token",
        metavar="TTL",
        help="make a token that holds for TTL (30m, 1h, 7d) and print it",
    )
    parser.set_defaults(run=in_app(_serve, resident=True, notice=say_notice))


async def _serve(app: App, options: argparse.Namespace) -> int:
    ended = asyncio.Event()
    broken: list[Event] = []
    _on_signals(ended)
    state = await app.http.start(options.port)
    print(tr("Serving at {address}. Ctrl-C ends it.", address=state.address), flush=True)
    if options.print_token:
        made = await tokens.create_token(app, tokens.parse_ttl(options.print_token), "serve")
        print(made.token, flush=True)

    def listen(event: Event) -> None:
        if isinstance(event, HttpChanged) and not event.state.running:
            broken.append(event)
            ended.set()

    unsubscribe = app.bus.subscribe(listen)
    await ended.wait()
    unsubscribe()
    return FAILED if broken else OK


def _on_signals(ended: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, ended.set)
        except NotImplementedError:
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(ended.set))
