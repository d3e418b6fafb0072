"""Answers the Messages API inside the program: no port is opened, nothing leaves the machine."""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import httpx2

from aigc_desktop.agent.client import AnthropicModel
from aigc_desktop.agent.demo.script import Reply, reply_to
from aigc_desktop.core.clock import Clock

MODEL = "demo"
DELAY_VARIABLE = "AIGC_DEMO_DELAY"
DEFAULT_DELAY = 0.018
"""Seconds between two pieces: about the pace of a real model."""

_PIECES = re.compile(r"[\u3400-\u9fff]{1,2}|\s*\S{1,12}\s*|\s+")


def demo_model(clock: Clock, delay: float | None = None) -> AnthropicModel:
    """Return the demo model; `delay` in seconds a piece (else AIGC_DEMO_DELAY, else natural)."""
    if delay is None:
        delay = float(os.environ.get(DELAY_VARIABLE, DEFAULT_DELAY))
    return _DemoModel(None, "http://demo.invalid", clock=clock, transport=DemoTransport(delay))


class _DemoModel(AnthropicModel):
    async def resolve(self, name: str) -> str:
        """Return the one model there is: an answer never claims to be another's."""
        return MODEL


class DemoTransport(httpx2.AsyncBaseTransport):
    """An httpx transport that streams the demo script as server-sent events."""

    def __init__(self, delay: float) -> None:
        self._delay = delay

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        body = json.loads(await request.aread())
        tools = [tool["name"] for tool in body.get("tools", ())]
        reply = reply_to(body["messages"], tools, str(body.get("system", "")))
        return httpx2.Response(
            200,
            headers={"content-type": "text/event-stream"},
            stream=_EventStream(reply, len(body["messages"]), self._delay),
        )


class _EventStream(httpx2.AsyncByteStream):
    def __init__(self, reply: Reply, turn: int, delay: float) -> None:
        self._reply = reply
        self._turn = turn
        self._delay = delay

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for event in events_of(self._reply, self._turn):
            if event["type"] == "content_block_delta" and self._delay:
                await asyncio.sleep(self._delay)
            yield f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode()


def events_of(reply: Reply, turn: int) -> list[Mapping[str, Any]]:
    """Return the API's events for a reply."""
    message: dict[str, Any] = {
        "id": f"msg_demo_{turn}",
        "type": "message",
        "role": "assistant",
        "model": MODEL,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {"input_tokens": 0, "output_tokens": 0},
    }
    events: list[Mapping[str, Any]] = [{"type": "message_start", "message": message}]
    index = 0
    if reply.thinking:
        events += _block(
            index,
            {"type": "thinking", "thinking": "", "signature": ""},
            [
                *(
                    {"type": "thinking_delta", "thinking": piece}
                    for piece in pieces(reply.thinking)
                ),
                {"type": "signature_delta", "signature": "demo"},
            ],
        )
        index += 1
    text = [{"type": "text_delta", "text": piece} for piece in pieces(reply.text)]
    events += _block(index, {"type": "text", "text": ""}, text)
    if reply.tool:
        call = {"type": "tool_use", "id": f"toolu_demo_{turn}", "name": reply.tool, "input": {}}
        arguments = json.dumps(dict(reply.input), ensure_ascii=False)
        parts = [arguments[at : at + 40] for at in range(0, len(arguments), 40)]
        events += _block(
            index + 1, call, [{"type": "input_json_delta", "partial_json": p} for p in parts]
        )
    events.append(
        {
            "type": "message_delta",
            "delta": {"stop_reason": "tool_use" if reply.tool else "end_turn"},
            "usage": {"output_tokens": 0},
        }
    )
    events.append({"type": "message_stop"})
    return events


def pieces(text: str) -> list[str]:
    """Cut text as a model streams it: a word, or one or two Chinese characters, at a time."""
    return _PIECES.findall(text)


def _block(
    index: int, start: Mapping[str, Any], deltas: Sequence[Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    return [
        {"type": "content_block_start", "index": index, "content_block": start},
        *({"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas),
        {"type": "content_block_stop", "index": index},
    ]
