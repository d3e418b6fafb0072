"""Undo of whole turns, whatever tool acted; hand edits kept; redo; receipts."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from aigc_desktop.core.errors import UserError
from aigc_desktop.core.files import ChangeKind, FileChange
from aigc_desktop.services import chat, checkpointing, sessions, undo
from aigc_desktop.services.app import App
from tests import scripted_server as script
from tests.conftest import OpenApp
from tests.scripted_server import ScriptedServer
from tests.services.conftest import Chat

MakeChat = Callable[[], Awaitable[Chat]]


def state(root: Path) -> dict[str, str]:
    return {str(p.relative_to(root)): p.read_text() for p in root.rglob("*") if p.is_file()}


@pytest.fixture
def folder(connected: App) -> Path:
    root = connected.paths.work_dir
    (root / "src").mkdir()
    (root / "notes.md").write_text("one\ntwo\n")
    (root / "src/main.py").write_text("print(1)\n")
    return root


def run(command: str, call_id: str = "t1") -> tuple[str, str, dict[str, str]]:
    return (call_id, "run_command", {"command": command})


def write(path: str, content: str, call_id: str = "t2") -> tuple[str, str, dict[str, str]]:
    return (call_id, "write_file", {"path": path, "content": content})


async def test_a_turn_is_undone_and_done_again(
    connected: App, new_chat: MakeChat, server: ScriptedServer, folder: Path
) -> None:
    server.queue(
        script.call(run("rm -rf src; echo three >> notes.md"), write("new.md", "made")),
        script.say("done"),
    )
    before = state(folder)
    talk = await new_chat()
    talk.answer_all("once")
    turn_id = await talk.send("tidy up")
    after = state(folder)
    assert set(after) == {"notes.md", "new.md"}

    report = await undo.undo_turn(connected, turn_id)
    assert report.conflicts == ()
    assert report.user_text == "tidy up"
    assert state(folder) == before
    shown = await chat.open_session(connected, talk.session_id)
    assert shown.turns == ()

    await undo.redo_turn(connected, turn_id)
    assert state(folder) == after
    shown = await chat.open_session(connected, talk.session_id)
    assert [turn.id for turn in shown.turns] == [turn_id]
    assert shown.turns[0].effects is not None
    assert not shown.turns[0].effects.undone


async def test_the_receipt_says_what_was_done_and_what_allowed_it(
    connected: App, new_chat: MakeChat, server: ScriptedServer, folder: Path
) -> None:
    server.queue(
        script.call(run("rm -rf src"), write("notes.md", "one\n2\n"), write("new.md", "n", "t3")),
        script.say("done"),
    )
    talk = await new_chat()
    talk.answer_all("session")
    turn_id = await talk.send("tidy up")
    receipt = await undo.receipt(connected, turn_id)
    assert receipt.files == (
        FileChange("new.md", ChangeKind.CREATED),
        FileChange("notes.md", ChangeKind.CHANGED),
        FileChange("src/main.py", ChangeKind.DELETED),
    )
    assert [(use.name, use.subject, use.decision) for use in receipt.uses] == [
        ("run_command", "rm -rf src", "user:session"),
        ("write_file", "notes.md", "user:session"),
        ("write_file", "new.md", "rule:session"),
    ]
    diff = await undo.file_diff(connected, turn_id, "notes.md")
    assert "-two" in diff
    assert "+2" in diff


async def test_hand_edits_are_kept_and_named(
    connected: App, new_chat: MakeChat, server: ScriptedServer, folder: Path
) -> None:
    server.queue(script.call(write("notes.md", "agent"), run("rm -r src")), script.say("done"))
    talk = await new_chat()
    talk.answer_all("once")
    turn_id = await talk.send("go")
    (folder / "notes.md").write_text("by hand")
    report = await undo.undo_turn(connected, turn_id)
    assert report.conflicts == ("notes.md",)
    assert (folder / "notes.md").read_text() == "by hand"
    assert (folder / "src/main.py").read_text() == "print(1)\n"


async def test_undoing_an_earlier_turn_undoes_those_after_it(
    connected: App, new_chat: MakeChat, server: ScriptedServer, folder: Path
) -> None:
    talk = await new_chat()
    talk.answer_all("once")
    before = state(folder)
    ids = []
    for number in (1, 2, 3):
        server.handlers.clear()
        server.queue(script.call(write("notes.md", f"version {number}")), script.say("done"))
        ids.append(await talk.send(f"number {number}"))
    report = await undo.undo_turn(connected, ids[1])
    assert report.conflicts == ()
    assert state(folder)["notes.md"] == "version 1"
    shown = await chat.open_session(connected, talk.session_id)
    assert [turn.id for turn in shown.turns] == ids[:1]
    await undo.redo_turn(connected, ids[1])
    assert state(folder)["notes.md"] == "version 3"
    await undo.undo_turn(connected, ids[0])
    assert state(folder) == before


async def test_a_turn_that_only_reads_has_nothing_to_undo(
    connected: App, new_chat: MakeChat, server: ScriptedServer, folder: Path
) -> None:
    server.queue(script.call(("t1", "read_file", {"path": "notes.md"})), script.say("done"))
    talk = await new_chat()
    turn_id = await talk.send("read")
    with pytest.raises(UserError, match="nothing_to_undo"):
        await undo.undo_turn(connected, turn_id)
    assert not list(connected.paths.checkpoints_dir.glob("packs/*"))


async def test_what_cannot_be_made_safe_is_not_run(
    connected: App,
    new_chat: MakeChat,
    server: ScriptedServer,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("aigc_desktop.files.trees.MAX_FILES", 1)
    server.queue(script.call(run("rm -rf src")), script.say("done"))
    talk = await new_chat()
    talk.answer_all("once")
    await talk.send("go")
    assert (folder / "src/main.py").exists()
    snapshot = await chat.open_session(connected, talk.session_id)
    assert any("could not be made safe" in (item.text or "") for item in snapshot.items)


async def test_undo_after_a_restart_and_pruning(
    connected: App,
    new_chat: MakeChat,
    server: ScriptedServer,
    folder: Path,
    open_app: OpenApp,
) -> None:
    before = state(folder)
    server.queue(script.call(run("rm -rf src")), script.say("done"))
    talk = await new_chat()
    talk.answer_all("once")
    turn_id = await talk.send("go")
    assert await checkpointing.prune(connected) == 0
    async with open_app() as again:
        report = await undo.undo_turn(again, turn_id)
        assert report.conflicts == ()
        assert state(folder) == before


async def test_what_a_deleted_session_alone_needed_is_deleted(
    connected: App, new_chat: MakeChat, server: ScriptedServer, folder: Path
) -> None:
    (folder / "big").write_text("x" * 5000)
    server.queue(script.call(run("rm -rf src")), script.say("done"))
    talk = await new_chat()
    talk.answer_all("once")
    await talk.send("go")
    packs = connected.paths.checkpoints_dir / "packs"
    assert list(packs.glob("*.pack"))
    for pack in packs.iterdir():
        os.utime(pack, (1, 1))
    await sessions.delete_session(connected, talk.session_id)
    assert list(packs.iterdir()) == []
    server.handlers.clear()
    server.queue(script.call(run("rm big")), script.say("done"))
    turn_id = await (await new_chat()).send("go")
    await undo.undo_turn(connected, turn_id)
    assert (folder / "big").read_text() == "x" * 5000
