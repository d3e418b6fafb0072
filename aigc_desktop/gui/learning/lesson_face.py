"""What the cards of lessons have in common: the words, where they hold, what speaks for them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from aigc_desktop.config.i18n import tr, tr_n
from aigc_desktop.core.learning import Feedback, Lesson
from aigc_desktop.gui import calls
from aigc_desktop.gui.chat.safe_text import one_line, visible
from aigc_desktop.gui.learning import book
from aigc_desktop.gui.learning.book import Book
from aigc_desktop.gui.learning.diff_view import DiffView
from aigc_desktop.gui.learning.wording import (
    Names,
    day_text,
    fault_text,
    feedback_text,
    kind_text,
    target_text,
)
from aigc_desktop.gui.widgets.area_page import AreaPage
from aigc_desktop.gui.widgets.build import button, label
from aigc_desktop.gui.widgets.fold import Fold

MAX_QUOTE = 240
DIFF_HEIGHT = 180
"""Most pixels that a difference of the prompt takes; the rest is scrolled to."""


def lesson_text(lesson: Lesson) -> str:
    """Return the lesson as it stands in the prompt, made visible."""
    return visible(lesson.line)


def facts_row(lesson: Lesson, names: Names, more: Sequence[str]) -> QHBoxLayout:
    """Return what a lesson is about, where it holds, and `more` said quietly."""
    row = QHBoxLayout()
    row.setSpacing(6)
    row.addWidget(label(kind_text(lesson.kind), "chip"))
    row.addWidget(label(target_text(lesson.target, names), "chip"))
    row.addSpacing(4)
    row.addWidget(label(" · ".join(more), "small", wrap=True), 1)
    return row


def conflict_row(lesson: Lesson, known: Book) -> QWidget | None:
    """Show the lesson that this one contradicts beside it."""
    other = known.get(lesson.conflicts_with)
    if other is None:
        return None
    box = QWidget()
    row = QHBoxLayout(box)
    row.setContentsMargins(0, 4, 0, 4)
    row.setSpacing(10)
    row.addWidget(_side(tr("New"), lesson), 1)
    row.addWidget(_side(tr("In force now; would be replaced"), other), 1)
    return box


def _side(title: str, lesson: Lesson) -> QFrame:
    frame = QFrame()
    frame.setProperty("role", "panel")
    layout = QVBoxLayout(frame)
    layout.setContentsMargins(12, 8, 12, 10)
    layout.setSpacing(2)
    layout.addWidget(label(title, "small"))
    layout.addWidget(label(lesson_text(lesson), wrap=True), 1, Qt.AlignmentFlag.AlignTop)
    return frame


def evidence_fold(page: AreaPage, lesson: Lesson, *, is_open: bool) -> Fold:
    """Return what speaks for a lesson, loaded when it is wanted."""

    def make() -> QWidget:
        box = QWidget()
        layout = QVBoxLayout(box)
        layout.setContentsMargins(24, 0, 0, 4)
        layout.setSpacing(8)

        def show(found: Any) -> None:
            for each in found[0]:
                layout.addWidget(_evidence_row(page, each, found[1]))
            gone = len(lesson.evidence) - len(found[0])
            if gone:
                text = tr_n(
                    "{count} is gone: taken back, or deleted with its chat.",
                    "{count} are gone: taken back, or deleted with their chats.",
                    gone,
                )
                layout.addWidget(label(text, "muted", wrap=True))

        page.bridge.call(box, book.load_evidence, lesson.id, on_done=show)
        return box

    count = len(lesson.evidence)
    title = tr_n("Based on {count} thing you did", "Based on {count} things you did", count)
    return Fold(title, make, is_open=is_open)


def _evidence_row(page: AreaPage, feedback: Feedback, names: Names) -> QWidget:
    box = QWidget()
    words = QVBoxLayout()
    words.setSpacing(2)
    what = feedback_text(feedback.kind)
    if feedback.fault is not None:
        what = tr("{what} ({why})", what=what, why=fault_text(feedback.fault))
    words.addWidget(label(f"{what} · {day_text(feedback.at)}", "small"))
    quote = one_line(feedback.typed or feedback.request, MAX_QUOTE)
    if quote:
        words.addWidget(label(quote, "quote", wrap=True))
    row = QHBoxLayout(box)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(8)
    row.addLayout(words, 1)
    if feedback.session_id in names.sessions:
        title = names.session(feedback.session_id)
        made = button(
            tr("Open the chat"), partial(page.session_wanted.emit, feedback.session_id), "link"
        )
        made.setToolTip(title)
        made.setAccessibleName(tr("Open the chat {name}", name=title))
        row.addWidget(made, 0, Qt.AlignmentFlag.AlignTop)
    return box


def difference_fold(page: AreaPage, lesson: Lesson, *, is_open: bool) -> Fold:
    """Return how the prompt would change, loaded when it is wanted."""

    def make() -> QWidget:
        view = DiffView(tr("What changes in the prompt"))
        view.setFixedHeight(0)

        def show(text: str) -> None:
            view.show_diff(text)
            view.fit(DIFF_HEIGHT)

        page.bridge.call(view, calls.lessons.prompt_difference, lesson.id, on_done=show)
        return view

    return Fold(tr("What changes in the prompt"), make, is_open=is_open)
