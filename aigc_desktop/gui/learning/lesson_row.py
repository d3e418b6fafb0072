"""One lesson in the list: its switch, its words, what is odd about it, what can be done with it."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QVBoxLayout

from aigc_desktop.config.i18n import tr
from aigc_desktop.core.learning import Lesson, LessonState
from aigc_desktop.gui.chat.safe_text import one_line
from aigc_desktop.gui.learning.lesson_face import facts_row, lesson_text
from aigc_desktop.gui.learning.lesson_marks import mark_text, marks_of
from aigc_desktop.gui.learning.wording import (
    DAY_MS,
    Names,
    evidence_text,
    expiry_text,
    now_ms,
    state_text,
    uses_text,
)
from aigc_desktop.gui.widgets.build import icon_button, label
from aigc_desktop.gui.widgets.switch import Switch

EXPIRY_DAYS = (7, 30, 90, 180)


class LessonRow(QFrame):
    """Says by signals what is wanted; the pane does it."""

    switched = Signal(bool)
    edit_wanted = Signal()
    test_wanted = Signal()
    history_wanted = Signal()
    delete_wanted = Signal()
    expiry_chosen = Signal(object)
    """When the lesson shall end (epoch ms), None for never."""

    def __init__(self, lesson: Lesson, names: Names) -> None:
        super().__init__()
        self.lesson = lesson
        self.setProperty("role", "card")
        on = lesson.state is LessonState.ACTIVE
        text = one_line(lesson.text, 80)
        name = tr("Switch off: {what}", what=text) if on else tr("Switch on: {what}", what=text)
        self.switch = Switch(name, on=on)
        self.switch.clicked.connect(self.switched)
        self.more = icon_button("more", tr("More about: {what}", what=text), self._open_menu)
        words = QVBoxLayout()
        words.setSpacing(6)
        words.addWidget(label(lesson_text(lesson), "" if on else "muted", wrap=True))
        facts = facts_row(lesson, names, self._facts())
        for mark in marks_of(lesson, now_ms()):
            facts.insertWidget(facts.count() - 2, label(mark_text(mark), "mark"))
        words.addLayout(facts)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 12, 10, 12)
        row.setSpacing(14)
        row.addWidget(self.switch, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(words, 1)
        row.addWidget(self.more, 0, Qt.AlignmentFlag.AlignTop)

    def _facts(self) -> list[str]:
        lesson = self.lesson
        said = []
        if lesson.state is not LessonState.ACTIVE or lesson.automatic:
            said.append(state_text(lesson))
        if lesson.state is LessonState.ACTIVE or lesson.uses:
            said.append(uses_text(lesson))
        said.append(evidence_text(lesson))
        if lesson.expires_at is not None and lesson.state is not LessonState.EXPIRED:
            said.append(expiry_text(lesson))
        return said

    @Slot()
    def _open_menu(self) -> None:
        self.menu = QMenu(self)
        self.menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.menu.addAction(tr("Edit…"), self.edit_wanted.emit)
        self.menu.addAction(tr("Test…"), self.test_wanted.emit)
        self.menu.addAction(tr("History…"), self.history_wanted.emit)
        expiry = self.menu.addMenu(tr("How long it holds"))
        for days in EXPIRY_DAYS:
            ends = now_ms() + days * DAY_MS
            expiry.addAction(
                tr("{count} more days", count=days), partial(self.expiry_chosen.emit, ends)
            )
        expiry.addAction(tr("For ever"), partial(self.expiry_chosen.emit, None))
        self.menu.addSeparator()
        self.menu.addAction(tr("Delete"), self.delete_wanted.emit)
        self.menu.popup(self.more.mapToGlobal(self.more.rect().bottomLeft()))
