"""What became of a lesson, step by step."""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QVBoxLayout,
    QWidget,
)

from aigc_desktop.config.i18n import tr
from aigc_desktop.core.learning import Lesson, LessonChange
from aigc_desktop.gui import calls
from aigc_desktop.gui.bridge import Bridge
from aigc_desktop.gui.chat.safe_text import visible
from aigc_desktop.gui.learning.lesson_face import lesson_text
from aigc_desktop.gui.learning.wording import capital, change_text, moment_text
from aigc_desktop.gui.widgets.build import label, line, scrolled
from aigc_desktop.gui.widgets.dialogs import bottom_row, close_button, dialog_layout
from aigc_desktop.gui.widgets.open_size import open_at_size

SIZE = (560, 460)


class HistoryDialog(QDialog):
    """The newest step first."""

    def __init__(self, bridge: Bridge, lesson: Lesson, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("History of the lesson"))
        open_at_size(self, SIZE)
        body = QWidget()
        self._list = QVBoxLayout(body)
        self._list.setContentsMargins(0, 0, 12, 0)
        self._list.setSpacing(8)
        close = close_button(self)
        layout = dialog_layout(self)
        layout.addWidget(label(tr("History of the lesson"), "title"))
        layout.addWidget(label(lesson_text(lesson), "muted", wrap=True))
        layout.addWidget(line())
        layout.addWidget(scrolled(body), 1)
        layout.addLayout(bottom_row(close))
        close.setFocus()
        bridge.call(self, calls.lessons.history_of, lesson.id, on_done=self._show)

    @Slot(object)
    def _show(self, changes: list[LessonChange]) -> None:
        for change, older in zip(changes, [*changes[1:], None], strict=True):
            head = QHBoxLayout()
            head.addWidget(label(_step_text(change)), 1)
            head.addWidget(label(capital(moment_text(change.at)), "small"))
            self._list.addLayout(head)
            if older is None or older.text != change.text:
                self._list.addWidget(label(visible(change.text), "quote", wrap=True))
        self._list.addStretch(1)


def _step_text(change: LessonChange) -> str:
    """Return what was done and what the lesson was afterwards."""
    state = change_text(change.state)
    cause = {
        "learned": tr("Learned from your feedback"),
        "aged": tr("Its evidence has become old"),
        "accepted": tr("You put it into force"),
        "edited": tr("You changed its words or its place"),
        "rejected": tr("You rejected it"),
        "switched_off": tr("You switched it off"),
        "removed": tr("You deleted it"),
        "expiry": tr("You changed how long it holds"),
        "added": tr("You added it"),
        "superseded": tr("Another took its place"),
        "returned": tr("You returned to an earlier day"),
    }.get(change.cause)
    return state if cause is None else f"{cause} · {state}"
