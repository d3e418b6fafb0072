"""Back to an earlier day: what was learned becomes as it was then, for all chats at once."""

from __future__ import annotations

from datetime import datetime, timedelta

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import (
    QDialog,
    QListWidget,
    QListWidgetItem,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from aigc_desktop.config.i18n import tr, tr_n
from aigc_desktop.core.events import NoticeLevel
from aigc_desktop.core.learning import Lesson, LessonState
from aigc_desktop.gui import calls, notices
from aigc_desktop.gui.bridge import Bridge
from aigc_desktop.gui.learning.book import Book
from aigc_desktop.gui.learning.lesson_face import lesson_text
from aigc_desktop.gui.learning.wording import capital, day_text, moment_before, state_text
from aigc_desktop.gui.notices import NoticeAction
from aigc_desktop.gui.widgets.build import beside, button, label
from aigc_desktop.gui.widgets.dialogs import bottom_row, dialog_layout
from aigc_desktop.gui.widgets.open_size import open_at_size

SIZE = (800, 520)
LIST_WIDTH = 230


class ReturnDialog(QDialog):
    """Days on the left; on the right what returning to the chosen one would change."""

    def __init__(self, bridge: Bridge, known: Book, parent: QWidget) -> None:
        super().__init__(parent)
        self._owner = parent
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Return to an earlier day"))
        open_at_size(self, SIZE)
        self._bridge = bridge
        self._known = known
        self._ends: list[int] = []
        self.days = QListWidget()
        self.days.setObjectName("filesList")
        self.days.setAccessibleName(tr("Days"))
        self.summary = label("", "heading", wrap=True)
        self.body = QWidget()
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.go = button(tr("Return to this day"), self._return, "primary", "restore")
        self.go.setEnabled(False)
        self._build()
        self.days.currentRowChanged.connect(self._preview)
        bridge.call(self, calls.lessons.change_days, on_done=self._show_days)

    def _build(self) -> None:
        right = QWidget()
        self._side = QVBoxLayout(right)
        self._side.setContentsMargins(16, 0, 0, 0)
        self._side.setSpacing(8)
        self._side.addWidget(self.summary)
        self._side.addWidget(self.area, 1)
        split = beside(self.days, right, (LIST_WIDTH, SIZE[0] - LIST_WIDTH))
        layout = dialog_layout(self)
        layout.addWidget(label(tr("Return to an earlier day"), "title"))
        hint = tr(
            "What was learned becomes as it was at the end of that day, in all chats at once. "
            "Your feedback is kept, and this can be undone."
        )
        layout.addWidget(label(hint, "muted", wrap=True))
        layout.addWidget(split, 1)
        self.leave = button(tr("Cancel"), self.reject)
        layout.addLayout(bottom_row(self.leave, self.go))

    @Slot(object)
    def _show_days(self, days: list[tuple[int, int]]) -> None:
        """List the end of each day on which something changed, and the time before them all."""
        for start, count in days:
            self._add(
                capital(day_text(start)), tr_n("{count} change", "{count} changes", count), start
            )
        if days:
            first = days[-1][0]
            before = tr("Before {day}", day=day_text(first))
            self._list(before, tr("nothing was learned yet"), first - 1)
            self.days.setCurrentRow(min(1, self.days.count() - 1))
        else:
            self.summary.setText(tr("Nothing was learned yet, so there is nothing to return to."))
            self.days.hide()
            self.go.hide()
            self._side.setContentsMargins(0, 0, 0, 0)
            self.leave.setText(tr("Close"))

    def _add(self, day: str, count: str, start: int) -> None:
        end = datetime.fromtimestamp(start / 1000).astimezone() + timedelta(days=1)
        midnight = end.replace(hour=0, minute=0, second=0, microsecond=0)
        self._list(day, count, round(midnight.timestamp() * 1000) - 1)

    def _list(self, day: str, count: str, end: int) -> None:
        self._ends.append(end)
        self.days.addItem(QListWidgetItem(f"{day}\n{count}"))

    @Slot(int)
    def _preview(self, row: int) -> None:
        if not 0 <= row < len(self._ends):
            return

        def show(changed: list[Lesson]) -> None:
            if row == self.days.currentRow():
                self._show_changes(changed)

        end = self._ends[row]
        self._bridge.call(self, calls.lessons.preview_return, end, on_done=show)

    def _show_changes(self, changed: list[Lesson]) -> None:
        self.go.setEnabled(bool(changed))
        text = tr_n("{count} lesson would change", "{count} lessons would change", len(changed))
        self.summary.setText(text if changed else tr("Nothing would change: it is as it was then."))
        body = QWidget()
        body.setObjectName("scrollBody")
        layout = QVBoxLayout(body)
        layout.setContentsMargins(0, 0, 12, 0)
        layout.setSpacing(10)
        for then in changed:
            layout.addLayout(self._change(then))
        layout.addStretch(1)
        self.area.setWidget(body)

    def _change(self, then: Lesson) -> QVBoxLayout:
        now = self._known.get(then.id)
        box = QVBoxLayout()
        box.setSpacing(2)
        box.addWidget(label(lesson_text(now or then), wrap=True))
        before = tr("Deleted") if now is None else state_text(now)
        after = tr("Gone") if then.state is LessonState.REMOVED else state_text(then)
        changes = [tr("{before} → {after}", before=before, after=after)]
        if now is not None and now.line != then.line:
            changes.append(tr("Words then: {what}", what=lesson_text(then)))
        elif now is not None and before == after:
            changes = [tr("Its place or how long it holds changes back")]
        for change in changes:
            box.addWidget(label(change, "small", wrap=True))
        return box

    @Slot()
    def _return(self) -> None:
        end, before = self._ends[self.days.currentRow()], moment_before()
        day = self.days.currentItem().text().partition("\n")[0]
        bridge, owner = self._bridge, self._owner

        def undo() -> None:
            bridge.call(owner, calls.lessons.return_to, before)

        def done(count: int) -> None:
            again = NoticeAction(tr("Undo"), undo)
            code = "lessons_returned"
            notices.say(NoticeLevel.INFO, code, key=code, actions=(again,), day=day, count=count)
            self.accept()

        self.go.setEnabled(False)
        bridge.call(self, calls.lessons.return_to, end, on_done=done)
