"""Lessons at the window: from a dislike to a lesson in use, tested, switched off, taken back."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel

from aigc_desktop.config import settings as config
from aigc_desktop.core.events import LessonsChanged
from aigc_desktop.core.learning import (
    Fault,
    FeedbackKind,
    Lesson,
    LessonKind,
    LessonState,
    Scope,
    Target,
)
from aigc_desktop.gui.learning.lesson_row import LessonRow
from aigc_desktop.gui.widgets.switch import Switch
from aigc_desktop.store import lessons as rows
from aigc_desktop.store.tables import LOCAL_USER_ID
from tests.gui.conftest import Desk
from tests.scripted_server import Exchange, ScriptedServer, call, say

CONTROL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
LEFT = Qt.MouseButton.LeftButton
DAY = 86_400_000
SHORT = "Keep answers under three sentences."


def on_backend(desk: Desk, work: Callable[[Any], Awaitable[Any]]) -> Any:
    """Do something behind the window's back; return what came of it."""
    found: list[Any] = []

    async def run(app: Any) -> Any:
        return await work(app)

    desk.program.bridge.submit(run, desk.window, on_done=lambda result: found.append([result]))
    desk.until(lambda: found)
    return found[0][0]


def put(desk: Desk, *lessons: Lesson, days_ago: int = 0) -> None:
    """Put lessons into the store as the learner does."""

    async def work(app: Any) -> None:
        now = app.clock.now_ms() - days_ago * DAY
        for lesson in lessons:
            await app.store.write(lambda db, lesson=lesson: rows.save(db, lesson, "learned", now))
        app.bus.publish(LessonsChanged())

    on_backend(desk, work)


def lesson(text: str, state: LessonState = LessonState.PROPOSED, **more: Any) -> Lesson:
    made = Lesson(
        id=0,
        user_id=LOCAL_USER_ID,
        target=Target(),
        kind=LessonKind.TONE,
        topic=text,
        value=text,
        text=text,
        state=state,
    )
    return replace(made, **more)


def states(desk: Desk) -> dict[str, LessonState]:
    """Return the state of each lesson by its words."""

    async def work(app: Any) -> Any:
        return await app.store.read(lambda db: rows.of_user(db, LOCAL_USER_ID))

    return {each.text: each.state for each in on_backend(desk, work)}


def until_state(desk: Desk, text: str, state: LessonState) -> None:
    """Wait until the lesson is in that state."""
    desk.until(lambda: states(desk).get(text) is state)


def learning(desk: Desk, part: str = "inbox") -> Any:
    """Open the learning page with its keys; return one of its panes."""
    desk.press(Qt.Key.Key_L, CONTROL | SHIFT)
    page = desk.workspace.learning_page
    desk.until(page.isVisible)
    return page.show_part(part)


def badge(desk: Desk) -> int:
    return desk.workspace.sidebar.learning_badge.count


def row(pane: Any, text: str) -> LessonRow:
    [found] = [
        each
        for each in pane.findChildren(LessonRow)
        if each.lesson.text == text and each.isVisibleTo(pane)
    ]
    return found


def reports(**preference: str) -> Any:
    """Answer the learner with one preference that all feedback shows."""

    async def handle(exchange: Exchange) -> None:
        [block] = exchange.body["messages"][0]["content"]
        entries = json.loads(block["text"])["feedback"]["entries"]
        found = [{**preference, "evidence": [entry["id"] for entry in entries]}]
        await call(("toolu_1", "report_preferences", {"preferences": found}))(exchange)

    return handle


def dislike_last(desk: Desk) -> None:
    """Dislike the last answer because of its length."""
    chat = desk.workspace.chat
    turn_id = list(chat.state.turns)[-1]
    desk.click_in_transcript("dislike")
    popup = chat.answers.popup
    QTest.mouseClick(popup.chips.chips[Fault.LENGTH], LEFT)
    QTest.keyClick(popup, Qt.Key.Key_Escape)
    desk.until(lambda: chat.state.turns[turn_id].opinion.fault is Fault.LENGTH)
    assert chat.state.turns[turn_id].opinion.verdict is FeedbackKind.DISLIKE
    desk.until(chat.transcript.hasFocus)


def test_from_a_dislike_to_an_answer_without_the_lesson(
    served_desk: Desk, server: ScriptedServer
) -> None:
    desk, chat = served_desk, served_desk.workspace.chat
    desk.settings.set(config.WHEN_UNSURE, "best")
    for question in ("what is a monad", "name three rivers"):
        desk.ask(question)
        desk.until_idle()
        dislike_last(desk)
    server.handlers.clear()
    short = {"kind": "length", "topic": "length", "value": "short", "text": SHORT}
    server.queue(reports(**short, scope="session"))
    state = learning(desk, "state")
    desk.click("Learn now", state)
    desk.until(lambda: state.report.text().startswith("Done:"))
    desk.until(lambda: badge(desk) == 1)
    assert "1 new lesson waits" in state.report.text()
    desk.click("Have a look")
    desk.until(lambda: SHORT in desk.everything_said())
    desk.click(f"Accept {SHORT}")
    desk.until(lambda: badge(desk) == 0)
    desk.until(lambda: "Nothing waits here" in desk.everything_said())
    server.handlers.clear()
    server.queue(say("ok"))
    desk.workspace.show_chat()
    desk.ask("who wrote Faust")
    desk.until_idle()
    assert SHORT in str(server.requests[-1].body["system"])
    desk.click_in_transcript("why")
    desk.until(lambda: hasattr(chat.answers, "why"))
    why = desk.dialog("Why this answer")
    assert SHORT in [label.text() for label in why.findChildren(QLabel)]
    desk.click("Answer without it", why)
    desk.until(lambda: list(chat.state.turns.values())[-1].siblings[1:])
    desk.until_idle()
    assert SHORT not in str(server.requests[-1].body["system"])
    del chat.answers.why
    desk.click_in_transcript("why")
    desk.until(lambda: hasattr(chat.answers, "why"))
    desk.until(lambda: "Left out for this answer" in desk.everything_said())


def test_the_inbox_accepts_rejects_and_takes_back(desk: Desk) -> None:
    automatic = lesson("Reply in English.", LessonState.ACTIVE, automatic=True)
    put(desk, lesson("Be brief."), lesson("Be plain."), automatic)
    desk.until(lambda: badge(desk) == 2)
    learning(desk)
    desk.until(lambda: "2 lessons wait" in desk.everything_said())
    desk.click("Accept Be brief.")
    until_state(desk, "Be brief.", LessonState.ACTIVE)
    desk.until(lambda: "Be brief." not in desk.everything_said())
    desk.click("Reject Be plain.")
    until_state(desk, "Be plain.", LessonState.REJECTED)
    desk.click("Use it after all")
    until_state(desk, "Be plain.", LessonState.ACTIVE)
    desk.click("Undo Reply in English.")
    until_state(desk, "Reply in English.", LessonState.REJECTED)
    desk.until(lambda: badge(desk) == 0)


def test_a_conflict_is_shown_side_by_side_and_a_proposal_can_be_edited(desk: Desk) -> None:
    put(desk, lesson("Write much.", LessonState.ACTIVE))
    put(desk, lesson("Write little.", conflicts_with=1))
    pane = learning(desk)
    desk.until(lambda: "In force now; would be replaced" in desk.everything_said())
    assert "Write much." in desk.everything_said()
    desk.click("Edit… Write little.")
    dialog = pane.dialog
    desk.until(lambda: dialog.scope.count() == 3)
    dialog.text.setPlainText("Write little, see https://example.com/x")
    desk.click("Save", dialog)
    desk.until(lambda: "can't be a lesson" in dialog.problem.text())
    dialog.text.setPlainText("Write very little.")
    dialog.when.setText("In chats")
    desk.click("Save", dialog)
    desk.until(lambda: "In chats: Write very little." in desk.everything_said())


def test_lessons_are_added_switched_filtered_and_deleted(desk: Desk) -> None:
    put(desk, lesson("Be brief.", LessonState.ACTIVE))
    pane = learning(desk, "lessons")
    desk.until(lambda: "Be brief." in desk.everything_said())
    desk.click("Add a lesson…")
    QTest.keyClicks(pane.dialog.text, "Use metric units.")
    desk.click("Save", pane.dialog)
    until_state(desk, "Use metric units.", LessonState.ACTIVE)
    desk.until(lambda: "Use metric units." in desk.everything_said())
    switch = row(pane, "Be brief.").findChild(Switch)
    switch.setFocus()
    QTest.keyClick(switch, Qt.Key.Key_Space)
    until_state(desk, "Be brief.", LessonState.OFF)
    pane.show_state("active")
    desk.until(lambda: "Be brief." not in desk.everything_said())
    desk.until(lambda: "Use metric units." in desk.everything_said())
    row(pane, "Use metric units.").delete_wanted.emit()
    until_state(desk, "Use metric units.", LessonState.REMOVED)
    desk.until(lambda: "The lesson is deleted." in desk.everything_said())
    desk.click("Undo")
    until_state(desk, "Use metric units.", LessonState.ACTIVE)


def test_the_history_of_a_lesson_and_how_long_it_holds(desk: Desk) -> None:
    put(desk, lesson("Be brief.", LessonState.ACTIVE))
    pane = learning(desk, "lessons")
    desk.until(lambda: "Be brief." in desk.everything_said())
    found = row(pane, "Be brief.")
    QTest.mouseClick(found.more, LEFT)
    assert [a.text() for a in found.menu.actions() if a.text()] == [
        "Edit…",
        "Test…",
        "History…",
        "How long it holds",
        "Delete",
    ]
    found.menu.close()
    found.expiry_chosen.emit(4_102_444_800_000)
    desk.until(lambda: "Until 2" in desk.everything_said())
    row(pane, "Be brief.").history_wanted.emit()
    desk.until(lambda: "You changed how long it holds" in desk.everything_said())


def test_returning_to_an_earlier_day_and_back(desk: Desk) -> None:
    put(desk, lesson("Old.", LessonState.ACTIVE), days_ago=3)
    put(desk, lesson("New.", LessonState.ACTIVE))
    pane = learning(desk, "lessons")
    desk.until(lambda: "New." in desk.everything_said())
    desk.click("Return to an earlier day…")
    dialog = pane.back
    desk.until(lambda: dialog.days.count() == 3)
    desk.until(lambda: "1 lesson would change" in dialog.summary.text())
    desk.click("Return to this day", dialog)
    until_state(desk, "New.", LessonState.REMOVED)
    assert states(desk)["Old."] is LessonState.ACTIVE
    desk.until(lambda: "What was learned is as it was" in desk.everything_said())
    desk.click("Undo")
    until_state(desk, "New.", LessonState.ACTIVE)


def test_a_lesson_is_tested_and_accepted_from_there(
    served_desk: Desk, server: ScriptedServer
) -> None:
    desk = served_desk
    desk.settings.set(config.WHEN_UNSURE, "best")
    for question in ("what is a monad", "name three rivers"):
        desk.ask(question)
        desk.until_idle()
    server.handlers.clear()
    server.queue(say("TIE: both say the same"))
    put(desk, lesson("Be brief."))
    pane = learning(desk)
    desk.until(lambda: "Be brief." in desk.everything_said())
    desk.click("Test… Be brief.")
    dialog = pane.trial
    desk.until(dialog.start.isEnabled)
    assert "past request" in dialog.plan.text()
    desk.click("Start the test", dialog)
    desk.until(dialog.accept_lesson.isVisible)
    said = desk.everything_said()
    assert "The test does not decide it." in said
    assert "both say the same" in said
    desk.click("Accept the lesson", dialog)
    until_state(desk, "Be brief.", LessonState.ACTIVE)


def test_a_chat_s_lesson_names_its_chat(desk: Desk) -> None:
    desk.settings.set(config.WHEN_UNSURE, "best")
    desk.ask("hello")
    desk.until_idle()
    put(desk, lesson("Be brief.", target=Target(Scope.SESSION, session_id=1)))
    learning(desk)
    title = desk.titles()[-1]
    desk.until(lambda: f"In the chat “{title}”" in desk.everything_said())
