"""Scenarios in use: matched, switched, pinned, replayed, versioned, shared, asked about."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from aigc_desktop.config import settings as config
from aigc_desktop.core.errors import UserError
from aigc_desktop.core.events import Event, NoticeRaised, ScenarioMatched, TurnEnded
from aigc_desktop.core.matching import Match, Outcome, Ranked, ReasonKind
from aigc_desktop.core.rules import Area, Effect, Scope
from aigc_desktop.core.rules import Match as RuleMatch
from aigc_desktop.core.rules import Rule as PermissionRule
from aigc_desktop.core.scenario import Available, Bundle, Prompt, Scenario
from aigc_desktop.core.session import Turn, TurnStatus
from aigc_desktop.services import chat, permissions, prompts, scenario_files, scenarios
from aigc_desktop.services.app import App
from aigc_desktop.services.builtins import bundles
from aigc_desktop.store import matches
from aigc_desktop.store import scenarios as rows
from aigc_desktop.store import turns as turn_rows
from tests import scripted_server as script
from tests.conftest import OpenApp
from tests.scripted_server import ScriptedServer
from tests.services.conftest import Chat

MakeChat = Callable[[], Awaitable[Chat]]
POEM = Bundle(
    "Poems",
    "Writes poems",
    examples=("a poem about rain", "write me a sonnet", "写一首关于春天的诗", "a haiku on frogs"),
    system_prompt="You are a poet.",
    max_turns=7,
)


async def turn_of(app: App, turn_id: int) -> Turn:
    return await app.store.read(lambda db: turn_rows.get_turn(db, turn_id))


@pytest.fixture(autouse=True)
def answers(request: pytest.FixtureRequest) -> None:
    """Whatever is asked, the model says something."""
    if "server" in request.fixturenames:
        request.getfixturevalue("server").queue(script.say("Done."))


async def by_key(app: App, key: str) -> Scenario:
    return next(s for s in await scenarios.list_scenarios(app) if s.builtin == key)


async def test_built_in_scenarios_are_there_and_follow_the_language(
    open_app: OpenApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_app() as app:
        found = await scenarios.list_scenarios(app)
        assert {s.builtin for s in found} == set(bundles("en"))
        assert [s.builtin for s in found if s.is_default] == ["general"]
        code = await by_key(app, "code")
        await scenarios.save_scenario(app, code.id, replace(code.bundle, name="My code"))
    monkeypatch.setattr("aigc_desktop.config.i18n.current_language", lambda: "zh_CN")
    async with open_app() as app:
        assert (await by_key(app, "code")).name == "My code"
        assert (await by_key(app, "translation")).name == bundles("zh_CN")["translation"].name
        assert len(await scenarios.list_scenarios(app)) == len(found)


async def test_a_turn_is_answered_in_its_scenario(
    connected: App, server: ScriptedServer, new_chat: MakeChat, events: list[Event]
) -> None:
    poems = await scenarios.save_scenario(connected, None, POEM)
    chat_ = await new_chat()
    await scenarios.set_available(connected, chat_.session_id, Available((), "Rhyme, please."))
    turn_id = await chat_.send("write me a poem about snow")
    turn = await turn_of(connected, turn_id)
    assert turn.match is not None
    assert turn.match.scenario_id == poems
    assert any(isinstance(e, ScenarioMatched) and e.turn_id == turn_id for e in events)
    settled = await chat.turn_config(connected, turn_id)
    assert settled is not None
    assert (settled.scenario_id, settled.scenario_version) == (poems, 1)
    assert settled.origins["max_turns"] == "scenario"
    assert settled.max_turns == 7
    kinds = [kind for kind, _ in settled.prompt_parts]
    assert kinds == ["global", "scenario", "session"]
    sent = json.dumps(server.requests[-1].body["system"])
    places = [sent.index(text) for text in ("AIGC Desktop", "You are a poet.", "Rhyme, please.")]
    assert places == sorted(places)


async def test_settings_of_the_user_come_before_the_scenarios(
    connected: App, new_chat: MakeChat
) -> None:
    await scenarios.save_scenario(connected, None, replace(POEM, model="claude-other"))
    connected.settings.set(config.MAX_TURNS, 12)
    chat_ = await new_chat()
    settled = await chat.turn_config(connected, await chat_.send("write me a poem about snow"))
    assert settled is not None
    assert (settled.max_turns, settled.origins["max_turns"]) == (12, "user")
    assert (settled.model, settled.origins["model"]) == ("claude-test", "user")


@pytest.mark.parametrize(("mode", "held"), [("plan", "plan"), ("auto", "ask")])
async def test_a_scenario_only_takes_permission_away(
    connected: App, new_chat: MakeChat, mode: str, held: str
) -> None:
    number = await scenarios.save_scenario(connected, None, replace(POEM, permission_mode=mode))
    chat_ = await new_chat()
    turn = await chat.send_message(connected, chat_.session_id, "hm", scenario_id=number)
    await connected.runner.wait(chat_.session_id)
    settled = await chat.turn_config(connected, turn)
    assert settled is not None
    assert settled.permission_mode == held


async def test_only_the_scenarios_tools_are_offered(
    connected: App, server: ScriptedServer, new_chat: MakeChat
) -> None:
    tools = ("read_file", "no_such_tool")
    number = await scenarios.save_scenario(connected, None, replace(POEM, allowed_tools=tools))
    chat_ = await new_chat()
    await chat.send_message(connected, chat_.session_id, "hm", scenario_id=number)
    await connected.runner.wait(chat_.session_id)
    assert [tool["name"] for tool in server.requests[-1].body["tools"]] == ["read_file"]


async def test_a_switch_answers_again_and_becomes_an_example(
    connected: App, new_chat: MakeChat
) -> None:
    poems = await scenarios.save_scenario(connected, None, POEM)
    chat_ = await new_chat()
    text = "something about the quiet lake at dusk"
    first = await chat_.send(text)
    await scenarios.switch_scenario(connected, first, poems)
    await connected.runner.wait(chat_.session_id)
    turns = await connected.store.read(lambda db: turn_rows.branch(db, chat_.session_id, first + 1))
    assert turns[-1].siblings == (first, first + 1)
    assert turns[-1].match is not None
    assert turns[-1].match.scenario_id == poems
    assert turns[-1].match.reasons[0].kind is ReasonKind.NAMED
    (label,) = await scenarios.list_labels(connected)
    assert (label.text, label.scenario_id, label.turn_id) == (text, poems, first)
    trial = await scenarios.try_request(connected, text)
    assert trial.scenario.id == poems
    await scenarios.remove_label(connected, label.id)
    assert await scenarios.list_labels(connected) == []


async def test_a_pinned_scenario_answers_everything(connected: App, new_chat: MakeChat) -> None:
    poems = await scenarios.save_scenario(connected, None, POEM)
    chat_ = await new_chat()
    await scenarios.pin_scenario(connected, chat_.session_id, poems)
    turn = await turn_of(connected, await chat_.send("fix the NullPointerException in App.java"))
    assert turn.match is not None
    assert turn.match.scenario_id == poems
    assert turn.match.reasons[0].kind is ReasonKind.PINNED
    await scenarios.trash_scenario(connected, poems)
    turn = await turn_of(connected, await chat_.send("fix the NullPointerException in App.java"))
    assert turn.match is not None
    assert turn.match.scenario_id != poems


async def test_the_sessions_list_counts_before_the_users(
    connected: App, new_chat: MakeChat
) -> None:
    poems = await scenarios.save_scenario(connected, None, POEM)
    code, email = await by_key(connected, "code"), await by_key(connected, "email")
    chat_ = await new_chat()
    await scenarios.set_available(connected, None, Available((code.id, email.id)))
    turn = await turn_of(connected, await chat_.send("write me a poem about snow"))
    assert turn.match is not None
    assert turn.match.scenario_id != poems
    await scenarios.set_available(connected, chat_.session_id, Available((poems,)))
    turn = await turn_of(connected, await chat_.send("fix this python bug"))
    assert turn.match is not None
    assert (turn.match.scenario_id, turn.match.reasons[0].kind) == (poems, ReasonKind.ONLY)


async def test_there_is_always_an_answer(connected: App, new_chat: MakeChat) -> None:
    for scenario in await scenarios.list_scenarios(connected):
        await scenarios.trash_scenario(connected, scenario.id)
    chat_ = await new_chat()
    turn = await turn_of(connected, await chat_.send("hello"))
    assert turn.stop_reason == "end_turn"
    settled = await chat.turn_config(connected, turn.id)
    assert settled is not None
    assert settled.scenario_id is None


async def test_a_turn_can_be_replayed_as_it_was(connected: App, new_chat: MakeChat) -> None:
    poems = await scenarios.save_scenario(connected, None, POEM)
    chat_ = await new_chat()
    first = await chat_.send("write me a poem about snow")
    before = await chat.turn_config(connected, first)
    await scenarios.save_scenario(connected, poems, replace(POEM, system_prompt="Prose only."))
    connected.settings.set(config.MAX_TURNS, 3)
    again = await chat.replay(connected, first)
    await connected.runner.wait(chat_.session_id)
    after = await chat.turn_config(connected, again)
    assert after == before


async def test_publishing_shows_what_would_go_elsewhere(connected: App, new_chat: MakeChat) -> None:
    poems = await scenarios.save_scenario(connected, None, POEM)
    chat_ = await new_chat()
    first = await chat_.send("a haiku on frogs in the rain")
    await scenarios.switch_scenario(connected, first, (await by_key(connected, "writing")).id)
    await connected.runner.wait(chat_.session_id)
    await scenarios.switch_scenario(connected, first, poems)
    await connected.runner.wait(chat_.session_id)
    assert await scenarios.preview_publish(connected, poems, POEM) == []
    other = Bundle("Taxes", "Tax returns", examples=("how much VAT do I pay", "deduct my desk"))
    (moved,) = await scenarios.preview_publish(connected, poems, other)
    assert moved.text == "a haiku on frogs in the rain"
    assert (moved.before, moved.is_better) == ("Poems", False)
    (scenario,) = [s for s in await scenarios.list_scenarios(connected) if s.id == poems]
    assert scenario.bundle == POEM


async def test_versions_can_be_compared_and_restored(connected: App) -> None:
    number = await scenarios.save_scenario(connected, None, POEM)
    await scenarios.save_scenario(connected, number, replace(POEM, name="Verses"))
    await scenarios.save_scenario(connected, number, replace(POEM, name="Verses"))
    reports = await scenarios.version_reports(connected, number)
    assert [report.version.version for report in reports] == [2, 1]
    assert [difference.field for difference in reports[0].differences] == ["name"]
    await scenarios.restore_version(connected, number, 1)
    reports = await scenarios.version_reports(connected, number)
    assert reports[0].version.version == 3
    assert reports[0].version.bundle == POEM
    with pytest.raises(UserError, match="scenario_not_found"):
        await scenarios.restore_version(connected, number, 99)


async def test_a_version_that_does_worse_is_reported(
    connected: App, new_chat: MakeChat, events: list[Event]
) -> None:
    number = await scenarios.save_scenario(connected, None, POEM)
    chat_ = await new_chat()
    turn_id = await chat_.send("write me a poem about snow")
    await scenarios.save_scenario(connected, number, replace(POEM, system_prompt="Worse."))
    match = Match(Outcome.SCENARIO, number, 0.9, (Ranked(number, "Poems", 1.0),))

    def history(db: object) -> None:
        for at in range(40):
            turn = turn_rows.add_turn(
                db,  # type: ignore[arg-type]
                chat_.session_id,
                turn_id,
                "x",
                TurnStatus.DONE,
                at,
            )
            matches.save(db, turn.id, match, 1 if at < 20 else 2)  # type: ignore[arg-type]
            if at >= 28:
                matches.mark_corrected(db, turn.id)  # type: ignore[arg-type]

    await connected.store.write(history)
    newest = (await scenarios.version_reports(connected, number))[0]
    assert newest.figures is not None
    assert (newest.figures.turns, newest.figures.corrected) == (20, 12)
    assert newest.change is not None
    assert newest.change.is_drop
    writing = await by_key(connected, "writing")
    await scenarios.switch_scenario(connected, turn_id, writing.id)
    await connected.runner.wait(chat_.session_id)
    told = [e for e in events if isinstance(e, NoticeRaised) and e.code == "scenario_dropped"]
    assert told[0].params["version"] == 2


async def test_the_user_is_asked_when_it_is_unclear(
    connected: App, new_chat: MakeChat, events: list[Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, email = await by_key(connected, "code"), await by_key(connected, "email")
    unsure = Match(
        Outcome.UNSURE,
        code.id,
        0.3,
        (Ranked(code.id, code.name, 0.4), Ranked(email.id, email.name, 0.3)),
    )
    monkeypatch.setattr(connected.matching.matcher, "match", lambda *_a, **_k: unsure)
    chat_ = await new_chat()
    await chat.attend(connected)
    turn_id = await chat.send_message(connected, chat_.session_id, "hm")
    while not any(isinstance(e, ScenarioMatched) and e.waits for e in events):
        await asyncio.sleep(0.01)
    assert not any(isinstance(e, TurnEnded) for e in events)
    await scenarios.switch_scenario(connected, turn_id, email.id)
    await connected.runner.wait(chat_.session_id)
    turn = await turn_of(connected, turn_id)
    assert turn.siblings == (turn_id,)
    assert turn.match is not None
    assert (turn.match.scenario_id, turn.match.outcome) == (email.id, Outcome.SCENARIO)
    monkeypatch.setattr("aigc_desktop.services.matching.PATIENCE", 0.05)
    turn = await turn_of(connected, await chat_.send("hm again"))
    assert turn.match is not None
    assert (turn.match.scenario_id, turn.match.outcome) == (code.id, Outcome.UNSURE)


@pytest.mark.parametrize(("said", "chosen"), [("2", "email"), ("0", "general"), ("what?", "code")])
async def test_a_small_model_is_asked_only_if_the_user_wants_it(
    connected: App,
    server: ScriptedServer,
    new_chat: MakeChat,
    monkeypatch: pytest.MonkeyPatch,
    said: str,
    chosen: str,
) -> None:
    code, email = await by_key(connected, "code"), await by_key(connected, "email")
    ranked = (Ranked(code.id, code.name, 0.4), Ranked(email.id, email.name, 0.3))
    unsure = Match(Outcome.UNSURE, code.id, 0.3, ranked)
    monkeypatch.setattr(connected.matching.matcher, "match", lambda *_a, **_k: unsure)
    chat_ = await new_chat()
    await chat_.send("hm")
    asked = len(server.requests)
    connected.settings.set(config.WHEN_UNSURE, "model")
    server.handlers.clear()
    server.queue(script.say(said), script.say("done"))
    turn = await turn_of(connected, await chat_.send("hm"))
    assert turn.match is not None
    assert turn.match.scenario_id == (await by_key(connected, chosen)).id
    question = server.requests[asked].body
    assert "tools" not in question or not question["tools"]
    assert email.name in json.dumps(question["messages"], ensure_ascii=False)
    assert len(server.requests) == asked + 2
    if said != "what?":
        await chat_.send("hm")
        assert len(server.requests) == asked + 3
    connected.settings.set(config.MATCH_QUESTIONS, 0)
    before = len(server.requests)
    await chat_.send("something else")
    assert len(server.requests) == before + 1


async def test_scenarios_travel_as_a_file(connected: App, tmp_path: Path) -> None:
    number = await scenarios.save_scenario(connected, None, POEM)
    file = tmp_path / "out.json"
    assert await scenario_files.export_scenarios(connected, str(file), (number,)) == 1
    read = await scenario_files.read_import(connected, str(file))
    assert await scenario_files.import_scenarios(connected, read) == []
    await scenarios.trash_scenario(connected, number)
    await scenarios.delete_scenario(connected, number)
    (made,) = await scenario_files.import_scenarios(connected, read)
    (found,) = [s for s in await scenarios.list_scenarios(connected) if s.id == made]
    assert found.bundle == POEM
    assert not found.is_public


@pytest.mark.parametrize("name", ["missing.json", "", "folder"])
async def test_what_is_no_file_is_refused(connected: App, tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(UserError, match="file_not_readable"):
        await scenario_files.read_import(connected, str(tmp_path / name))


async def test_a_scenarios_folder_is_the_chats_folder(
    connected: App, new_chat: MakeChat, tmp_path: Path
) -> None:
    folder = tmp_path / "poems"
    folder.mkdir()
    bundle = replace(POEM, work_dir=str(folder))
    number = await scenarios.save_scenario(connected, None, bundle)
    chat_ = await new_chat()
    assert await chat.work_dir(connected, chat_.session_id) != folder
    await chat.send_message(connected, chat_.session_id, "hm", scenario_id=number)
    await connected.runner.wait(chat_.session_id)
    assert await chat.work_dir(connected, chat_.session_id) == folder


async def test_the_prompt_library(connected: App, tmp_path: Path) -> None:
    for prompt in await prompts.list_prompts(connected):
        assert "{{" in prompt.content
        await prompts.remove_prompt(connected, prompt.id)
    file = tmp_path / "prompts.csv"
    file.write_text('act,prompt\nPoet,"Write about {{topic}}"\n', encoding="utf-8")
    assert await prompts.import_collection(connected, str(file)) == 1
    assert await prompts.import_collection(connected, str(file)) == 0
    (prompt,) = await prompts.list_prompts(connected)
    assert await prompts.use_prompt(connected, prompt, {"topic": "rain"}) == "Write about rain"
    (prompt,) = await prompts.list_prompts(connected)
    assert prompt.usage_count == 1
    with pytest.raises(UserError, match="prompt_invalid"):
        await prompts.save_prompt(connected, Prompt(0, " ", "", "", "x"))
    await prompts.remove_prompt(connected, prompt.id)
    assert await prompts.list_prompts(connected) == []


async def test_a_rule_of_a_scenario_holds_there_alone(open_app: OpenApp) -> None:
    async with open_app() as app:
        number = (await by_key(app, "code")).id
        rule = PermissionRule(
            Effect.ALLOW, Area.WRITE, RuleMatch.ANY, "", "/w", Scope.SCENARIO, scenario_id=number
        )
        await permissions.add_rule(app, rule)
    async with open_app() as app:
        (kept,) = await permissions.list_rules(app)
        assert (kept.scope, kept.scenario_id) == (Scope.SCENARIO, number)


async def test_web_version_scenarios_are_taken_over(connected: App) -> None:
    def insert(db: object) -> None:
        meta = json.dumps(json.dumps({"tags": ["a"], "keywords": ["k"]}))
        db.exec_driver_sql(  # type: ignore[attr-defined]
            "INSERT INTO business_scenarios (id, name, description, meta, allowed_tools, "
            "custom_tools, skills, is_public) VALUES (77, 'Old', NULL, ?, '[\"Read\"]', "
            '\'{"srv": {"command": "x"}}\', \'["pdf"]\', 1)',
            (meta,),
        )

    await connected.store.write(insert)
    old = await connected.store.read(lambda db: rows.get(db, 77))
    assert (old.bundle.tags, old.bundle.keywords) == (("a",), ("k",))
    assert old.bundle.allowed_tools == ("Read",)
    assert old.bundle.skills == ("pdf",)
    assert old.bundle.mcp_servers == ({"name": "srv", "command": "x"},)
    await scenarios.save_scenario(connected, 77, replace(old.bundle, name="New"))
    reports = await scenarios.version_reports(connected, 77)
    assert [report.version.bundle.name for report in reports] == ["New", "Old"]
