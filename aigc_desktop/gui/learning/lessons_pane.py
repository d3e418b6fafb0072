"""All lessons, in force and not: find them, switch them, change them, go back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from aigc_desktop.config.i18n import tr
from aigc_desktop.core.events import NoticeLevel
from aigc_desktop.core.learning import Lesson, LessonState, Scope
from aigc_desktop.gui import calls, icons, notices
from aigc_desktop.gui.learning import book
from aigc_desktop.gui.learning.book import Book
from aigc_desktop.gui.learning.history_dialog import HistoryDialog
from aigc_desktop.gui.learning.lesson_dialog import LessonDialog
from aigc_desktop.gui.learning.lesson_marks import Mark, marks_of
from aigc_desktop.gui.learning.lesson_row import LessonRow
from aigc_desktop.gui.learning.return_dialog import ReturnDialog
from aigc_desktop.gui.learning.trial_dialog import TrialDialog
from aigc_desktop.gui.learning.wording import moment_before, now_ms, scope_text
from aigc_desktop.gui.notices import NoticeAction
from aigc_desktop.gui.widgets.area_page import AreaPage
from aigc_desktop.gui.widgets.build import button, label
from aigc_desktop.gui.widgets.cards import CardList
from aigc_desktop.gui.widgets.empty_note import EmptyNote

MAX_SHOWN = 80
"""Rows that are built at once; the search finds the others."""

Keep = Callable[[Lesson], bool]


class LessonsPane(QWidget):
    """A row for each lesson."""

    def __init__(self, page: AreaPage) -> None:
        super().__init__(page)
        self._page = page
        self._book: Book | None = None
        self.search = QLineEdit()
        self.search.setPlaceholderText(tr("Search lessons"))
        self.search.setAccessibleName(tr("Search lessons"))
        self.search.setClearButtonEnabled(True)
        icon = self.search.addAction(icons.icon("search"), QLineEdit.ActionPosition.LeadingPosition)
        icons.bind(icon, "search")
        self.states = _combo(tr("Which lessons"), _state_filters())
        self.scopes = _combo(tr("Where they hold"), _scope_filters())
        self.more = label("", "muted")
        self.cards = CardList(tr("No lesson fits."))
        self.empty = EmptyNote(
            "learn",
            tr("No lessons yet"),
            tr(
                "They are learned from what you say about answers, and wait in the inbox first. "
                "You can also add one in your own words."
            ),
        )
        self.empty.hide()
        self._build()
        self.search.textChanged.connect(self._list)
        self.states.currentIndexChanged.connect(self._list)
        self.scopes.currentIndexChanged.connect(self._list)

    def _build(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(self.search, 1)
        top.addWidget(self.states)
        top.addWidget(self.scopes)
        bottom = QHBoxLayout()
        bottom.setSpacing(8)
        bottom.addWidget(button(tr("Add a lesson…"), self._add, "", "plus"))
        back = button(tr("Return to an earlier day…"), self._return, "", "history")
        bottom.addWidget(back)
        bottom.addStretch(1)
        bottom.addWidget(self.more)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(10)
        layout.addLayout(top)
        layout.addWidget(self.cards, 1)
        layout.addWidget(self.empty, 1)
        layout.addLayout(bottom)

    def reload(self) -> None:
        """Ask for the lessons."""
        self._page.bridge.call(self, book.load, on_done=self._show)

    def show_state(self, name: str) -> None:
        """Show only lessons of that kind: active, stale, conflicting, unused, noticed."""
        self.search.clear()
        self.scopes.setCurrentIndex(0)
        self.states.setCurrentIndex(max(0, self.states.findData(name)))

    @Slot(object)
    def _show(self, found: Book) -> None:
        if self._book is None or found.lessons != self._book.lessons:
            self._book = found
            self._list()

    @Slot()
    def _list(self) -> None:
        if self._book is None:
            return
        known = self._book
        self.empty.setVisible(not known.lessons)
        self.cards.setVisible(bool(known.lessons))
        keep = _STATES[self.states.currentData()]
        scope, needle = self.scopes.currentData(), self.search.text().strip().casefold()
        found = [
            each
            for each in known.lessons
            if keep(each)
            and (scope is None or each.target.scope == scope)
            and (not needle or needle in each.line.casefold())
        ]
        self.cards.show_cards(self._row(each) for each in found[:MAX_SHOWN])
        rest = len(found) - MAX_SHOWN
        self.more.setText(tr("{count} more; search to find them", count=rest) if rest > 0 else "")

    def _row(self, lesson: Lesson) -> LessonRow:
        row = LessonRow(lesson, (self._book or Book()).names)
        row.switched.connect(lambda on: self._switch(lesson, on))
        row.edit_wanted.connect(lambda: self._edit(lesson))
        row.test_wanted.connect(lambda: self._test(lesson))
        row.history_wanted.connect(lambda: self._show_history(lesson))
        row.delete_wanted.connect(lambda: self._delete(lesson))
        row.expiry_chosen.connect(lambda at: self._set_expiry(lesson, at))
        return row

    def _switch(self, lesson: Lesson, on: bool) -> None:
        if on and lesson.state in (LessonState.PROPOSED, LessonState.NOTICED):
            self._call(calls.lessons.accept_lesson, lesson.id)
        else:
            self._call(calls.lessons.switch_lesson, lesson.id, on)

    def _set_expiry(self, lesson: Lesson, at: int | None) -> None:
        self._call(calls.lessons.set_expiry, lesson.id, at)

    def _delete(self, lesson: Lesson) -> None:
        """Delete it at once; the moment before can be returned to."""
        before, page = moment_before(), self._page

        def put_back() -> None:
            page.bridge.call(page, calls.lessons.return_to, before)

        def done(_: object) -> None:
            undo = NoticeAction(tr("Undo"), put_back)
            notices.say(NoticeLevel.INFO, "lesson_deleted", key="lesson_deleted", actions=(undo,))
            self.reload()

        page.bridge.call(self, calls.lessons.delete_lesson, lesson.id, on_done=done)

    def _call(self, service: Callable[..., Awaitable[Any]], *args: object) -> None:
        """Change something; if that fails, the switch shows again what is true."""
        self._page.bridge.call(
            self, service, *args, on_done=lambda _: self.reload(), on_error=self._failed
        )

    @Slot(object)
    def _failed(self, error: BaseException) -> None:
        notices.say_error(error)
        self._list()

    @Slot()
    def _add(self) -> None:
        self._open_editor(None)

    def _edit(self, lesson: Lesson) -> None:
        self._open_editor(lesson)

    def _open_editor(self, lesson: Lesson | None) -> None:
        self.dialog = LessonDialog(self._page.bridge, lesson, self)
        self.dialog.saved.connect(self.reload)
        self.dialog.open()

    def _test(self, lesson: Lesson) -> None:
        self.trial = TrialDialog(self._page.bridge, lesson, self)
        self.trial.accepted_lesson.connect(self.reload)
        self.trial.open()

    def _show_history(self, lesson: Lesson) -> None:
        self.history = HistoryDialog(self._page.bridge, lesson, self)
        self.history.open()

    @Slot()
    def _return(self) -> None:
        self.back = ReturnDialog(self._page.bridge, self._book or Book(), self)
        self.back.accepted.connect(self.reload)
        self.back.open()


def _has(mark: Mark) -> Keep:
    return lambda lesson: mark in marks_of(lesson, now_ms())


def _is(*states: LessonState) -> Keep:
    return lambda lesson: lesson.state in states


_STATES: dict[str, Keep] = {
    "all": lambda lesson: lesson.state is not LessonState.NOTICED,
    "active": _is(LessonState.ACTIVE),
    "off": _is(LessonState.OFF),
    "proposed": _is(LessonState.PROPOSED),
    "stale": _has(Mark.STALE),
    "conflicting": _has(Mark.CONFLICTING),
    "unused": _has(Mark.UNUSED),
    "ended": _is(LessonState.EXPIRED, LessonState.REJECTED, LessonState.SUPERSEDED),
    "noticed": _is(LessonState.NOTICED),
}


def _state_filters() -> list[tuple[str, object]]:
    return [
        (tr("All lessons"), "all"),
        (tr("In force"), "active"),
        (tr("Switched off"), "off"),
        (tr("Waiting in the inbox"), "proposed"),
        (tr("Stale"), "stale"),
        (tr("Conflicting"), "conflicting"),
        (tr("Unused"), "unused"),
        (tr("Rejected, replaced or expired"), "ended"),
        (tr("Only noticed so far"), "noticed"),
    ]


def _scope_filters() -> list[tuple[str, object]]:
    scopes = [(scope_text(scope), scope) for scope in (Scope.GLOBAL, Scope.SCENARIO, Scope.SESSION)]
    return [(tr("Any place"), None), *scopes]


def _combo(name: str, entries: list[tuple[str, object]]) -> QComboBox:
    combo = QComboBox()
    combo.setAccessibleName(name)
    for text, data in entries:
        combo.addItem(text, data)
    return combo
