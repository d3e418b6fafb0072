"""What the reader says about an answer, carried out: verdicts, corrections, the reasons."""

from __future__ import annotations

from typing import TYPE_CHECKING

import shiboken6
from PySide6.QtCore import QObject, QPoint, QRect, Qt, Slot

from aigc_desktop.config.i18n import tr
from aigc_desktop.core.events import NoticeLevel
from aigc_desktop.core.learning import Fault, FeedbackKind, Opinion, Why
from aigc_desktop.gui import calls, notices
from aigc_desktop.gui.bridge import Bridge
from aigc_desktop.gui.chat.rows import FOOTER_POSITION
from aigc_desktop.gui.learning.correct_dialog import CorrectDialog
from aigc_desktop.gui.learning.correction_dialog import CorrectionDialog
from aigc_desktop.gui.learning.drafts import Drafts
from aigc_desktop.gui.learning.fault_popup import FaultPopup
from aigc_desktop.gui.learning.why_dialog import WhyDialog
from aigc_desktop.gui.notices import NoticeAction

if TYPE_CHECKING:
    from aigc_desktop.gui.chat.chat_page import ChatPage
    from aigc_desktop.gui.chat.transcript_view import TranscriptView

_VERDICTS = {"like": FeedbackKind.LIKE, "dislike": FeedbackKind.DISLIKE}


class AnswerActions(QObject):
    """Connects the buttons under an answer with the services."""

    def __init__(self, bridge: Bridge, page: ChatPage, transcript: TranscriptView) -> None:
        super().__init__(page)
        self._bridge = bridge
        self._page = page
        self._transcript = transcript
        self._storing: set[int] = set()
        self._unsaid: dict[int, tuple[Fault | None, str]] = {}
        self.popup: FaultPopup | None = None
        transcript.feedback_requested.connect(self._act)

    @Slot(int, str)
    def _act(self, turn_id: int, what: str) -> None:
        match what:
            case "like" | "dislike":
                self._give_verdict(turn_id, what)
            case "correct":
                self._bridge.call(
                    self._page,
                    calls.feedback.answer_text,
                    turn_id,
                    on_done=lambda text: self._open_editor(turn_id, text),
                )
            case "corrected":
                self._bridge.call(
                    self._page,
                    calls.feedback.correction_diff,
                    turn_id,
                    on_done=lambda text: self._show_correction(turn_id, text),
                )
            case "why":
                self._bridge.call(self._page, calls.why.why, turn_id, on_done=self._show_why)
            case "copied":
                self._bridge.call(self._page, calls.feedback.note_copied, turn_id)

    def _opinion(self, turn_id: int) -> Opinion:
        turn = self._page.state.turns.get(turn_id)
        return Opinion() if turn is None else turn.opinion

    def _give_verdict(self, turn_id: int, what: str) -> None:
        """Store it at once; the same button pressed again takes it back."""
        if turn_id in self._storing:
            return
        opinion = self._opinion(turn_id)
        verdict = None if opinion.verdict is _VERDICTS[what] else _VERDICTS[what]
        self._storing.add(turn_id)
        self._bridge.call(
            self._page,
            calls.feedback.give_verdict,
            turn_id,
            verdict,
            on_done=lambda _: self._stored(turn_id),
            on_error=lambda error: self._not_stored(turn_id, error),
        )
        if verdict is FeedbackKind.DISLIKE:
            self.popup = FaultPopup(opinion, self._page)
            self.popup.said.connect(lambda fault, note: self._say(turn_id, fault, note))
            self.popup.closed.connect(self._take_focus_back)
            self.popup.open_at(self._place(turn_id, what))

    @Slot()
    def _take_focus_back(self) -> None:
        """Whoever pressed the button with the keyboard goes on from there."""
        if self.popup is None or not shiboken6.isValid(self.popup) or not self.popup.focus_left:
            self._transcript.setFocus(Qt.FocusReason.PopupFocusReason)

    def _say(self, turn_id: int, fault: Fault | None, note: str) -> None:
        """Say what failed, after the dislike is stored."""
        if turn_id in self._storing:
            self._unsaid[turn_id] = (fault, note)
        else:
            self._bridge.call(self._page, calls.feedback.say_what_failed, turn_id, fault, note)

    def _stored(self, turn_id: int) -> None:
        self._storing.discard(turn_id)
        if turn_id in self._unsaid:
            self._say(turn_id, *self._unsaid.pop(turn_id))

    def _not_stored(self, turn_id: int, error: BaseException) -> None:
        self._storing.discard(turn_id)
        self._unsaid.pop(turn_id, None)
        notices.say_error(error)

    def _place(self, turn_id: int, action: str) -> QRect:
        """Return where a button is on the screen."""
        view = self._transcript
        for placed in view.stage.placed:
            button = placed.scene.button(action)
            at = (placed.row.turn_id, placed.row.position)
            if button is not None and at == (turn_id, FOOTER_POSITION):
                rect = button.rect.translated(view.stage.left, placed.y).toRect()
                return QRect(view.viewport().mapToGlobal(rect.topLeft()), rect.size())
        return QRect(view.viewport().mapToGlobal(QPoint(0, 0)), view.viewport().size())

    def _open_editor(self, turn_id: int, answer: str) -> None:
        self.editor = CorrectDialog(
            self._bridge, turn_id, answer, self._opinion(turn_id), self._page
        )
        self.editor.open()

    def _show_correction(self, turn_id: int, difference: str) -> None:
        opinion = self._opinion(turn_id)
        self.correction = CorrectionDialog(difference, opinion, self._page)
        self.correction.edit_wanted.connect(lambda: self._act(turn_id, "correct"))
        self.correction.withdraw_wanted.connect(lambda: self._withdraw(turn_id, opinion))
        self.correction.open()

    def _withdraw(self, turn_id: int, opinion: Opinion) -> None:
        Drafts.of(self._bridge).forget(turn_id)

        def put_back() -> None:
            self._bridge.call(
                self._page,
                calls.feedback.correct_answer,
                turn_id,
                opinion.corrected,
                opinion.fault,
            )

        def done(_: Opinion) -> None:
            undo = NoticeAction(tr("Undo"), put_back)
            key = "correction_withdrawn"
            notices.say(NoticeLevel.INFO, key, key=key, actions=(undo,))

        self._bridge.call(self._page, calls.feedback.withdraw_correction, turn_id, on_done=done)

    def _show_why(self, why: Why) -> None:
        self.why = WhyDialog(self._bridge, why, self._page)
        self.why.learning_wanted.connect(self._page.learning_requested)
        self.why.open()
