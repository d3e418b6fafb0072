"""The whole way, client and loop and tools, with servers that none of us wrote."""

from __future__ import annotations

import asyncio
import json

import pytest

from aigc_desktop.agent.client import AnthropicModel
from aigc_desktop.agent.discovery import check_connection, find_servers
from aigc_desktop.core.content import TextBlock
from aigc_desktop.core.events import Event, NoteAdded, RetryScheduled, TextDelta
from aigc_desktop.core.ports import ApiMessage, BlockText, ModelAnswer, ModelRequest
from aigc_desktop.core.session import StopReason, TurnStatus
from aigc_desktop.core.transcript import ItemKind
from aigc_desktop.services import chat, connection, sessions
from aigc_desktop.services.app import App
from aigc_desktop.store.turns import get_turn
from benchmarks import learning_loop
from tests.fakes import FakeClock
from tests.services.conftest import Chat

pytestmark = [pytest.mark.foreign, pytest.mark.timeout(300)]


async def talk_to(app: App, url: str) -> Chat:
    await connection.use_server(app, url)
    return Chat(app, (await sessions.create_session(app)).id)


async def test_aimock_main_job(app: App, aimock: str) -> None:
    talk = await talk_to(app, aimock)
    asked = talk.answer_all("once")
    turn_id = await talk.send("please write notes")
    turn = await app.store.read(lambda db: get_turn(db, turn_id))
    assert turn.status is TurnStatus.DONE
    assert len(asked) == 1
    assert (app.paths.work_dir / "notes.md").read_text() == "# From aimock\n"
    snapshot = await chat.open_session(app, talk.session_id)
    assert snapshot.items[-1].text == "The notes are **written**."


async def test_aimock_thinking(app: App, aimock: str) -> None:
    talk = await talk_to(app, aimock)
    await talk.send("think")
    kinds = [item.kind for item in (await chat.open_session(app, talk.session_id)).items]
    assert kinds == [ItemKind.USER, ItemKind.THINKING, ItemKind.TEXT]
    await talk.send("hello")


async def test_aimock_stream_cut_off_is_continued(app: App, aimock: str) -> None:
    events: list[Event] = []
    app.bus.subscribe(events.append)
    talk = await talk_to(app, aimock)
    turn_id = await talk.send("cut off")
    turn = await app.store.read(lambda db: get_turn(db, turn_id))
    assert turn.status is TurnStatus.DONE
    assert any(isinstance(event, NoteAdded) for event in events)
    arrived = "".join(event.text for event in events if isinstance(event, TextDelta))
    assert arrived.startswith("word ")
    assert arrived.endswith("and the rest.")


async def test_aimock_rate_limit(app: App, aimock: str) -> None:
    events: list[Event] = []
    app.bus.subscribe(events.append)
    talk = await talk_to(app, aimock)
    turn_id = await chat.send_message(app, talk.session_id, "be limited")
    while not any(isinstance(event, RetryScheduled) for event in events):
        await asyncio.sleep(0.01)
    await chat.stop_session(app, talk.session_id)
    await app.runner.wait(talk.session_id)
    turn = await app.store.read(lambda db: get_turn(db, turn_id))
    assert turn.stop_reason is StopReason.CANCELLED


async def test_aimock_closed_loop_of_learning(
    aimock: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The loop of the benchmark, pointed at a server that is not ours."""
    await learning_loop.main(learning_loop.Options(20, "learns", aimock), None)
    figures = json.loads(capsys.readouterr().out)
    assert figures["model"] == "learns"
    assert figures["lessons"] == 1
    assert figures["mean_first"] == figures["mean_without"] > 0
    assert figures["mean_last"] == 0


async def test_llama_streams_text_and_counts(app: App, llama: str) -> None:
    talk = await talk_to(app, llama)
    turn_id = await talk.send("Say hello in one short sentence.")
    turn = await app.store.read(lambda db: get_turn(db, turn_id))
    assert turn.status is TurnStatus.DONE
    assert turn.usage.total > 0
    assert turn.usage.output_tokens > 0
    assert turn.cost_usd is None
    assert (await chat.open_session(app, talk.session_id)).items[-1].text


async def test_llama_cancel(llama: str) -> None:
    model = AnthropicModel(None, llama, clock=FakeClock())
    name = (await check_connection(None, llama))[0]
    request = ModelRequest(
        name, (ApiMessage("user", (TextBlock("Count from 1 to 500."),)),), "", (), 2000
    )

    async def read(pieces: list[str]) -> None:
        async for event in model.stream(request):
            assert not isinstance(event, ModelAnswer)
            if isinstance(event, BlockText):
                pieces.append(event.text)

    pieces: list[str] = []
    task = asyncio.create_task(read(pieces))
    while len(pieces) < 3 and not task.done():
        await asyncio.sleep(0.02)
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    await model.aclose()


async def test_llama_is_found_by_itself(llama: str) -> None:
    found = await find_servers((("llama.cpp", llama), ("nobody", "http://127.0.0.1:9")))
    assert [server.name for server in found] == ["llama.cpp"]
    assert found[0].models
