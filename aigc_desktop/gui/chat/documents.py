"""QTextDocuments for prose, code and plain text, made so that they load nothing by themselves."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any

from PySide6.QtCore import QUrl
from PySide6.QtGui import (
    QColor,
    QFont,
    QImage,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextLayout,
    QTextOption,
)

from aigc_desktop.gui.chat import highlight
from aigc_desktop.gui.chat.style import ChatStyle

INDENT = 28
"""Pixels by which each level of a list is set in."""

MAX_DIFF_LINES = 2_000
"""Lines of a diff that get their own background."""


class SafeDocument(QTextDocument):
    """A document that never reads a file or an address: it knows only what was added to it."""

    def __init__(self, font: QFont, images: Mapping[str, QImage] | None = None) -> None:
        super().__init__()
        self._images = images or {}
        self.setUndoRedoEnabled(False)
        self.setDocumentMargin(0)
        self.setDefaultFont(font)
        self.setIndentWidth(INDENT)

    def loadResource(self, kind: int, name: QUrl | str) -> Any:
        return self._images.get(name.toString() if isinstance(name, QUrl) else name)


def prose(
    html: str,
    style: ChatStyle,
    *,
    muted: bool = False,
    images: Mapping[str, QImage] | None = None,
) -> SafeDocument:
    """Return a document of our own HTML (see `markdown.to_html`) and the pictures in it."""
    document = SafeDocument(style.body, images)
    document.setDefaultStyleSheet(style.css_muted if muted else style.css)
    document.setHtml(f"<body>{html}</body>")
    _trim(document)
    return document


def plain(text: str, font: QFont, *, line_height: int = 0) -> SafeDocument:
    """Return a document of literal text that breaks lines wherever it must.

    `line_height` is the least height of a line in pixels.
    """
    document = SafeDocument(font)
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    document.setDefaultTextOption(option)
    document.setPlainText(text)
    if line_height:
        cursor = QTextCursor(document)
        cursor.select(QTextCursor.SelectionType.Document)
        block = QTextBlockFormat()
        block.setLineHeight(line_height, QTextBlockFormat.LineHeightTypes.MinimumHeight.value)
        cursor.mergeBlockFormat(block)
    return document


def diff(text: str, style: ChatStyle) -> SafeDocument:
    """Return a document of a unified diff with added and removed lines coloured."""
    document = plain(text, style.mono)
    cursor = QTextCursor(document)
    cursor.beginEditBlock()
    block = document.begin()
    for _ in range(MAX_DIFF_LINES):
        if not block.isValid():
            break
        look = _diff_look(block.text(), style)
        if look is not None:
            cursor.setPosition(block.position())
            cursor.mergeBlockFormat(look)
        block = block.next()
    cursor.endEditBlock()
    return document


class Colourer:
    """Gives a code document its syntax colours, a few milliseconds at a time."""

    def __init__(
        self, document: QTextDocument, language: str, first_line: int = 0, text: str | None = None
    ) -> None:
        self._document = document
        code = document.toPlainText() if text is None else text
        self._tokens: Iterator[tuple[str, str]] = highlight.tokens(code, language)
        self._block = document.findBlockByNumber(first_line)
        self._column = 0
        self._ranges: list[QTextLayout.FormatRange] = []

    def step(self, budget: float) -> bool:
        """Work for about `budget` seconds; return whether there is more to do."""
        until = time.perf_counter() + budget
        cursor = QTextCursor(self._document)
        cursor.beginEditBlock()
        try:
            for count, (text, color) in enumerate(self._tokens):
                self._colour(text, color)
                if count % 32 == 31 and time.perf_counter() > until:
                    return True
            self._flush()
        finally:
            cursor.endEditBlock()
        return False

    def _colour(self, text: str, color: str) -> None:
        first, *others = text.split("\n")
        self._mark(first, color)
        for line in others:
            self._flush()
            self._block = self._block.next()
            self._column = 0
            self._mark(line, color)

    def _mark(self, text: str, color: str) -> None:
        length = len(text.encode("utf-16-le")) // 2 if not text.isascii() else len(text)
        if color and length and not text.isspace():
            found = QTextLayout.FormatRange()
            found.start = self._column
            found.length = length
            found.format = _colour_format(color)
            self._ranges.append(found)
        self._column += length

    def _flush(self) -> None:
        if self._ranges and self._block.isValid():
            self._block.layout().setFormats(self._ranges)
        self._ranges = []


_formats: dict[str, QTextCharFormat] = {}


def _colour_format(color: str) -> QTextCharFormat:
    if color not in _formats:
        made = QTextCharFormat()
        made.setForeground(QColor(color))
        _formats[color] = made
    return _formats[color]


def _diff_look(line: str, style: ChatStyle) -> QTextBlockFormat | None:
    if line.startswith(("+++", "---")):
        return None
    token = {"+": "diff_add", "-": "diff_del"}.get(line[:1])
    if token is None:
        return None
    look = QTextBlockFormat()
    look.setBackground(style.color(token))
    return look


def ends_with_table(document: QTextDocument) -> bool:
    """Return whether a table or a quote is the last thing in the document."""
    return document.blockCount() > 1 and document.lastBlock().length() == 1


def _trim(document: QTextDocument) -> None:
    """Take the room above the first and below the last block: the layout outside gives it.

    The empty line that Qt puts below a table is made as good as invisible.
    """
    cursor = QTextCursor(document)
    first = document.firstBlock().blockFormat()
    if first.topMargin():
        first.setTopMargin(0)
        cursor.setBlockFormat(first)
    cursor.movePosition(QTextCursor.MoveOperation.End)
    last = cursor.blockFormat()
    last.setBottomMargin(0)
    if ends_with_table(document):
        last.setLineHeight(1, QTextBlockFormat.LineHeightTypes.FixedHeight.value)
    cursor.setBlockFormat(last)
