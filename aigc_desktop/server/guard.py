"""Connections with an end: too slow, too many or too fast ones are closed before they cost."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable, Iterator
from typing import Any

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

logger = logging.getLogger(__name__)

REQUEST_SECONDS = 8.0
"""From the connection (or the first byte of a later request) until the request is whole."""

RESPONSE_SECONDS = 60.0
"""Until the response has been taken."""

MAX_CONNECTIONS = 64
MAX_PER_SECOND = 200
"""Connections and requests; further ones get a 503."""

_BUSY_BODY = b'{"error":{"code":"busy","message":"Busy."}}'
BUSY = (
    b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\nconnection: close\r\n"
    b"content-type: application/json\r\ncontent-length: %d\r\n\r\n%s"
) % (len(_BUSY_BODY), _BUSY_BODY)


class Rate:
    """Lets through so many a second, of the whole server."""

    def __init__(self, now: Callable[[], float], per_second: int) -> None:
        self._now = now
        self._per_second = per_second
        self._left = float(per_second)
        self._at = now()

    def take(self) -> bool:
        """Return whether one more may come now."""
        now = self._now()
        self._left = min(self._per_second, self._left + (now - self._at) * self._per_second)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


class QuietServer(uvicorn.Server):
    """Leaves signals to the program, and says when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()


class GuardedProtocol(H11Protocol):
    """uvicorn's HTTP/1.1 with deadlines; it has none of its own for a request that never ends."""

    rate: Rate | None = None
    """Set on a subclass for each server."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._deadline: asyncio.TimerHandle | None = None
        self._refused = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        too_many = len(self.connections) >= MAX_CONNECTIONS
        if too_many or (self.rate is not None and not self.rate.take()):
            self._refused = True
            transport.write(BUSY)
            transport.close()
            return
        super().connection_made(transport)
        self._arm(REQUEST_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        self._disarm()
        if not self._refused:
            super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        if self._deadline is None:
            self._arm(REQUEST_SECONDS)
        super().data_received(data)
        if self.conn.their_state not in (h11.IDLE, h11.SEND_BODY):
            self._disarm()
            if self.cycle is not None and not self.cycle.response_complete:
                self._arm(RESPONSE_SECONDS)

    def eof_received(self) -> None:
        if not self._refused:
            super().eof_received()

    def on_response_complete(self) -> None:
        self._disarm()
        super().on_response_complete()

    def _arm(self, seconds: float) -> None:
        self._deadline = self.loop.call_later(seconds, self._too_slow)

    def _disarm(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _too_slow(self) -> None:
        self._deadline = None
        logger.info("a connection was too slow and is closed")
        self.transport.abort()
