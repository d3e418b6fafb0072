"""Makes freezes visible: a main thread that is busy for too long is logged with its stack."""

from __future__ import annotations

import logging
import sys
import threading
import time
import traceback

from PySide6.QtCore import QAbstractEventDispatcher, QObject, Slot

logger = logging.getLogger(__name__)

LIMIT = 0.05
"""Seconds the main thread may be away from its event loop."""

POLL = 0.04


class Watchdog(QObject):
    """Watches the thread it is made in."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._watched = threading.get_ident()
        self._busy_since: float | None = None
        self._stack = ""
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)
        dispatcher = QAbstractEventDispatcher.instance()
        if dispatcher is not None:
            dispatcher.awake.connect(self._awake)
            dispatcher.aboutToBlock.connect(self._idle)
            self._thread.start()

    def stop(self) -> None:
        """End the watching thread."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    @Slot()
    def _awake(self) -> None:
        self._busy_since = time.perf_counter()

    @Slot()
    def _idle(self) -> None:
        since, self._busy_since = self._busy_since, None
        stack, self._stack = self._stack, ""
        if since is not None and (took := time.perf_counter() - since) > LIMIT:
            logger.info("the window was busy for %.0f ms%s", took * 1000, stack)

    def _watch(self) -> None:
        while not self._stop.wait(POLL):
            since = self._busy_since
            if since is None or self._stack or time.perf_counter() - since < LIMIT:
                continue
            frame = sys._current_frames().get(self._watched)
            if frame is not None:
                self._stack = "\n" + "".join(traceback.format_stack(frame)[-8:])
