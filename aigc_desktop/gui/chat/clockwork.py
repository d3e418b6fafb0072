"""The transcript's timers: repaints of growing text, countdowns, work that may wait."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Slot

from aigc_desktop.gui.chat.row_view import RowView, Slow

if TYPE_CHECKING:
    from aigc_desktop.gui.chat.transcript_view import TranscriptView

FLUSH_MS = 33
"""Least time between two repaints of growing text."""

FLUSH_SHARE = 6
"""A repaint that took t ms is followed by at least this many times t without one."""

TICK_MS = 500
COPIED_MS = 1_400
"""How long a used copy button shows that it was used."""

SLICE = 0.004
"""Seconds of work that may wait done in one go."""


class Clockwork(QObject):
    """Calls the view back when it is time."""

    def __init__(self, view: TranscriptView) -> None:
        super().__init__(view)
        self._view = view
        self._slow: deque[tuple[RowView, Slow]] = deque()
        self._flush_ms = FLUSH_MS
        self._flush_timer = QTimer(self, singleShot=True)
        self._flush_timer.timeout.connect(self._flush)
        self._tick_timer = QTimer(self, interval=TICK_MS)
        self._tick_timer.timeout.connect(self._tick)
        self._slow_timer = QTimer(self, interval=0)
        self._slow_timer.timeout.connect(self._work)
        self._done_timer = QTimer(self, singleShot=True, interval=COPIED_MS)
        self._done_timer.timeout.connect(self._forget_done)

    def flush_soon(self) -> None:
        """Repaint with the next frame."""
        if not self._flush_timer.isActive():
            self._flush_timer.start(self._flush_ms)

    def tick(self, *, on: bool) -> None:
        """Tick twice a second, or no longer."""
        if on and not self._tick_timer.isActive():
            self._tick_timer.start()
        elif not on:
            self._tick_timer.stop()

    def later(self, view: RowView, work: Slow) -> None:
        """Do `work` in slices, as long as the row keeps its `view`."""
        self._slow.append((view, work))
        self._slow_timer.start()

    def forget_done_later(self) -> None:
        """A copy button was used: show it for a moment."""
        self._done_timer.start()

    def stop(self) -> None:
        """Other rows are shown: forget what was to be done."""
        self._slow.clear()
        self._flush_timer.stop()
        self._flush_ms = FLUSH_MS

    @Slot()
    def _flush(self) -> None:
        began = time.perf_counter()
        self._view.flush_now()
        spent = (time.perf_counter() - began) * 1000
        self._flush_ms = max(FLUSH_MS, round(spent * FLUSH_SHARE))

    @Slot()
    def _tick(self) -> None:
        self._view.tick()

    @Slot()
    def _work(self) -> None:
        if not self._slow:
            self._slow_timer.stop()
            return
        view, work = self._slow.popleft()
        if view.row.view is view and work(SLICE):
            self._slow.appendleft((view, work))
        self._view.viewport().update()

    @Slot()
    def _forget_done(self) -> None:
        self._view.done = None
        self._view.viewport().update()
