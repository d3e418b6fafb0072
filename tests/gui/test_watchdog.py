"""A busy main thread is logged, and what it works with is left alone."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QEventLoop, QTimer
from pytestqt.qtbot import QtBot

from aigc_desktop.gui import watchdog
from aigc_desktop.gui.watchdog import Watchdog


@pytest.fixture
def watch(qapp: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watchdog]:
    monkeypatch.setattr(watchdog, "PERIOD", 0.001)
    watch = Watchdog()
    yield watch
    watch.stop()


class Local:
    """Says in which thread it ended."""

    def __init__(self, ended: list[int]) -> None:
        self._ended = ended

    def __del__(self) -> None:
        self._ended.append(threading.get_ident())


def run(work: Callable[[], object]) -> None:
    """Do work in an event loop, and answer for it."""
    loop = QEventLoop()
    QTimer.singleShot(0, work)
    QTimer.singleShot(100, loop.quit)
    loop.exec()


def dawdle() -> None:
    time.sleep(watchdog.LIMIT * 5)


@pytest.mark.usefixtures("watch")
def test_a_freeze_is_logged_with_where_it_was(
    qtbot: QtBot, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, watchdog.__name__):
        run(dawdle)
        qtbot.waitUntil(lambda: "in dawdle" in caplog.text)
    assert "the window was busy" in caplog.text


@pytest.mark.usefixtures("watch")
def test_what_a_slow_call_works_with_ends_with_it_in_its_own_thread() -> None:
    ended: list[int] = []

    def work() -> None:
        local = Local(ended)
        dawdle()
        assert local

    for number in range(1, 4):
        run(work)
        assert ended == [threading.get_ident()] * number
