"""The way out for one command: a proxy that reaches the granted hosts and no others.

The command itself has no network and no resolver. A name is looked up once, by us, and the vetted
address is dialled; in an encrypted connection the name in its greeting must be the granted one.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from aigc_desktop.agent.egress import Egress, host_named
from aigc_desktop.agent.hello import server_name
from aigc_desktop.core.errors import UserError

MAX_HOSTS = 20
MAX_HEAD = 64 * 1024
MAX_CONNECTIONS = 64
MAX_BYTES = 2 * 1024 * 1024 * 1024
"""Bytes in both directions that one command may move."""

HEAD_SECONDS = 20.0
DIAL_SECONDS = 10.0
RELAY_PORT = 3128
"""Where the proxy is found inside a sandbox that has a network of its own."""

_TLS, _HTTP = 443, 80
_CHUNK = 64 * 1024
_DROPPED = (b"proxy-", b"connection:", b"keep-alive:", b"upgrade:", b"te:", b"host:")

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Dial = Callable[[str, int], Awaitable[Streams]]


@dataclass(frozen=True, slots=True)
class Door:
    """Where an open gateway is found: a Unix socket, or a port on 127.0.0.1 with a token."""

    socket: Path | None
    port: int
    token: str = ""

    def environment(self) -> Mapping[str, str]:
        """Return the variables by which programs find a proxy."""
        user = f"aigc:{self.token}@" if self.token else ""
        proxy = f"http://{user}127.0.0.1:{self.port}"
        names = ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
        return dict.fromkeys(names, proxy)


@dataclass(slots=True)
class Gateway:
    """One command's proxy; `reached` and `refused` tell afterwards what it was used for."""

    egress: Egress
    hosts: frozenset[str]
    dial: Dial = asyncio.open_connection
    reached: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    _moved: int = 0
    _token: str = ""
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @contextlib.asynccontextmanager
    async def open(self, *, by_socket: bool) -> AsyncIterator[Door]:
        """Serve while the context lasts; afterwards no connection is left."""
        folder = Path(tempfile.mkdtemp(prefix="aigc-gate-")) if by_socket else None
        try:
            if folder is not None:
                door = Door(folder / "gate", RELAY_PORT)
                server = await asyncio.start_unix_server(self._accept, door.socket, limit=MAX_HEAD)
            else:
                self._token = secrets.token_urlsafe(24)
                server = await asyncio.start_server(self._accept, "127.0.0.1", 0, limit=MAX_HEAD)
                door = Door(None, server.sockets[0].getsockname()[1], self._token)
            try:
                yield door
            finally:
                server.close()
                for task in tuple(self._tasks):
                    task.cancel()
                await asyncio.gather(*self._tasks, return_exceptions=True)
        finally:
            if folder is not None:
                shutil.rmtree(folder, ignore_errors=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(HEAD_SECONDS):
                head = _Head.parse(await reader.readuntil(b"\r\n\r\n"))
            if len(self._tasks) > MAX_CONNECTIONS:
                raise _Refused(503, "too many connections")
            if self._token and not head.has_token(self._token):
                raise _Refused(407, "the token is missing")
            await self._forward(head, reader, writer)
        except _Refused as refusal:
            with contextlib.suppress(OSError):
                writer.write(refusal.response())
                await writer.drain()
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            writer.close()

    async def _forward(
        self, head: _Head, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        host = self._granted(head.host)
        if head.port != (_TLS if head.tunnel else _HTTP):
            raise self._refusal(host, "only ports 443 and 80 are open")
        try:
            address = await self.egress.vetted(host, head.port)
            async with asyncio.timeout(DIAL_SECONDS):
                there, away = await self.dial(address, head.port)
        except (UserError, OSError, TimeoutError) as error:
            raise _Refused(502, f"{host} cannot be reached") from error
        try:
            if head.tunnel:
                writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                away.write(await self._greeting(host, reader))
                outward = self._pump(reader, away, None)
            else:
                away.write(head.request(host))
                outward = self._pump(reader, away, head.length())
            self.reached.add(host)
            await _both(self._pump(there, writer, None), outward)
        finally:
            away.close()

    def _granted(self, name: str) -> str:
        try:
            host = host_named(name)
        except UserError as error:
            raise self._refusal(name, "it names no public host") from error
        if host not in self.hosts:
            raise self._refusal(host, "it was not granted to this command")
        return host

    def _refusal(self, host: str, why: str) -> _Refused:
        self.refused.add(host[:253].encode("unicode_escape").decode())
        return _Refused(403, f"{host[:253]}: {why}")

    async def _greeting(self, host: str, reader: asyncio.StreamReader) -> bytes:
        """Return the first record of a TLS connection, once it is for the granted host."""
        async with asyncio.timeout(HEAD_SECONDS):
            start = await reader.readexactly(5)
            record = start + await reader.readexactly(int.from_bytes(start[3:5], "big"))
        if server_name(record) != host:
            raise self._refusal(host, "the connection is meant for another host")
        return record

    async def _pump(
        self, source: asyncio.StreamReader, target: asyncio.StreamWriter, most: int | None
    ) -> None:
        """Move bytes until the source ends, `most` were moved or the command's cap is reached."""
        while most is None or most > 0:
            data = await source.read(_CHUNK if most is None else min(_CHUNK, most))
            self._moved += len(data)
            if not data or self._moved > MAX_BYTES:
                break
            if most is not None:
                most -= len(data)
            target.write(data)
            await target.drain()
        if most is None and target.can_write_eof():
            target.write_eof()


def granted_hosts(names: Iterable[object]) -> frozenset[str]:
    """Return the hosts as they are compared. Raises UserError: `url_refused`."""
    wanted = [str(name) for name in names]
    if len(wanted) > MAX_HOSTS:
        raise UserError("url_refused", url=f"{len(wanted)} hosts", reason=f"at most {MAX_HOSTS}")
    return frozenset(map(host_named, wanted))


class _Refused(Exception):
    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status

    def response(self) -> bytes:
        body = f"AIGC Desktop: {self}\n".encode("ascii", "backslashreplace")
        head = (
            f"HTTP/1.1 {self.status} Refused\r\nConnection: close\r\nContent-Type: text/plain\r\n"
        )
        return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


@dataclass(frozen=True, slots=True)
class _Head:
    """A request's first line and headers."""

    method: bytes
    host: str
    port: int
    path: bytes
    headers: tuple[bytes, ...]

    @property
    def tunnel(self) -> bool:
        return self.method == b"CONNECT"

    @classmethod
    def parse(cls, data: bytes) -> _Head:
        first, *headers = data.removesuffix(b"\r\n\r\n").split(b"\r\n")
        try:
            method, target, _version = first.split(b" ")
            if method == b"CONNECT":
                place, path = target, b""
            else:
                scheme, _, rest = target.partition(b"://")
                place, _, path = rest.partition(b"/")
                if scheme.lower() != b"http":
                    raise ValueError(scheme)
            host, _, port = place.decode("ascii").partition(":")
            return cls(method, host, int(port or _HTTP), b"/" + path, tuple(headers))
        except ValueError as error:
            raise _Refused(400, "not a request for a proxy") from error

    def has_token(self, token: str) -> bool:
        wanted = b"basic " + base64.b64encode(f"aigc:{token}".encode())
        values = [
            value.strip()
            for name, _, value in (header.partition(b":") for header in self.headers)
            if name.lower() == b"proxy-authorization"
        ]
        return any(
            secrets.compare_digest(value[:6].lower() + value[6:], wanted) for value in values
        )

    def length(self) -> int:
        """Return how many bytes of body follow; one of unknown length is refused."""
        names = [header.partition(b":") for header in self.headers]
        if any(name.strip().lower() == b"transfer-encoding" for name, _, _ in names):
            raise _Refused(411, "state the length of the body")
        lengths = {v.strip() for name, _, v in names if name.strip().lower() == b"content-length"}
        if not lengths:
            return 0
        value = lengths.pop()
        if lengths or not value.isdigit():
            raise _Refused(400, "the length of the body cannot be read")
        return int(value)

    def request(self, host: str) -> bytes:
        """Return the request as the host itself gets it: one, under its granted name."""
        self.length()
        kept = [h for h in self.headers if not h.lower().startswith(_DROPPED)]
        lines = [b"%s %s HTTP/1.1" % (self.method, self.path), b"Host: " + host.encode()]
        return b"\r\n".join([*lines, *kept, b"Connection: close", b"", b""])


async def _both(answer: Awaitable[None], outward: Awaitable[None]) -> None:
    """Wait for the answer's end; what still goes out then is cut."""
    sending = asyncio.ensure_future(outward)
    try:
        await answer
    finally:
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
