"""What the reader does with rows: press their buttons, answer, go to a match."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aigc_desktop.core.transcript import ItemKind
from aigc_desktop.gui.chat.finder import Match, occurrences
from aigc_desktop.gui.chat.rows import Row
from aigc_desktop.gui.chat.scene import Text
from aigc_desktop.gui.chat.selection import Place, source_of

if TYPE_CHECKING:
    from PySide6.QtGui import QTextCursor

    from aigc_desktop.gui.chat.transcript_view import TranscriptView

SHOW_MORE = 100_000
"""Characters of a long text that are added on request."""


def activate(view: TranscriptView, row: Row, action: str) -> None:
    """Do what a button says."""
    verb, _, what = action.partition(":")
    match verb:
        case "toggle" | "show_more":
            view.stage.hold(row)
            row.expanded ^= verb == "toggle"
            row.shown += SHOW_MORE if verb == "show_more" else 0
            view.stage.view(row).changed()
            view.refresh()
        case "copy":
            view.done = (row, action)
            view.clockwork.forget_done_later()
            view.to_clipboard(_part(view, row, what))
            if what == "turn":
                view.feedback_requested.emit(row.turn_id, "copied")
        case "like" | "dislike" | "correct" | "corrected" | "why":
            view.feedback_requested.emit(row.turn_id, verb)
        case "answer":
            _answer(view, row, what)
        case "choose":
            view.scenario_chosen.emit(row.turn_id, int(what))
        case "branch":
            view.branch_requested.emit(int(what))
        case _:
            signal = getattr(view, _SIGNALS[verb])
            signal.emit(row.turn_id)


_SIGNALS = {
    "edit": "edit_requested",
    "regenerate": "regenerate_requested",
    "resume": "resume_requested",
    "unqueue": "unqueue_requested",
    "receipt": "receipt_requested",
    "plan": "plan_approved",
    "undo": "undo_requested",
    "scenario": "scenario_requested",
}
"""Buttons about a whole turn, and the signals that say so."""


def visible_question(view: TranscriptView) -> Row | None:
    """Return the first open question whose buttons are on the screen."""
    for place in view.stage.placed:
        button = place.scene.button("answer:once")
        if button is not None and place.row.approval is not None:
            top = place.y + button.rect.top()
            if top >= 0 and top + button.rect.height() <= view.stage.height:
                return place.row
    return None


def show_match(view: TranscriptView, match: Match) -> None:
    """Bring a match into view and select it; what is folded is unfolded."""
    row = match.row
    index = view.rows.index.get(row.key)
    if index is None:
        return
    if not row.expanded and row.kind in (ItemKind.THINKING, ItemKind.TOOL):
        row.expanded = True
        view.stage.view(row).changed()
    scene, number = view.stage.scene(index), match.number
    view.selection.clear()
    for at, text in enumerate(scene.texts):
        for cursor in occurrences(text.document, view.finder.needle):
            if number == 0:
                start, end = cursor.selectionStart(), cursor.selectionEnd()
                view.selection.set(Place(index, at, start), Place(index, at, end))
                top = _top(text, cursor)
                view.stage.show(index, top, top + 40, margin=80)
                view.refresh()
                return
            number -= 1
    view.stage.show(index, 0, min(scene.height, 60))
    view.refresh()


def _top(text: Text, cursor: QTextCursor) -> float:
    block = cursor.block()
    line = block.layout().lineForTextPosition(cursor.selectionStart() - block.position())
    top = text.document.documentLayout().blockBoundingRect(block).top()
    return text.rect.top() + top + (line.y() if line.isValid() else 0)


def _answer(view: TranscriptView, row: Row, answer: str) -> None:
    asked = row.approval
    if asked is None:
        return
    row.approval = view.focused = None
    view.stage.view(row).changed()
    view.refresh()
    view.approval_answered.emit(asked.turn_id, asked.tool_use_id, answer, asked.fingerprint)


def _part(view: TranscriptView, row: Row, what: str) -> str:
    if what != "turn":
        return view.stage.view(row).copy(what)
    texts = (
        source_of(other)
        for other in view.rows.rows
        if other.turn_id == row.turn_id and other.kind is ItemKind.TEXT
    )
    return "\n\n".join(text for text in texts if text)
