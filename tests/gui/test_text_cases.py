"""Hostile and huge input, and a database that another program holds, at the real window."""

from __future__ import annotations

import contextlib

import pytest
from PySide6.QtCore import QMimeData, Qt, QTimer
from PySide6.QtWidgets import QApplication
from sqlcipher3 import dbapi2

from aigc_desktop.config.paths import Paths
from tests.gui.conftest import Desk

CTRL = Qt.KeyboardModifier.ControlModifier
HUGE = 100 * 1024 * 1024


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
    with contextlib.closing(dbapi2.connect(str(paths.database), isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        desk.type("while it is locked")
        desk.press(Qt.Key.Key_Return)
        desk.until(lambda: ticks[0] > 100)
        desk.until(lambda: "Another program is using" in desk.everything_said())
        assert desk.workspace.chat.composer.text() == "while it is locked"
        other.execute("ROLLBACK")
    desk.until_shown("while it is locked")
    desk.until_idle()
    assert desk.workspace.chat.composer.text() == ""
