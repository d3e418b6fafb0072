"""Finding words in the open session: counted in the texts, marked in what is drawn."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from PySide6.QtGui import QTextCursor, QTextDocument

from aigc_desktop.core.transcript import ItemKind
from aigc_desktop.gui.chat.rows import Row
from aigc_desktop.gui.chat.wording import tool_label, tool_summary

_MARKS = re.compile(r"\*\*|__|~~|`|\]\([^)\s]*\)|\[")
"""Markdown that is not seen, and so is not searched."""

MAX_IN_DOCUMENT = 2_000
"""Matches of one document that are marked."""


@dataclass(frozen=True, slots=True)
class Match:
    """The `number`-th match (from 0) in a row."""

    row: Row
    number: int


class Finder:
    """What is searched for, and where it was found."""

    def __init__(self) -> None:
        self.needle = ""
        self.matches: list[Match] = []
        self.current = -1

    def search(self, needle: str, rows: list[Row]) -> int:
        """Find `needle` in all rows, ignoring case; return how often it is there."""
        self.needle = needle
        self.current = -1
        low = needle.lower()
        self.matches = [
            Match(row, number)
            for row in (rows if low else [])
            for number in range(_count(row, low))
        ]
        return len(self.matches)

    def step(self, forward: bool) -> Match | None:
        """Go to the next or previous match, around the ends."""
        if not self.matches:
            return None
        if self.current < 0 and not forward:
            self.current = 0
        self.current = (self.current + (1 if forward else -1)) % len(self.matches)
        return self.matches[self.current]

    def start_before(self, index: dict[tuple[int, int], int], first_row: int) -> None:
        """Make the next step find the first match from row `first_row` on."""
        for number, match in enumerate(self.matches):
            if index.get(match.row.key, -1) >= first_row:
                self.current = number - 1
                return
        self.current = -1


def occurrences(document: QTextDocument, needle: str) -> Iterator[QTextCursor]:
    """Yield a cursor on each place where `needle` is in the document."""
    cursor = QTextCursor(document)
    for _ in range(MAX_IN_DOCUMENT):
        cursor = document.find(needle, cursor)
        if cursor.isNull():
            return
        yield QTextCursor(cursor)


def _count(row: Row, low: str) -> int:
    if row.kind is None or row.text is None:
        return 0
    if row.kind is ItemKind.TOOL and row.tool is not None:
        return row.tool.result.lower().count(low) + (
            f"{tool_label(row.tool.name)} {tool_summary(row.tool)}".lower().count(low)
        )
    text = row.text.lower()
    found = text.count(low)
    if row.kind is not ItemKind.USER and ("](" in text if found else " " in low):
        return _MARKS.sub("", text).count(low)
    return found
