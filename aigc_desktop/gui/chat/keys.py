"""The keyboard in the transcript: scrolling, moving between buttons, answering questions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QKeySequence

from aigc_desktop.gui.chat.rows import Row

if TYPE_CHECKING:
    from aigc_desktop.gui.chat.transcript_view import TranscriptView

LINE = 48
"""Pixels that an arrow key scrolls."""

Key = Qt.Key


def press(view: TranscriptView, event: QKeyEvent) -> bool:
    """Do what the key says; return whether it says anything here."""
    if event.matches(QKeySequence.StandardKey.Copy):
        view.copy()
        return True
    if event.matches(QKeySequence.StandardKey.SelectAll):
        view.select_all()
        return True
    if event.modifiers() & ~(
        Qt.KeyboardModifier.KeypadModifier | Qt.KeyboardModifier.ShiftModifier
    ):
        return False
    if event.key() in (Key.Key_Return, Key.Key_Enter, Key.Key_Space, Key.Key_Escape):
        return _decide(view, event)
    return _scroll(view, event.key())


def move_focus(view: TranscriptView, forward: bool) -> bool:
    """Move to the next button on the screen; return False after the last one."""
    stops = [
        (place.row, button.action)
        for place in view.stage.placed
        for button in place.scene.buttons
        if place.y + button.rect.bottom() > 0 and place.y + button.rect.top() < view.stage.height
    ]
    if not stops:
        view.focused = None
        return False
    at = _position(stops, view.focused)
    step = 1 if forward else -1
    target = at + step if at is not None else (0 if forward else len(stops) - 1)
    if not 0 <= target < len(stops):
        view.focused = None
        view.viewport().update()
        return False
    view.focus_button(*stops[target])
    return True


def _position(stops: list[tuple[Row, str]], focused: tuple[Row, str] | None) -> int | None:
    if focused is None:
        return None
    return next(
        (at for at, stop in enumerate(stops) if stop[0] is focused[0] and stop[1] == focused[1]),
        None,
    )


def _decide(view: TranscriptView, event: QKeyEvent) -> bool:
    key, question = event.key(), view.visible_question()
    if event.isAutoRepeat() or (question is not None and not view.takes_answers):
        return True
    if key == Key.Key_Escape:
        if question is not None:
            view.activate(question, "answer:deny")
        elif view.selection.range is not None:
            view.selection.clear()
            view.viewport().update()
        else:
            return False
        return True
    if view.focused is not None and view.focused[0].key in view.rows.index:
        view.activate(*view.focused)
        return True
    if question is not None and key != Key.Key_Space:
        view.activate(question, "answer:once")
        return True
    return False


def _scroll(view: TranscriptView, key: int) -> bool:
    page = view.stage.height * 0.9
    steps: dict[int, float] = {
        Key.Key_Up: -LINE,
        Key.Key_Down: LINE,
        Key.Key_PageUp: -page,
        Key.Key_PageDown: page,
    }
    if key in steps:
        view.stage.scroll(steps[key])
    elif key == Key.Key_Home:
        view.stage.jump(0)
    elif key == Key.Key_End:
        view.stage.at_end = True
    else:
        return False
    view.refresh()
    return True
