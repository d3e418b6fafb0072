"""The lesson inbox: what was learned waits here until the user says what becomes of it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from aigc_desktop.config.i18n import tr, tr_n
from aigc_desktop.core.errors import UserError
from aigc_desktop.core.events import NoticeLevel
from aigc_desktop.core.learning import Lesson, LessonState
from aigc_desktop.core.trial import Proof
from aigc_desktop.gui import calls, notices
from aigc_desktop.gui.chat.safe_text import one_line
from aigc_desktop.gui.learning import book
from aigc_desktop.gui.learning.book import Book
from aigc_desktop.gui.learning.lesson_dialog import LessonDialog
from aigc_desktop.gui.learning.lesson_face import (
    conflict_row,
    difference_fold,
    evidence_fold,
    facts_row,
    lesson_text,
)
from aigc_desktop.gui.learning.proof_words import proof_line
from aigc_desktop.gui.learning.trial_dialog import TrialDialog
from aigc_desktop.gui.learning.wording import expiry_text
from aigc_desktop.gui.notices import NoticeAction
from aigc_desktop.gui.widgets.area_page import AreaPage
from aigc_desktop.gui.widgets.build import button, label
from aigc_desktop.gui.widgets.cards import CardList
from aigc_desktop.gui.widgets.empty_note import EmptyNote
from aigc_desktop.gui.widgets.fold import Fold

MAX_SHOWN = 60
"""Proposals that are listed at once; deciding about some brings the others."""


class InboxPane(QWidget):
    """A card for each proposal, then for each lesson that was applied by itself."""

    def __init__(self, page: AreaPage) -> None:
        super().__init__(page)
        self._page = page
        self._book: Book | None = None
        self._folds: dict[tuple[int, str], Fold] = {}
        self.intro = label("", "muted", wrap=True)
        self.cards = CardList("")
        self.empty = EmptyNote(
            "inbox",
            tr("Nothing waits here"),
            tr(
                "Lessons come from what you say about answers: like or dislike "
                "them, or correct them. When several of your remarks point the same way, a lesson "
                "is proposed here. Nothing of it is used before you accept it."
            ),
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(10)
        layout.addWidget(self.intro)
        layout.addWidget(self.cards, 1)
        layout.addWidget(self.empty, 1)
        self.empty.hide()

    def reload(self) -> None:
        """Ask for the lessons."""
        self._page.bridge.call(self, book.load, on_done=self._show)

    @Slot(object)
    def _show(self, found: Book) -> None:
        if self._book is not None and found.lessons == self._book.lessons:
            return
        opened = {key for key, fold in self._folds.items() if fold.is_open}
        self._folds.clear()
        self._book = found
        waiting = [each for each in found.lessons if each.state is LessonState.PROPOSED]
        applied = [
            each for each in found.lessons if each.automatic and each.state is LessonState.ACTIVE
        ]
        cards: list[QWidget] = [self._proposal(each, opened) for each in waiting[:MAX_SHOWN]]
        if applied:
            cards.append(label(tr("Applied by itself"), "heading"))
            cards += [self._applied(each, opened) for each in applied[:MAX_SHOWN]]
        self.intro.setVisible(bool(waiting))
        self.intro.setText(
            tr_n(
                "{count} lesson waits for your answer. It is not used before.",
                "{count} lessons wait for your answer. They are not used before.",
                len(waiting),
            )
        )
        self.cards.show_cards(cards)
        self.cards.setVisible(bool(cards))
        self.empty.setVisible(not cards)

    def _proposal(self, lesson: Lesson, opened: set[tuple[int, str]]) -> QWidget:
        frame, layout = self._frame(lesson)
        conflict = conflict_row(lesson, self._known)
        if conflict is not None:
            layout.addWidget(conflict)
        self._add_folds(layout, lesson, opened)
        proof = label("", "small", wrap=True)
        proof.hide()
        layout.addWidget(proof)
        self._load_proof(lesson, proof)
        self._add_buttons(
            layout,
            lesson,
            (
                (tr("Accept"), "primary", lambda: self._accept(lesson)),
                (tr("Edit…"), "", lambda: self._edit(lesson)),
                (tr("Reject"), "", lambda: self._reject(lesson)),
                (tr("Test…"), "", lambda: self._test(lesson)),
            ),
        )
        return frame

    def _applied(self, lesson: Lesson, opened: set[tuple[int, str]]) -> QWidget:
        frame, layout = self._frame(lesson)
        self._add_folds(layout, lesson, opened)
        self._add_buttons(
            layout,
            lesson,
            (
                (tr("Keep it"), "", lambda: self._accept(lesson)),
                (tr("Edit…"), "", lambda: self._edit(lesson)),
                (tr("Undo"), "", lambda: self._reject(lesson)),
            ),
        )
        return frame

    @property
    def _known(self) -> Book:
        return self._book or Book()

    def _frame(self, lesson: Lesson) -> tuple[QFrame, QVBoxLayout]:
        frame = QFrame()
        frame.setProperty("role", "card")
        layout = QVBoxLayout(frame)
        layout.setContentsMargins(16, 14, 16, 14)
        layout.setSpacing(8)
        layout.addWidget(label(lesson_text(lesson), "heading", wrap=True))
        layout.addLayout(facts_row(lesson, self._known.names, [expiry_text(lesson)]))
        return frame, layout

    def _add_folds(self, layout: QVBoxLayout, lesson: Lesson, opened: set[tuple[int, str]]) -> None:
        folds = {"evidence": evidence_fold, "difference": difference_fold}
        for name, make in folds.items():
            key = (lesson.id, name)
            self._folds[key] = make(self._page, lesson, is_open=key in opened)
            layout.addWidget(self._folds[key])

    def _add_buttons(
        self,
        layout: QVBoxLayout,
        lesson: Lesson,
        buttons: tuple[tuple[str, str, Callable[[], object]], ...],
    ) -> None:
        row = QHBoxLayout()
        row.setContentsMargins(0, 4, 0, 0)
        row.setSpacing(8)
        for text, kind, run in buttons:
            made = button(text, lambda _checked=False, run=run: run(), kind)
            made.setAccessibleName(f"{text} {one_line(lesson.text, 60)}")
            row.addWidget(made)
        row.addStretch(1)
        layout.addLayout(row)

    def _load_proof(self, lesson: Lesson, place: QLabel) -> None:
        def show(proof: Proof | None) -> None:
            if proof is not None and proof.lesson_text == lesson.line:
                place.setText(proof_line(proof))
                place.show()

        self._page.bridge.call(place, book.load_proof, lesson.id, on_done=show)

    def _accept(self, lesson: Lesson) -> None:
        def failed(error: BaseException) -> None:
            if isinstance(error, UserError) and error.code == "proof_required":
                self._test(lesson)
            notices.say_error(error)

        self._page.bridge.call(
            self,
            calls.lessons.accept_lesson,
            lesson.id,
            on_done=lambda _: self.reload(),
            on_error=failed,
        )

    def _reject(self, lesson: Lesson) -> None:
        def put_back() -> None:
            self._page.bridge.call(self._page, calls.lessons.switch_lesson, lesson.id, True)

        def done(_: object) -> None:
            use = NoticeAction(tr("Use it after all"), put_back)
            notices.say(NoticeLevel.INFO, "lesson_rejected", key="lesson_rejected", actions=(use,))
            self.reload()

        self._page.bridge.call(self, calls.lessons.reject_lesson, lesson.id, on_done=done)

    def _edit(self, lesson: Lesson) -> None:
        self.dialog = LessonDialog(self._page.bridge, lesson, self)
        self.dialog.saved.connect(self.reload)
        self.dialog.open()

    def _test(self, lesson: Lesson) -> None:
        self.trial = TrialDialog(self._page.bridge, lesson, self)
        self.trial.accepted_lesson.connect(self.reload)
        self.trial.finished.connect(lambda _: self.refresh())
        self.trial.open()

    def refresh(self) -> None:
        """Show everything anew, also what hangs on a lesson that is the same."""
        self._book = None
        self.reload()
