"""Fetching texts that a snapshot left out: what is seen first, then the rest in the background."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Slot

from aigc_desktop.gui.chat.rows import Key, Row

if TYPE_CHECKING:
    from aigc_desktop.gui.chat.transcript_view import TranscriptView

CHUNK = 500
"""Items asked for at once in the background."""

PAUSE_MS = 15
"""Between two chunks, so that the window stays fluid."""


class Loading(QObject):
    """Asks by the view's `items_needed`, newest first, one chunk at a time."""

    def __init__(self, view: TranscriptView) -> None:
        super().__init__(view)
        self._view = view
        self._next = -1
        self._waiting = False
        self._urgent: set[Key] = set()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._ask)

    def start(self) -> None:
        """Begin with the newest row."""
        self._next = len(self._view.rows) - 1
        self._waiting = False
        self._urgent.clear()
        self._timer.start(PAUSE_MS)

    def stop(self) -> None:
        """Ask for nothing more."""
        self._next = -1
        self._timer.stop()
        self._urgent.clear()

    def want(self, rows: list[Row]) -> None:
        """Ask at once for rows that are on the screen."""
        keys = tuple(row.key for row in rows if row.key not in self._urgent)
        if keys:
            self._urgent.update(keys)
            self._view.items_needed.emit(keys)

    def supplied(self) -> None:
        """An answer has come: go on."""
        self._waiting = False
        if self._next >= 0:
            self._timer.start(PAUSE_MS)

    @Slot()
    def _ask(self) -> None:
        if self._waiting:
            return
        rows = self._view.rows.rows
        keys: list[Key] = []
        self._next = min(self._next, len(rows) - 1)
        while self._next >= 0 and len(keys) < CHUNK:
            row = rows[self._next]
            if not row.loaded and row.key not in self._urgent:
                keys.append(row.key)
            self._next -= 1
        if keys:
            self._waiting = True
            self._view.items_needed.emit(tuple(keys))
