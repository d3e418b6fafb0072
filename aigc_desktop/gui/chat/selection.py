"""Selecting text across messages, and what copying it gives."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QTextCursor, QTextDocument

from aigc_desktop.core.transcript import ItemKind
from aigc_desktop.gui.chat.rows import Row
from aigc_desktop.gui.chat.scene import Scene
from aigc_desktop.gui.chat.stage import Stage
from aigc_desktop.gui.chat.wording import tool_label, tool_summary

LAST = 1 << 30
"""An index or offset behind everything."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A place in the transcript: row index, text of that row, UTF-16 offset in it."""

    row: int
    text: int
    offset: int


class Selection:
    """From where the drag began to where it is now."""

    def __init__(self) -> None:
        self.anchor: Place | None = None
        self.cursor: Place | None = None

    def clear(self) -> None:
        """Select nothing."""
        self.anchor = self.cursor = None

    def set(self, anchor: Place, cursor: Place) -> None:
        """Select from `anchor` to `cursor`."""
        self.anchor, self.cursor = anchor, cursor

    @property
    def range(self) -> tuple[Place, Place] | None:
        """What is selected, in order; None if nothing is."""
        if self.anchor is None or self.cursor is None or self.anchor == self.cursor:
            return None
        return min(self.anchor, self.cursor), max(self.anchor, self.cursor)

    def within(self, row: int, text: int, document: QTextDocument) -> QTextCursor | None:
        """Return the selected part of one document, None if nothing of it is selected."""
        found = self.range
        if found is None:
            return None
        start, end = found
        if (row, text) < (start.row, start.text) or (row, text) > (end.row, end.text):
            return None
        last = document.characterCount() - 1
        first = start.offset if (row, text) == (start.row, start.text) else 0
        until = end.offset if (row, text) == (end.row, end.text) else last
        if first >= until:
            return None
        cursor = QTextCursor(document)
        cursor.setPosition(min(first, last))
        cursor.setPosition(min(until, last), QTextCursor.MoveMode.KeepAnchor)
        return cursor

    def unloaded(self, rows: list[Row]) -> list[Row]:
        """Return the selected rows whose text is not there yet."""
        if self.range is None:
            return []
        start, end = self.range
        return [row for row in rows[start.row : end.row + 1] if not row.loaded]

    def copied(self, stage: Stage) -> str:
        """Return the selection as text: whole messages as Markdown, parts as plain text."""
        if self.range is None:
            return ""
        start, end = self.range
        parts = []
        for index in range(start.row, min(end.row, len(stage.rows) - 1) + 1):
            row = stage.rows.rows[index]
            whole = (index > start.row or start.text < 0) and (index < end.row or end.text == LAST)
            text = source_of(row) if whole else self._part(stage.scene(index), index)
            if text:
                parts.append(text)
        return "\n\n".join(parts)

    def _part(self, scene: Scene, index: int) -> str:
        selected = []
        for at, text in enumerate(scene.texts):
            cursor = self.within(index, at, text.document)
            if cursor is not None:
                whole = len(cursor.selectedText()) >= text.document.characterCount() - 1
                selected.append((cursor, text.source if whole else ""))
        if len(selected) == 1:
            return plain_of(selected[0][0])
        return "\n\n".join(source or plain_of(cursor) for cursor, source in selected)


def plain_of(cursor: QTextCursor) -> str:
    """Return a cursor's selection as plain text."""
    text = cursor.selectedText()
    return (
        text.replace("\u2029", "\n")
        .replace("\u2028", "\n")
        .replace("\ufffc", "")
        .replace("\xa0", " ")
    )


def source_of(row: Row) -> str:
    """Return what copying a whole row gives."""
    if row.kind is None:
        return ""
    if row.kind is ItemKind.TOOL and row.tool is not None:
        head = f"{tool_label(row.tool.name)}: {tool_summary(row.tool)}"
        return f"{head}\n\n{row.tool.result}" if row.expanded and row.tool.result else head
    if row.kind is ItemKind.THINKING and not row.expanded:
        return ""
    return row.text or ""


def place_at(scene: Scene, row: int, point: QPointF) -> Place:
    """Return the place in a row's text that is nearest to `point`."""
    index = scene.text_near(point)
    if index is None:
        return Place(row, 0 if point.y() < scene.height / 2 else LAST, 0)
    text = scene.texts[index]
    local = point - text.rect.topLeft()
    if local.y() < 0:
        return Place(row, index, 0)
    if local.y() > text.rect.height():
        return Place(row, index, text.document.characterCount() - 1)
    hit = text.document.documentLayout().hitTest(local, Qt.HitTestAccuracy.FuzzyHit)
    return Place(row, index, max(0, hit))


def word_at(scene: Scene, place: Place) -> tuple[Place, Place] | None:
    """Return the word around a place."""
    if place.text >= len(scene.texts):
        return None
    cursor = QTextCursor(scene.texts[place.text].document)
    cursor.setPosition(place.offset)
    cursor.select(QTextCursor.SelectionType.WordUnderCursor)
    return (
        Place(place.row, place.text, cursor.selectionStart()),
        Place(place.row, place.text, cursor.selectionEnd()),
    )
