"""The conversation from the services' side: the main job and what may go wrong in it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from aigc_desktop.agent.toolrun import DENIED
from aigc_desktop.config import settings as config
from aigc_desktop.core.errors import UserError
from aigc_desktop.core.events import (
    Event,
    FilesChanged,
    NoteAdded,
    SessionOpened,
    TurnEnded,
    TurnQueued,
)
from aigc_desktop.core.session import StopReason, Turn, TurnStatus
from aigc_desktop.core.transcript import ItemKind, ToolState, TranscriptSnapshot
from aigc_desktop.services import chat, sessions
from aigc_desktop.services.app import App
from aigc_desktop.store.store import Store
from aigc_desktop.store.turns import get_turn
from tests import scripted_server as script
from tests.conftest import OpenApp
from tests.scripted_server import Exchange, ScriptedServer
from tests.services.conftest import Chat

MakeChat = Callable[[], Awaitable[Chat]]
WRITE = ("t1", "write_file", {"path": "a/b.md", "content": "# hi\n"})


async def turn_of(app: App, turn_id: int) -> Turn:
    return await app.store.read(lambda db: get_turn(db, turn_id))


async def test_a_message_is_answered_and_kept(
    connected: App, new_chat: MakeChat, server: ScriptedServer
) -> None:
    server.queue(script.say("Hello ", "world"))
    talk = await new_chat()
    turn = await turn_of(connected, await talk.send("Please say hello to the world. Thanks!"))
    assert turn.status is TurnStatus.DONE
    assert turn.usage.output_tokens == 5
    assert turn.cost_usd is None
    snapshot = await chat.open_session(connected, talk.session_id)
    assert [item.text for item in snapshot.items] == [
        "Please say hello to the world. Thanks!",
        "Hello world",
    ]
    assert snapshot.session.title == "Say hello to the world"


async def test_tool_call_asks_shows_a_diff_and_writes(
    connected: App, new_chat: MakeChat, server: ScriptedServer, events: list[Event]
) -> None:
    server.queue(script.call(WRITE), script.say("done"))
    talk = await new_chat()
    asked = talk.answer_all("once")
    await talk.send("write it")
    assert asked[0].preview_kind == "diff"
    assert "+# hi" in asked[0].preview
    assert (connected.paths.work_dir / "a/b.md").read_text() == "# hi\n"
    assert [file.path for file in await chat.changed_files(connected, talk.session_id)] == [
        "a/b.md"
    ]
    assert any(isinstance(event, FilesChanged) for event in events)
    results = server.requests[1].body["messages"][-1]["content"]
    assert results[0]["tool_use_id"] == "t1"
    assert results[0]["is_error"] is False


async def test_denied_means_not_done(
    connected: App, new_chat: MakeChat, server: ScriptedServer
) -> None:
    server.queue(script.call(WRITE), script.say("all right"))
    talk = await new_chat()
    talk.answer_all("deny")
    await talk.send("write it")
    assert not (connected.paths.work_dir / "a").exists()
    assert server.requests[1].body["messages"][-1]["content"][0]["content"] == DENIED
    snapshot = await chat.open_session(connected, talk.session_id)
    assert [i.tool.state for i in snapshot.items if i.tool] == [ToolState.DENIED]


async def test_session_grant_asks_once(
    connected: App, new_chat: MakeChat, server: ScriptedServer
) -> None:
    server.queue(script.call(WRITE), script.call(("t1", *WRITE[1:])), script.say("done"))
    talk = await new_chat()
    asked = talk.answer_all("session")
    await talk.send("write it twice")
    assert len(asked) == 1


async def test_an_answer_to_another_question_is_refused(
    connected: App, new_chat: MakeChat, server: ScriptedServer, events: list[Event]
) -> None:
    server.queue(script.call(WRITE), script.say("done"))
    talk = await new_chat()
    turn_id = await chat.send_message(connected, talk.session_id, "write")
    while not (running := connected.runner.running(talk.session_id)) or not running.questions:
        await asyncio.sleep(0.01)
    with pytest.raises(UserError, match="approval_outdated"):
        await chat.answer_approval(connected, turn_id, "t1", "once", "another fingerprint")
    assert not (connected.paths.work_dir / "a").exists()
    await chat.stop_session(connected, talk.session_id)


async def test_readers_run_beside_each_other_and_keep_their_order(
    connected: App, new_chat: MakeChat, server: ScriptedServer
) -> None:
    (connected.paths.work_dir / "x.txt").write_text("ex")
    (connected.paths.work_dir / "y.txt").write_text("why")
    server.queue(
        script.call(
            ("r1", "read_file", {"path": "x.txt"}),
            ("r2", "read_file", {"path": "missing.txt"}),
            ("r3", "read_file", {"path": "y.txt"}),
        ),
        script.say("ok"),
    )
    talk = await new_chat()
    await talk.send("read")
    results = server.requests[1].body["messages"][-1]["content"]
    assert [r["tool_use_id"] for r in results] == ["r1", "r2", "r3"]
    assert [r["is_error"] for r in results] == [False, True, False]


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("no_such_tool", {}, "no tool named"),
        ("read_file", {}, "missing"),
        ("read_file", {"path": 7}, "type string"),
        ("read_file", {"path": "a", "sudo": True}, "no argument"),
        ("read_file", '{"path": NaN}', "valid JSON"),
        ("read_file", {"path": "../../etc/passwd"}, "outside"),
    ],
)
async def test_calls_that_cannot_work_are_told_to_the_model(
    new_chat: MakeChat, server: ScriptedServer, name: str, arguments: object, words: str
) -> None:
    server.queue(script.call(("t1", name, arguments)), script.say("sorry"))
    talk = await new_chat()
    await talk.send("go")
    result = server.requests[1].body["messages"][-1]["content"][0]
    assert result["is_error"]
    assert words in result["content"]


async def test_call_ids_used_again_are_told_apart(
    connected: App, new_chat: MakeChat, server: ScriptedServer
) -> None:
    look = ("call_0", "list_files", {})
    server.queue(script.call(look), script.call(look), script.say("ok"))
    talk = await new_chat()
    await talk.send("look twice")
    snapshot = await chat.open_session(connected, talk.session_id)
    tools = [item.tool for item in snapshot.items if item.tool]
    assert len({tool.tool_use_id for tool in tools}) == 2
    assert {tool.state for tool in tools} == {ToolState.DONE}


async def test_messages_queue_behind_a_running_turn(
    connected: App, new_chat: MakeChat, server: ScriptedServer, events: list[Event]
) -> None:
    server.queue(script.call(WRITE), script.say("first"), script.say("second"))
    talk = await new_chat()
    first = await chat.send_message(connected, talk.session_id, "one")
    second = await chat.send_message(connected, talk.session_id, "two")
    third = await chat.send_message(connected, talk.session_id, "three")
    assert await chat.unqueue(connected, second) == "two"
    running = connected.runner.running(talk.session_id)
    while not running or not running.questions:
        await asyncio.sleep(0.01)
        running = connected.runner.running(talk.session_id)
    question = running.questions["t1"][0]
    await chat.answer_approval(connected, first, "t1", "once", question.fingerprint)
    await connected.runner.wait(talk.session_id)
    assert (await turn_of(connected, third)).status is TurnStatus.DONE
    assert (await turn_of(connected, third)).parent_id == first
    assert sum(isinstance(event, TurnQueued) for event in events) == 2


async def test_edit_and_regenerate_make_branches(
    connected: App, new_chat: MakeChat, server: ScriptedServer, events: list[Event]
) -> None:
    server.queue(script.say("A"), script.say("B"), script.say("C"), script.say("D"))
    talk = await new_chat()
    first = await talk.send("question")
    await talk.send("follow-up")
    edited = await chat.edit_message(connected, first, "other question")
    await connected.runner.wait(talk.session_id)
    again = await chat.regenerate(connected, edited)
    await connected.runner.wait(talk.session_id)
    snapshot = await chat.open_session(connected, talk.session_id)
    assert [item.text for item in snapshot.items] == ["other question", "D"]
    assert snapshot.turns[0].siblings == (first, edited, again)
    await chat.switch_branch(connected, first)
    opened = [event for event in events if isinstance(event, SessionOpened)][-1]
    assert [item.text for item in opened.snapshot.items] == ["question", "A", "follow-up", "B"]
    sent = server.requests[2].body["messages"]
    assert [block["text"] for m in sent for block in m["content"]] == ["other question"]


async def test_stop_keeps_what_arrived_and_the_session_goes_on(
    connected: App, new_chat: MakeChat, server: ScriptedServer
) -> None:
    async def endless(exchange: Exchange) -> None:
        await exchange.start_stream()
        for event in [script.message_start(), *script.text_events(0, "so far")[:-1]]:
            await exchange.event(event)
        await asyncio.sleep(30)

    server.queue(endless, script.say("on we go"))
    talk = await new_chat()
    turn_id = await chat.send_message(connected, talk.session_id, "talk")
    running = connected.runner.running(talk.session_id)
    while running is None or len(running.live.items()) < 1:
        await asyncio.sleep(0.01)
        running = connected.runner.running(talk.session_id)
    await chat.stop_session(connected, talk.session_id)
    await connected.runner.wait(talk.session_id)
    turn = await turn_of(connected, turn_id)
    assert (turn.status, turn.stop_reason) == (TurnStatus.STOPPED, StopReason.CANCELLED)
    await talk.send("go on")
    texts = [b["text"] for m in server.requests[1].body["messages"] for b in m["content"]]
    assert texts == ["talk", "so far", "go on"]


async def test_stop_while_asked_answers_the_call(
    connected: App, new_chat: MakeChat, server: ScriptedServer
) -> None:
    server.queue(script.call(WRITE), script.say("fine"))
    talk = await new_chat()
    await chat.send_message(connected, talk.session_id, "write")
    while not (running := connected.runner.running(talk.session_id)) or not running.questions:
        await asyncio.sleep(0.01)
    await chat.stop_session(connected, talk.session_id)
    await connected.runner.wait(talk.session_id)
    await talk.send("and now?")
    messages = server.requests[1].body["messages"]
    assert messages[-1]["content"][0]["tool_use_id"] == "t1"
    assert messages[-1]["content"][0]["is_error"]
    assert messages[-1]["content"][1]["text"] == "and now?"


async def test_a_broken_stream_is_continued(
    connected: App, new_chat: MakeChat, server: ScriptedServer, events: list[Event]
) -> None:
    async def broken(exchange: Exchange) -> None:
        await exchange.start_stream()
        for event in [script.message_start(), *script.text_events(0, "first half")[:-1]]:
            await exchange.event(event)
        exchange.drop()

    server.queue(broken, script.say(" second half"))
    talk = await new_chat()
    turn = await turn_of(connected, await talk.send("long answer please"))
    assert turn.status is TurnStatus.DONE
    snapshot = await chat.open_session(connected, talk.session_id)
    assert [item.kind for item in snapshot.items] == [
        ItemKind.USER,
        ItemKind.TEXT,
        ItemKind.NOTE,
        ItemKind.TEXT,
    ]
    assert any(isinstance(event, NoteAdded) for event in events)


async def test_a_stream_that_never_recovers_fails_with_a_reason(
    connected: App, new_chat: MakeChat, server: ScriptedServer, allow_log: set[str]
) -> None:
    allow_log.add("failed: stream_broken")

    async def broken(exchange: Exchange) -> None:
        await exchange.start_stream()
        for event in [script.message_start(), *script.text_events(0, "bit ")[:-1]]:
            await exchange.event(event)
        exchange.drop()

    server.queue(broken, script.say("well again"))
    server.handlers = type(server.handlers)([broken])
    talk = await new_chat()
    turn = await turn_of(connected, await talk.send("hello"))
    assert turn.status is TurnStatus.FAILED
    assert turn.error is not None
    assert turn.error[0] == "stream_broken"
    server.handlers = type(server.handlers)([script.say("well again")])
    turn = await turn_of(connected, await talk.send("once more"))
    assert turn.status is TurnStatus.DONE


async def test_limit_of_model_calls(
    connected: App, new_chat: MakeChat, server: ScriptedServer
) -> None:
    from aigc_desktop.config.settings import MAX_TURNS

    connected.settings.set(MAX_TURNS, 3)
    server.queue(script.call(("t", "list_files", {})))
    talk = await new_chat()
    turn = await turn_of(connected, await talk.send("loop"))
    assert turn.stop_reason is StopReason.TURN_LIMIT
    assert len(server.requests) == 3


async def test_max_tokens_inside_a_tool_call_runs_nothing(
    connected: App, new_chat: MakeChat, server: ScriptedServer
) -> None:
    server.queue(
        script.answer(script.tool_events(0, "t1", *WRITE[1:]), stop_reason="max_tokens"),
        script.say("ok"),
    )
    talk = await new_chat()
    turn = await turn_of(connected, await talk.send("write"))
    assert turn.stop_reason is StopReason.MAX_TOKENS
    assert not (connected.paths.work_dir / "a").exists()
    assert (await turn_of(connected, await talk.send("next"))).status is TurnStatus.DONE


async def test_lone_surrogates_and_huge_results(
    connected: App, new_chat: MakeChat, server: ScriptedServer
) -> None:
    (connected.paths.work_dir / "big.txt").write_text("line of text\n" * 100_000)
    server.queue(
        script.call(("t1", "grep", {"pattern": "line", "path": "big.txt"})),
        script.call(("t2", "write_file", {"path": "s.txt", "content": "a\ud800b"})),
        script.call(("t3", "run_command", {"command": "head -c 3000000 /dev/zero | tr '\\0' x"})),
        script.say("ok"),
    )
    talk = await new_chat()
    talk.answer_all("once")
    turn = await turn_of(connected, await talk.send("go"))
    assert turn.status is TurnStatus.DONE
    assert (connected.paths.work_dir / "s.txt").read_text() == "a\ufffdb"
    snapshot = await chat.open_session(connected, talk.session_id)
    call = snapshot.items[-2].tool
    assert call is not None
    assert call.full_output is not None
    assert len(call.result) < 40_000
    assert "left out" in call.result
    assert Path(call.full_output).stat().st_size > 2_900_000


async def test_the_next_start_finds_everything(
    open_app: OpenApp, server: ScriptedServer, home: Path
) -> None:
    async with open_app() as app:
        session = await sessions.create_session(app)
        await sessions.set_session_model(app, session.id, "demo")
        await chat.send_message(app, session.id, "tell me")
        await app.runner.wait(session.id)
        await sessions.save_draft(app, session.id, "not sent yet")
        await sessions.pin_session(app, session.id, True)
    async with open_app() as app:
        found = (await sessions.list_sessions(app))[0]
        assert (found.draft, found.pinned) == ("not sent yet", True)
        assert (await chat.open_session(app, found.id)).items[-1].text


async def test_nothing_to_send_and_too_much(connected: App, new_chat: MakeChat) -> None:
    talk = await new_chat()
    with pytest.raises(UserError, match="message_empty"):
        await talk.send("  \n")
    with pytest.raises(UserError, match="message_too_large"):
        await talk.send("x" * 500_000)


async def test_no_key_is_told_and_the_message_is_kept(app: App, allow_log: set[str]) -> None:
    session = await sessions.create_session(app)
    turn_id = await chat.send_message(app, session.id, "hello")
    await app.runner.wait(session.id)
    turn = await turn_of(app, turn_id)
    assert turn.error is not None
    assert turn.error[0] == "api_key_missing"
    assert turn.user_text == "hello"


async def test_the_turn_keeps_its_configuration(
    connected: App, new_chat: MakeChat, server: ScriptedServer
) -> None:
    server.queue(script.say("hi"))
    talk = await new_chat()
    await sessions.set_session_model(connected, talk.session_id, "other-model")
    config = await chat.turn_config(connected, await talk.send("hello"))
    assert config is not None
    assert config.model == "other-model"
    assert config.origins["model"] == "session"
    assert config.origins["max_turns"] == "global"
    assert "read_file" in config.allowed_tools
    assert json.loads(json.dumps(server.requests[0].body))["model"] == "other-model"


async def test_reopening_a_running_session_shows_what_has_arrived(
    connected: App, new_chat: MakeChat, server: ScriptedServer, events: list[Event]
) -> None:
    server.queue(script.call(WRITE, text="I will write"), script.say("done"))
    talk = await new_chat()
    await chat.send_message(connected, talk.session_id, "write")
    while not (running := connected.runner.running(talk.session_id)) or not running.questions:
        await asyncio.sleep(0.01)
    events.clear()
    snapshot = await chat.open_session(connected, talk.session_id)
    assert snapshot.items[1].text == "I will write"
    assert snapshot.items[2].tool is not None
    assert snapshot.items[2].tool.state is ToolState.ASKING
    assert [type(event).__name__ for event in events] == ["SessionOpened", "ApprovalRequested"]
    await chat.stop_session(connected, talk.session_id)
    await connected.runner.wait(talk.session_id)
    assert isinstance(events[-1], TurnEnded)


async def test_a_turn_that_begins_while_the_session_is_read_is_in_the_snapshot(
    connected: App, new_chat: MakeChat, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.queue(script.say("one"))
    talk = await new_chat()
    read = Store.read
    sent: list[int] = []

    async def slow_read(store: Store, job: Callable[[Any], Any]) -> Any:
        found = await read(store, job)
        if isinstance(found, TranscriptSnapshot) and not sent:
            sent.append(0)
            sent[0] = await chat.send_message(connected, talk.session_id, "hello")
        return found

    monkeypatch.setattr(Store, "read", slow_read)
    snapshot = await chat.open_session(connected, talk.session_id)
    assert [turn.id for turn in snapshot.turns] == sent
    await connected.runner.wait(talk.session_id)


async def test_a_plan_is_made_without_effects_and_carried_out_when_approved(
    connected: App, new_chat: MakeChat, server: ScriptedServer
) -> None:
    connected.settings.set(config.PERMISSION_MODE, "plan")
    server.queue(
        script.call(WRITE), script.say("1. Write a/b.md"), script.call(WRITE), script.say("done")
    )
    talk = await new_chat()
    asked = talk.answer_all("once")
    planned = await talk.send("plan it")
    assert not (connected.paths.work_dir / "a/b.md").exists()
    assert "Plan mode" in json.dumps(server.requests[0].body["system"])
    assert (await turn_of(connected, planned)).permission_mode == "plan"
    done = await chat.carry_out_plan(connected, planned)
    await connected.runner.wait(talk.session_id)
    assert len(asked) == 1
    assert (connected.paths.work_dir / "a/b.md").exists()
    assert (await turn_of(connected, done)).permission_mode == "ask"
    with pytest.raises(UserError, match="no_plan"):
        await chat.carry_out_plan(connected, done)
