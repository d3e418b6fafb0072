"""The chat page: header, transcript, composer, files; shows one session at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from aigc_desktop.config import settings as config
from aigc_desktop.config.settings import Settings
from aigc_desktop.core.events import (
    ApprovalRequested,
    ConnectionChanged,
    Event,
    FilesChanged,
    ScenariosChanged,
    SessionChanged,
    SessionOpened,
    SettingChanged,
    TurnEnded,
    TurnEvent,
    TurnQueued,
    TurnStarted,
    TurnUnqueued,
    UsageUpdated,
)
from aigc_desktop.core.transcript import TranscriptSnapshot
from aigc_desktop.gui import calls
from aigc_desktop.gui.bridge import Bridge
from aigc_desktop.gui.chat.chat_settings import ChatSettings
from aigc_desktop.gui.chat.composer import Composer
from aigc_desktop.gui.chat.edit_bar import EditBar
from aigc_desktop.gui.chat.empty_chat import EmptyChat
from aigc_desktop.gui.chat.find_bar import FindBar
from aigc_desktop.gui.chat.header import ChatHeader
from aigc_desktop.gui.chat.requests import TranscriptRequests
from aigc_desktop.gui.chat.sending import Sending
from aigc_desktop.gui.chat.session_state import SessionState, totals_text, totals_tip
from aigc_desktop.gui.main_window import COMPOSER_WIDTH

if TYPE_CHECKING:
    from aigc_desktop.gui.chat.files_panel import FilesPanel
    from aigc_desktop.gui.chat.transcript_view import TranscriptView

FILES_WIDTH = 320


class ChatPage(QWidget):
    """Shows a session, or an empty page that becomes a session with the first thing done in it."""

    session_shown = Signal(object)
    """The id of the session that is shown now, or None for a new chat."""
    rename_requested = Signal()
    sidebar_toggled = Signal()
    manage_scenarios_requested = Signal()
    learning_requested = Signal()

    def __init__(self, bridge: Bridge, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("chatPage")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._bridge = bridge
        self._settings = settings
        self.state = SessionState()
        self._wanted: int | None = None
        self.generation = 0
        self._fresh = True
        self._find_text = ""
        self._find_turn: int | None = None
        self._work_dir: Any = None
        self.header = ChatHeader()
        self.find_bar = FindBar()
        self._transcript: TranscriptView | None = None
        self.empty = EmptyChat()
        self.edit_bar = EditBar()
        self.composer = Composer()
        self._files: FilesPanel | None = None
        self.sending = Sending(bridge, self.composer, self.edit_bar, self)
        self._chat_settings = ChatSettings(bridge, settings, self)
        self._chat_settings.work_dir_known.connect(self._take_work_dir)
        self._build()
        self._connect()
        self.apply_settings()
        self.new_chat()

    @property
    def session_id(self) -> int | None:
        """The session that is shown or being opened; None for a new chat."""
        return self._wanted

    @property
    def awaits_draft(self) -> bool:
        """Whether the session's draft has not come yet: what is typed goes behind it."""
        return self._fresh and self._wanted is not None

    @property
    def transcript(self) -> TranscriptView:
        """The transcript, made when there is first something to show."""
        if self._transcript is None:
            from aigc_desktop.gui.chat.transcript_view import TranscriptView
            from aigc_desktop.gui.learning.answer_actions import AnswerActions

            self._transcript = TranscriptView()
            self._transcript.set_work_dir(self._work_dir)
            self._body.addWidget(self._transcript)
            self._requests = TranscriptRequests(self._bridge, self, self._transcript)
            self.answers = AnswerActions(self._bridge, self, self._transcript)
        return self._transcript

    @property
    def files(self) -> FilesPanel:
        """The files panel, made when it is first wanted."""
        if self._files is None:
            from aigc_desktop.gui.chat.files_panel import FilesPanel

            self._files = FilesPanel(self._bridge)
            self._files.hide()
            self._files.closed.connect(self.toggle_files)
            self._files.set_session(self._wanted)
            self._splitter.addWidget(self._files)
            self._splitter.setSizes([4000, FILES_WIDTH])
        return self._files

    def show_session(self, session_id: int, find: str = "", turn_id: int | None = None) -> None:
        """Open a session; look for `find` in it, or go to a turn of the shown branch."""
        if session_id != self._wanted:
            self._leave()
            self._wanted = session_id
            self._fresh = True
            self.composer.load("", [])
            self.session_shown.emit(session_id)
        self._find_text, self._find_turn = find, turn_id
        self._bridge.call(self, calls.chat.open_session, session_id, on_error=self._open_failed)
        self.composer.setFocus()

    @Slot()
    def new_chat(self) -> None:
        """Show an empty page; nothing is stored before something is typed."""
        self._leave()
        self._wanted = None
        self._fresh = True
        self.state.clear()
        if self._transcript is not None:
            self._transcript.clear()
        self.composer.load("", [])
        self.composer.set_status("")
        self._chat_settings.show()
        if self._files is not None:
            self._files.set_session(None)
        self._show_body()
        self._update()
        self.session_shown.emit(None)
        self.composer.setFocus()

    def adopt(self, session_id: int) -> None:
        """The new chat has become a session; keep what is typed."""
        self._wanted = session_id
        self._fresh = False
        self.session_shown.emit(session_id)
        self._bridge.call(self, calls.chat.open_session, session_id)

    def take_over(self, typed: str, session_id: int | None) -> None:
        """Start with a session and what was typed before the page was there."""
        self.composer.load("", [])
        if session_id is not None:
            self.show_session(session_id)
        if typed:
            self.composer.set_text(typed)

    def apply_settings(self) -> None:
        """Take over settings that concern this page."""
        self.composer.set_send_key(self._settings.get(config.SEND_KEY))

    @Slot()
    def open_find(self) -> None:
        """Find in the session."""
        if self._wanted is not None:
            self.find_bar.open()

    @Slot()
    def toggle_files(self) -> None:
        """Show or hide the files panel."""
        self.files.setVisible(self.files.isHidden())
        self.header.files_button.setChecked(not self.files.isHidden())
        if not self.files.isHidden():
            self.files.reload()

    @Slot()
    def stop(self) -> None:
        """Stop the turn that runs."""
        if self._wanted is not None and self.state.running:
            self._bridge.call(self, calls.chat.stop_session, self._wanted)

    @Slot()
    def flush(self) -> None:
        """Save the draft now."""
        if self.composer.has_unsaved_draft:
            self.composer.flush_draft()

    def _leave(self) -> None:
        self.flush()
        self.generation += 1
        self.edit_bar.end()
        if not self.find_bar.isHidden():
            self.find_bar.close_bar()

    def _build(self) -> None:
        self._body = QStackedWidget()
        self._body.addWidget(self.empty)
        column = QWidget()
        column.setMaximumWidth(COMPOSER_WIDTH)
        inner = QVBoxLayout(column)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(6)
        inner.addWidget(self.edit_bar)
        inner.addWidget(self.composer)
        centred = QHBoxLayout()
        centred.setContentsMargins(20, 4, 20, 10)
        centred.addStretch(1)
        centred.addWidget(column, 100)
        centred.addStretch(1)
        middle = QWidget()
        layout = QVBoxLayout(middle)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.header)
        layout.addWidget(self.find_bar)
        layout.addWidget(self._body, 1)
        layout.addLayout(centred)
        self._splitter = QSplitter(Qt.Orientation.Horizontal)
        self._splitter.setChildrenCollapsible(False)
        self._splitter.setHandleWidth(1)
        self._splitter.addWidget(middle)
        self._splitter.setStretchFactor(0, 1)
        outer = QHBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self._splitter)

    def _connect(self) -> None:
        self._bridge.arrived.connect(self._on_event)
        header, find = self.header, self.find_bar
        header.sidebar_toggled.connect(self.sidebar_toggled)
        header.rename_wanted.connect(self.rename_requested)
        header.manage_wanted.connect(self.manage_scenarios_requested)
        header.find_wanted.connect(self.open_find)
        header.files_toggled.connect(self.toggle_files)
        find.text_changed.connect(self._find)
        find.closed.connect(self.composer.setFocus)
        self.empty.suggested.connect(self.composer.set_text)
        self.composer.stop_requested.connect(self.stop)

    @Slot(object)
    def _on_event(self, event: Event) -> None:
        if isinstance(event, SessionOpened):
            if event.snapshot.session.id == self._wanted:
                self._show_snapshot(event.snapshot)
            return
        if isinstance(event, ScenariosChanged):
            self._chat_settings.show_pinned(self._wanted)
            return
        if isinstance(event, SettingChanged | ConnectionChanged):
            self.apply_settings()
            self._chat_settings.show()
            return
        if self._wanted is None or self.state.id != self._wanted:
            return
        self.state.apply(event)
        if isinstance(event, TurnEvent) and event.session_id == self._wanted:
            self._on_turn_event(event)
        elif isinstance(event, SessionChanged) and event.session.id == self._wanted:
            self._chat_settings.show()
        elif isinstance(event, FilesChanged) and self._files is not None:
            self._files.reload()

    def _on_turn_event(self, event: TurnEvent) -> None:
        self.transcript.apply(event)
        if isinstance(event, ApprovalRequested) and self.composer.edit.hasFocus():
            self._show_question()
        if isinstance(event, TurnQueued | TurnStarted | TurnUnqueued):
            self._show_body()
            self._update()
        elif isinstance(event, TurnEnded | UsageUpdated):
            self._load_totals()
            self._update()

    def _show_question(self) -> None:
        """Bring a new question to who has nothing half written."""
        if not self.composer.text():
            self.transcript.flush_now()
            self.transcript.ask_for_attention()

    @Slot()
    def show_scenario(self) -> None:
        """Show how the last request was matched; it can be changed there."""
        matched = [turn.id for turn in self.state.turns.values() if turn.match is not None]
        if matched and self._transcript is not None:
            self._transcript.scenario_requested.emit(matched[-1])

    @Slot()
    def focus_question(self) -> None:
        """Go to the open question, if there is one."""
        if self._transcript is not None:
            self._transcript.focus_question()

    def _show_snapshot(self, snapshot: TranscriptSnapshot) -> None:
        self.state.show(snapshot)
        self.transcript.show_snapshot(snapshot)
        if self._fresh:
            self._fresh = False
            self._load_draft(self.sending.draft_of(snapshot.session))
        if self._files is not None:
            self._files.set_session(snapshot.session.id)
        self._chat_settings.show()
        self._show_body()
        self._update()
        self._load_totals()
        if self._find_text:
            self.find_bar.open(self._find_text)
            self._find_text = ""
        if self._find_turn is not None:
            self.transcript.show_turn(self._find_turn)
            self._find_turn = None

    def _load_draft(self, draft: str) -> None:
        """Show a session's draft, and behind it what was typed until it came."""
        typed = self.composer.text()
        self.composer.load(draft, self.state.sent_texts)
        if typed:
            unsent = "" if typed.strip() == self.sending.on_its_way else typed
            self.composer.set_text("\n".join(part for part in (draft, unsent) if part))

    @Slot(object)
    def _take_work_dir(self, path: Any) -> None:
        self._work_dir = path
        if self._transcript is not None:
            self._transcript.set_work_dir(path)

    def _show_body(self) -> None:
        filled = bool(self.state.turns)
        self._body.setCurrentWidget(self.transcript if filled else self.empty)

    def _update(self) -> None:
        self.composer.set_state(self.state.running, self.state.queued)

    def _load_totals(self) -> None:
        session_id = self._wanted

        def done(totals: Any) -> None:
            if session_id == self._wanted:
                usage, cost = totals
                self.composer.set_status(totals_text(usage, cost), totals_tip(usage))

        self._bridge.call(self, calls.chat.session_totals, session_id, on_done=done)

    @Slot(object)
    def _open_failed(self, error: BaseException) -> None:
        self._bridge.unhandled.emit(error)
        self.new_chat()

    @Slot(str)
    def _find(self, text: str) -> None:
        self.find_bar.show_count(self.transcript.find(text))
