"""Search on the provider's side: offered, shown, kept, sent back unchanged; not elsewhere."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from aigc_desktop.agent import prices
from aigc_desktop.agent.client import WEB_SEARCH, AnthropicModel
from aigc_desktop.agent.models import ModelCatalog
from aigc_desktop.config import settings as config
from aigc_desktop.core.content import TextBlock
from aigc_desktop.core.events import BlockFinished, Event, ToolFinished
from aigc_desktop.core.session import Usage
from aigc_desktop.core.transcript import ItemKind, ToolState
from aigc_desktop.services import chat
from aigc_desktop.services.app import App
from tests import scripted_server as script
from tests.scripted_server import ScriptedServer
from tests.services.conftest import Chat

MakeChat = Callable[[], Awaitable[Chat]]
CALL = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {}}
FOUND = [
    {
        "type": "web_search_result",
        "url": "https://a.example/one",
        "title": "One [1]",
        "encrypted_content": "SECRET-STATE",
        "page_age": None,
    },
    {"type": "web_search_result", "url": "https://b.example", "title": "Two"},
]
RESULT = {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": FOUND}
CITATION = {
    "type": "web_search_result_location",
    "url": "https://a.example/one",
    "title": "One [1]",
    "encrypted_index": "INDEX",
    "cited_text": "sunny",
}


def block(index: int, start: dict[str, Any], *deltas: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"type": "content_block_start", "index": index, "content_block": start},
        *({"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas),
        {"type": "content_block_stop", "index": index},
    ]


def searched(result: dict[str, Any] = RESULT) -> list[list[dict[str, Any]]]:
    """Return the events of an answer that searches, its sentence in three pieces."""
    query = {"type": "input_json_delta", "partial_json": '{"query": "weather 北京"}'}
    cited = {"type": "citations_delta", "citation": CITATION}
    return [
        script.text_events(0, "I look it up."),
        block(1, CALL, query),
        block(2, result),
        script.text_events(3, "It is "),
        block(4, {"type": "text", "text": ""}, cited, {"type": "text_delta", "text": "sunny"}),
        script.text_events(5, " today", "."),
    ]


@pytest.fixture
def searching(connected: App, monkeypatch: pytest.MonkeyPatch) -> App:
    """The scripted server stands for Anthropic's, which alone offers the search."""
    monkeypatch.setattr(AnthropicModel, "offers_web_search", lambda *_: True)
    connected.settings.set(config.WEB_SEARCH, "on")
    return connected


async def test_what_was_found_is_shown_and_sent_back(
    searching: App, new_chat: MakeChat, server: ScriptedServer, events: list[Event]
) -> None:
    server.queue(script.answer(*searched()), script.say("bye"))
    talk = await new_chat()
    await talk.send("weather?")
    assert WEB_SEARCH in server.requests[0].body["tools"]
    _, first, tool, sentence = (await chat.open_session(searching, talk.session_id)).items
    assert first.text == "I look it up."
    assert tool.tool is not None
    assert (tool.tool.name, tool.tool.state) == ("web_search", ToolState.DONE)
    assert dict(tool.tool.input) == {"query": "weather 北京"}
    assert tool.tool.result == "One [1]\n  https://a.example/one\nTwo\n  https://b.example"
    assert sentence.kind is ItemKind.TEXT
    assert sentence.text == "It is sunny today.\n\n[One 1](<https://a.example/one>)"
    shown = [e.block for e in events if isinstance(e, BlockFinished)]
    assert [b.shown for b in shown if isinstance(b, TextBlock)] == [first.text, sentence.text]
    assert [e.result for e in events if isinstance(e, ToolFinished)] == [tool.tool.result]

    await talk.send("thanks")
    sent = server.requests[1].body["messages"][1]["content"]
    assert [part["type"] for part in sent] == [
        *("text", "server_tool_use", "web_search_tool_result", "text"),
    ]
    assert sent[1] == {**CALL, "input": {"query": "weather 北京"}}
    assert sent[2] == RESULT
    assert sent[3] == {"type": "text", "text": "It is sunny today.", "citations": [CITATION]}


async def test_another_provider_gets_the_words_only(
    searching: App, new_chat: MakeChat, server: ScriptedServer
) -> None:
    server.queue(script.answer(*searched()), script.say("bye"))
    talk = await new_chat()
    await talk.send("weather?")
    searching.settings.set(config.WEB_SEARCH, "off")
    await talk.send("thanks")
    assert server.requests[1].body["messages"][1]["content"] == [
        {"type": "text", "text": "I look it up."},
        {"type": "text", "text": "It is sunny today."},
    ]
    assert WEB_SEARCH not in server.requests[1].body["tools"]


async def test_a_search_that_failed_says_so(
    searching: App, new_chat: MakeChat, server: ScriptedServer
) -> None:
    error = {"type": "web_search_tool_result_error", "error_code": "max_uses_exceeded"}
    server.queue(script.answer(*searched({**RESULT, "content": error})))
    talk = await new_chat()
    await talk.send("weather?")
    tool = (await chat.open_session(searching, talk.session_id)).items[2].tool
    assert tool is not None
    assert (tool.state, tool.result) == (ToolState.FAILED, "max uses exceeded")


async def test_a_paused_search_goes_on(
    searching: App, new_chat: MakeChat, server: ScriptedServer
) -> None:
    query = {"type": "input_json_delta", "partial_json": '{"query": "x"}'}
    server.queue(
        script.answer(block(0, CALL, query), stop_reason="pause_turn"),
        script.answer(block(0, RESULT), script.text_events(1, "found")),
    )
    talk = await new_chat()
    await talk.send("weather?")
    assert server.requests[1].body["messages"][-1] == {
        "role": "assistant",
        "content": [{**CALL, "input": {"query": "x"}}],
    }
    _, tool, text = (await chat.open_session(searching, talk.session_id)).items
    assert tool.tool is not None
    assert tool.tool.state is ToolState.DONE
    assert text.text == "found"


async def test_it_is_offered_only_where_it_exists_and_is_wanted(
    connected: App, new_chat: MakeChat, server: ScriptedServer
) -> None:
    connected.settings.set(config.WEB_SEARCH, "on")
    server.queue(script.say("hi"))
    await (await new_chat()).send("hi")
    assert WEB_SEARCH not in server.requests[0].body["tools"]


def test_a_model_without_search_is_believed() -> None:
    catalog = ModelCatalog(SimpleNamespace(), asks_server=False)  # type: ignore[arg-type]
    offers = SimpleNamespace(
        server_tools=SimpleNamespace(web_search=SimpleNamespace(supported=False))
    )
    catalog._learn(SimpleNamespace(id="old", capabilities=offers), {})
    assert not catalog.can_search("old")
    assert catalog.can_search("unheard-of")


def test_searches_are_priced() -> None:
    plain = prices.cost("claude-sonnet-4-5", Usage(10, 10), "anthropic")
    with_search = prices.cost("claude-sonnet-4-5", Usage(10, 10, 0, 0, 3), "anthropic")
    assert plain is not None
    assert with_search == plain + Decimal("0.03")


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "https://a.example/)x", "https://a b", "file:///x", ""]
)
def test_only_plain_addresses_become_links(url: str) -> None:
    assert TextBlock("x", ({"url": url, "title": "t"},)).shown == "x"
