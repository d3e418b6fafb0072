"""Keeps count of the lessons that wait for an answer."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from aigc_desktop.core.events import Event, LessonsChanged
from aigc_desktop.core.learning import Lesson, LessonState
from aigc_desktop.gui import calls
from aigc_desktop.gui.bridge import Bridge

SETTLE_MS = 150
LEARNED = "lessons_learned"
"""Code and key of the notice that the learner raises when there is something new."""


class ProposalWatch(QObject):
    """Counts anew after every change of the lessons."""

    counted = Signal(int)
    """How many proposals wait."""

    def __init__(self, bridge: Bridge, parent: QObject) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._settle = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._settle.timeout.connect(self.count)
        bridge.arrived.connect(self._on_event)

    @Slot()
    def count(self) -> None:
        """Count now."""
        self._bridge.call(self, calls.lessons.list_lessons, on_done=self._counted)

    @Slot(object)
    def _on_event(self, event: Event) -> None:
        if isinstance(event, LessonsChanged):
            self._settle.start()

    @Slot(object)
    def _counted(self, lessons: list[Lesson]) -> None:
        self.counted.emit(sum(each.state is LessonState.PROPOSED for each in lessons))
