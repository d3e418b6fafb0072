"""The client against every fault of a stream that we know (CASES a36–43, a47)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from aigc_desktop.agent.client import AnthropicModel
from aigc_desktop.agent.guard import INVALID_INPUT, Limits
from aigc_desktop.core.content import TextBlock, ToolUseBlock
from aigc_desktop.core.errors import StreamBroken, UserError
from aigc_desktop.core.ports import (
    ApiMessage,
    BlockText,
    ModelAnswer,
    ModelEvent,
    ModelRequest,
    RetryPlanned,
)
from tests import scripted_server as script
from tests.fakes import FakeClock
from tests.scripted_server import Exchange, ScriptedServer

REQUEST = ModelRequest("claude-test", (ApiMessage("user", (TextBlock("hi"),)),), "be kind", (), 100)
KEY = "sk-ant-CANARY-0123456789"


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    async with ScriptedServer().running() as server:
        yield server


def client(
    server: ScriptedServer, clock: FakeClock | None = None, **limits: float
) -> AnthropicModel:
    return AnthropicModel(
        KEY,
        server.url,
        clock=clock or FakeClock(),
        limits=Limits(**limits),  # type: ignore[arg-type]
    )


async def collect(model: AnthropicModel, request: ModelRequest = REQUEST) -> list[ModelEvent]:
    try:
        return [event async for event in model.stream(request)]
    finally:
        await model.aclose()


async def fault(model: AnthropicModel) -> UserError:
    with pytest.raises(UserError) as caught:
        await collect(model)
    assert "CANARY" not in str(caught.value)
    return caught.value


async def test_whole_answer(server: ScriptedServer) -> None:
    server.queue(
        script.answer(
            script.text_events(0, "Hel", "lo"),
            script.tool_events(1, "t1", "glob", {"pattern": "*.md"}),
            stop_reason="tool_use",
        )
    )
    events = await collect(client(server))
    answer = events[-1]
    assert isinstance(answer, ModelAnswer)
    assert answer.blocks == (
        TextBlock("Hello"),
        ToolUseBlock("t1", "glob", {"pattern": "*.md"}),
    )
    assert answer.stop_reason == "tool_use"
    assert (answer.usage.input_tokens, answer.usage.output_tokens) == (10, 5)
    sent = server.requests[0]
    assert sent.headers["x-api-key"] == KEY
    assert sent.body["system"] == "be kind"


async def test_invalid_tool_input_is_kept_as_such(server: ScriptedServer) -> None:
    server.queue(script.call(("t1", "glob", '{"pattern": ')))
    answer = (await collect(client(server)))[-1]
    assert isinstance(answer, ModelAnswer)
    assert isinstance(answer.blocks[0], ToolUseBlock)
    assert INVALID_INPUT in answer.blocks[0].input


async def test_429_waits_as_long_as_asked(server: ScriptedServer) -> None:
    clock = FakeClock()
    server.queue(script.fail(429, "rate_limit_error", retry_after="7"), script.say("ok"))
    events = await collect(client(server, clock))
    assert isinstance(events[0], RetryPlanned)
    assert events[0].code == "rate_limited"
    assert events[0].seconds >= 7
    assert clock.slept[0] >= 7
    assert isinstance(events[-1], ModelAnswer)


@pytest.mark.parametrize(("status", "kind"), [(500, "api_error"), (529, "overloaded_error")])
async def test_server_errors_are_tried_again_but_not_for_ever(
    server: ScriptedServer, status: int, kind: str
) -> None:
    clock = FakeClock()
    server.queue(script.fail(status, kind))
    error = await fault(client(server, clock))
    assert error.code in ("server_error", "overloaded")
    assert len(server.requests) == 5
    assert len(clock.slept) == 4
    assert clock.slept == sorted(clock.slept)


@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [
        (401, "authentication_error", "api_key_invalid"),
        (403, "permission_error", "permission_denied"),
        (404, "not_found_error", "model_not_found"),
        (400, "invalid_request_error", "request_invalid"),
        (413, "request_too_large", "request_too_large"),
    ],
)
async def test_errors_that_stay_are_not_tried_again(
    server: ScriptedServer, status: int, kind: str, code: str
) -> None:
    server.queue(script.fail(status, kind))
    assert (await fault(client(server))).code == code
    assert len(server.requests) == 1


async def test_prompt_too_long_is_told_apart(server: ScriptedServer) -> None:
    server.queue(script.fail(400, "invalid_request_error", "prompt is too long: 300000 tokens"))
    assert (await fault(client(server))).code == "context_overflow"


async def test_nobody_there() -> None:
    model = AnthropicModel(None, "http://127.0.0.1:9", clock=FakeClock(), max_attempts=2)
    assert (await fault(model)).code == "network_unreachable"


def broken_after(
    *events: dict[str, object], last: bytes = b"", drop: bool = False
) -> script.Handler:
    async def handle(exchange: Exchange) -> None:
        await exchange.start_stream()
        for event in [script.message_start(), *events]:
            await exchange.event(event)
        await exchange.raw(last)
        if drop:
            exchange.drop()

    return handle


STARTED = script.text_events(0, "one ", "two")[:-1]


@pytest.mark.parametrize(
    "handler",
    [
        broken_after(*STARTED, drop=True),
        broken_after(*STARTED),
        broken_after(*STARTED, last=b"event: content_block_delta\ndata: {broken\n\n"),
        broken_after(*STARTED, STARTED[0]),
        broken_after(*STARTED, {"type": "content_block_stop", "index": 7}),
        broken_after(
            *STARTED,
            last=b'event: error\ndata: {"type":"error","error":'
            b'{"type":"overloaded_error","message":"x"}}\n\n',
        ),
    ],
    ids=["dropped", "ends early", "malformed", "duplicate block", "unknown block", "error event"],
)
async def test_a_stream_that_breaks_keeps_what_arrived(
    server: ScriptedServer, handler: script.Handler
) -> None:
    server.queue(handler)
    model = client(server)
    seen: list[ModelEvent] = []
    with pytest.raises(StreamBroken):
        async for event in model.stream(REQUEST):
            seen.append(event)
    await model.aclose()
    assert "".join(event.text for event in seen if isinstance(event, BlockText)) == "one two"


async def test_events_split_anywhere_even_inside_a_character(server: ScriptedServer) -> None:
    async def handle(exchange: Exchange) -> None:
        await exchange.start_stream()
        events = [script.message_start(), *script.text_events(0, "你好🙂"), *script.ending()]
        import json

        data = "".join(
            f"event: {e['type']}\r\ndata: {json.dumps(e, ensure_ascii=False)}\r\n\r\n"
            for e in events
        ).encode()
        for at in range(0, len(data), 7):
            await exchange.raw(data[at : at + 7])
            await asyncio.sleep(0)

    server.queue(handle)
    answer = (await collect(client(server)))[-1]
    assert isinstance(answer, ModelAnswer)
    assert answer.blocks == (TextBlock("你好🙂"),)


async def test_silence_is_ended(server: ScriptedServer) -> None:
    async def handle(exchange: Exchange) -> None:
        await exchange.start_stream()
        for event in [script.message_start(), *STARTED]:
            await exchange.event(event)
        await asyncio.sleep(30)

    server.queue(handle)
    assert (await fault(client(server, idle_timeout=0.2))).code == "stream_idle"


async def test_a_trickle_of_bytes_is_silence_too(server: ScriptedServer) -> None:
    async def handle(exchange: Exchange) -> None:
        await exchange.start_stream()
        for event in [script.message_start(), *STARTED]:
            await exchange.event(event)
        for _ in range(100):
            await exchange.raw(b":")
            await asyncio.sleep(0.05)

    server.queue(handle)
    assert (await fault(client(server, idle_timeout=0.3))).code == "stream_idle"


async def test_an_endless_body_is_cut(server: ScriptedServer) -> None:
    async def handle(exchange: Exchange) -> None:
        await exchange.start_stream()
        await exchange.event(script.message_start())
        for _ in range(200):
            await exchange.raw(b"x" * 10_000)

    server.queue(handle)
    assert (await fault(client(server, max_bytes=500_000))).code == "answer_too_large"


async def test_a_web_page_with_200_names_its_type(server: ScriptedServer) -> None:
    server.queue(lambda exchange: exchange.send(200, b"<html>proxy</html>", "text/html"))
    error = await fault(client(server))
    assert error.code == "bad_response"
    assert "text/html" in str(error.params["content_type"])


async def test_leaving_the_stream_closes_the_connection(server: ScriptedServer) -> None:
    gone = asyncio.Event()

    async def handle(exchange: Exchange) -> None:
        await exchange.start_stream()
        await exchange.event(script.message_start())
        for event in STARTED:
            await exchange.event(event)
        try:
            while True:
                await exchange.event({"type": "ping"})
                await asyncio.sleep(0.01)
        except ConnectionError:
            gone.set()

    server.queue(handle)
    model = client(server)

    async def read() -> None:
        async for _ in model.stream(REQUEST):
            pass

    task = asyncio.create_task(read())
    while not server.requests:
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.05)
    task.cancel()
    await asyncio.wait([task])
    async with asyncio.timeout(5):
        await gone.wait()
    await model.aclose()
