"""Painting what is on the screen: rows, selection, search marks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF
from PySide6.QtGui import (
    QAbstractTextDocumentLayout,
    QColor,
    QPainter,
    QTextCharFormat,
    QTextCursor,
)

from aigc_desktop.gui.chat.finder import occurrences
from aigc_desktop.gui.chat.rows import Row
from aigc_desktop.gui.chat.scene import Look, Selections, paint
from aigc_desktop.gui.chat.stage import Placed

if TYPE_CHECKING:
    from aigc_desktop.gui.chat.transcript_view import TranscriptView


def paint_rows(view: TranscriptView, painter: QPainter, clip: QRectF) -> None:
    """Draw all rows that meet `clip` (viewport coordinates)."""
    painter.fillRect(clip, view.stage.context.style.color("bg"))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    last = view.rows.rows[-1] if view.rows.rows else None
    for place in view.stage.placed:
        area = QRectF(0, place.y - 4, view.stage.width, place.scene.height + 8)
        if not area.intersects(clip):
            continue
        painter.save()
        painter.translate(view.stage.left, place.y)
        paint(painter, place.scene, _look(view, place, clip, last))
        painter.restore()


def _look(view: TranscriptView, place: Placed, clip: QRectF, last: Row | None) -> Look:
    row, pointer = place.row, view.pointer
    focused = view.focused if view.hasFocus() else None
    return Look(
        style=view.stage.context.style,
        ratio=view.devicePixelRatioF(),
        clip=clip.translated(-view.stage.left, -place.y),
        selections=lambda text: _selections(view, place, text),
        hover=pointer.action if pointer.row is row else "",
        focus=focused[1] if focused is not None and focused[0] is row else "",
        done=view.done[1] if view.done is not None and view.done[0] is row else "",
        reveal=pointer.turn_id == row.turn_id
        or row is last
        or (focused is not None and focused[0] is row),
    )


def _selections(view: TranscriptView, place: Placed, text: int) -> Selections:
    document = place.scene.texts[text].document
    found = []
    if view.finder.needle:
        mark = view.stage.context.style.color("warning")
        mark.setAlphaF(0.35)
        found = [_selection(cursor, mark) for cursor in occurrences(document, view.finder.needle)]
    cursor = view.selection.within(place.index, text, document)
    if cursor is not None:
        tint = "warning" if view.finder.needle and view.finder.current >= 0 else "selection"
        color = view.stage.context.style.color(tint)
        if tint == "warning":
            color.setAlphaF(0.75)
        found.append(_selection(cursor, color))
    return found


def _selection(cursor: QTextCursor, color: QColor) -> QAbstractTextDocumentLayout.Selection:
    selection = QAbstractTextDocumentLayout.Selection()
    selection.cursor = cursor
    look = QTextCharFormat()
    look.setBackground(color)
    selection.format = look
    return selection
