"""The window's life: one of it, leaving on a signal, crashes, language, theme. Real processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication

from aigc_desktop import bootstrap
from aigc_desktop.config.paths import Paths
from aigc_desktop.core.session import TurnStatus
from aigc_desktop.gui import calls, theme
from aigc_desktop.gui.crash import CrashDialog
from aigc_desktop.services import chat, sessions
from tests.gui.conftest import Desk
from tests.gui.window_process import MESSAGE

ROOT = Path(__file__).resolve().parents[2]
LEAVE_SECONDS = 20
"""Case 6 says five; a machine that runs tests is slower."""

Start = Callable[[str], "subprocess.Popen[str]"]


@pytest.fixture
def start(paths: Paths) -> Iterator[Start]:
    """Start a module as a process with this test's home."""
    paths.settings_file.write_text('{"provider": "demo"}')
    processes: list[subprocess.Popen[str]] = []

    def begin(module: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", module],
            cwd=ROOT,
            env={**os.environ, "QT_QPA_PLATFORM": "offscreen", "AIGC_DEMO_DELAY": "0.05"},
            stdout=subprocess.PIPE,
            text=True,
        )
        processes.append(process)
        return process

    yield begin
    for process in processes:
        if process.poll() is None:
            process.kill()
        process.communicate()


def said(process: subprocess.Popen[str], word: str) -> bool:
    """Wait until the process prints `word`; False if it ends before."""
    assert process.stdout is not None
    return any(line.strip() == word for line in process.stdout)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM")
async def test_sigterm_in_the_middle_of_a_stream_loses_nothing(
    start: Start, paths: Paths, allow_log: set[str]
) -> None:
    process = start("tests.gui.window_process")
    assert said(process, "streaming")
    process.send_signal(signal.SIGTERM)
    assert process.wait(LEAVE_SECONDS) == 0
    settings, bus, stop_logging = bootstrap.prepare(paths)
    async with bootstrap.open_app(paths, settings, bus) as app:
        [session] = await sessions.list_sessions(app)
        snapshot = await chat.open_session(app, session.id)
    stop_logging()
    assert snapshot.turns[0].status in (TurnStatus.STOPPED, TurnStatus.INTERRUPTED)
    assert snapshot.items[0].text == MESSAGE
    assert snapshot.items[1].text


def test_a_second_start_raises_the_first_window(start: Start) -> None:
    first = start("tests.gui.window_process")
    assert said(first, "streaming")
    second = start("aigc_desktop")
    assert second.wait(LEAVE_SECONDS) == 0
    assert said(first, "raised")


def test_the_lock_of_a_killed_window_is_reclaimed(start: Start) -> None:
    first = start("tests.gui.window_process")
    assert said(first, "streaming")
    first.kill()
    first.wait()
    again = start("tests.gui.window_process")
    assert said(again, "streaming")


def test_a_bug_shows_one_dialog_whose_report_can_be_copied(desk: Desk, allow_log: set[str]) -> None:
    allow_log.add("a service failed")

    async def broken(_app: object) -> None:
        raise ZeroDivisionError("sk-ant-CANARY-0123456789")

    for _ in range(3):
        desk.program.bridge.call(desk.window, broken)
    desk.until(lambda: desk.program.crashes.dialog is not None)
    dialog = desk.program.crashes.dialog
    assert dialog is not None
    desk.click("Copy report")
    report = QApplication.clipboard().text()
    assert "ZeroDivisionError" in report
    assert "CANARY" not in report
    assert desk.window.findChildren(CrashDialog) == [dialog]
    dialog.close()


def test_a_crash_in_a_slot_shows_the_dialog(desk: Desk, allow_log: set[str]) -> None:
    allow_log.add("unhandled error")

    def broken() -> None:
        raise ZeroDivisionError

    QTimer.singleShot(0, broken)
    desk.until(lambda: "Copy report" in desk.everything_said())
    desk.click("Go on")
    desk.until(lambda: "Copy report" not in desk.everything_said())


def test_language_theme_and_send_key_are_set_by_keyboard(desk: Desk) -> None:
    desk.ask("tell me something")
    desk.until_idle()
    desk.type("half")
    desk.press(Qt.Key.Key_Comma, Qt.KeyboardModifier.ControlModifier)
    desk.press(Qt.Key.Key_Down)
    desk.tab_to("Theme")
    for key, dark in ((Qt.Key.Key_End, True), (Qt.Key.Key_Up, False)):
        desk.press(key)
        desk.until(lambda dark=dark: theme.current().dark is dark)
    desk.tab_to("Send with")
    desk.press(Qt.Key.Key_Down)
    desk.until(lambda: desk.program.workspace.chat.composer.edit.send_key == "ctrl_enter")
    desk.tab_to("Language", back=True)
    desk.press(Qt.Key.Key_Home)
    desk.press(Qt.Key.Key_Down)
    desk.until(lambda: "外观" in desk.everything_said())
    desk.press(Qt.Key.Key_Escape)
    desk.until(lambda: "新对话" in desk.everything_said())
    desk.until(lambda: desk.workspace.chat.composer.text() == "half")
    desk.until_shown("tell me something")
    desk.press(Qt.Key.Key_Return)
    desk.type("more")
    desk.press(Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    desk.until_shown("half\nmore")
    desk.until_idle()


def test_round_trips_do_not_use_up_none(desk: Desk) -> None:
    done: list[object] = []
    before = sys.getrefcount(None)
    for _ in range(200):
        desk.program.bridge.call(desk.window, calls.sessions.list_sessions, on_done=done.append)
    desk.until(lambda: len(done) == 200)
    assert sys.getrefcount(None) > before - 100


def test_void_calls_do_not_use_up_none(desk: Desk) -> None:
    """PySide6 6.12 loses a reference to None with every void call on Python 3.11 (TECH.md)."""
    before = sys.getrefcount(None)
    for _ in range(3000):
        desk.window.update()
    assert sys.getrefcount(None) > before - 1000


def test_what_is_asked_for_while_the_window_closes_is_forgotten(desk: Desk) -> None:
    """Such as a draft whose time to be stored comes when the backend is gone already."""
    program = desk.program
    program._stop_backend()
    program._stopper.join()
    program.bridge.call(desk.window, calls.sessions.list_sessions)
    desk.until(lambda: not desk.window.isVisible())
    desk.opening.close()
    desk.closed = True


def test_a_damaged_database_is_rescued_from_the_window(
    new_desk: Callable[[], Desk], paths: Paths, allow_log: set[str]
) -> None:
    allow_log |= {"integrity check", "could not", "set aside", "nothing could be rescued"}
    paths.settings_file.write_text('{"provider": "demo"}')
    paths.database.write_bytes(b"junk" * 5000)
    desk = new_desk()
    desk.opening.show()
    desk.until(lambda: "is damaged" in desk.everything_said())
    desk.click("Rescue what can be read")
    desk.until(lambda: "Nothing could be read" in desk.everything_said())
    desk.click("Start with an empty database")
    desk.click("Start empty")
    desk.until(lambda: desk.program.bridge.is_ready)
    assert [path.read_bytes() for path in paths.data_dir.glob("damaged-*.db")] == [b"junk" * 5000]
