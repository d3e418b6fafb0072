"""Learning at the window: feedback under an answer, reasons, the inbox, lessons, the way back."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest

from aigc_desktop.config import settings as config
from aigc_desktop.core.learning import Fault, FeedbackKind, Opinion
from aigc_desktop.store import feedback
from aigc_desktop.store.tables import LOCAL_USER_ID
from tests.gui.conftest import Desk

CONTROL = Qt.KeyboardModifier.ControlModifier
LEFT = Qt.MouseButton.LeftButton


def answered(desk: Desk, text: str = "hello") -> int:
    """Ask, wait for the answer, return the turn's id."""
    desk.settings.set(config.WHEN_UNSURE, "best")
    desk.ask(text)
    desk.until_idle()
    return list(desk.workspace.chat.state.turns)[-1]


def opinion(desk: Desk, turn_id: int) -> Opinion:
    return desk.workspace.chat.state.turns[turn_id].opinion


def buttons(desk: Desk) -> list[tuple[str, tuple[float, ...]]]:
    """Return each button of the transcript with its place on the screen."""
    view = desk.workspace.chat.transcript
    view.flush_now()
    return [
        (button.action, (*button.rect.getRect(), place.y))
        for place in view.stage.placed
        for button in place.scene.buttons
    ]


def answers(desk: Desk) -> Any:
    return desk.workspace.chat.answers


def test_like_shows_and_a_second_press_takes_it_back(desk: Desk) -> None:
    turn_id = answered(desk)
    desk.click_in_transcript("like")
    desk.until(lambda: opinion(desk, turn_id).verdict is FeedbackKind.LIKE)
    view = desk.workspace.chat.transcript
    view.flush_now()
    [button] = [b for p in view.stage.placed for b in p.scene.buttons if b.action == "like"]
    assert not button.hidden
    assert "Press again" in button.name
    desk.workspace.chat.new_chat()
    desk.workspace.chat.show_session(1)
    desk.until(lambda: desk.workspace.chat.state.turns)
    assert opinion(desk, turn_id).verdict is FeedbackKind.LIKE
    desk.click_in_transcript("like")
    desk.until(lambda: opinion(desk, turn_id).verdict is None)


def test_dislike_is_stored_at_once_and_nothing_moves(desk: Desk) -> None:
    turn_id = answered(desk)
    before = buttons(desk)
    desk.click_in_transcript("dislike")
    desk.until(lambda: opinion(desk, turn_id).verdict is FeedbackKind.DISLIKE)
    popup = answers(desk).popup
    assert popup.isVisible()
    assert buttons(desk) == before
    QTest.mouseClick(popup.chips.chips[Fault.LENGTH], LEFT)
    desk.until(lambda: opinion(desk, turn_id).fault is Fault.LENGTH)
    QTest.keyClicks(popup.note, "too long")
    QTest.keyClick(popup, Qt.Key.Key_Escape)
    desk.until(lambda: opinion(desk, turn_id).note == "too long")
    assert opinion(desk, turn_id).fault is Fault.LENGTH
    assert buttons(desk) == before


def test_feedback_is_given_with_the_keyboard(desk: Desk) -> None:
    turn_id = answered(desk)
    desk.workspace.chat.transcript.setFocus()
    desk.tab_to("dislike")
    desk.press(Qt.Key.Key_Space)
    desk.until(lambda: opinion(desk, turn_id).verdict is FeedbackKind.DISLIKE)
    popup = answers(desk).popup
    QTest.keyClick(popup.chips.chips[Fault.SCENARIO], Qt.Key.Key_Space)
    QTest.keyClick(popup, Qt.Key.Key_Escape)
    desk.until(lambda: opinion(desk, turn_id).fault is Fault.SCENARIO)
    desk.workspace.chat.transcript.setFocus()
    desk.press(Qt.Key.Key_Space)
    desk.until(lambda: opinion(desk, turn_id).verdict is None)


def correct(desk: Desk) -> Any:
    """Open the editor of a correction."""
    desk.click_in_transcript("correct")
    desk.until(lambda: any(d.isVisible() for d in _editors(desk)))
    return next(d for d in _editors(desk) if d.isVisible())


def _editors(desk: Desk) -> list[Any]:
    from aigc_desktop.gui.learning.correct_dialog import CorrectDialog

    return desk.window.findChildren(CorrectDialog)


def test_what_is_typed_into_a_correction_survives_closing(desk: Desk) -> None:
    turn_id = answered(desk)
    dialog = correct(desk)
    answer = dialog.text
    assert answer.strip()
    assert not dialog.save.isEnabled()
    QTest.keyClicks(dialog.editor, "Shorter. ")
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    desk.until(lambda: not any(d.isVisible() for d in _editors(desk)))
    assert opinion(desk, turn_id).corrected is None
    dialog = correct(desk)
    assert dialog.text == f"Shorter. {answer}"
    QTest.mouseClick(dialog.chips.chips[Fault.TONE], LEFT)
    QTest.keyClick(dialog.editor, Qt.Key.Key_Return, CONTROL)
    desk.until(lambda: opinion(desk, turn_id).corrected is not None)
    assert opinion(desk, turn_id).fault is Fault.TONE
    desk.until(lambda: "Corrected by you" in desk.transcript_text())


def test_a_correction_can_be_looked_at_withdrawn_and_put_back(desk: Desk) -> None:
    turn_id = answered(desk)
    dialog = correct(desk)
    dialog.editor.setPlainText("Better.")
    desk.click("Save", dialog)
    desk.until(lambda: opinion(desk, turn_id).corrected == "Better.")
    desk.click_in_transcript("corrected")
    desk.until(lambda: hasattr(answers(desk), "correction"))
    shown = desk.dialog("Corrected by you")
    assert "+\tBetter." in shown.difference.toPlainText()
    desk.click("Withdraw", shown)
    desk.until(lambda: opinion(desk, turn_id).corrected is None)
    desk.until(lambda: "Your correction is withdrawn." in desk.everything_said())
    desk.click("Undo")
    desk.until(lambda: opinion(desk, turn_id).corrected == "Better.")


def test_the_editor_finds_and_counts(desk: Desk) -> None:
    answered(desk)
    dialog = correct(desk)
    dialog.editor.setPlainText("one two one")
    QTest.keyClick(dialog.editor, Qt.Key.Key_F, CONTROL)
    desk.until(dialog.finder.field.hasFocus)
    QTest.keyClicks(dialog.finder.field, "one")
    assert dialog.finder.count.text() == "2 found"
    desk.until(lambda: dialog.status.text().startswith("Lines:"))
    dialog.tabs.setCurrentIndex(1)
    assert "+\tone two one" in dialog.changes.toPlainText()
    dialog.reject()


def test_copying_an_answer_is_noted(desk: Desk) -> None:
    turn_id = answered(desk)
    desk.click_in_transcript("copy:turn")
    desk.until(lambda: QGuiApplication.clipboard().text())
    desk.until(lambda: turn_id in copied(desk))


def copied(desk: Desk) -> list[int]:
    """Return the turns of which the store says that they were copied."""
    found: list[Any] = []

    async def look(app: Any) -> Any:
        rows = await app.store.read(lambda db: feedback.of_user(db, LOCAL_USER_ID, 50))
        return [row.turn_id for row in rows if row.kind is FeedbackKind.COPIED]

    desk.program.bridge.submit(look, desk.window, on_done=found.append)
    desk.until(lambda: found)
    return list(found[0])
