"""The sidebar: new chat, search, the sessions, the trash."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QModelIndex, QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QGridLayout,
    QLineEdit,
    QListView,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from aigc_desktop.config.i18n import tr, tr_n
from aigc_desktop.core.events import (
    Event,
    NoticeLevel,
    SessionChanged,
    SessionCreated,
    SessionDeleted,
    SessionsArrived,
    TurnEnded,
    TurnStarted,
)
from aigc_desktop.core.session import Session
from aigc_desktop.gui import calls, icons, notices
from aigc_desktop.gui.bridge import Bridge
from aigc_desktop.gui.chat.safe_text import one_line
from aigc_desktop.gui.sidebar.results import (
    MAX_TITLES,
    RESULT_ROLE,
    Result,
    ResultDelegate,
    ResultModel,
)
from aigc_desktop.gui.sidebar.session_list import SessionList
from aigc_desktop.gui.sidebar.session_model import SessionModel
from aigc_desktop.gui.sidebar.trash import TrashView
from aigc_desktop.gui.widgets.badge import ButtonBadge
from aigc_desktop.gui.widgets.build import OnClick, button, label

SEARCH_DELAY_MS = 150
MIDNIGHT_CHECK_MS = 60_000
MIN_WIDTH = 250
"""Pixels: what the ways to the other pages are called has room."""


class Sidebar(QWidget):
    """Lists the sessions and finds them."""

    session_chosen = Signal(int)
    hit_chosen = Signal(int, int, str)
    """A message was found: (session id, turn id, what was searched for)."""
    new_chat_requested = Signal()
    settings_requested = Signal()
    scenarios_requested = Signal()
    learning_requested = Signal()
    operations_requested = Signal()
    current_gone = Signal(object)
    """The shown session left the list; the id of the one to show instead, or None."""

    def __init__(self, bridge: Bridge, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("sidebar")
        self.setMinimumWidth(MIN_WIDTH)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._bridge = bridge
        self._current: int | None = None
        self.sessions = SessionModel(parent=self)
        self.sessions.renamed.connect(self._rename)
        self.list = SessionList(self.sessions, trash=False)
        self.list.chosen.connect(self.session_chosen)
        self.list.pin_wanted.connect(self._pin)
        self.list.trash_wanted.connect(self.trash)
        self.trash_view = TrashView(bridge)
        self.trash_view.back.connect(self.show_sessions)
        self._empty = label("", "muted", wrap=True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
        self._empty.setContentsMargins(24, 32, 24, 0)
        self._build_search()
        self._build()
        bridge.arrived.connect(self._on_event)
        midnight = QTimer(self)
        midnight.timeout.connect(self.sessions.refresh_groups)
        midnight.start(MIDNIGHT_CHECK_MS)

    def reload(self) -> None:
        """Ask the store for the list."""
        self._bridge.call(self, calls.sessions.list_sessions, on_done=self._show_list)

    def set_current(self, session_id: int | None) -> None:
        """Mark the session that the chat page shows."""
        self._current = session_id
        self.list.set_current(session_id)

    def focus_search(self) -> None:
        """Go to the search field."""
        self.show_sessions()
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def rename_current(self) -> None:
        """Rename the shown session in place."""
        if self._current is not None:
            self.search.clear()
            self.show_sessions()
            self.list.rename(self._current)

    def trash_current(self) -> None:
        """Throw the shown session away."""
        if self._current is not None:
            self.trash(self._current)

    def pin_current(self) -> None:
        """Pin the shown session, or unpin it."""
        session = self.sessions.get(self._current) if self._current is not None else None
        if session is not None:
            self._pin(session.id, not session.pinned)

    def step(self, by: int) -> None:
        """Show the session `by` places further down the list."""
        ids = [self.sessions.session(self.sessions.index(row)) for row in self._rows()]
        shown = [session.id for session in ids if session is not None]
        if not shown:
            return
        at = shown.index(self._current) + by if self._current in shown else 0
        self.session_chosen.emit(shown[max(0, min(at, len(shown) - 1))])

    @Slot()
    def show_sessions(self) -> None:
        """Leave the trash."""
        self._pages.setCurrentIndex(0)
        self._show_right_list()

    @Slot()
    def show_trash(self) -> None:
        """Show what was thrown away."""
        self.trash_view.reload()
        self._pages.setCurrentWidget(self.trash_view)

    @Slot(int)
    def trash(self, session_id: int) -> None:
        """Move a session to the trash; it can be taken back at once."""
        session = self.sessions.get(session_id)
        if session is None:
            return

        def done(_: Any) -> None:
            restore = notices.NoticeAction(tr("Undo"), lambda: self.trash_view.restore(session_id))
            notices.say(
                NoticeLevel.INFO,
                "session_trashed",
                title=one_line(session.title, 60),
                key="session_trashed",
                actions=(restore,),
            )

        self._bridge.call(self, calls.sessions.trash_session, session_id, on_done=done)

    def _build_search(self) -> None:
        self.search = QLineEdit()
        self.search.setObjectName("sidebarSearch")
        self.search.setPlaceholderText(tr("Search chats and messages"))
        self.search.setAccessibleName(tr("Search chats and messages"))
        self.search.setClearButtonEnabled(True)
        action = self.search.addAction(
            icons.icon("search"), QLineEdit.ActionPosition.LeadingPosition
        )
        icons.bind(action, "search")
        self.search.textChanged.connect(self._search_changed)
        self.search.returnPressed.connect(self._open_first)
        self._delay = QTimer(self)
        self._delay.setSingleShot(True)
        self._delay.setInterval(SEARCH_DELAY_MS)
        self._delay.timeout.connect(self._search_messages)
        self.results = ResultModel(self)
        self.result_list = QListView()
        self.result_list.setModel(self.results)
        self.result_list.setItemDelegate(ResultDelegate(self.result_list))
        self.result_list.setMouseTracking(True)
        self.result_list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.result_list.setAccessibleName(tr("Search results"))
        self.result_list.clicked.connect(self._open_result)
        self.result_list.activated.connect(self._open_result)

    def _build(self) -> None:
        new_chat = button(tr("New chat"), self.new_chat_requested, "ghost", "new-chat")
        new_chat.setToolTip(tr("New chat") + " (Ctrl+N)")
        self._stack = QStackedWidget()
        for page in (self.list, self.result_list, self._empty):
            self._stack.addWidget(page)
        main = QWidget()
        layout = QVBoxLayout(main)
        layout.setContentsMargins(0, 12, 0, 8)
        layout.setSpacing(8)
        top = QVBoxLayout()
        top.setContentsMargins(12, 0, 12, 0)
        top.setSpacing(8)
        top.addWidget(new_chat)
        top.addWidget(self.search)
        layout.addLayout(top)
        layout.addWidget(self._stack, 1)
        layout.addLayout(self._shelf())
        self._pages = QStackedWidget()
        self._pages.addWidget(main)
        self._pages.addWidget(self.trash_view)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self._pages)

    def _shelf(self) -> QGridLayout:
        """Return the ways to the other pages."""
        grid = QGridLayout()
        grid.setContentsMargins(12, 0, 12, 0)
        grid.setSpacing(4)
        ways: tuple[tuple[str, OnClick, str], ...] = (
            (tr("Scenarios"), self.scenarios_requested, "spark"),
            (tr("Learning"), self.learning_requested, "learn"),
            (tr("Operations"), self.operations_requested, "pulse"),
            (tr("Trash"), self.show_trash, "trash"),
            (tr("Settings"), self.settings_requested, "settings"),
        )
        for at, (text, run, icon) in enumerate(ways):
            made = button(text, run, "shelf", icon)
            made.setIconSize(QSize(16, 16))
            grid.addWidget(made, at // 2, at % 2)
            if run is self.learning_requested:
                self.learning_badge = ButtonBadge(made)
        return grid

    def _rows(self) -> range:
        return range(self.sessions.rowCount())

    @Slot(object)
    def _on_event(self, event: Event) -> None:
        match event:
            case SessionCreated(session) | SessionChanged(session):
                self._put(session)
            case SessionsArrived():
                self.reload()
            case SessionDeleted(session_id):
                self._gone(session_id)
                self.trash_view.sessions.remove(session_id)
            case TurnStarted(session_id=session_id):
                self.sessions.set_running(session_id, True)
            case TurnEnded(session_id=session_id):
                self.sessions.set_running(session_id, False)
            case _:
                return
        self._show_right_list()

    def _put(self, session: Session) -> None:
        if session.trashed_at is not None:
            self._gone(session.id)
        else:
            self.sessions.put(session)
            self.list.keep_current(self._current)
        self.trash_view.sessions.put(session)

    def _gone(self, session_id: int) -> None:
        instead = self.sessions.neighbour(session_id)
        self.sessions.remove(session_id)
        if session_id == self._current:
            self.current_gone.emit(instead)

    @Slot(object)
    def _show_list(self, sessions: list[Session]) -> None:
        self.sessions.set_sessions(sessions)
        self.list.set_current(self._current)
        self._show_right_list()

    def _show_right_list(self) -> None:
        if self.search.text().strip():
            self._stack.setCurrentWidget(self.result_list)
        elif len(self.sessions):
            self._stack.setCurrentWidget(self.list)
        else:
            self._empty.setText(tr("Your chats will be listed here."))
            self._stack.setCurrentWidget(self._empty)

    @Slot()
    def _search_changed(self) -> None:
        text = self.search.text().strip()
        if text:
            self.results.show_titles(self.sessions.matching(text, MAX_TITLES))
            self._delay.start()
        else:
            self._delay.stop()
        self._show_right_list()

    @Slot()
    def _search_messages(self) -> None:
        text = self.search.text().strip()

        def done(found: Any) -> None:
            if text == self.search.text().strip():
                self.results.show_hits(found)

        def failed(error: BaseException) -> None:
            self.results.stop_searching()
            notices.say_error(error)

        self._bridge.call(self, calls.sessions.search, text, on_done=done, on_error=failed)

    @Slot()
    def _open_first(self) -> None:
        index = self.results.first()
        if index.isValid():
            self._open_result(index)

    @Slot(QModelIndex)
    def _open_result(self, index: QModelIndex) -> None:
        row: Result = index.data(RESULT_ROLE)
        if row.session_id is None:
            return
        if row.turn_id is None:
            self.session_chosen.emit(row.session_id)
        else:
            self.hit_chosen.emit(row.session_id, row.turn_id, self.search.text().strip())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self.search.hasFocus() and event.key() == Qt.Key.Key_Escape:
            self.search.clear()
        elif self.search.hasFocus() and event.key() == Qt.Key.Key_Down:
            if self._stack.currentWidget() is self.result_list:
                self.result_list.setFocus()
                self.result_list.setCurrentIndex(self.results.first())
            else:
                self.list.setFocus()
        else:
            super().keyPressEvent(event)

    @Slot(int, str)
    def _rename(self, session_id: int, title: str) -> None:
        self._bridge.call(self, calls.sessions.rename_session, session_id, title)

    @Slot(int, bool)
    def _pin(self, session_id: int, pinned: bool) -> None:
        self._bridge.call(self, calls.sessions.pin_session, session_id, pinned)

    def status_text(self) -> str:
        """Return how many sessions are listed, for assistive technology."""
        return tr_n("{count} chat", "{count} chats", len(self.sessions))
