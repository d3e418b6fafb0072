"""The main job by hand: keys and clicks go in, what the user sees comes out."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPlainTextEdit

from aigc_desktop.config.paths import Paths
from tests.gui.conftest import Desk
from tests.scripted_server import ScriptedServer, fail, say

CHAT = "tell me something"
CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


def test_from_the_welcome_page_to_a_file_and_back_after_a_restart(
    new_desk: Callable[[], Desk], paths: Paths
) -> None:
    desk = new_desk()
    desk.open()
    assert "Welcome to AIGC Desktop" in desk.everything_said()
    desk.click("Try the demo model")
    desk.until(lambda: "What should be done?" in desk.everything_said())
    desk.type("Write a report into report.md")
    desk.press(Qt.Key.Key_Return)
    desk.until_shown("Allow once", "report.md")
    assert not (paths.work_dir / "report.md").exists()
    desk.answer(Qt.Key.Key_Return)
    desk.until_idle()
    assert (paths.work_dir / "report.md").read_text().startswith("# ")
    desk.press(Qt.Key.Key_E, CTRL | SHIFT)
    desk.until(lambda: "report.md" in desk.listed_files())
    desk.press(Qt.Key.Key_E, CTRL | SHIFT)
    title = desk.titles()[0]
    desk.close()

    again = new_desk()
    again.open()
    again.until(lambda: title in again.titles())
    again.until_shown("Write file", "Read file", "Done. The file is in the work directory")


def test_denied_means_not_written(desk: Desk, paths: Paths) -> None:
    desk.ask("Write a report into report.md")
    desk.until_shown("Allow once")
    desk.answer(Qt.Key.Key_Escape)
    desk.until_idle()
    assert "Denied" in desk.transcript_text()
    assert list(paths.work_dir.iterdir()) == []


def test_a_right_for_the_session_is_asked_for_once(desk: Desk, paths: Paths) -> None:
    desk.ask("Write a report into a.md")
    desk.until_shown("Allow for this session")
    desk.click_in_transcript("answer:session")
    desk.until_idle()
    desk.ask("Write a report into b.md")
    desk.until((paths.work_dir / "b.md").exists)
    desk.until_idle()
    assert "Allow once" not in desk.transcript_text()


@pytest.fixture
def slow_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo model at a reader's pace."""
    monkeypatch.setenv("AIGC_DEMO_DELAY", "0.03")


@pytest.mark.usefixtures("slow_model")
def test_stop_while_streaming_then_go_on(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.ask(CHAT)
    desk.until_shown("demo")
    desk.press(Qt.Key.Key_Escape)
    desk.until_idle()
    said = desk.transcript_text()
    assert "Stopped" in said or "stopped" in said
    desk.ask("Write a report into report.md")
    desk.until_shown("Allow once")


@pytest.mark.usefixtures("slow_model")
def test_a_message_typed_meanwhile_waits_and_is_shown_as_waiting(desk: Desk) -> None:
    desk.ask(CHAT)
    desk.until(lambda: desk.workspace.chat.state.running)
    desk.ask("and then this")
    desk.until(lambda: "1 message waits" in desk.everything_said())
    desk.until_shown("and then this")
    desk.click("Stop (Esc)")
    desk.until(lambda: "message waits" not in desk.everything_said())
    desk.until_idle()
    turns = desk.workspace.chat.state.turns.values()
    assert [turn.status.value for turn in turns] == ["stopped", "done"]


def test_an_edited_question_is_a_branch_beside_the_old_one(desk: Desk) -> None:
    desk.ask(CHAT)
    desk.until_idle()
    desk.click_in_transcript("edit")
    desk.press(Qt.Key.Key_A, CTRL)
    desk.type("tell me more")
    desk.press(Qt.Key.Key_Return)
    desk.until_shown("tell me more", "2/2")
    desk.until_idle()
    first, second = (desk.workspace.chat.state.turns[2].siblings[at] for at in (0, 1))
    desk.click_in_transcript(f"branch:{first}")
    desk.until_shown(CHAT, "1/2")
    desk.click_in_transcript(f"branch:{second}")
    desk.until_shown("tell me more", "2/2")


def test_answer_anew_keeps_the_first_answer(desk: Desk) -> None:
    desk.ask(CHAT)
    desk.until_idle()
    desk.click_in_transcript("regenerate")
    desk.until_shown("2/2")
    desk.until_idle()
    desk.tab_to("branch:", back=True)
    desk.press(Qt.Key.Key_Return)
    desk.until_shown("1/2")


def test_shift_enter_is_a_new_line_and_up_brings_back_what_was_sent(desk: Desk) -> None:
    desk.composer.setFocus()
    desk.type("one")
    desk.press(Qt.Key.Key_Return, SHIFT)
    desk.type("two")
    desk.press(Qt.Key.Key_Return)
    desk.until_shown("one\ntwo")
    desk.until_idle()
    desk.press(Qt.Key.Key_Up)
    assert desk.workspace.chat.composer.text() == "one\ntwo"


def test_a_draft_survives_a_restart(desk: Desk, new_desk: Callable[[], Desk]) -> None:
    desk.ask(CHAT)
    desk.until_idle()
    desk.composer.setFocus()
    desk.type("half a thou")
    desk.close()
    again = new_desk()
    again.open()
    again.until(lambda: again.workspace.chat.composer.text() == "half a thou")
    again.press(Qt.Key.Key_G)
    assert again.workspace.chat.composer.text() == "half a thoug"


def test_a_draft_is_there_again_after_an_edit_that_was_left(desk: Desk) -> None:
    desk.ask(CHAT)
    desk.until_idle()
    desk.type("half a thou")
    desk.click_in_transcript("edit")
    desk.type(" and more")
    desk.press(Qt.Key.Key_N, CTRL)
    desk.press(Qt.Key.Key_Tab, CTRL)
    desk.until(lambda: desk.workspace.chat.composer.text() == "half a thou")


def test_what_is_typed_while_the_window_opens_is_kept(
    desk: Desk, new_desk: Callable[[], Desk]
) -> None:
    desk.ask(CHAT)
    desk.until_idle()
    desk.composer.setFocus()
    desk.type("hello")
    desk.close()
    again = new_desk()
    again.opening.show()
    QTest.keyClicks(again.window.findChild(QPlainTextEdit), "at once")
    again.open()
    again.until(lambda: again.workspace.chat.composer.text() == "hello\nat once")
    again.press(Qt.Key.Key_Return)
    again.until_shown("hello\nat once")
    again.until_idle()


@pytest.mark.parametrize("at_once", [True, False], ids=["sent at once", "left at once"])
def test_an_old_draft_is_kept_whatever_is_done_before_it_has_come(
    desk: Desk, new_desk: Callable[[], Desk], at_once: bool
) -> None:
    desk.ask(CHAT)
    desk.until_idle()
    desk.type("old")
    desk.close()
    again = new_desk()
    again.opening.show()
    again.until(lambda: again.opening.program is not None)
    if not at_once:
        again.until(lambda: again.program.bridge.is_ready)
    again.type("new")
    if at_once:
        again.press(Qt.Key.Key_Return)
        again.until_shown("new")
        again.until(lambda: again.workspace.chat.composer.text() == "old")
        again.until_idle()
    again.close()
    third = new_desk()
    third.open()
    kept = ("old",) if at_once else ("old\nnew", "oldnew")
    third.until(lambda: third.workspace.chat.composer.text() in kept)


def test_leaving_while_the_window_opens(new_desk: Callable[[], Desk]) -> None:
    desk = new_desk()
    desk.opening.show()
    desk.close()
    assert desk.opening.program is None


def test_closed_before_a_question_was_answered(
    desk: Desk, new_desk: Callable[[], Desk], paths: Paths
) -> None:
    desk.ask("Write a report into report.md")
    desk.until_shown("Allow once")
    desk.close()
    again = new_desk()
    again.open()
    again.until_shown("Write file", "Not run")
    assert not again.workspace.chat.state.running
    again.ask("Write a report into b.md")
    again.until_shown("Allow once", "b.md")
    again.answer(Qt.Key.Key_Return)
    again.until((paths.work_dir / "b.md").exists)
    again.until_idle()


def test_a_question_is_there_again_when_one_comes_back_to_its_chat(
    desk: Desk, paths: Paths
) -> None:
    desk.ask("Write a report into report.md")
    desk.until_shown("Allow once")
    desk.press(Qt.Key.Key_N, CTRL)
    desk.press(Qt.Key.Key_Tab, CTRL)
    desk.until_shown("Allow once")
    desk.press(Qt.Key.Key_J, CTRL)
    desk.answer(Qt.Key.Key_Return)
    desk.until((paths.work_dir / "report.md").exists)
    desk.until_idle()


def test_a_busy_server_is_waited_for_with_a_countdown_that_can_be_stopped(
    served_desk: Desk, server: ScriptedServer
) -> None:
    server.handlers[0] = fail(529, "overloaded_error", retry_after="30")
    served_desk.ask("hello")
    served_desk.until_shown("Trying again in", "(1 of")
    served_desk.press(Qt.Key.Key_Escape)
    served_desk.until_idle()
    server.handlers[0] = say("here I am")
    served_desk.ask("hello again")
    served_desk.until_shown("here I am")
    served_desk.until_idle()


def test_search_over_titles_and_messages(desk: Desk) -> None:
    for text in ("帮我分析数据", "100% of a_b", CHAT):
        desk.press(Qt.Key.Key_N, CTRL)
        desk.ask(text)
        desk.until_idle()
    for wanted in ("分析", "100%", "a_b"):
        desk.press(Qt.Key.Key_K, CTRL)
        desk.paste(wanted)
        desk.until(lambda: len(desk.results()) >= 1)
        desk.until(lambda wanted=wanted: all(wanted in result for result in desk.results()))
        desk.press(Qt.Key.Key_Return)
        desk.until_shown(wanted)
    desk.press(Qt.Key.Key_K, CTRL)
    desk.paste("a%b")
    desk.until(lambda: desk.results() == [])


def test_find_in_the_session(desk: Desk) -> None:
    desk.ask("find the needle")
    desk.until_idle()
    desk.press(Qt.Key.Key_F, CTRL)
    desk.type("needle")
    desk.until(lambda: "found" in desk.everything_said())
    desk.press(Qt.Key.Key_Escape)
    assert desk.workspace.chat.find_bar.isHidden()


def test_rename_pin_throw_away_and_restore_by_keyboard(desk: Desk) -> None:
    desk.ask(CHAT)
    desk.until_idle()
    desk.press(Qt.Key.Key_F2)
    desk.press(Qt.Key.Key_A, CTRL)
    desk.type("<b>mine</b> %s {}")
    desk.press(Qt.Key.Key_Return)
    desk.until(lambda: "<b>mine</b> %s {}" in desk.titles())
    desk.press(Qt.Key.Key_D, CTRL)
    desk.until(lambda: desk.titles()[0] == "Pinned")
    desk.press(Qt.Key.Key_Backspace, CTRL | SHIFT)
    desk.until(lambda: desk.titles() == [])
    desk.click("Trash")
    desk.until(lambda: desk.trashed() == ["<b>mine</b> %s {}"])
    desk.workspace.sidebar.trash_view.list.setFocus()
    desk.click("Restore")
    desk.until(lambda: desk.trashed() == [])
    desk.workspace.sidebar.show_sessions()
    desk.until(lambda: "<b>mine</b> %s {}" in desk.titles())


def test_renaming_brings_a_hidden_sidebar_back(desk: Desk) -> None:
    desk.ask(CHAT)
    desk.until_idle()
    desk.press(Qt.Key.Key_B, CTRL)
    desk.until(desk.workspace.sidebar.isHidden)
    desk.press(Qt.Key.Key_F2)
    desk.press(Qt.Key.Key_A, CTRL)
    desk.type("seen")
    desk.press(Qt.Key.Key_Return)
    desk.until(lambda: "seen" in desk.titles())
    assert desk.workspace.sidebar.isVisible()


def test_a_key_that_was_meant_for_the_composer_answers_nothing(desk: Desk, paths: Paths) -> None:
    desk.ask("Write a report into report.md")
    desk.until_shown("Allow once")
    desk.press(Qt.Key.Key_Return)
    assert desk.workspace.chat.transcript.visible_question() is not None
    desk.answer(Qt.Key.Key_Return)
    desk.until((paths.work_dir / "report.md").exists)
    desk.until_idle()
    desk.type("the composer has the focus again")
    assert desk.workspace.chat.composer.text() == "the composer has the focus again"


def test_half_a_message_keeps_the_focus_and_ctrl_j_goes_to_the_question(desk: Desk) -> None:
    desk.ask("Write a report into report.md")
    desk.type("wait, ")
    desk.until_shown("Allow once")
    desk.type("no")
    assert desk.workspace.chat.composer.text() == "wait, no"
    desk.press(Qt.Key.Key_J, CTRL)
    desk.press(Qt.Key.Key_Escape)
    desk.until_shown("Denied")


def test_a_request_is_undone_and_done_again_by_hand(desk: Desk, paths: Paths) -> None:
    desk.ask("Write a report into report.md")
    desk.until_shown("Allow once")
    desk.answer(Qt.Key.Key_Return)
    desk.until_idle()
    desk.until_shown("1 file changed", "Undo")
    desk.click_in_transcript("receipt")
    desk.until(lambda: "What this request did" in desk.everything_said())
    receipt = desk.dialog("What this request did")
    desk.until(lambda: "+# Demo report" in receipt.diff.toPlainText())
    assert "report.md" in receipt.uses.toPlainText()
    assert "user:once" in receipt.uses.toPlainText()
    desk.click("Undo", within=receipt)
    desk.until(lambda: not (paths.work_dir / "report.md").exists())
    desk.until(lambda: "Undone" in desk.everything_said())
    assert desk.workspace.chat.composer.text() == "Write a report into report.md"
    desk.click("Do it again")
    desk.until((paths.work_dir / "report.md").exists)
    desk.until_shown("1 file changed", "Done. The file")
    desk.until(lambda: desk.workspace.chat.composer.text() == "")


def test_what_was_changed_by_hand_since_is_kept_and_named(desk: Desk, paths: Paths) -> None:
    desk.ask("Write a report into report.md")
    desk.until_shown("Allow once")
    desk.answer(Qt.Key.Key_Return)
    desk.until_idle()
    (paths.work_dir / "report.md").write_text("mine")
    desk.until_shown("Undo")
    desk.click_in_transcript("undo")
    desk.until(lambda: "except for what was changed since: report.md" in desk.everything_said())
    assert (paths.work_dir / "report.md").read_text() == "mine"


def test_always_is_a_rule_that_is_listed_and_can_be_withdrawn(desk: Desk, paths: Paths) -> None:
    desk.ask("Write a report into a.md")
    desk.until_shown("Always allow")
    desk.click_in_transcript("answer:always")
    desk.until_idle()
    desk.press(Qt.Key.Key_N, CTRL)
    desk.ask("Write a report into b.md")
    desk.until((paths.work_dir / "b.md").exists)
    desk.until_idle()
    desk.press(Qt.Key.Key_Comma, CTRL)
    desk.workspace.settings_page.show_part(3)
    desk.until(lambda: "Allowed, always: Write any file" in desk.everything_said())
    assert "Used 1 time" in desk.everything_said()
    assert "b.md" in desk.everything_said()
    desk.click("Withdraw: Allowed, always: Write any file")
    desk.until(lambda: "There are no rules" in desk.everything_said())
    desk.press(Qt.Key.Key_Escape)
    desk.ask("Write a report into c.md")
    desk.until_shown("Always allow")
