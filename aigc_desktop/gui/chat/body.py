"""A Markdown text drawn block by block; a growing one re-reads only its last block."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape

from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QTextCursor, QTextOption

from aigc_desktop.config.i18n import tr
from aigc_desktop.gui.chat import documents, highlight, markdown
from aigc_desktop.gui.chat.blocks import (
    MAX_BLOCK,
    BlockKind,
    SourceBlock,
    Splitter,
    references,
    split,
)
from aigc_desktop.gui.chat.row_view import Context, RowView
from aigc_desktop.gui.chat.safe_text import one_line, visible
from aigc_desktop.gui.chat.scene import Button, Fill, Label, Scene, Text
from aigc_desktop.gui.chat.style import GAP

CODE_HEAD = 34
CODE_PAD = 14
HEADING_GAP = 20
TIGHT_GAP = 10
COLOUR_SLICE = 0.003
"""Seconds of syntax colouring that are done at once; the rest waits for a quiet moment."""

MAX_GROWING_CODE = 3 * MAX_BLOCK
"""Characters of a code block up to which all of it is drawn while the text grows."""

GROWING_SHOWN = MAX_BLOCK // 2
"""Last characters that are drawn of a block that is longer than that, while the text grows."""


@dataclass(slots=True)
class _Piece:
    block: SourceBlock
    document: documents.SafeDocument
    images: set[str] = field(default_factory=set)
    coloured_lines: int = 0


class MarkdownBody:
    """The pieces of one text."""

    def __init__(self, owner: RowView, *, muted: bool = False) -> None:
        self._owner = owner
        self._muted = muted
        self._pieces: list[_Piece] = []
        self._tail: _Piece | None = None
        self._splitter: Splitter | None = None
        self._definitions = ""
        self._fed = 0

    @property
    def _context(self) -> Context:
        return self._owner.context

    def set_text(self, text: str) -> None:
        """Show a whole text."""
        self._splitter = self._tail = None
        self._definitions = references(text)
        self._pieces = [self._piece(block) for block in split(text)]

    def begin(self, text: str) -> None:
        """Show a text that still grows."""
        self._splitter, self._pieces, self._tail, self._fed = Splitter(), [], None, 0
        self.feed(text)

    def feed(self, arrived: str) -> None:
        """Add to a growing text."""
        if self._splitter is None:
            return
        self._fed += len(arrived)
        self._splitter.feed(arrived)
        for block in self._splitter.done[len(self._pieces) :]:
            self._pieces.append(self._grown(block, whole=True))
            self._tail = None
        tail = self._splitter.tail()
        self._tail = None if tail is None else self._grown(tail, whole=False)

    def finish(self, text: str) -> None:
        """The text is whole: keep what is drawn if it is the same."""
        if self._splitter is None:
            self.set_text(text)
            return
        self.feed(text[self._fed :])
        blocks, self._splitter = self._splitter.finish(), None
        definitions = references(text)
        if definitions or blocks != split(text):
            self.set_text(text)
            return
        for block in blocks[len(self._pieces) :]:
            self._pieces.append(self._grown(block, whole=True))
        self._tail = None

    def waits_for(self, image: str) -> bool:
        """Return whether the picture is in the text; it is drawn anew then."""
        found = [piece for piece in self._pieces if image in piece.images]
        for piece in found:
            self._pieces[self._pieces.index(piece)] = self._piece(piece.block)
        return bool(found)

    def code(self, index: int) -> str:
        """Return the code of block `index`, as it was written."""
        return self._all()[index].block.text

    def lay_out(self, scene: Scene, x: float, y: float, width: float) -> float:
        """Add the pieces to `scene` from (x, y) on; return where they end."""
        before: _Piece | None = None
        for index, piece in enumerate(self._all()):
            if before is not None:
                y += _gap(before, piece)
            if piece.block.kind is BlockKind.CODE:
                y = self._lay_out_code(scene, piece, index, QRectF(x, y, width, 0))
            else:
                y = self._lay_out_text(scene, piece, QRectF(x, y, width, 0))
            before = piece
        return y

    def _all(self) -> list[_Piece]:
        return self._pieces if self._tail is None else [*self._pieces, self._tail]

    def _lay_out_text(self, scene: Scene, piece: _Piece, rect: QRectF) -> float:
        document = piece.document
        if document.textWidth() != rect.width():
            document.setTextWidth(rect.width())
            if document.size().width() > rect.width() + 1:
                option = QTextOption()
                option.setWrapMode(QTextOption.WrapMode.WrapAnywhere)
                document.setDefaultTextOption(option)
        leading = self._context.style.leading if _begins_with_line(piece) else 0
        rect = QRectF(rect.x(), rect.y() - leading, rect.width(), document.size().height())
        token = "text_muted" if self._muted else "text"
        scene.texts.append(Text(rect, document, piece.block.source, token))
        return rect.bottom()

    def _lay_out_code(self, scene: Scene, piece: _Piece, index: int, box: QRectF) -> float:
        style = self._context.style
        document = piece.document
        inner = box.width() - 2 * CODE_PAD
        if document.textWidth() != inner:
            document.setTextWidth(inner)
        leading = style.code_leading
        height = document.size().height() - leading
        box.setHeight(CODE_HEAD + height + CODE_PAD)
        scene.fills.append(Fill(QRectF(box), "code_bg", "border", 10))
        head = QRectF(box.x() + CODE_PAD, box.y() + 2, inner - 100, CODE_HEAD - 2)
        label = one_line(piece.block.language, 40) or tr("Code")
        scene.labels.append(Label(head, label, style.small))
        caption = tr("Copy")
        wide = style.width(caption, style.small) + 38
        place = QRectF(box.right() - wide - 6, box.y() + 5, wide, 26)
        scene.buttons.append(
            Button(place, f"copy:{index}", tr("Copy code"), caption, "copy", "quiet", "text_muted")
        )
        top = box.y() + CODE_HEAD - leading
        text = QRectF(box.x() + CODE_PAD, top, inner, height + leading)
        scene.texts.append(Text(text, document, piece.block.source))
        return box.bottom()

    def _grown(self, block: SourceBlock, *, whole: bool) -> _Piece:
        """Return the piece of a block whose beginning may be drawn already."""
        tail = self._tail
        if (
            tail is None
            or block.kind is not BlockKind.CODE
            or tail.block.kind is not BlockKind.CODE
            or not block.text.startswith(tail.block.text)
            or self._is_cut(block)
        ):
            return self._piece(block, whole=whole)
        cursor = QTextCursor(tail.document)
        cursor.movePosition(QTextCursor.MoveOperation.End)
        cursor.insertText(visible(block.text[len(tail.block.text) :]))
        tail.block = block
        self._colour(tail, whole=whole)
        return tail

    def _piece(self, block: SourceBlock, *, whole: bool = True) -> _Piece:
        style = self._context.style
        if self._is_cut(block):
            is_code = block.kind is BlockKind.CODE
            font, line = (style.mono, style.code_line) if is_code else (style.body, style.line)
            end = visible(f"…{block.text[-GROWING_SHOWN:]}")
            return _Piece(block, documents.plain(end, font, line_height=line))
        if block.kind is BlockKind.CODE:
            code = documents.plain(visible(block.text), style.mono, line_height=style.code_line)
            piece = _Piece(block, code)
            self._colour(piece, whole=whole)
            return piece
        text = visible(block.text)
        if block.kind is BlockKind.PLAIN:
            return _Piece(block, documents.plain(text, style.body, line_height=style.line))
        pictures = _Pictures(self._context)
        html = markdown.to_html(text, visible(self._definitions), pictures.html)
        document = documents.prose(html, style, muted=self._muted, images=pictures.ready)
        return _Piece(block, document, pictures.seen)

    def _is_cut(self, block: SourceBlock) -> bool:
        """Whether only the end of `block` is drawn: laying it all out again and again would freeze.

        A text that is whole comes here in parts that can be shown.
        """
        most = MAX_GROWING_CODE if block.kind is BlockKind.CODE else MAX_BLOCK
        return self._splitter is not None and len(block.text) > most

    def _colour(self, piece: _Piece, *, whole: bool) -> None:
        """Colour the whole code, or, while it grows, the lines that are new and complete."""
        language = piece.block.language
        if not language or not highlight.is_known(language):
            return
        if whole:
            colourer = documents.Colourer(piece.document, language)
            if colourer.step(COLOUR_SLICE):
                self._context.later(self._owner, colourer.step)
            return
        lines = visible(piece.block.text).split("\n")
        new = lines[piece.coloured_lines : -1]
        if new:
            text = "\n".join(new)
            documents.Colourer(piece.document, language, piece.coloured_lines, text).step(0.01)
            piece.coloured_lines += len(new)


class _Pictures:
    """Turns the images of one piece into HTML."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self.ready: dict[str, QImage] = {}
        self.seen: set[str] = set()

    def html(self, source: str, alt: str) -> str:
        image = self._context.images.get(source)
        if image is False:
            self.seen.add(source)
            return f'<span class="muted">{escape(tr("Loading picture…"))}</span>'
        if not isinstance(image, QImage):
            text = tr("[Picture not shown: {name}]", name=one_line(alt or source, 80))
            return f'<span class="muted">{escape(text)}</span>'
        self.seen.add(source)
        name = f"picture:{len(self.ready)}"
        self.ready[name] = image
        width = min(image.width(), 720)
        height = max(1, round(image.height() * width / image.width()))
        return f'<img src="{name}" width="{width}" height="{height}">'


def _begins_with_line(piece: _Piece) -> bool:
    """Return whether the first thing is a line of prose, no heading, table or quote."""
    return piece.block.kind is BlockKind.PLAIN or not piece.block.text.lstrip().startswith(
        ("#", "|", ">")
    )


def _gap(before: _Piece, piece: _Piece) -> float:
    if piece.block.tight:
        return TIGHT_GAP
    if piece.block.kind is BlockKind.PROSE and piece.block.text.startswith("#"):
        return HEADING_GAP
    if before.block.kind is BlockKind.PROSE and before.block.text.startswith("#"):
        return GAP - 4
    return GAP
