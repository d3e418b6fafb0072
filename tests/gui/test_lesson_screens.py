"""The screens of learning as one looks at them: nothing is squeezed, jumps or is out of date."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtWidgets import QPushButton, QWidget
from pytestqt.qtbot import QtBot

from aigc_desktop.config import settings as config
from aigc_desktop.config.i18n import set_language
from aigc_desktop.core.learning import LessonState, Scope, Target
from aigc_desktop.gui.learning.fault_chips import FaultChips
from aigc_desktop.gui.learning.lesson_row import LessonRow
from tests.gui.conftest import Desk
from tests.gui.test_lessons import learning, lesson, put, until_state
from tests.scripted_server import ScriptedServer, fail

LONG = "A lesson in rather many words, as people write them when nobody asks them to be brief."


def shown_rows(pane: QWidget) -> list[LessonRow]:
    return [row for row in pane.findChildren(LessonRow) if row.isVisible()]


def test_many_lessons_are_not_squeezed_in_the_smallest_window(desk: Desk) -> None:
    desk.settings.set(config.WHEN_UNSURE, "best")
    desk.window.resize(desk.window.minimumSize())
    desk.ask("what is a monad")
    desk.until_idle()
    away = Target(Scope.SESSION, session_id=1)
    many = [lesson(f"{n}. {LONG}", target=away, expires_at=4_102_444_800_000) for n in range(9)]
    put(desk, lesson("Be brief."), *many, lesson("Else", conflicts_with=1))
    pane = learning(desk, "lessons")
    desk.until(lambda: len(shown_rows(pane)) == 11)
    room = pane.cards.viewport().width()
    for row in shown_rows(pane):
        desk.until(lambda row=row: row.height() >= row.heightForWidth(row.width()))
        assert row.width() <= room


def test_without_lessons_it_is_said_how_they_come(desk: Desk) -> None:
    pane = learning(desk, "lessons")
    desk.until(lambda: "No lessons yet" in desk.everything_said())
    put(desk, lesson("Be brief.", LessonState.ACTIVE))
    desk.until(lambda: shown_rows(pane))
    assert not pane.empty.isVisible()
    pane.search.setText("xyz")
    assert "No lesson fits." in desk.everything_said()


def test_the_page_is_gone_through_with_the_keys(desk: Desk) -> None:
    learning(desk)
    page = desk.workspace.learning_page
    desk.until(page.nav.hasFocus)
    desk.press(Qt.Key.Key_Down)
    desk.press(Qt.Key.Key_Down)
    assert page.current is page.pane("state")
    desk.press(Qt.Key.Key_Escape)
    desk.until(desk.workspace.chat.isVisible)


def test_why_shows_what_became_of_a_lesson_since(desk: Desk) -> None:
    desk.settings.set(config.WHEN_UNSURE, "best")
    put(desk, lesson("Be brief.", LessonState.ACTIVE))
    desk.ask("hello")
    desk.until_idle()
    chat = desk.workspace.chat
    desk.click_in_transcript("why")
    desk.until(lambda: hasattr(chat.answers, "why"))
    places = [button.geometry() for button in chat.answers.why.findChildren(QPushButton)]
    desk.click("Switch off: Be brief.", chat.answers.why)
    until_state(desk, "Be brief.", LessonState.OFF)
    assert places == [button.geometry() for button in chat.answers.why.findChildren(QPushButton)]
    desk.click("Close", chat.answers.why)
    del chat.answers.why
    desk.click_in_transcript("why")
    desk.until(lambda: hasattr(chat.answers, "why"))
    desk.until(lambda: "Switched off. Undo" in desk.everything_said())
    desk.click("Switch off: Be brief.", chat.answers.why)
    until_state(desk, "Be brief.", LessonState.ACTIVE)


def test_a_refused_lesson_is_told_why_and_nothing_moves(desk: Desk) -> None:
    pane = learning(desk, "lessons")
    desk.click("Add a lesson…")
    dialog = pane.dialog
    dialog.text.setPlainText("See https://example.com/")
    desk.until(dialog.isVisible)
    before = (dialog.size(), dialog.text.size(), dialog.save.pos())
    desk.click("Save", dialog)
    desk.until(lambda: "(an address)" in dialog.problem.text())
    assert (dialog.size(), dialog.text.size(), dialog.save.pos()) == before


def test_learning_by_hand_moves_nothing_and_reports_what_failed(
    served_desk: Desk, server: ScriptedServer
) -> None:
    desk = served_desk
    desk.window.resize(1180, 760)
    desk.settings.set(config.WHEN_UNSURE, "best")
    for question in ("what is a monad", "name three rivers"):
        desk.ask(question)
        desk.until_idle()
        desk.click_in_transcript("like")
    server.handlers.clear()
    server.queue(fail(400, "invalid_request_error", "no"))
    state = learning(desk, "state")
    desk.until(lambda: state.table.rowCount() == 2)
    seen = [QRect()]
    desk.until(lambda: seen.append(state.table.geometry()) or seen[-1] == seen[-2])
    before = seen[-1]
    desk.click("Learn now", state)
    assert state.table.geometry() == before
    desk.until(lambda: state.report.text().startswith("Nothing could be learned."))
    assert "the model could not be used (1)" in state.report.text()
    assert "too little feedback (1)" in state.report.text()
    assert state.table.geometry().top() == before.top()
    desk.until(state.learn.hasFocus)
    for _ in range(2):
        desk.press(Qt.Key.Key_Tab)
    assert not state.table.isAncestorOf(desk._focused()), "the table lets the Tab key go on"
    state.reload()
    assert not state.report.text().strip(), "what a run came to does not stand for ever"


@pytest.mark.parametrize("language", ["en", "zh_CN"])
@pytest.mark.parametrize("width", [320, 520, 900])
def test_no_word_for_what_was_wrong_is_cut(qtbot: QtBot, language: str, width: int) -> None:
    set_language(language)
    try:
        chips = FaultChips()
    finally:
        set_language("en")
    qtbot.addWidget(chips)
    chips.setFixedWidth(width)
    chips.resize(width, chips.heightForWidth(width))
    chips.show()
    for chip in chips.chips.values():
        assert chip.width() >= chip.sizeHint().width()
        assert chips.rect().contains(chip.geometry())
