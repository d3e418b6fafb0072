"""What the reader asks for in the transcript, carried out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Slot

from aigc_desktop.config.i18n import tr
from aigc_desktop.core.session import TurnStatus
from aigc_desktop.gui import calls
from aigc_desktop.gui.bridge import Bridge
from aigc_desktop.gui.chat.links import open_link

if TYPE_CHECKING:
    from aigc_desktop.gui.chat.chat_page import ChatPage
    from aigc_desktop.gui.chat.transcript_view import TranscriptView


class TranscriptRequests(QObject):
    """Connects the transcript's signals with the services."""

    def __init__(self, bridge: Bridge, page: ChatPage, transcript: TranscriptView) -> None:
        super().__init__(page)
        self._bridge = bridge
        self._page = page
        self._transcript = transcript
        transcript.items_needed.connect(self._load_items)
        transcript.approval_answered.connect(self._answer)
        transcript.edit_requested.connect(self._begin_edit)
        transcript.regenerate_requested.connect(self._regenerate)
        transcript.branch_requested.connect(self._switch_branch)
        transcript.resume_requested.connect(self._resume)
        transcript.unqueue_requested.connect(self._unqueue)
        transcript.link_activated.connect(self._open_link)
        page.find_bar.next_wanted.connect(transcript.find_next)
        page.find_bar.previous_wanted.connect(transcript.find_prev)

    @Slot(object)
    def _load_items(self, keys: Any) -> None:
        self._bridge.call(
            self._page,
            calls.chat.load_items,
            self._page.session_id,
            tuple(keys),
            on_done=self._transcript.supply_items,
        )

    @Slot(int, str, str, str)
    def _answer(self, turn_id: int, tool_use_id: str, answer: str, fingerprint: str) -> None:
        self._bridge.call(
            self._page, calls.chat.answer_approval, turn_id, tool_use_id, answer, fingerprint
        )
        if self._transcript.hasFocus():
            self._page.composer.setFocus()

    @Slot(int)
    def _begin_edit(self, turn_id: int) -> None:
        page = self._page
        turn = page.state.turns.get(turn_id)
        if turn is not None:
            page.edit_bar.begin(turn_id, page.composer.text())
            page.composer.set_text(turn.user_text)

    @Slot(int)
    def _regenerate(self, turn_id: int) -> None:
        self._bridge.call(self._page, calls.chat.regenerate, turn_id)

    @Slot(int)
    def _switch_branch(self, turn_id: int) -> None:
        self._bridge.call(self._page, calls.chat.switch_branch, turn_id)

    @Slot(int)
    def _resume(self, turn_id: int) -> None:
        turn = self._page.state.turns.get(turn_id)
        if turn is not None and turn.status is TurnStatus.FAILED:
            self._regenerate(turn_id)
            return
        self._page.sending.in_session(calls.chat.send_message, tr("Go on where you stopped."))

    @Slot(int)
    def _unqueue(self, turn_id: int) -> None:
        self._bridge.call(self._page, calls.chat.unqueue, turn_id, on_done=self._take_back)

    @Slot(object)
    def _take_back(self, text: str) -> None:
        composer = self._page.composer
        typed = composer.text()
        composer.set_text(f"{text}\n\n{typed}" if typed.strip() else text)

    @Slot(str)
    def _open_link(self, target: str) -> None:
        if open_link(target, relative=True):
            return
        if self._page.files.isHidden():
            self._page.toggle_files()
        self._page.files.open_path(target)
