"""Hostile and huge input, and a database that another program holds, at the real window."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest
from PySide6.QtCore import QMimeData, Qt, QTimer
from PySide6.QtWidgets import QApplication
from sqlcipher3 import dbapi2

from aigc_desktop.config.paths import Paths
from tests.gui.conftest import Desk
from tests.scripted_server import ScriptedServer, say

CTRL = Qt.KeyboardModifier.ControlModifier
HUGE = 100 * 1024 * 1024


@contextlib.contextmanager
def locked(paths: Paths) -> Iterator[Any]:
    """Hold the database as another program does, until the end or a ROLLBACK."""
    with contextlib.closing(dbapi2.connect(str(paths.database), isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield other


def test_a_huge_paste_becomes_a_file(desk: Desk, paths: Paths) -> None:
    data = QMimeData()
    data.setData("text/plain", b"x" * HUGE)
    QApplication.clipboard().setMimeData(data)
    desk.composer.setFocus()
    desk.press(Qt.Key.Key_V, CTRL)
    assert desk.workspace.chat.composer.text() == ""
    desk.until(lambda: [a.path for a in desk.workspace.chat.composer.attachments if a.path])
    [attachment] = desk.workspace.chat.composer.attachments
    assert attachment.path is not None
    assert (paths.work_dir / attachment.path).stat().st_size == HUGE
    desk.type("what is in it?")
    desk.press(Qt.Key.Key_Return)
    desk.until_shown("what is in it?", attachment.path)


@pytest.mark.parametrize(
    "text", ["%s {} {0} %d \"'`\\", "<script>alert(1)</script>", "a%_b\u202ec"]
)
def test_text_is_literal(desk: Desk, text: str) -> None:
    desk.ask(text)
    desk.until_idle()
    assert desk.workspace.chat.state.turns[1].user_text == text
    assert text.replace("\u202e", "⟨U+202E⟩") in desk.transcript_text()


def test_a_locked_database_makes_the_message_wait_not_the_window(
    desk: Desk, paths: Paths, allow_log: set[str]
) -> None:
    allow_log.add("database_locked")
    desk.ask("tell me something")
    desk.until_idle()
    ticks = [0]
    timer = QTimer(desk.window)

    def tick() -> None:
        ticks[0] += 1

    timer.timeout.connect(tick)
    timer.start(10)
    with locked(paths) as other:
        desk.type("while it is locked")
        desk.press(Qt.Key.Key_Return)
        desk.until(lambda: ticks[0] > 100)
        desk.until(lambda: "Another program is using" in desk.everything_said())
        assert desk.workspace.chat.composer.text() == "while it is locked"
        other.execute("ROLLBACK")
    desk.until_shown("while it is locked")
    desk.until_idle()
    assert desk.workspace.chat.composer.text() == ""


def test_what_waits_for_the_database_goes_to_its_own_chat(
    desk: Desk, paths: Paths, allow_log: set[str]
) -> None:
    allow_log.add("database_locked")
    with locked(paths):
        for text in ("first", "second"):
            desk.press(Qt.Key.Key_N, CTRL)
            desk.type(text)
            desk.press(Qt.Key.Key_Return)
        desk.press(Qt.Key.Key_N, CTRL)
        desk.type("third, not sent")
    desk.until(lambda: {"First", "Second"} <= set(desk.titles()))
    assert desk.workspace.chat.composer.text() == "third, not sent"
    for text in ("first", "second"):
        desk.press(Qt.Key.Key_K, CTRL)
        desk.paste(text)
        desk.press(Qt.Key.Key_Return)
        desk.until(lambda text=text: [t.user_text for t in turns(desk)] == [text])
        desk.until_idle()


def test_what_is_typed_behind_a_message_that_waits_survives_a_restart(
    desk: Desk, new_desk: Any, paths: Paths, allow_log: set[str]
) -> None:
    allow_log.add("database_locked")
    desk.ask("tell me something")
    desk.until_idle()
    with locked(paths):
        desk.type("sent")
        desk.press(Qt.Key.Key_Return)
        desk.type(" and more")
        desk.until(lambda: not desk.workspace.chat.composer.has_unsaved_draft)
    desk.until(lambda: len(turns(desk)) == 2)
    desk.until_idle()
    desk.close()
    again = new_desk()
    again.open()
    again.until(lambda: again.workspace.chat.composer.text() == "sent and more")


def turns(desk: Desk) -> list[Any]:
    """Return the shown session's turns."""
    return list(desk.workspace.chat.state.turns.values())


@pytest.mark.parametrize(
    "monster",
    [
        "x" * 10_000_000,
        "```\n" + "x" * 2_000_000,
        "> " * 100_000 + "deep",
        "| a | b |\n|---|---|\n" + "| 1 | 2 |\n" * 50_000,
    ],
    ids=["10 MB line", "code", "nested quotes", "50,000 rows"],
)
def test_a_monstrous_answer_leaves_the_window_alive(
    served_desk: Desk, server: ScriptedServer, allow_log: set[str], monster: str
) -> None:
    allow_log.add("answer_too_large")
    desk = served_desk
    pieces = [monster[at : at + 200_000] for at in range(0, len(monster), 200_000)]
    server.queue(say(*pieces), say("and then this"))
    server.handlers.popleft()
    desk.ask("a monster")
    desk.type("typed meanwhile")
    desk.until_idle()
    assert desk.workspace.chat.composer.text() == "typed meanwhile"
    desk.press(Qt.Key.Key_Return)
    desk.until_shown("and then this")


def test_pictures_that_are_none_are_named_and_nothing_is_fetched(
    served_desk: Desk, server: ScriptedServer, paths: Paths
) -> None:
    (paths.work_dir / "empty.png").touch()
    with (paths.work_dir / "huge.png").open("wb") as file:
        file.truncate(4 * 2**30)
    (paths.work_dir / "drawing.svg").write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg"><image href="{server.url}/svg"/></svg>'
    )
    sources = ("empty.png", "huge.png", "drawing.svg", f"{server.url}/beacon.png")
    server.queue(say("\n\n".join(f"![picture {at}]({s})" for at, s in enumerate(sources))))
    server.handlers.popleft()
    desk = served_desk
    desk.ask("pictures")
    desk.until_shown(*(f"picture {at}" for at in range(len(sources))))
    desk.until_idle()
    assert {exchange.path for exchange in server.exchanges} <= {"/v1/messages", "/v1/models"}
