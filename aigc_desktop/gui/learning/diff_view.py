"""A diff of prose: whole lines tinted, and what changed within a line marked."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Slot
from PySide6.QtGui import (
    QFont,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QTextBlock,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
)
from PySide6.QtWidgets import QTextEdit, QWidget

from aigc_desktop.gui import theme
from aigc_desktop.gui.chat.safe_text import visible
from aigc_desktop.gui.learning.differences import changed_part

MAX_LINES = 2000
MARGIN = 12
GAP = 6
"""Pixels between two lines of the text; the tint of each takes half of them."""

SIGN = 2
"""Characters before a line's own text: what became of it, and a tab."""

SIGN_WIDTH = 16
"""Pixels that they take; the text, wrapped too, begins there in each line."""

POINTS = 10.5

_ADDED = 1
_REMOVED = 2


class DiffView(QTextEdit):
    """Shows a unified diff; its headings are left out."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setReadOnly(True)
        self.setAccessibleName(name)
        self.setFont(theme.font(POINTS))
        self.document().setDocumentMargin(MARGIN)
        self.setTabStopDistance(SIGN_WIDTH)
        self._shown = ""
        self._most: int | None = None
        theme.changed.connect(self._paint)

    def show_diff(self, text: str) -> None:
        """Show it, from the top."""
        lines = visible(text).split("\n")
        shown = ("⋯" if line.startswith("@@") else f"{line[:1]}\t{line[1:]}" for line in lines)
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
            block.setUserState(_REMOVED)
            return [*removed, block]
        if sign == "+":
            block.setUserState(_ADDED)
            if removed:
                self._mark_within(cursor, removed[0], block)
            return removed[1:]
        if sign == "⋯":
            self._mute(cursor, block)
        return []

    def fit(self, most: int) -> None:
        """Be as high as the text needs, also when the width changes; `most` pixels at most."""
        self._most = most
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Tint whole lines from edge to edge; a block's own background leaves gaps."""
        tints = {_ADDED: theme.color("diff_add"), _REMOVED: theme.color("diff_del")}
        painter, view = QPainter(self.viewport()), self.viewport().rect()
        down = self.verticalScrollBar().value()
        layout, block = self.document().documentLayout(), self.document().firstBlock()
        while block.isValid():
            place = layout.blockBoundingRect(block).translated(0, -down)
            place.adjust(0, -GAP / 2, 0, GAP / 2)
            if place.top() > view.bottom():
                break
            if block.userState() in tints and place.bottom() >= 0:
                line = QRectF(0, place.top(), view.width(), place.height())
                painter.fillRect(line, tints[block.userState()])
            block = block.next()
        painter.end()
        super().paintEvent(event)

    def _fit(self) -> None:
        if self._most is None:
            return
        edges = max(0, self.height() - self.viewport().height())
        height = round(self.document().size().height() + 0.5) + max(edges, 2 * self.frameWidth())
        self.setFixedHeight(min(height, self._most))

    def _space(self, cursor: QTextCursor) -> None:
        look = QTextBlockFormat()
        look.setTopMargin(GAP)
        look.setBottomMargin(GAP)
        look.setLeftMargin(SIGN_WIDTH)
        look.setTextIndent(-SIGN_WIDTH)
        cursor.select(QTextCursor.SelectionType.Document)
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
