"""Take-over from the web version: every step, bad data, twice, into a used database, cancelled."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from aigc_desktop.config.paths import Paths
from aigc_desktop.core.errors import UserError
from aigc_desktop.core.events import Event, SessionsArrived, TakeOverProgressed
from aigc_desktop.core.matching import Outcome
from aigc_desktop.core.session import Session
from aigc_desktop.core.takeover import Step, TakeOverReport
from aigc_desktop.core.transcript import ToolState
from aigc_desktop.services import chat, prompts, scenarios, sessions, takeover
from aigc_desktop.services.app import App
from aigc_desktop.services.takeover import Wish
from aigc_desktop.store import messages, turns
from tests import web_version as web


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return tmp_path / "web" / "sessions.db"


def make(source: Path, step: str = web.STEPS[-1], **options: bool) -> Path:
    source.parent.mkdir(exist_ok=True)
    return web.build(source, step, **options)


def tree(folder: Path) -> dict[str, str]:
    """Return what a folder holds, to see that nothing changed."""
    files = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def came(report: TakeOverReport) -> dict[str, int]:
    return {each.kind: each.came for each in report.arrived if each.came}


def codes(report: TakeOverReport) -> set[str]:
    return {left.code for left in report.left_out}


async def rows(app: App, query: str) -> list[tuple[Any, ...]]:
    return await app.store.read(lambda db: [tuple(row) for row in db.execute(text(query))])


async def chat_of(app: App, uuid: str) -> Session:
    [(session_id,)] = await rows(app, f"SELECT id FROM sessions WHERE session_id = '{uuid}'")
    return await sessions.get_session(app, session_id)


@pytest.mark.parametrize("step", web.STEPS)
@pytest.mark.parametrize("nasty", [False, True])
async def test_every_step_comes_over(app: App, source: Path, step: str, nasty: bool) -> None:
    make(source, step, nasty=nasty)
    before = tree(source.parent)
    report = await takeover.take_over(app, Wish(str(source), user="王小明"))
    assert tree(source.parent) == before
    assert report.step == step
    assert came(report)["sessions"] == (4 if nasty else 3)
    session = await chat_of(app, web.FIRST)
    snapshot = await chat.open_session(app, session.id)
    said = [item.text for item in snapshot.items]
    assert said[:4] == ["第一个问题：整理 a.csv", "I will read it.", "a,b", "Done 完成"]
    if not nasty:
        assert said[4:] == ["second, edited", "answer to the edit"]
    assert (await scenarios.list_scenarios(app))[-1].name in ("数据分析", "Bad")
    assert {p.name for p in await prompts.list_prompts(app)} >= {"周报"}
    assert not list(app.paths.data_dir.glob("*.tmp"))
    integrity = await rows(app, "PRAGMA integrity_check")
    assert integrity == [("ok",)]
    assert await rows(app, "PRAGMA foreign_key_check") == []
    if nasty:
        wanted = {"takeover:orphans", "takeover:links", "takeover:json", "takeover:nul"}
        assert wanted | {"takeover:encoding", "takeover:rows", "takeover:roles"} <= codes(report)
    assert {"takeover:passwords", "takeover:server", "takeover:mcp"} <= codes(report)


async def test_a_conversation_keeps_its_branches_tools_usage_and_scenario(
    app: App, source: Path
) -> None:
    await takeover.take_over(app, Wish(str(make(source))))
    session = await chat_of(app, web.FIRST)
    found = await app.store.read(lambda db: turns.branch(db, session.id, session.current_turn_id))
    first, edited = found
    assert (first.usage.input_tokens, first.usage.output_tokens) == (100, 40)
    assert (first.usage.cache_read_tokens, first.usage.cache_write_tokens) == (7, 3)
    assert str(first.cost_usd) == "0.0125"
    assert first.model == "claude-sonnet-4"
    assert first.created_at == 1740830460250
    assert first.ended_at == 1740830760250
    assert len(edited.siblings) == 2
    assert first.match is not None
    assert first.match.outcome is Outcome.SCENARIO
    assert first.match.ranked[0].name == "数据分析"
    snapshot = await chat.open_session(app, session.id)
    [call] = [item.tool for item in snapshot.items if item.tool]
    assert (call.name, call.state, dict(call.input)) == ("Read", ToolState.DONE, {"path": "a.csv"})
    third = await chat_of(app, web.THIRD)
    history = await app.store.read(lambda db: messages.history(db, third.current_turn_id or 0))
    assert [m.role for m in history] == ["user", "assistant", "user"]


async def test_feedback_files_and_choices_point_to_what_came(app: App, source: Path) -> None:
    await sessions.create_session(app)
    await takeover.take_over(app, Wish(str(make(source))))
    session = await chat_of(app, web.FIRST)
    [(turn_id,)] = await rows(app, f"SELECT min(id) FROM turns WHERE session_id = {session.id}")
    found = await rows(
        app,
        "SELECT DISTINCT f.conversation_turn_id, m.content, f.user_id FROM user_feedback f "
        "JOIN messages m ON m.id = f.message_id",
    )
    assert found == [(str(turn_id), "Done 完成", 1)]
    data = next(s for s in await scenarios.list_scenarios(app) if s.name == "数据分析")
    code = next(s for s in await scenarios.list_scenarios(app) if s.name == "Code")
    own = await scenarios.available(app, None)
    assert (own.scenario_ids, own.custom_prompt) == ((data.id, code.id), "简短回答")
    second = await chat_of(app, web.SECOND)
    assert (await scenarios.available(app, second.id)).scenario_ids == (code.id,)
    assert data.is_default
    files = await rows(app, "SELECT file_name FROM user_file_relationships ORDER BY file_name")
    assert files == [("chart.png",), ("reports/报告.md",)]


async def test_nothing_that_comes_can_start_or_leak_anything(
    app: App, source: Path, paths: Paths
) -> None:
    await takeover.take_over(app, Wish(str(make(source, nasty=True)), user="王小明"))
    for scenario in await scenarios.list_scenarios(app):
        assert all(server["disabled"] for server in scenario.bundle.mcp_servers)
        assert scenario.bundle.permission_mode in (None, "ask", "accept_edits", "plan")
        assert scenario.bundle.work_dir is None
    assert await rows(app, "SELECT DISTINCT hashed_password FROM users") == [(None,)]
    assert await rows(app, "SELECT count(*) FROM system_default_config") == [(0,)]
    held = [path for path in paths.home.rglob("*") if path.is_file()]
    for path in held:
        with contextlib.suppress(FileNotFoundError):  # the search index is built meanwhile
            assert web.KEY.encode() not in path.read_bytes(), path


async def test_twice_changes_nothing_and_what_is_edited_here_stays(app: App, source: Path) -> None:
    wish = Wish(str(make(source, nasty=True)))
    await takeover.take_over(app, wish)
    session = await chat_of(app, web.FIRST)
    await sessions.rename_session(app, session.id, "mine")
    data = next(s for s in await scenarios.list_scenarios(app) if s.name == "数据分析")
    await scenarios.trash_scenario(app, data.id)
    tables = ("sessions", "turns", "messages", "business_scenarios", "users", "user_feedback")
    counts = [await rows(app, f"SELECT count(*) FROM {table}") for table in tables]
    again = await takeover.take_over(app, wish)
    assert not again.changed
    assert again.snapshot == ""
    assert [await rows(app, f"SELECT count(*) FROM {table}") for table in tables] == counts
    assert (await chat_of(app, web.FIRST)).title == "mine"
    assert len(await takeover.past_take_overs(app)) == 1


async def test_a_database_in_use_keeps_its_own(app: App, source: Path) -> None:
    own = await sessions.create_session(app)
    await sessions.save_draft(app, own.id, "half")
    report = await takeover.take_over(app, Wish(str(make(source))))
    assert (await sessions.get_session(app, own.id)).draft == "half"
    assert len(await sessions.list_sessions(app)) == 4
    assert Path(report.snapshot).is_file()
    [past] = await takeover.past_take_overs(app)
    assert (past.arrived, past.left_out) == (report.arrived, report.left_out)


async def test_a_trial_changes_nothing(app: App, source: Path, paths: Paths) -> None:
    folder = source.parent / "work_dir"
    make(source)
    folder.mkdir()
    (folder / "a.txt").write_text("a")
    before = await rows(app, "SELECT count(*) FROM sessions")
    report = await takeover.take_over(app, Wish(str(source), str(folder), dry=True))
    assert came(report)["sessions"] == 3
    assert report.files is not None
    assert report.files.copied == 1
    assert await rows(app, "SELECT count(*) FROM sessions") == before
    assert not list(paths.work_dir.iterdir())
    assert not list(paths.data_dir.glob("before-*"))


async def test_what_is_only_in_the_wal_comes_too(app: App, source: Path) -> None:
    make(source)
    db = sqlite3.connect(source)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA wal_autocheckpoint=0")
    db.execute("UPDATE messages SET content = 'only in the wal' WHERE id = 8")
    db.commit()
    before = tree(source.parent)
    report = await takeover.take_over(app, Wish(str(source)))
    assert tree(source.parent) == before
    db.close()
    assert came(report)["sessions"] == 3
    found = await rows(app, "SELECT count(*) FROM messages WHERE content = 'only in the wal'")
    assert found == [(1,)]


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"", "not_web"), (b"junk" * 999, "not_web"), (None, "unreadable"), ("folder", "not_web")],
)
async def test_what_is_no_database_is_refused(
    app: App, source: Path, content: bytes | str | None, code: str
) -> None:
    source.parent.mkdir()
    if isinstance(content, bytes):
        source.write_bytes(content)
    elif content == "folder":
        source.mkdir()
    with pytest.raises(UserError, match=f"takeover_{code}"):
        await takeover.take_over(app, Wish(str(source)))


async def test_other_databases_are_refused(app: App, source: Path, paths: Paths) -> None:
    with pytest.raises(UserError, match="takeover_ours"):
        await takeover.take_over(app, Wish(str(paths.database)))
    source.parent.mkdir()
    with contextlib.closing(sqlite3.connect(source)) as db:
        db.execute("CREATE TABLE sessions (id INTEGER)")
    with pytest.raises(UserError, match="takeover_not_web"):
        await takeover.take_over(app, Wish(str(source)))


async def test_a_damaged_database_is_refused(app: App, source: Path) -> None:
    make(source)
    data = bytearray(source.read_bytes())
    data[4096 * 3 : 4096 * 4] = b"\xa5" * 4096
    source.write_bytes(data)
    with pytest.raises(UserError, match="takeover_damaged"):
        await takeover.take_over(app, Wish(str(source)))
    assert await rows(app, "SELECT count(*) FROM sessions") == [(0,)]


async def test_an_unknown_user_is_told_who_there_is(app: App, source: Path) -> None:
    with pytest.raises(UserError, match="takeover_no_user") as caught:
        await takeover.take_over(app, Wish(str(make(source)), user="nobody"))
    assert "王小明" in caught.value.params["known"]
    assert await rows(app, "SELECT count(*) FROM sessions") == [(0,)]


@pytest.mark.parametrize("step", list(Step)[:-1])
async def test_cancelling_leaves_the_database_as_it_was(app: App, source: Path, step: Step) -> None:
    make(source)
    before = await rows(app, "SELECT count(*) FROM sessions")
    task = asyncio.create_task(takeover.take_over(app, Wish(str(source))))
    loop = asyncio.get_running_loop()

    def listen(event: Event) -> None:
        if isinstance(event, TakeOverProgressed) and event.progress.step is step:
            asyncio.run_coroutine_threadsafe(_cancel(task), loop).result()

    app.bus.subscribe(listen)
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await rows(app, "SELECT count(*) FROM sessions") == before
    assert await rows(app, "SELECT count(*) FROM business_scenarios WHERE name = 'Code'") == [(0,)]
    assert not list(app.paths.data_dir.glob("*.tmp"))


async def _cancel(task: asyncio.Task[Any]) -> None:
    task.cancel()
    await asyncio.sleep(0)


async def test_listeners_hear_that_sessions_arrived(app: App, source: Path) -> None:
    seen: list[Event] = []
    app.bus.subscribe(seen.append)
    await takeover.take_over(app, Wish(str(make(source))))
    assert SessionsArrived(3) in seen
    await chat.open_session(app, (await chat_of(app, web.SECOND)).id)
    found = await sessions.search(app, "other chat")
    assert len(found.sessions) == 1
