"""The trash: restore, delete for ever, empty."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from aigc_desktop.config.i18n import tr, tr_n
from aigc_desktop.core.session import Session
from aigc_desktop.gui import calls
from aigc_desktop.gui.bridge import Bridge
from aigc_desktop.gui.chat.safe_text import one_line
from aigc_desktop.gui.sidebar.session_list import SessionList
from aigc_desktop.gui.sidebar.session_model import SessionModel
from aigc_desktop.gui.widgets.ask import AskDialog, ask
from aigc_desktop.gui.widgets.build import button, icon_button, label
from aigc_desktop.gui.widgets.flow import FlowLayout


class TrashView(QWidget):
    """Sessions that were thrown away, the latest first."""

    back = Signal()

    def __init__(self, bridge: Bridge, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self.question: AskDialog | None = None
        self.sessions = SessionModel(trash=True, parent=self)
        self.sessions.modelReset.connect(self._update)
        self.sessions.rowsInserted.connect(self._update)
        self.sessions.rowsRemoved.connect(self._update)
        self.list = SessionList(self.sessions, trash=True)
        self.list.restore_wanted.connect(self.restore)
        self.list.delete_wanted.connect(self.delete)
        self._empty = label(tr("The trash is empty."), "muted")
        self._empty.setAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
        self._empty.setContentsMargins(24, 32, 24, 0)
        self._rule = label("", "small", wrap=True)
        self._rule.setContentsMargins(16, 0, 12, 0)
        self._rule.hide()
        self._stack = QStackedWidget()
        self._stack.addWidget(self.list)
        self._stack.addWidget(self._empty)
        self._build()
        self._update()

    def reload(self) -> None:
        """Ask the store for the list."""
        self._bridge.call(
            self, calls.sessions.list_sessions, True, on_done=self.sessions.set_sessions
        )
        self._bridge.call(self, calls.retention.trash_days, on_done=self._show_rule)

    @Slot(object)
    def _show_rule(self, days: int | None) -> None:
        self._rule.setVisible(days is not None)
        if days is not None:
            self._rule.setText(tr("Chats are deleted for good after {days} days here.", days=days))

    @Slot(int)
    def restore(self, session_id: int) -> None:
        """Take a session out of the trash."""
        self._bridge.call(self, calls.sessions.restore_session, session_id)

    @Slot(int)
    def delete(self, session_id: int) -> None:
        """Delete a session for ever, after asking."""
        session = self.sessions.get(session_id)
        if session is not None:
            self.question = ask(
                self.window(),
                tr("Delete this chat for ever?"),
                tr(
                    "“{title}” and its messages will be gone. Files in the work directory stay.",
                    title=one_line(session.title, 80),
                ),
                tr("Delete for ever"),
                lambda: self._bridge.call(self, calls.sessions.delete_session, session_id),
            )

    @Slot()
    def empty_trash(self) -> None:
        """Delete everything in the trash, after asking."""
        count = len(self.sessions)
        self.question = ask(
            self.window(),
            tr("Empty the trash?"),
            tr_n(
                "{count} chat will be gone. Files in the work directory stay.",
                "{count} chats will be gone. Files in the work directory stay.",
                count,
            ),
            tr("Empty trash"),
            lambda: self._bridge.call(self, calls.sessions.empty_trash),
        )

    def _build(self) -> None:
        head = QHBoxLayout()
        head.setContentsMargins(8, 0, 12, 0)
        head.addWidget(icon_button("arrow-left", tr("Back"), self.back))
        head.addWidget(label(tr("Trash"), "heading"), 1)
        bottom = FlowLayout()
        bottom.setContentsMargins(12, 0, 12, 0)
        self._restore = button(tr("Restore"), self._restore_selected, "", "restore")
        self._empty_button = button(tr("Empty trash"), self.empty_trash, "danger")
        bottom.addWidget(self._restore)
        bottom.addWidget(self._empty_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 12, 0, 12)
        layout.setSpacing(8)
        layout.addLayout(head)
        layout.addWidget(self._rule)
        layout.addWidget(self._stack, 1)
        layout.addLayout(bottom)
        self.list.selectionModel().selectionChanged.connect(self._update)

    def _selected(self) -> Session | None:
        rows = self.list.selectedIndexes()
        return self.sessions.session(rows[0]) if rows else None

    @Slot()
    def _restore_selected(self) -> None:
        session = self._selected()
        if session is not None:
            self.restore(session.id)

    @Slot()
    def _update(self) -> None:
        filled = len(self.sessions) > 0
        self._stack.setCurrentWidget(self.list if filled else self._empty)
        if hasattr(self, "_restore"):
            self._restore.setEnabled(self._selected() is not None)
            self._empty_button.setEnabled(filled)
