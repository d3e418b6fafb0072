"""What the reader asks for in the transcript, carried out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QCursor

from aigc_desktop.config.i18n import listing, tr, tr_n
from aigc_desktop.core.events import NoticeLevel
from aigc_desktop.core.files import Receipt, UndoReport
from aigc_desktop.core.session import TurnStatus
from aigc_desktop.gui import calls, notices
from aigc_desktop.gui.bridge import Bridge
from aigc_desktop.gui.chat.links import open_link
from aigc_desktop.gui.chat.receipt_dialog import ReceiptDialog
from aigc_desktop.gui.chat.safe_text import one_line
from aigc_desktop.gui.chat.scenario_menu import ScenarioMenu
from aigc_desktop.gui.notices import NoticeAction
from aigc_desktop.gui.widgets.ask import ask

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
        transcript.receipt_requested.connect(self._show_receipt)
        transcript.undo_requested.connect(self._ask_undo)
        transcript.plan_approved.connect(self._carry_out)
        transcript.scenario_requested.connect(self._show_scenario)
        transcript.scenario_chosen.connect(self._switch_scenario)
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
            page.flush()
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

    @Slot(int)
    def _carry_out(self, turn_id: int) -> None:
        self._bridge.call(self._page, calls.chat.carry_out_plan, turn_id)

    @Slot(int)
    def _show_scenario(self, turn_id: int) -> None:
        turn = self._page.state.turns.get(turn_id)
        if turn is None or turn.match is None:
            return
        self.scenario_menu = ScenarioMenu(self._bridge, turn, self._page)
        self.scenario_menu.chosen.connect(self._switch_scenario)
        self.scenario_menu.open_at(QCursor.pos())

    @Slot(int, int)
    def _switch_scenario(self, turn_id: int, scenario_id: int) -> None:
        self._bridge.call(self._page, calls.scenarios.switch_scenario, turn_id, scenario_id)

    @Slot(int)
    def _show_receipt(self, turn_id: int) -> None:
        def show(receipt: Receipt) -> None:
            self.receipt = ReceiptDialog(self._bridge, receipt, self._page)
            self.receipt.undo_wanted.connect(self._ask_undo)
            self.receipt.open()

        self._bridge.call(self._page, calls.undo.receipt, turn_id, on_done=show)

    @Slot(int)
    def _ask_undo(self, turn_id: int) -> None:
        """Undoing the last request can be undone itself; of several it is said how many."""
        ids = list(self._page.state.turns)
        later = len(ids) - 1 - ids.index(turn_id) if turn_id in ids else 0
        if not later:
            self._undo(turn_id)
            return
        ask(
            self._page.window(),
            tr("Undo this request and those after it?"),
            tr_n(
                "{count} later request is undone too. You can do it all again.",
                "{count} later requests are undone too. You can do it all again.",
                later,
            ),
            tr("Undo"),
            lambda: self._undo(turn_id),
        )

    def _undo(self, turn_id: int) -> None:
        def done(report: UndoReport) -> None:
            again = NoticeAction(tr("Do it again"), lambda: self._redo(turn_id))
            _say(report, "undone", (again,))
            if not self._page.composer.text():
                self._page.composer.set_text(report.user_text)

        self._bridge.call(self._page, calls.undo.undo_turn, turn_id, on_done=done)

    def _redo(self, turn_id: int) -> None:
        def done(report: UndoReport) -> None:
            if self._page.composer.text() == report.user_text:
                self._page.composer.set_text("")
            _say(report, "done_again", ())

        self._bridge.call(self._page, calls.undo.redo_turn, turn_id, on_done=done)


def _say(report: UndoReport, code: str, actions: tuple[NoticeAction, ...]) -> None:
    """Say what came of it; what was kept because of the user's own edits stays on the screen."""
    if report.conflicts:
        names = listing(one_line(path, 60) for path in report.conflicts[:5])
        more = len(report.conflicts) - 5
        names += f" … (+{more})" if more > 0 else ""
        level, code = NoticeLevel.WARNING, f"{code}_with_conflicts"
        notices.say(level, code, key="undo", actions=actions, files=names)
    else:
        count = len(report.restored)
        notices.say(NoticeLevel.INFO, code, key="undo", actions=actions, count=count)
