"""Work in a thread answers through a signal, and is silent when nobody is there any more."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import shiboken6
from PySide6.QtCore import QObject, Signal
from pytestqt.qtbot import QtBot

from aigc_desktop.gui.in_thread import in_thread


class Owner(QObject):
    answered = Signal(object)


def test_a_result_and_an_error_arrive(qtbot: QtBot) -> None:
    owner = Owner()
    with qtbot.waitSignal(owner.answered) as heard:
        in_thread(lambda: 7, owner.answered)
    assert heard.args == [7]
    with qtbot.waitSignal(owner.answered) as heard:
        in_thread(lambda: 1 // 0, owner.answered)
    assert isinstance(heard.args[0], ZeroDivisionError)


@pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")
def test_an_owner_that_is_gone_is_not_told(qtbot: QtBot) -> None:
    owner, go = Owner(), threading.Event()

    def work() -> Any:
        go.wait(10)
        return 1

    in_thread(work, owner.answered)
    (thread,) = [each for each in threading.enumerate() if each.name == "in-thread"]
    shiboken6.delete(owner)
    go.set()
    thread.join(10)
    assert not thread.is_alive()
