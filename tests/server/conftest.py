"""The real server in the real program, at a port that the system chose; clients without manners."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from aigc_desktop.services import tokens
from aigc_desktop.services.app import App

HOUR = 3600


@dataclass(frozen=True)
class Answer:
    """What came back: status, headers in small letters, body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        return str(self.json["error"]["code"])


class Client:
    """Sends exactly the bytes that it is told to."""

    def __init__(self, port: int, token: str) -> None:
        self.port = port
        self.token = token

    async def raw(self, data: bytes) -> Answer:
        """Send bytes, read one answer (or as much as there is until the end)."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(data)
            await writer.drain()
            return await read_answer(reader, has_body=not data.startswith(b"HEAD"))
        finally:
            writer.close()

    async def request(
        self,
        method: str,
        target: str,
        body: bytes = b"",
        token: str | None = "",
        host: str | None = "",
        **headers: str,
    ) -> Answer:
        """Send a request; token and host are the right ones unless told else (None: none)."""
        lines = [f"{method} {target} HTTP/1.1"]
        if host is not None:
            lines.append(f"Host: {host or f'127.0.0.1:{self.port}'}")
        if token is not None:
            lines.append(f"Authorization: Bearer {token or self.token}")
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        if body:
            lines.append(f"Content-Length: {len(body)}")
        head = "\r\n".join([*lines, "Connection: close", "", ""])
        return await self.raw(head.encode() + body)

    async def get(self, target: str, **options: Any) -> Answer:
        return await self.request("GET", target, **options)

    async def post(self, target: str, **options: Any) -> Answer:
        return await self.request("POST", target, **options)


async def read_answer(reader: asyncio.StreamReader, *, has_body: bool = True) -> Answer:
    async with asyncio.timeout(30):
        head = await reader.readuntil(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        headers = {
            name.lower(): value.strip()
            for name, _, value in (line.partition(":") for line in lines if line)
        }
        length = headers.get("content-length") if has_body else "0"
        body = await (reader.readexactly(int(length)) if length else reader.read())
    return Answer(int(first.split()[1]), headers, body)


@pytest.fixture
async def client(app: App) -> AsyncIterator[Client]:
    """A client with a valid token; the server runs."""
    state = await app.http.start(0)
    made = await tokens.create_token(app, HOUR, "test")
    yield Client(state.port, made.token)
    await app.http.stop()
