"""Before a restore: what would change, everything or chosen things, and what will happen."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QFrame,
    QListWidget,
    QListWidgetItem,
    QRadioButton,
    QStackedWidget,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from aigc_desktop.config.backup_words import file_state_text, session_state_text
from aigc_desktop.config.i18n import sentences, tr, tr_n
from aigc_desktop.config.messages import describe_error
from aigc_desktop.config.operation_words import moment_text, size_text
from aigc_desktop.core.backup import (
    FileState,
    RestorePreview,
    Selection,
    SessionState,
    Snapshot,
)
from aigc_desktop.gui import calls
from aigc_desktop.gui.bridge import Bridge
from aigc_desktop.gui.chat.safe_text import one_line
from aigc_desktop.gui.ops import backup_words as words
from aigc_desktop.gui.widgets.build import button, label
from aigc_desktop.gui.widgets.dialogs import bottom_row

KEY_ROLE = Qt.ItemDataRole.UserRole
SIZE = (720, 560)


class RestoreDialog(QDialog):
    """Emits what was chosen; it restores nothing itself."""

    chosen = Signal(object)

    def __init__(self, bridge: Bridge, snapshot: Snapshot, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Restore a backup"))
        self.resize(*SIZE)
        self.preview: RestorePreview | None = None
        self.state = label(tr("Reading the snapshot…"), "muted", wrap=True)
        self.everything = QRadioButton(tr("Everything"))
        self.some = QRadioButton(tr("Only chosen chats and files"))
        self.replace = QCheckBox(tr("Take away what was made since then"))
        self.replace.setChecked(True)
        self.replace.setObjectName("indented")
        self.summary = label("", wrap=True)
        self.sessions = _checklist(tr("Chats in the snapshot"))
        self.files = _checklist(tr("Files in the snapshot"))
        self.lists = QTabWidget()
        self.lists.addTab(self.sessions, tr("Chats"))
        self.lists.addTab(self.files, tr("Files"))
        self.happens = label("", wrap=True)
        self.restore = button(tr("Restore"), self._accept, "danger")
        self._body = QStackedWidget()
        self._build(snapshot)
        self.everything.setChecked(True)
        self.everything.toggled.connect(self._update)
        self.replace.toggled.connect(self._update)
        self.sessions.itemChanged.connect(self._update)
        self.files.itemChanged.connect(self._update)
        self._reading = bridge.call(
            self,
            calls.restore.preview_restore,
            snapshot.id,
            on_done=self._show,
            on_error=self._failed,
        )
        self.finished.connect(self._reading.cancel)

    @property
    def selection(self) -> Selection:
        """What is chosen now."""
        if self.everything.isChecked():
            return Selection(replace=self.replace.isChecked())
        return Selection(_checked(self.sessions), _checked(self.files))

    @Slot(object)
    def _show(self, preview: Any) -> None:
        self.preview = preview
        for session in preview.sessions:
            if session.state is not SessionState.NEWER:
                text = one_line(session.title, 80) or tr("New chat")
                when = moment_text(session.last_activity)
                state = session_state_text(session.state)
                _add(self.sessions, session.uid, f"{text}   {when} · {state}")
        for file in preview.files:
            if file.state is not FileState.NEWER:
                state = file_state_text(file.state)
                size = size_text(file.size)
                _add(self.files, file.path, f"{one_line(file.path, 120)}   {size} · {state}")
        self._body.setCurrentIndex(1)
        self._update()

    @Slot(object)
    def _failed(self, error: BaseException) -> None:
        self.state.setText(sentences(*describe_error(error)))

    @Slot()
    def _update(self) -> None:
        if self.preview is None:
            return
        whole = self.everything.isChecked()
        self.lists.setVisible(not whole)
        self.replace.setEnabled(whole)
        self.summary.setVisible(whole)
        self.summary.setText(words.everything_text(self.preview, self.replace.isChecked()))
        selection = self.selection
        self.restore.setEnabled(whole or not selection.is_everything)
        self.happens.setText(self._happens(whole, selection))

    def _happens(self, whole: bool, selection: Selection) -> str:
        lines = [tr("First a safety snapshot of everything as it is now is made.")]
        if whole:
            assert self.preview is not None
            needed = size_text(self.preview.bytes_needed)
            lines.append(tr("Agents that work now are stopped; the program opens itself anew."))
            lines.append(tr("It needs {size} of free space for a while.", size=needed))
        else:
            chats = tr_n(
                "{count} chat comes back beside those that are there.",
                "{count} chats come back beside those that are there.",
                len(selection.sessions),
            )
            files = tr_n(
                "{count} file is put back over what is there.",
                "{count} files are put back over what is there.",
                len(selection.files),
            )
            lines += [chats, files]
        lines.append(tr("Afterwards it can be undone under Backup."))
        return sentences(*lines)

    @Slot()
    def _accept(self) -> None:
        self.chosen.emit(self.selection)
        self.accept()

    def _build(self, snapshot: Snapshot) -> None:
        when = moment_text(snapshot.created_at)
        name = one_line(words.name_of(snapshot), 80)
        box = QFrame()
        box.setProperty("role", "panel")
        inside = QVBoxLayout(box)
        inside.setContentsMargins(14, 10, 14, 10)
        inside.setSpacing(6)
        inside.addWidget(label(tr("What will happen"), "heading"))
        inside.addWidget(self.summary)
        inside.addWidget(self.happens)
        choices = QWidget()
        column = QVBoxLayout(choices)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        for each in (self.everything, self.replace, self.some):
            column.addWidget(each)
        column.addWidget(self.lists, 1)
        column.addWidget(box)
        column.addStretch(0)
        self._body.addWidget(_top(self.state))
        self._body.addWidget(choices)
        cancel = button(tr("Cancel"), self.reject)
        cancel.setDefault(True)
        self.restore.setEnabled(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 20, 24, 18)
        layout.setSpacing(12)
        layout.addWidget(label(tr("Restore “{name}”, {when}", name=name, when=when), "title"))
        layout.addWidget(self._body, 1)
        layout.addLayout(bottom_row(cancel, self.restore))


def _checklist(name: str) -> QListWidget:
    made = QListWidget()
    made.setAccessibleName(name)
    made.setUniformItemSizes(True)
    made.setObjectName("checklist")
    return made


def _add(target: QListWidget, key: str, text: str) -> None:
    item = QListWidgetItem(text)
    item.setData(KEY_ROLE, key)
    item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
    item.setCheckState(Qt.CheckState.Unchecked)
    target.addItem(item)


def _checked(source: QListWidget) -> tuple[str, ...]:
    items = (source.item(row) for row in range(source.count()))
    return tuple(i.data(KEY_ROLE) for i in items if i.checkState() is Qt.CheckState.Checked)


def _top(inner: QWidget) -> QWidget:
    box = QWidget()
    layout = QVBoxLayout(box)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.addWidget(inner)
    layout.addStretch(1)
    return box
