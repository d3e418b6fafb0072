from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetricsF
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from aigc_desktop.core import events as ev
from aigc_desktop.core.transcript import ToolCall, ToolState
from aigc_desktop.gui.chat.transcript_view import TranscriptView
from tests.gui.chat import sample
from tests.gui.chat.driver import click, clipboard, row, scene, shown_text

S = sample.SESSION


def ask(view: TranscriptView) -> None:
    view.show_snapshot(sample.rich())
    for event in sample.question():
        view.apply(event)
    view.flush_now()


def test_the_question_shows_what_will_happen(view: TranscriptView, qtbot: QtBot) -> None:
    said: list[str] = []
    view.announced.connect(said.append)
    ask(view)
    text = shown_text(view)
    for part in ("Edit file", "Needs your approval", "-Total: 58,000", "+Total: 58,605"):
        assert part in text
    for part in ("Allow once", "Allow for this session", "Deny"):
        assert part in text
    assert said == ["Approval needed. Edit file: summary.md"]


@pytest.mark.parametrize("width", [480, 620, 760, 900, 1060, 1200])
def test_the_keys_are_named_in_full_at_any_width(view: TranscriptView, width: int) -> None:
    view.resize(width, 600)
    ask(view)
    place = scene(view, 4, 1000)
    (hint,) = [label for label in place.labels if "Ctrl+J" in label.text]
    assert hint.rect.width() >= QFontMetricsF(hint.font).horizontalAdvance(hint.text)
    assert hint.rect.right() <= place.width
    assert not any(hint.rect.intersects(button.rect) for button in place.buttons)


@pytest.mark.parametrize(
    ("key", "answer"),
    [(Qt.Key.Key_Return, "once"), (Qt.Key.Key_Enter, "once"), (Qt.Key.Key_Escape, "deny")],
)
def test_enter_allows_once_and_escape_denies(
    view: TranscriptView, qtbot: QtBot, key: Qt.Key, answer: str
) -> None:
    ask(view)
    with qtbot.waitSignal(view.approval_answered) as heard:
        QTest.keyClick(view, key)
    assert heard.args == [4, "t9", answer, "print-1"]
    assert "Allow once" not in shown_text(view)
    with qtbot.assertNotEmitted(view.approval_answered):
        QTest.keyClick(view, key)


@pytest.mark.parametrize("answer", ["once", "session", "deny"])
def test_each_button_by_mouse_and_by_keyboard(
    view: TranscriptView, qtbot: QtBot, answer: str
) -> None:
    ask(view)
    with qtbot.waitSignal(view.approval_answered) as heard:
        click(view, row(view, 4, 1000), f"answer:{answer}")
    assert heard.args[2] == answer
    ask(view)
    view.setFocus()
    for _ in range(40):
        QTest.keyClick(view, Qt.Key.Key_Tab)
        if view.focused is not None and view.focused[1] == f"answer:{answer}":
            break
    with qtbot.waitSignal(view.approval_answered) as heard:
        QTest.keyClick(view, Qt.Key.Key_Return)
    assert heard.args == [4, "t9", answer, "print-1"]


def test_space_presses_only_what_has_the_focus(view: TranscriptView, qtbot: QtBot) -> None:
    ask(view)
    with qtbot.assertNotEmitted(view.approval_answered):
        QTest.keyClick(view, Qt.Key.Key_Space)


def test_nothing_is_allowed_unseen(view: TranscriptView, qtbot: QtBot) -> None:
    ask(view)
    QTest.keyClick(view, Qt.Key.Key_Home)
    assert view.visible_question() is None
    with qtbot.assertNotEmitted(view.approval_answered):
        QTest.keyClick(view, Qt.Key.Key_Return)
        QTest.keyClick(view, Qt.Key.Key_Escape)
    assert view.focus_question()
    with qtbot.waitSignal(view.approval_answered):
        QTest.keyClick(view, Qt.Key.Key_Return)


def test_hidden_characters_in_a_command_are_seen(view: TranscriptView) -> None:
    view.show_snapshot(sample.rich())
    *first, asked = sample.question()
    assert isinstance(asked, ev.ApprovalRequested)
    command = replace(
        asked, preview="rm \u202e x\u200b; echo \x1b[8mhidden", preview_kind="command"
    )
    for event in (*first, command):
        view.apply(event)
    view.flush_now()
    assert "rm ⟨U+202E⟩ x⟨U+200B⟩; echo ␛[8mhidden" in shown_text(view)


@pytest.mark.parametrize("state", list(ToolState))
def test_every_state_is_said_in_words(view: TranscriptView, state: ToolState) -> None:
    call = ToolCall("t", "run_command", {"command": "ls -l"}, state, "out", 1500)
    view.show_snapshot(sample.snapshot(sample.turn(1), items=(sample.tool_item(1, 1000, call),)))
    words = {
        ToolState.PENDING: "Waiting",
        ToolState.ASKING: "Needs your approval",
        ToolState.RUNNING: "Running…",
        ToolState.DONE: "Done · 1.5 s",
        ToolState.FAILED: "Failed · 1.5 s",
        ToolState.DENIED: "Denied",
        ToolState.NOT_RUN: "Not run",
        ToolState.UNKNOWN: "Outcome unknown",
    }
    assert words[state] in shown_text(view)


def test_a_card_unfolds_and_copies(view: TranscriptView) -> None:
    result = "line\n" * 5_000
    call = ToolCall("t", "grep", {"pattern": "x", "n": 3}, ToolState.DONE, result, 5, "/out/1.txt")
    view.show_snapshot(sample.snapshot(sample.turn(1), items=(sample.tool_item(1, 1000, call),)))
    card = row(view, 1, 1000)
    click(view, card, "toggle")
    text = shown_text(view)
    assert "pattern: x\nn: 3" in text
    assert "characters shown" in text
    assert "/out/1.txt" in text
    view.activate(card, "copy:result")
    assert clipboard() == result
    view.activate(card, "copy:arguments")
    assert clipboard() == "pattern: x\nn: 3"
    view.activate(card, "show_more")
    assert "characters shown" not in shown_text(view)
    view.activate(card, "toggle")
    assert len(scene(view, 1, 1000).texts) == 0


def test_output_of_a_running_command_is_seen(view: TranscriptView) -> None:
    ask(view)
    view.apply(ev.ToolStarted(S, 4, 1000, "t9"))
    for number in range(100):
        view.apply(ev.ToolOutput(S, 4, 1000, "t9", f"line {number}\n"))
    view.flush_now()
    assert "line 99" in shown_text(view)
    assert "line 50" not in shown_text(view)
    view.apply(ev.ToolFinished(S, 4, 1000, "t9", ToolState.DONE, "whole result", 20))
    view.flush_now()
    assert "line 99" not in shown_text(view)
    assert "Done · 20 ms" in shown_text(view)
