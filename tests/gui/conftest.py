"""The whole real program in a window: real backend, real store, the demo model or a real server."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import os
import threading
from collections.abc import Callable, Iterator
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from PySide6.QtCore import QAbstractItemModel, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from aigc_desktop import bootstrap
from aigc_desktop.config.paths import Paths
from aigc_desktop.config.startup import prepare
from aigc_desktop.gui.app import Program
from aigc_desktop.gui.opening import Opening
from aigc_desktop.gui.workspace import Workspace
from tests.gui.chat import driver
from tests.scripted_server import ScriptedServer, say

WAIT_MS = 20_000
LEFT = Qt.MouseButton.LeftButton


class Desk:
    """A person at the window: looks, types, clicks; nothing here knows how the program is made."""

    def __init__(self, paths: Paths, qtbot: QtBot) -> None:
        self.paths = paths
        self._qtbot = qtbot
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        self.settings, self.bus = prepare(paths)
        self.opening = Opening(app, paths, self.settings, self.bus, bootstrap.Backend)
        self.window = self.opening.window
        self.closed = False

    def open(self) -> None:
        """Open the window and wait until everything is there."""
        self.opening.show()
        self.window.activateWindow()
        self.until(lambda: self.opening.program is not None)
        self.until(lambda: self.program.bridge.is_ready)

    def close(self) -> None:
        """Close the window as the user does, and wait until the backend has ended."""
        with self._qtbot.waitSignal(self.opening.finished, timeout=WAIT_MS):
            self.window.close()
        self.opening.close()
        self.closed = True

    @property
    def program(self) -> Program:
        assert self.opening.program is not None
        return self.opening.program

    @property
    def workspace(self) -> Workspace:
        return self.program.workspace

    @property
    def composer(self) -> QWidget:
        return self.workspace.chat.composer.edit

    def until(self, condition: Callable[[], Any]) -> None:
        """Wait until `condition()` holds."""
        try:
            self._qtbot.waitUntil(lambda: bool(condition()), timeout=WAIT_MS)
        except Exception as error:
            self.window.grab().save(str(self.paths.logs_dir / "failed.png"))
            focus = QApplication.focusWidget()
            written = self.workspace.chat.composer.text() if self.opening.program else None
            raise AssertionError(
                f"waited in vain; focus: {focus}; in the composer: {written!r}; shown:\n"
                f"{self.everything_said()}"
            ) from error

    def until_shown(self, *words: str) -> None:
        """Wait until the transcript shows all `words`."""
        self.until(lambda: all(word in self.transcript_text() for word in words))

    def until_idle(self) -> None:
        """Wait until the agent has finished."""
        chat = self.workspace.chat
        self.until(lambda: not chat.state.running and not chat.state.queued)

    def transcript_text(self) -> str:
        """Return what the visible part of the transcript says."""
        view = self.workspace.chat.transcript
        view.flush_now()
        return driver.shown_text(view)

    def everything_said(self) -> str:
        """Return all text of visible labels and buttons in the window."""
        widgets: list[QLabel | QPushButton] = [
            *self.window.findChildren(QLabel),
            *self.window.findChildren(QPushButton),
        ]
        return "\n".join(w.text() for w in widgets if w.isVisible())

    def press(
        self,
        key: Qt.Key,
        modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
        on: QWidget | None = None,
    ) -> None:
        """Press a key where the focus is."""
        QTest.keyClick(on or self._focused(), key, modifiers)

    def type(self, text: str) -> None:
        """Type `text` where the focus is."""
        QTest.keyClicks(self._focused(), text)

    def answer(self, key: Qt.Key) -> None:
        """Answer the question that has come by itself to who waits for it."""
        view = self.workspace.chat.transcript
        self.until(lambda: view.hasFocus() and view.takes_answers)
        self.press(key)

    def paste(self, text: str) -> None:
        """Paste `text` where the focus is (also what no keyboard types)."""
        QApplication.clipboard().setText(text)
        self.press(Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)

    def ask(self, text: str) -> None:
        """Write a message, send it with Enter, and wait until it has been taken."""
        before = len(self.workspace.chat.state.turns)
        self.composer.setFocus()
        self.paste(text)
        self.press(Qt.Key.Key_Return)
        self.until(lambda: len(self.workspace.chat.state.turns) > before)
        self.until(lambda: not self.workspace.chat.composer.text())

    def dialog(self, title: str) -> Any:
        """Return the open dialog with that title."""
        [found] = [d for d in self.window.findChildren(QDialog) if d.windowTitle() == title]
        return found

    def click(self, text: str, within: QWidget | None = None) -> None:
        """Click the visible button that says `text`."""
        place = within or self.window
        found = [b for b in place.findChildren(QPushButton) if b.isVisible()]
        [button] = [b for b in found if text in (b.text(), b.accessibleName())]
        QTest.mouseClick(button, LEFT)

    def click_in_transcript(self, action: str, at: int = -1) -> None:
        """Click the last visible (or the given) button that does `action`."""
        view = self.workspace.chat.transcript
        view.flush_now()
        rows = [place.row for place in view.stage.placed if place.scene.button(action) is not None]
        driver.click(view, rows[at], action)

    def tab_to(self, place: str, *, back: bool = False) -> None:
        """Go from one place to the next until the widget or the transcript's button is reached.

        `place` is a widget's name for a screen reader, or what a button's action begins with.
        """
        modifiers = Qt.KeyboardModifier.ShiftModifier if back else Qt.KeyboardModifier.NoModifier
        for _ in range(40):
            if place in (self._focused().accessibleName(), self._focused_action()):
                return
            self.press(Qt.Key.Key_Backtab if back else Qt.Key.Key_Tab, modifiers)
        raise AssertionError(f"{place} is not reached with the Tab key")

    def _focused_action(self) -> str:
        view = self.workspace.chat.transcript
        button = view.focused if view.hasFocus() else None
        return button[1].rstrip("0123456789") if button else ""

    def listed_files(self) -> str:
        """Return what the files panel lists."""
        files = self.workspace.chat.files.list
        rows = range(files.count()) if files.isVisible() else range(0)
        return "\n".join(files.item(row).text() for row in rows)

    def titles(self) -> list[str]:
        """Return the headings and titles in the sidebar."""
        return _texts(self.workspace.sidebar.list.model())

    def results(self) -> list[str]:
        """Return what was found."""
        found = self.workspace.sidebar.results
        rows = [found.index(at) for at in range(found.rowCount())]
        return [str(row.data()) for row in rows if found.result(row).session_id is not None]

    def trashed(self) -> list[str]:
        """Return the titles in the trash."""
        return _texts(self.workspace.sidebar.trash_view.list.model())

    def _focused(self) -> QWidget:
        widget = QApplication.focusWidget()
        assert widget is not None, "nothing has the focus"
        return widget


def _texts(model: QAbstractItemModel) -> list[str]:
    shown = [model.index(row, 0).data() for row in range(model.rowCount())]
    return [str(text) for text in shown if text]


@pytest.fixture(autouse=True)
def collected_here() -> Iterator[None]:
    """As in the program, garbage is collected on the main thread and between things, never while
    another thread works or something is being painted (`gui.collector`)."""
    gc.disable()
    yield
    gc.collect()
    gc.enable()


@pytest.fixture
def new_desk(prepared: Paths, qtbot: QtBot) -> Iterator[Callable[[], Desk]]:
    """Open the program; may be called again after closing to see a restart."""
    made: list[Desk] = []

    def make() -> Desk:
        desk = Desk(prepared, qtbot)
        made.append(desk)
        return desk

    yield make
    for desk in made:
        if not desk.closed:
            desk.close()


@pytest.fixture
def desk(new_desk: Callable[[], Desk], paths: Paths) -> Desk:
    """The program, open, with the demo model."""
    paths.settings_file.write_text('{"provider": "demo", "language": "en"}')
    desk = new_desk()
    desk.open()
    return desk


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    """A server that speaks the Messages API, in a thread of its own; says "ok" if not told else."""
    scripted = ScriptedServer()
    scripted.queue(say("ok"))
    loop = asyncio.new_event_loop()
    up, leave = threading.Event(), asyncio.Event()

    async def serve() -> None:
        async with scripted.running():
            up.set()
            await leave.wait()

    def run() -> None:
        with contextlib.closing(loop):
            loop.run_until_complete(serve())

    thread = threading.Thread(target=run, name="scripted-server")
    thread.start()
    up.wait()
    yield scripted
    loop.call_soon_threadsafe(leave.set)
    thread.join()


@pytest.fixture
def served_desk(new_desk: Callable[[], Desk], paths: Paths, server: ScriptedServer) -> Desk:
    """The program, open, with the scripted server."""
    chosen = {"provider": "server", "base_url": server.url, "model": "claude-test"}
    paths.settings_file.write_text(json.dumps({**chosen, "language": "en"}))
    desk = new_desk()
    desk.open()
    return desk
