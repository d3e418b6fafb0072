"""Makes freezes visible: a main thread that does not answer for too long is logged with its stack.

The stack is written down without taking hold of its frames. Who holds a frame ends its local
variables when letting go, and ending a QObject's connections in another thread than the main one
can lock both up for ever: Qt's lock is then waited for with Python's in hand, and the other way
round.
"""

from __future__ import annotations

import faulthandler
import logging
import tempfile
import threading
import time

from PySide6.QtCore import QObject, Qt, Signal, Slot

logger = logging.getLogger(__name__)

LIMIT = 0.05
"""Seconds the main thread may take to answer."""

PERIOD = 0.1
"""Seconds between two questions: an idle window is woken no more often."""

DEPTH = 8
"""Calls of the stack that are logged, the innermost."""


class Watchdog(QObject):
    """Asks the thread it is made in, from another one, whether it is there."""

    _asked = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._watched = threading.get_ident()
        self._answered = threading.Event()
        self._stop = threading.Event()
        self._asked.connect(self._answer, Qt.ConnectionType.QueuedConnection)
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the watching thread."""
        self._stop.set()
        self._answered.set()
        self._thread.join()

    @Slot()
    def _answer(self) -> None:
        self._answered.set()

    def _watch(self) -> None:
        while not self._stop.wait(PERIOD):
            self._answered.clear()
            began = time.perf_counter()
            self._asked.emit()
            if self._answered.wait(LIMIT):
                continue
            stack = stack_of(self._watched)
            while not self._answered.wait(LIMIT) and not self._stop.is_set():
                pass
            took = (time.perf_counter() - began) * 1000
            logger.info("the window was busy for %.0f ms%s", took, stack)


def stack_of(thread: int) -> str:
    """Return where a thread is, by its identifier: a line per call, the innermost first."""
    with tempfile.TemporaryFile() as file:
        faulthandler.dump_traceback(file, all_threads=True)
        file.seek(0)
        dump = file.read().decode(errors="replace")
    part = dump.partition(f"{thread:016x} ")[2].partition("\n\n")[0]
    return "".join(f"\n{line}" for line in part.splitlines()[1 : DEPTH + 1])
