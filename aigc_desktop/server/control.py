"""Starts and stops the server while the program runs."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import os
import socket
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from aigc_desktop.config import settings as config
from aigc_desktop.config.settings import Settings
from aigc_desktop.core.bus import EventBus
from aigc_desktop.core.errors import UserError
from aigc_desktop.core.events import HttpChanged, NoticeCleared
from aigc_desktop.core.http import HttpState

if TYPE_CHECKING:
    from aigc_desktop.server.guard import QuietServer
    from aigc_desktop.services.app import App

logger = logging.getLogger(__name__)

LOOPBACK = "127.0.0.1"
LOOPBACK_NAMES = frozenset({"", LOOPBACK, "localhost"})
BACKLOG = 64
STOP_SECONDS = 2
KEEP_ALIVE_SECONDS = 5
SUGGESTED = 20
"""How many ports after a taken one are tried for a suggestion."""


class HttpServer:
    """Implements `core.http.HttpControl`. All methods belong to the backend's loop."""

    def __init__(self, settings: Settings, bus: EventBus) -> None:
        self._settings = settings
        self._bus = bus
        self._app: App | None = None
        self._server: QuietServer | None = None
        self._task: asyncio.Task[None] | None = None
        self._port = 0
        self._problem: UserError | None = None
        self._free_port: int | None = None

    def bind(self, app: App) -> None:
        """Say what the server answers from."""
        self._app = app

    @property
    def state(self) -> HttpState:
        problem = self._problem
        running = self._server is not None
        return HttpState(
            enabled=self._settings.get(config.HTTP_SERVER) == "on",
            running=running,
            port=self._port if running else self._settings.get(config.HTTP_PORT),
            problem=None if problem is None else (problem.code, problem.params),
            free_port=self._free_port,
        )

    async def start(self, port: int | None = None) -> HttpState:
        """Listen on 127.0.0.1, at the port of the settings or another.

        Raises:
            UserError: `http_host_refused`, `http_port_in_use`, `http_port_refused`.
        """
        if self._server is not None:
            return self.state
        wanted = self._settings.get(config.HTTP_PORT) if port is None else port
        self._problem = self._free_port = None
        try:
            check_host(self._settings.get(config.HTTP_HOST))
            listener = listen(wanted)
        except UserError as error:
            self._problem = error
            self._free_port = error.params.get("free")
            self._bus.publish(HttpChanged(self.state))
            raise
        self._port = listener.getsockname()[1]
        await self._serve(listener)
        logger.info("the HTTP server listens on %s:%s", LOOPBACK, self._port)
        self._bus.publish(NoticeCleared("http_server"))
        self._bus.publish(HttpChanged(self.state))
        return self.state

    async def stop(self) -> None:
        """Close all connections and listen no more."""
        server, task = self._server, self._task
        self._problem = self._free_port = None
        if server is not None and task is not None:
            server.should_exit = True
            await asyncio.wait([task], timeout=STOP_SECONDS + 1)
            self._server = self._task = None
            logger.info("the HTTP server is off")
        self._bus.publish(HttpChanged(self.state))

    async def _serve(self, listener: socket.socket) -> None:
        assert self._app is not None
        make = await asyncio.to_thread(_import_server)
        server = make(self._app, self._port)
        self._server = server
        self._task = asyncio.create_task(server.serve(sockets=[listener]), name="http-server")
        self._task.add_done_callback(self._ended)
        up = asyncio.create_task(server.up.wait())
        await asyncio.wait([up, self._task], return_when=asyncio.FIRST_COMPLETED)
        up.cancel()

    def _ended(self, task: asyncio.Task[None]) -> None:
        if task.cancelled() or task.exception() is None:
            return
        logger.error("the HTTP server broke down", exc_info=task.exception())
        self._server = self._task = None
        self._problem = UserError("internal_error")
        self._bus.publish(HttpChanged(self.state))


def check_host(host: str) -> None:
    """Raise UserError("http_host_refused") for every address but this machine's own."""
    if host.strip().lower() not in LOOPBACK_NAMES:
        raise UserError("http_host_refused", host=host[:80])


def listen(port: int) -> socket.socket:
    """Return a socket that is bound to 127.0.0.1 and has the port for itself.

    Raises:
        UserError: `http_port_in_use` (with a `free` one), `http_port_refused`.
    """
    found = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        if os.name == "nt":
            found.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)  # type: ignore[attr-defined]
        else:
            # Only against TIME_WAIT: a port that somebody listens at is refused all the same.
            found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind((LOOPBACK, port))
        found.listen(BACKLOG)
    except OverflowError as error:
        found.close()
        raise UserError("http_port_refused", port=port, reason="0-65535") from error
    except OSError as error:
        found.close()
        if error.errno == errno.EADDRINUSE:
            raise UserError("http_port_in_use", port=port, free=_free_port(port)) from error
        reason = error.strerror or str(error)
        raise UserError("http_port_refused", port=port, reason=reason) from error
    found.setblocking(False)
    return found


def _free_port(taken: int) -> int | None:
    for port in range(taken + 1, min(taken + 1 + SUGGESTED, 65536)):
        with contextlib.closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as probe:
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                continue
            return port
    return None


def _import_server() -> Callable[[App, int], QuietServer]:
    """Import the web framework when it is first wanted, and not in the loop's time."""
    import uvicorn

    from aigc_desktop.server.endpoints import make_gate
    from aigc_desktop.server.gate import MAX_HEAD
    from aigc_desktop.server.guard import MAX_PER_SECOND, GuardedProtocol, QuietServer, Rate

    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).setLevel(logging.ERROR)

    def make(app: App, port: int) -> QuietServer:
        connections = Rate(time.monotonic, MAX_PER_SECOND)
        protocol = type("Protocol", (GuardedProtocol,), {"rate": connections})
        return QuietServer(
            uvicorn.Config(
                make_gate(app, port, Rate(time.monotonic, MAX_PER_SECOND)),
                http=protocol,
                ws="none",
                lifespan="off",
                interface="asgi3",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                date_header=False,
                backlog=BACKLOG,
                timeout_keep_alive=KEEP_ALIVE_SECONDS,
                timeout_graceful_shutdown=STOP_SECONDS,
                h11_max_incomplete_event_size=MAX_HEAD,
            )
        )

    return make
