"""Backups at the window: make, prove, restore with its undo, take along, and from the ruins."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from aigc_desktop.config.paths import Paths
from aigc_desktop.core.backup import SessionState
from aigc_desktop.gui.ops.backup_pane import BackupPane
from aigc_desktop.gui.ops.passphrase_dialog import PassphraseDialog
from aigc_desktop.gui.rescue_choices import RescueChoices
from tests.gui.conftest import Desk

PATIENCE_MS = 100_000
pytestmark = pytest.mark.timeout(300)

PASSPHRASE = "CANARY-correct horse"


def backups(desk: Desk) -> BackupPane:
    """Open the backups with the keyboard; wait for their state."""
    control_shift = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    desk.press(Qt.Key.Key_O, control_shift)
    pane = desk.workspace.operations_page.show_part("backup")
    assert isinstance(pane, BackupPane)
    desk.until(pane.summary.title.text)
    return pane


def idle(pane: BackupPane) -> bool:
    return pane._work is None and pane.summary.now.isEnabled()


def wait(desk: Desk, condition: Callable[[], object]) -> None:
    """Wait for work that is done in a process of low priority."""
    desk._qtbot.waitUntil(lambda: bool(condition()), timeout=PATIENCE_MS)


def chat_called(desk: Desk, text: str) -> None:
    desk.workspace.new_chat()
    desk.ask(text)
    state = desk.workspace.chat.state
    wait(desk, lambda: not state.running and not state.queued)


def back_up(desk: Desk, pane: BackupPane, name: str = "") -> None:
    before = len(pane.snapshots)
    QTest.keyClicks(pane.summary.name, name)
    QTest.keyClick(pane.summary.name, Qt.Key.Key_Return)
    wait(desk, lambda: len(pane.snapshots) > before and idle(pane))


def fill(dialog: PassphraseDialog, text: str, again: str | None = None) -> None:
    QTest.keyClicks(dialog.field, text)
    if again is not None:
        QTest.keyClicks(dialog.again, again)


def test_made_proven_and_labelled(desk: Desk) -> None:
    chat_called(desk, "remember the heliotrope")
    pane = backups(desk)
    assert "There is no backup yet" in desk.everything_said()
    back_up(desk, pane, "before the trip")
    said = desk.everything_said()
    assert "before the trip" in said
    assert "verified" in said
    assert "The first one: everything in it is new" in said
    wait(desk, pane.summary.drill.isEnabled)
    desk.click("Restore drill")
    wait(desk, lambda: "Last proven restorable" in desk.everything_said())
    wait(desk, lambda: "proven" in desk.everything_said() and idle(pane))


def test_a_cancelled_backup_leaves_nothing(desk: Desk) -> None:
    pane = backups(desk)
    desk.click("Back up now")
    desk.until(pane.summary.cancel.isVisible)
    desk.click("Cancel")
    wait(desk, lambda: idle(pane))
    desk.until(lambda: "There is no backup yet" in desk.everything_said())
    assert pane.snapshots == []


def test_one_chat_comes_back_and_that_is_undone(desk: Desk) -> None:
    chat_called(desk, "the lost chat")
    pane = backups(desk)
    back_up(desk, pane)
    session_id = desk.workspace.chat.session_id
    assert session_id is not None
    desk.workspace.show_chat()
    trash = desk.workspace.sidebar
    desk.until(lambda: len(desk.titles()) > 1)
    trash.trash_current()
    desk.until(lambda: not any("lost chat" in title.lower() for title in desk.titles()))
    pane = backups(desk)
    pane.show_restore(pane.snapshots[0])
    dialog = pane.restore_dialog
    wait(desk, lambda: dialog.preview is not None)
    dialog.some.click()
    assert not dialog.restore.isEnabled()
    dialog.sessions.item(0).setCheckState(Qt.CheckState.Checked)
    assert "1 chat comes" in dialog.happens.text()
    desk.click("Restore", dialog)
    wait(desk, lambda: idle(pane) and any("lost chat" in t.lower() for t in desk.titles()))
    wait(desk, lambda: "Undo the restore" in desk.everything_said())
    desk.click("Undo the restore")
    desk.click("Undo", pane.question)
    wait(desk, lambda: not any("lost chat" in title.lower() for title in desk.titles()))
    wait(desk, lambda: idle(pane))


def test_everything_comes_back_in_a_window_that_opens_anew(desk: Desk) -> None:
    chat_called(desk, "first chat")
    pane = backups(desk)
    back_up(desk, pane)
    chat_called(desk, "second chat")
    pane = backups(desk)
    pane.show_restore(pane.snapshots[0])
    dialog = pane.restore_dialog
    wait(desk, lambda: dialog.preview is not None)
    states = sorted(session.state for session in dialog.preview.sessions)
    assert states == [SessionState.NEWER, SessionState.SAME]
    assert "taken away: 1 chat," in dialog.summary.text()
    before = desk.program.backend
    desk.click("Restore", dialog)
    wait(desk, lambda: desk.program.backend not in (None, before))
    wait(desk, lambda: desk.program.bridge.is_ready)
    desk.until(lambda: any("First chat" in title for title in desk.titles()))
    assert not any("Second chat" in title for title in desk.titles())
    desk.until(QApplication.focusWidget)
    pane = backups(desk)
    wait(desk, lambda: "Undo the restore" in desk.everything_said())


def test_a_passphrase_is_asked_twice_and_kept_nowhere_readable(desk: Desk) -> None:
    pane = backups(desk)
    pane.tabs.setCurrentIndex(1)
    desk.click("Encrypt with a passphrase…")
    dialog = pane.settings.dialog
    fill(dialog, "short", "short")
    desk.click("OK", dialog)
    assert "At least 8 characters" in dialog.problem.text()
    dialog.field.clear()
    dialog.again.clear()
    fill(dialog, PASSPHRASE, "another one!")
    desk.click("OK", dialog)
    assert "not the same" in dialog.problem.text()
    dialog.again.clear()
    fill(dialog, "", PASSPHRASE)
    dialog.keep.setChecked(False)
    desk.click("OK", dialog)
    desk.until(lambda: "New backups are encrypted" in desk.everything_said())
    back_up(desk, pane)
    pane.tabs.setCurrentIndex(0)
    desk.until(lambda: "encrypted" in desk.everything_said().split("\n"))
    for file in desk.paths.home.rglob("*"):
        if file.is_file():
            assert PASSPHRASE.encode() not in file.read_bytes(), file


def test_taken_along_in_one_file(desk: Desk, tmp_path: Path) -> None:
    chat_called(desk, "to be taken along")
    pane = backups(desk)
    back_up(desk, pane)
    target = tmp_path / "all.zip.age"
    pane.export(pane.snapshots[0], str(target), PASSPHRASE)
    wait(desk, lambda: target.exists() and idle(pane))
    desk.until(lambda: "The backup is exported" in desk.everything_said())
    pane.take_in(str(target))
    wait(desk, lambda: getattr(pane, "dialog", None) is not None)
    fill(pane.dialog, PASSPHRASE)
    desk.click("OK", pane.dialog)
    wait(desk, lambda: len(pane.snapshots) == 2 and idle(pane))
    desk.until(lambda: "all.zip.age" in desk.everything_said())


def test_the_chats_of_a_backup_replace_a_damaged_database(
    desk: Desk, new_desk: Callable[[], Desk], paths: Paths, allow_log: set[str]
) -> None:
    allow_log |= {"integrity check", "could not", "set aside"}
    chat_called(desk, "kept in the backup")
    pane = backups(desk)
    back_up(desk, pane)
    desk.close()
    (paths.work_dir / "newer.txt").write_text("made after the backup")
    paths.database.write_bytes(b"junk" * 5000)
    desk = new_desk()
    desk.opening.show()
    desk.until(lambda: "Restore the chats of the backup" in desk.everything_said())
    [choice] = [
        line for line in desk.everything_said().split("\n") if line.startswith("Restore the chats")
    ]
    desk.click(choice)
    wait(desk, lambda: desk.program.bridge.is_ready)
    desk.until(lambda: any("Kept in the backup" in title for title in desk.titles()))
    assert (paths.work_dir / "newer.txt").exists()
    assert [path.read_bytes() for path in paths.data_dir.glob("damaged-*.db")] == [b"junk" * 5000]


def test_an_encrypted_backup_replaces_a_damaged_database(
    desk: Desk, new_desk: Callable[[], Desk], paths: Paths, allow_log: set[str]
) -> None:
    """Without a keyring the passphrase is asked for where the backup is offered."""
    allow_log |= {"integrity check", "could not", "set aside"}
    chat_called(desk, "kept under a passphrase")
    pane = backups(desk)
    pane.tabs.setCurrentIndex(1)
    desk.click("Encrypt with a passphrase…")
    fill(pane.settings.dialog, PASSPHRASE, PASSPHRASE)
    pane.settings.dialog.keep.setChecked(False)
    desk.click("OK", pane.settings.dialog)
    desk.until(lambda: "New backups are encrypted" in desk.everything_said())
    back_up(desk, pane)
    desk.close()
    paths.database.write_bytes(b"junk" * 5000)
    desk = new_desk()
    desk.opening.show()
    desk.until(lambda: "Restore the chats of the backup" in desk.everything_said())
    [choice] = desk.window.findChildren(RescueChoices)
    choice._backup.click()
    wait(desk, lambda: hasattr(choice, "dialog"))
    fill(choice.dialog, "not this one")
    first = choice.dialog
    desk.click("OK", choice.dialog)
    wait(desk, lambda: choice.dialog is not first)
    fill(choice.dialog, PASSPHRASE)
    desk.click("OK", choice.dialog)
    wait(desk, lambda: desk.program.bridge.is_ready)
    desk.until(lambda: any("Kept under a passphrase" in title for title in desk.titles()))
