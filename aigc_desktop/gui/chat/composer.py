"""The composer: text, attachments, Send and Stop."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from aigc_desktop.config.i18n import tr, tr_n
from aigc_desktop.gui import icons
from aigc_desktop.gui.chat.composer_edit import CTRL_ENTER, ComposerEdit
from aigc_desktop.gui.chat.safe_text import one_line
from aigc_desktop.gui.widgets.build import icon_button, label, restyle

DRAFT_DELAY_MS = 400


@dataclass
class Attachment:
    """A file that goes along; `path` (in the work directory) is None while it is copied."""

    name: str
    path: str | None = None


class Composer(QWidget):
    """What the user writes. It is emptied only when the message has been taken."""

    send_requested = Signal(str, list)
    stop_requested = Signal()
    draft_changed = Signal(str)
    files_offered = Signal(list)
    big_text_offered = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._attachments: list[Attachment] = []
        self._running = False
        self._queued = 0
        self._loading = False
        self._draft = QTimer(self)
        self._draft.setSingleShot(True)
        self._draft.setInterval(DRAFT_DELAY_MS)
        self._draft.timeout.connect(self.flush_draft)
        self.edit = ComposerEdit()
        self.edit.setAccessibleName(tr("Message"))
        self.edit.submitted.connect(self.send)
        self.edit.stop_wanted.connect(self._stop_pressed)
        self.edit.textChanged.connect(self._text_changed)
        self.edit.files_offered.connect(self.files_offered)
        self.edit.big_text_offered.connect(self.big_text_offered)
        self.edit.focus_changed.connect(self._show_focus)
        self.setFocusProxy(self.edit)
        self.setAcceptDrops(True)
        self.edit.viewport().setAcceptDrops(False)
        self.edit.setAcceptDrops(False)
        self._build()
        self._update()

    def text(self) -> str:
        """Return what is typed."""
        return self.edit.text()

    def set_text(self, text: str) -> None:
        """Put `text` into the field, as if typed."""
        self.edit.set_text(text)
        self.edit.setFocus()

    def load(self, draft: str, history: list[str]) -> None:
        """Show another session's draft and history."""
        self._draft.stop()
        self._loading = True
        self.edit.start_afresh(draft)
        self.edit.set_history(history)
        self._loading = False
        self.clear_attachments()

    def sent(self, text: str) -> None:
        """The message was taken: empty the field, unless something else was typed meanwhile."""
        self.edit.remember(text)
        if self.edit.text().strip() == text.strip():
            self._loading = True
            self.edit.start_afresh("")
            self._loading = False
            self._draft.stop()
        self.clear_attachments()
        self._update()

    def set_send_key(self, key: str) -> None:
        """Send with `enter` or with `ctrl_enter`."""
        self.edit.send_key = key
        self._update()

    def set_state(self, running: bool, queued: int = 0) -> None:
        """Show that the agent works, and how many messages wait."""
        self._running = running
        self._queued = queued
        self._update()

    def set_status(self, text: str, tip: str = "") -> None:
        """Show usage and cost beneath the field."""
        self._status.setText(text)
        self._status.setToolTip(tip)

    @property
    def attachments(self) -> list[Attachment]:
        return list(self._attachments)

    def add_attachment(self, attachment: Attachment) -> None:
        """Show a file that goes along."""
        self._attachments.append(attachment)
        self._show_attachments()

    def update_attachment(self, attachment: Attachment, path: str | None) -> None:
        """The file has been copied to `path`, or (None) could not be."""
        attachment.path = path
        if path is None and attachment in self._attachments:
            self._attachments.remove(attachment)
        self._show_attachments()

    def clear_attachments(self) -> None:
        """Nothing goes along."""
        self._attachments.clear()
        self._show_attachments()

    @Slot()
    def flush_draft(self) -> None:
        """Report the draft now."""
        self._draft.stop()
        self.draft_changed.emit(self.text())

    @property
    def has_unsaved_draft(self) -> bool:
        return self._draft.isActive()

    @Slot()
    def send(self) -> None:
        """Ask for the message to be sent, if there is one and all files are there."""
        text = self.text().strip()
        waiting = any(attachment.path is None for attachment in self._attachments)
        if (text or self._attachments) and not waiting:
            paths = [a.path for a in self._attachments if a.path]
            self.send_requested.emit(text, paths)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if self.edit.canInsertFromMimeData(event.mimeData()):
            event.acceptProposedAction()
            self._set_box("drop", True)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._set_box("drop", False)

    def dropEvent(self, event: QDropEvent) -> None:
        self._set_box("drop", False)
        self.edit.insertFromMimeData(event.mimeData())
        event.acceptProposedAction()
        self.edit.setFocus()

    def _build(self) -> None:
        self._box = QFrame()
        self._box.setObjectName("composerBox")
        self._chips = QHBoxLayout()
        self._chips.setSpacing(6)
        self._chips.addStretch(1)
        self.attach_button = icon_button("attach", tr("Attach files"), self.choose_files)
        self.stop_button = self._round("stop", tr("Stop (Esc)"), self.stop_requested)
        self.send_button = self._round("send", tr("Send"), self.send)
        buttons = QHBoxLayout()
        buttons.setSpacing(6)
        buttons.addWidget(self.attach_button)
        self._queue_hint = label("", "small")
        buttons.addWidget(self._queue_hint)
        buttons.addStretch(1)
        buttons.addWidget(self.stop_button)
        buttons.addWidget(self.send_button)
        box = QVBoxLayout(self._box)
        box.setContentsMargins(14, 10, 8, 8)
        box.setSpacing(6)
        box.addLayout(self._chips)
        box.addWidget(self.edit)
        box.addLayout(buttons)
        self._hint = label("", "small")
        self._status = label("", "small")
        below = QHBoxLayout()
        below.setContentsMargins(6, 0, 6, 0)
        below.addWidget(self._hint)
        below.addStretch(1)
        below.addWidget(self._status)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(5)
        layout.addWidget(self._box)
        layout.addLayout(below)

    def _round(self, icon: str, tip: str, on_click: object) -> QPushButton:
        made = QPushButton()
        made.setProperty("kind", "send")
        icons.bind(made, icon, "accent_text")
        made.setIconSize(QSize(20, 20))
        made.setToolTip(tip)
        made.setAccessibleName(tip)
        made.setAutoDefault(False)
        made.clicked.connect(on_click)
        return made

    @Slot()
    def choose_files(self) -> None:
        """Let the user pick files to attach."""
        dialog = QFileDialog(self.window(), tr("Attach files"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.filesSelected.connect(self.files_offered)
        dialog.open()

    @Slot()
    def _text_changed(self) -> None:
        self._update()
        if not self._loading:
            self._draft.start()

    @Slot()
    def _stop_pressed(self) -> None:
        if self._running:
            self.stop_requested.emit()

    @Slot(bool)
    def _show_focus(self, focused: bool) -> None:
        self._set_box("active", focused)

    def _set_box(self, name: str, value: bool) -> None:
        self._box.setProperty(name, value)
        restyle(self._box)

    def _update(self) -> None:
        copying = any(attachment.path is None for attachment in self._attachments)
        something = bool(self._attachments) or not self.edit.document().isEmpty()
        self.send_button.setEnabled(something and not copying)
        self.stop_button.setVisible(self._running)
        self.send_button.setVisible(something or not self._running)
        hint = tr("Write the next message; it waits its turn")
        self.edit.set_hint(hint if self._running else tr("What should be done?"))
        waiting = tr_n("{count} message waits", "{count} messages wait", self._queued)
        self._queue_hint.setText(waiting if self._queued else "")
        if self.edit.send_key == CTRL_ENTER:
            self._hint.setText(tr("Ctrl+Enter sends · Enter starts a new line"))
        else:
            self._hint.setText(tr("Enter sends · Shift+Enter starts a new line"))

    def _show_attachments(self) -> None:
        while self._chips.count() > 1:
            item = self._chips.takeAt(0)
            if item is not None and (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for at, attachment in enumerate(self._attachments):
            self._chips.insertWidget(at, self._chip(attachment))
        self._update()

    def _chip(self, attachment: Attachment) -> QFrame:
        chip = QFrame()
        chip.setObjectName("attachmentChip")
        row = QHBoxLayout(chip)
        row.setContentsMargins(8, 3, 3, 3)
        row.setSpacing(4)
        mark = QLabel()
        mark.setPixmap(icons.icon("file").pixmap(16, 16))
        row.addWidget(mark)
        name = one_line(attachment.name, 40)
        busy = attachment.path is None
        row.addWidget(label(tr("Copying {name}…", name=name) if busy else name, "small"))

        def remove() -> None:
            self._attachments.remove(attachment)
            self._show_attachments()

        close = icon_button("close", tr("Remove {name}", name=name), remove)
        close.setIconSize(QSize(14, 14))
        row.addWidget(close)
        return chip
