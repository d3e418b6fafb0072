"""The real window (offscreen) with its real backend, and how soon a key is seen in it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from aigc_desktop import bootstrap
from aigc_desktop.config.paths import Paths
from aigc_desktop.config.startup import prepare
from aigc_desktop.gui.opening import Opening, make_application

KEYS = 300
PAUSE = 0.025
PATIENCE = 300.0


class Paints(QObject):
    """Counts how often a widget has been painted."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self.count = 0
        widget.installEventFilter(self)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint:
            self.count += 1
        return False


def until(condition: Callable[[], Any]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        QApplication.processEvents()
        time.sleep(0.001)
        assert time.monotonic() < deadline, "waited in vain"


def type_keys(edit: QWidget, paints: Paints, going: Callable[[], bool]) -> list[float]:
    """Press keys while `going()`, at most KEYS; return each one's seconds until it is shown."""
    taken = []
    for number in range(KEYS):
        if not going():
            break
        before = paints.count
        began = time.perf_counter()
        QTest.keyClick(edit, Qt.Key(Qt.Key.Key_A + number % 26))
        while paints.count == before:
            QApplication.processEvents()
        taken.append(time.perf_counter() - began)
        rest = time.monotonic() + PAUSE
        until(lambda rest=rest: time.monotonic() >= rest)
    return taken


@contextmanager
def opened(paths: Paths) -> Iterator[Any]:
    app = make_application()
    settings, bus = prepare(paths)
    opening = Opening(app, paths, settings, bus, bootstrap.Backend)
    opening.show()
    until(lambda: opening.program is not None and opening.program.bridge.is_ready)
    try:
        yield opening.program
    finally:
        left: list[bool] = []
        opening.finished.connect(lambda: left.append(True))
        opening.window.close()
        until(lambda: left)
        opening.close()


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(int(len(values) * share), len(values) - 1)]
