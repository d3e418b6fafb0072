"""The list view of sessions, with its keys and its context menu."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPoint, Qt, Signal, Slot
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QListView, QMenu, QWidget

from aigc_desktop.config.i18n import tr
from aigc_desktop.core.session import Session
from aigc_desktop.gui import icons
from aigc_desktop.gui.sidebar.session_delegate import SessionDelegate
from aigc_desktop.gui.sidebar.session_model import SessionModel


class SessionList(QListView):
    """Says what the user wants done with which session; does nothing itself."""

    chosen = Signal(int)
    pin_wanted = Signal(int, bool)
    trash_wanted = Signal(int)
    restore_wanted = Signal(int)
    delete_wanted = Signal(int)

    def __init__(self, model: SessionModel, trash: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._trash = trash
        self.look = SessionDelegate(self)
        self.setModel(model)
        self.setItemDelegate(self.look)
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setAccessibleName(tr("Trash") if trash else tr("Chats"))
        self.customContextMenuRequested.connect(self._open_menu)
        self.clicked.connect(self._choose)
        self.activated.connect(self._choose)

    def set_current(self, session_id: int | None) -> None:
        """Mark the session that is shown."""
        self.look.current_id = session_id
        row = self._model.row_of(session_id) if session_id is not None else -1
        if row >= 0:
            self.setCurrentIndex(self._model.index(row))
            self.scrollTo(self._model.index(row))
        else:
            self.clearSelection()
        self.viewport().update()

    def keep_current(self, session_id: int | None) -> None:
        """Mark the session again after rows have moved; what the user looks at stays in place."""
        row = self._model.row_of(session_id) if session_id is not None else -1
        if row >= 0 and self.currentIndex().row() != row and not self.is_renaming:
            self.setAutoScroll(False)
            self.setCurrentIndex(self._model.index(row))
            self.setAutoScroll(True)

    def rename(self, session_id: int) -> None:
        """Let the user type another title in place."""
        row = self._model.row_of(session_id)
        if row >= 0:
            self.setCurrentIndex(self._model.index(row))
            self.edit(self._model.index(row))

    @property
    def is_renaming(self) -> bool:
        return self.state() == QAbstractItemView.State.EditingState

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if self._trash and not self.selectedIndexes():
            self.setCurrentIndex(self._model.index(0))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        session = self._model.session(self.currentIndex())
        key = event.key()
        if session is None or self.is_renaming:
            super().keyPressEvent(event)
        elif key == Qt.Key.Key_F2 and not self._trash:
            self.rename(session.id)
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            (self.delete_wanted if self._trash else self.trash_wanted).emit(session.id)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._choose(self.currentIndex())
        else:
            super().keyPressEvent(event)

    @Slot(QModelIndex)
    def _choose(self, index: QModelIndex) -> None:
        session = self._model.session(index)
        if session is not None and not self.is_renaming:
            self.chosen.emit(session.id)

    @Slot(QPoint)
    def _open_menu(self, at: QPoint) -> None:
        session = self._model.session(self.indexAt(at))
        if session is None:
            return
        menu = self.menu_for(session)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self.viewport().mapToGlobal(at))

    def menu_for(self, session: Session) -> QMenu:
        """Return what can be done with a session."""
        menu = QMenu(self)

        def add(icon: str, text: str, run: object, keys: str = "") -> None:
            action = menu.addAction(icons.icon(icon), f"{text}\t{keys}" if keys else text)
            action.triggered.connect(run)

        if self._trash:
            add("restore", tr("Restore"), lambda: self.restore_wanted.emit(session.id))
            menu.addSeparator()
            add("trash", tr("Delete for ever…"), lambda: self.delete_wanted.emit(session.id))
            return menu
        pin = tr("Unpin") if session.pinned else tr("Pin")
        add("rename", tr("Rename"), lambda: self.rename(session.id), "F2")
        add("pin", pin, lambda: self.pin_wanted.emit(session.id, not session.pinned))
        menu.addSeparator()
        trash_keys = tr("Del")
        add("trash", tr("Move to trash"), lambda: self.trash_wanted.emit(session.id), trash_keys)
        return menu
