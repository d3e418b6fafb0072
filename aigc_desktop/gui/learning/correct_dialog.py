"""The answer, to be put right by the user. Nothing jumps, and nothing typed is lost."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QDialog, QHBoxLayout, QPlainTextEdit, QTabWidget, QWidget

from aigc_desktop.config.i18n import sentences, tr
from aigc_desktop.config.messages import describe
from aigc_desktop.core.errors import UserError
from aigc_desktop.core.learning import Opinion
from aigc_desktop.gui import calls, notices, theme
from aigc_desktop.gui.bridge import Bridge
from aigc_desktop.gui.learning.diff_view import DiffView
from aigc_desktop.gui.learning.differences import counts, unified
from aigc_desktop.gui.learning.drafts import Draft, Drafts
from aigc_desktop.gui.learning.fault_chips import FaultChips
from aigc_desktop.gui.learning.find_field import FindField
from aigc_desktop.gui.widgets.build import button, label, restyle
from aigc_desktop.gui.widgets.dialogs import dialog_layout
from aigc_desktop.gui.widgets.open_size import open_at_size

SIZE = (860, 640)
COUNT_MS = 250
MARGIN = 16


class CorrectDialog(QDialog):
    """An editor, what changed, and what was wrong."""

    saved = Signal(object)
    """The `Opinion` as it is now."""

    def __init__(
        self, bridge: Bridge, turn_id: int, answer: str, opinion: Opinion, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Correct the answer"))
        open_at_size(self, SIZE)
        self._bridge = bridge
        self._drafts = Drafts.of(bridge)
        self._turn_id = turn_id
        self._answer = answer
        self._stored = Draft(answer if opinion.corrected is None else opinion.corrected)
        self._fault = opinion.fault
        self._count = QTimer(self, singleShot=True, interval=COUNT_MS)
        self._count.timeout.connect(self._show_changes)
        self._build()
        self._fill()
        self._connect()
        self._show_changes()
        self.editor.setFocus()

    def _build(self) -> None:
        self.editor = QPlainTextEdit()
        self.editor.setAccessibleName(tr("The answer as it should have been"))
        self.editor.setFont(theme.font(11))
        self.editor.setTabChangesFocus(True)
        self.editor.document().setDocumentMargin(MARGIN)
        self.changes = DiffView(tr("What you changed"))
        self.finder = FindField(self.editor)
        self.tabs = QTabWidget()
        self.tabs.addTab(self.editor, tr("Your version"))
        self.tabs.addTab(self.changes, tr("Changes"))
        self.chips = FaultChips()
        self.status = label("", "small", wrap=True)
        self.again = button(tr("Start again from the answer"), self._start_again, "link")
        self.cancel = button(tr("Cancel"), self.reject)
        self.save = button(tr("Save"), self._save, "primary")
        self.save.setToolTip(tr("Save") + " (Ctrl+Enter)")
        chips = QHBoxLayout()
        chips.setSpacing(12)
        chips.addWidget(label(tr("What was wrong?"), "muted"))
        chips.addWidget(self.chips, 1)
        bottom = QHBoxLayout()
        bottom.setSpacing(10)
        bottom.addWidget(self.again)
        bottom.addWidget(self.status, 1)
        bottom.addWidget(self.cancel)
        bottom.addWidget(self.save)
        layout = dialog_layout(self, 12)
        head = QHBoxLayout()
        head.addWidget(label(tr("Correct the answer"), "title"), 1)
        head.addWidget(self.finder)
        layout.addLayout(head)
        hint = tr("Write it as it should have been. What you type is what is learned from.")
        layout.addWidget(label(hint, "muted", wrap=True))
        layout.addLayout(chips)
        layout.addWidget(self.tabs, 1)
        layout.addLayout(bottom)

    def _fill(self) -> None:
        draft = self._drafts.get(self._turn_id)
        self.editor.setPlainText((draft or self._stored).text)
        self.chips.show_fault(draft.fault if draft is not None else self._fault)

    def _connect(self) -> None:
        self.editor.textChanged.connect(self._typed)
        self.chips.chosen.connect(self._typed)
        self.tabs.currentChanged.connect(self._turn_page)
        QShortcut(QKeySequence(QKeySequence.StandardKey.Find), self, self._go_to_find)
        for keys in ("Ctrl+Return", "Ctrl+Enter"):
            QShortcut(QKeySequence(keys), self, self._save)

    @property
    def text(self) -> str:
        """What is typed."""
        return self.editor.toPlainText()

    @Slot()
    def _typed(self) -> None:
        """Keep it at once: however the dialog is closed, it is there when it is opened again."""
        if (self.text, self.chips.fault) == (self._stored.text, self._fault):
            self._drafts.forget(self._turn_id)
        else:
            self._drafts.keep(self._turn_id, Draft(self.text, self.chips.fault))
        self._count.start()
        self._allow()

    def _allow(self) -> None:
        changed = self.text != self._answer
        new = (self.text, self.chips.fault) != (self._stored.text, self._fault)
        self.save.setEnabled(changed and new)
        self.again.setEnabled(changed)

    @Slot()
    def _show_changes(self) -> None:
        self._style_status("small")
        added, removed = counts(self._answer, self.text)
        if added or removed:
            self.status.setText(
                tr("Lines: {added} new, {removed} gone", added=added, removed=removed)
            )
        else:
            self.status.setText(tr("Nothing changed yet"))
        if self.tabs.currentWidget() is self.changes:
            self.changes.show_diff(unified(self._answer, self.text))
        self._allow()

    def _style_status(self, role: str) -> None:
        self.status.setProperty("role", role)
        restyle(self.status)

    @Slot()
    def _turn_page(self) -> None:
        self.finder.setEnabled(self.tabs.currentWidget() is self.editor)
        self._show_changes()

    @Slot()
    def _go_to_find(self) -> None:
        self.tabs.setCurrentWidget(self.editor)
        self.finder.take_focus()

    @Slot()
    def _start_again(self) -> None:
        """Select all and put the answer in its place, so that Ctrl+Z brings back what was typed."""
        cursor = self.editor.textCursor()
        cursor.select(cursor.SelectionType.Document)
        cursor.insertText(self._answer)

    @Slot()
    def _save(self) -> None:
        if not self.save.isEnabled():
            return
        self.save.setEnabled(False)
        self._bridge.call(
            self,
            calls.feedback.correct_answer,
            self._turn_id,
            self.text,
            self.chips.fault,
            on_done=self._done,
            on_error=self._failed,
        )

    @Slot(object)
    def _done(self, opinion: Opinion) -> None:
        self._drafts.forget(self._turn_id)
        self.saved.emit(opinion)
        self.accept()

    @Slot(object)
    def _failed(self, error: BaseException) -> None:
        self._allow()
        if isinstance(error, UserError):
            self._style_status("error")
            self.status.setText(sentences(*describe(error.code, error.params)))
        else:
            notices.say_error(error)
