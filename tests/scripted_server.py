"""A real HTTP server on 127.0.0.1 that speaks the Messages API: scripted answers and faults.

`python -m tests.scripted_server` runs it as a process of its own and prints its address.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

Handler = Callable[["Exchange"], Awaitable[None]]


@dataclass
class Exchange:
    """One request and the connection to answer it on."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any
    writer: asyncio.StreamWriter

    async def send_json(self, status: int, data: Any, **headers: str) -> None:
        await self.send(status, json.dumps(data).encode(), "application/json", **headers)

    async def send(self, status: int, body: bytes, content_type: str, **headers: str) -> None:
        lines = [f"HTTP/1.1 {status} x", f"content-type: {content_type}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        head = "\r\n".join([*lines, f"content-length: {len(body)}", "connection: close", "", ""])
        self.writer.write(head.encode() + body)
        await self.writer.drain()

    async def start_stream(self) -> None:
        self.writer.write(
            b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"
        )
        await self.writer.drain()

    async def raw(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def event(self, event: dict[str, Any]) -> None:
        await self.raw(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode())

    def drop(self) -> None:
        """Cut the connection as a dead network does."""
        transport = self.writer.transport
        transport.abort()


@dataclass
class ScriptedServer:
    """Answers each request with the next queued handler; the last one stays."""

    handlers: deque[Handler] = field(default_factory=deque)
    exchanges: list[Exchange] = field(default_factory=list)
    models: Sequence[str] = ("claude-test",)
    on_models: Handler | None = None
    """Answers the question for the models instead of naming `models`."""

    url: str = ""

    def queue(self, *handlers: Handler) -> None:
        self.handlers.extend(handlers)

    @property
    def requests(self) -> list[Exchange]:
        """The calls of the Messages API so far."""
        return [exchange for exchange in self.exchanges if exchange.path.endswith("/messages")]

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[ScriptedServer]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        try:
            yield self
        finally:
            server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            method, path, _ = head.split(" ", 2)
            lines = [line.partition(":") for line in head.split("\r\n")[1:] if line]
            headers = {name.lower(): value.strip() for name, _, value in lines}
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            exchange = Exchange(method, path, headers, json.loads(body) if body else None, writer)
            self.exchanges.append(exchange)
            if path.startswith("/v1/models") and self.on_models is not None:
                await self.on_models(exchange)
            elif path.startswith("/v1/models"):
                await exchange.send_json(200, {"data": [{"id": name} for name in self.models]})
            else:
                handler = self.handlers.popleft() if len(self.handlers) > 1 else self.handlers[0]
                await handler(exchange)
        with contextlib.suppress(ConnectionError):
            writer.close()


def message_start(model: str = "claude-test", input_tokens: int = 10) -> dict[str, Any]:
    return {
        "type": "message_start",
        "message": {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": model,
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": {"input_tokens": input_tokens, "output_tokens": 1},
        },
    }


def text_events(index: int, *parts: str) -> list[dict[str, Any]]:
    return [
        {
            "type": "content_block_start",
            "index": index,
            "content_block": {"type": "text", "text": ""},
        },
        *(
            {
                "type": "content_block_delta",
                "index": index,
                "delta": {"type": "text_delta", "text": part},
            }
            for part in parts
        ),
        {"type": "content_block_stop", "index": index},
    ]


def tool_events(index: int, call_id: str, name: str, arguments: Any) -> list[dict[str, Any]]:
    text = arguments if isinstance(arguments, str) else json.dumps(arguments)
    call = {"type": "tool_use", "id": call_id, "name": name, "input": {}}
    return [
        {"type": "content_block_start", "index": index, "content_block": call},
        {
            "type": "content_block_delta",
            "index": index,
            "delta": {"type": "input_json_delta", "partial_json": text},
        },
        {"type": "content_block_stop", "index": index},
    ]


def ending(stop_reason: str = "end_turn", output_tokens: int = 5) -> list[dict[str, Any]]:
    return [
        {
            "type": "message_delta",
            "delta": {"stop_reason": stop_reason},
            "usage": {"output_tokens": output_tokens},
        },
        {"type": "message_stop"},
    ]


def answer(*events: Sequence[dict[str, Any]], stop_reason: str = "end_turn") -> Handler:
    """Return a handler that streams a whole answer."""

    async def handle(exchange: Exchange) -> None:
        await exchange.start_stream()
        for event in [
            message_start(),
            *(e for group in events for e in group),
            *ending(stop_reason),
        ]:
            await exchange.event(event)

    return handle


def say(*parts: str) -> Handler:
    """Return a handler that streams text."""
    return answer(text_events(0, *parts))


def call(*calls: tuple[str, str, Any], text: str = "") -> Handler:
    """Return a handler that asks for tools: (id, name, arguments) each."""
    groups = [text_events(0, text)] if text else []
    groups += [tool_events(at + len(groups[:1]), *c) for at, c in enumerate(calls)]
    return answer(*groups, stop_reason="tool_use")


def fail(status: int, kind: str, message: str = "no", **headers: str) -> Handler:
    """Return a handler that answers with an API error."""
    body = {"type": "error", "error": {"type": kind, "message": message}}
    return lambda exchange: exchange.send_json(status, body, **headers)


def main() -> None:
    """Stream slowly, ask for a command, finish: what the kill campaign is shot at in."""

    async def handle(exchange: Exchange) -> None:
        await exchange.start_stream()
        await exchange.event(message_start())
        has_result = '"tool_result"' in json.dumps(exchange.body["messages"][-1])
        events = text_events(0, *(f"piece {number} " for number in range(40)))
        if not has_result:
            command = "echo ran >> effects.log; sleep 0.3"
            events += tool_events(1, "toolu_1", "run_command", {"command": command})
        for event in events:
            await exchange.event(event)
            await asyncio.sleep(0.01)
        for event in ending("end_turn" if has_result else "tool_use"):
            await exchange.event(event)

    async def run() -> None:
        async with ScriptedServer(deque([handle])).running() as server:
            print(server.url, flush=True)
            await asyncio.Event().wait()

    asyncio.run(run())


if __name__ == "__main__":
    main()
