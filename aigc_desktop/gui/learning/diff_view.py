"""A diff of prose: whole lines tinted, and what changed within a line marked."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtGui import QFont, QTextBlock, QTextBlockFormat, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QTextEdit, QWidget

from aigc_desktop.gui import theme
from aigc_desktop.gui.chat.safe_text import visible
from aigc_desktop.gui.learning.differences import changed_part

MAX_LINES = 2000
MARGIN = 12
LINE = 125
"""Height of a line, in per cent of the font's own."""

SIGN = 2
"""Characters before a line's own text: what became of it, and a space."""

POINTS = 10.5


class DiffView(QTextEdit):
    """Shows a unified diff; its headings are left out."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setReadOnly(True)
        self.setAccessibleName(name)
        self.setFont(theme.font(POINTS))
        self.document().setDocumentMargin(MARGIN)
        self._shown = ""
        theme.changed.connect(self._paint)

    def show_diff(self, text: str) -> None:
        """Show it, from the top."""
        lines = visible(text).split("\n")
        shown = ("⋯" if line.startswith("@@") else f"{line[:1]} {line[1:]}" for line in lines)
        self._shown = "\n".join(shown)
        if self._shown.startswith("⋯\n"):
            self._shown = self._shown[2:]
        self._paint()

    @Slot()
    def _paint(self) -> None:
        self.setPlainText(self._shown)
        cursor = QTextCursor(self.document())
        cursor.beginEditBlock()
        self._space(cursor)
        block, removed = self.document().firstBlock(), list[QTextBlock]()
        for _ in range(MAX_LINES):
            if not block.isValid():
                break
            removed = self._mark(cursor, block, removed)
            block = block.next()
        cursor.endEditBlock()

    def _mark(
        self, cursor: QTextCursor, block: QTextBlock, removed: list[QTextBlock]
    ) -> list[QTextBlock]:
        sign = block.text()[:1]
        if sign == "-":
            self._tint(cursor, block, "diff_del")
            return [*removed, block]
        if sign == "+":
            self._tint(cursor, block, "diff_add")
            if removed:
                self._mark_within(cursor, removed[0], block)
            return removed[1:]
        if sign == "⋯":
            self._mute(cursor, block)
        return []

    def fit(self, most: int) -> None:
        """Be as high as the text needs, `most` pixels at most."""
        self.document().setTextWidth(self.viewport().width())
        height = round(self.document().size().height()) + 2 * self.frameWidth()
        self.setFixedHeight(min(height, most))

    def _space(self, cursor: QTextCursor) -> None:
        look = QTextBlockFormat()
        look.setLineHeight(LINE, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
        cursor.select(QTextCursor.SelectionType.Document)
        cursor.mergeBlockFormat(look)

    def _tint(self, cursor: QTextCursor, block: QTextBlock, token: str) -> None:
        look = QTextBlockFormat()
        look.setBackground(theme.color(token))
        cursor.setPosition(block.position())
        cursor.mergeBlockFormat(look)

    def _mute(self, cursor: QTextCursor, block: QTextBlock) -> None:
        look = QTextCharFormat()
        look.setForeground(theme.color("text_muted"))
        _select(cursor, block, slice(0, len(block.text())))
        cursor.mergeCharFormat(look)

    def _mark_within(self, cursor: QTextCursor, before: QTextBlock, after: QTextBlock) -> None:
        parts = changed_part(before.text()[SIGN:], after.text()[SIGN:])
        for block, part, token in ((before, parts[0], "danger"), (after, parts[1], "success")):
            if part.stop - part.start < len(block.text()) - SIGN:
                look = QTextCharFormat()
                look.setForeground(theme.color(token))
                look.setFontWeight(QFont.Weight.DemiBold)
                _select(cursor, block, slice(part.start + SIGN, part.stop + SIGN))
                cursor.mergeCharFormat(look)


def _select(cursor: QTextCursor, block: QTextBlock, part: slice) -> None:
    """Select a part of a block; places count UTF-16 units in Qt and characters in Python."""
    text = block.text()
    start, end = (len(text[:at].encode("utf-16-le")) // 2 for at in (part.start, part.stop))
    cursor.setPosition(block.position() + start)
    cursor.setPosition(block.position() + end, QTextCursor.MoveMode.KeepAnchor)
