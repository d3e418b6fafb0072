"""How messages are drawn: the user's bubble, the assistant's text, folded thinking, notes."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt

from aigc_desktop.config.i18n import tr
from aigc_desktop.core.session import TurnStatus
from aigc_desktop.core.transcript import ItemKind
from aigc_desktop.gui.chat import documents
from aigc_desktop.gui.chat.body import MarkdownBody
from aigc_desktop.gui.chat.row_view import (
    TEXT_BUTTON,
    Context,
    RowView,
    add_more_buttons,
    add_text_button,
    shown_part,
)
from aigc_desktop.gui.chat.rows import Row
from aigc_desktop.gui.chat.safe_text import one_line, visible
from aigc_desktop.gui.chat.scenario_chip import chip_text, lay_out_chip
from aigc_desktop.gui.chat.scene import Button, Fill, Icon, Label, Scene, Text
from aigc_desktop.gui.chat.style import GAP
from aigc_desktop.gui.chat.wording import row_name, thinking_text

BUBBLE_PAD_X = 16
BUBBLE_PAD_Y = 10
BUBBLE_SHARE = 0.82
"""Part of the column that a user's message may take."""

USER_SHOWN = 12_000
"""Characters of a user's message that are shown at once."""

NAME_LENGTH = 2_000
"""Characters of a row that a screen reader is given as its name."""

HEAD = 28


class UserView(RowView):
    """The user's own message: literal text in a bubble at the right."""

    def __init__(self, row: Row, context: Context) -> None:
        super().__init__(row, context)
        self._document: documents.SafeDocument | None = None
        self._drawn = -1

    def changed(self) -> None:
        super().changed()
        self._drawn = -1

    def lay_out(self, scene: Scene) -> float:
        row, style = self.row, self.context.style
        text = row.text or ""
        shown = shown_part(row, text, USER_SHOWN)
        if self._document is None or self._drawn != len(shown):
            self._document = documents.plain(visible(shown), style.body, line_height=style.line)
            self._drawn = len(shown)
        document = self._document
        document.setTextWidth(scene.width * BUBBLE_SHARE - 2 * BUBBLE_PAD_X)
        width = min(document.idealWidth() + 1, document.textWidth())
        document.setTextWidth(width)
        height = document.size().height() - style.leading
        left = scene.width - width - 2 * BUBBLE_PAD_X
        top = 24
        bubble = QRectF(left, top, width + 2 * BUBBLE_PAD_X, height + 2 * BUBBLE_PAD_Y)
        scene.fills.append(Fill(bubble, "user_bubble", radius=16))
        place = QRectF(
            left + BUBBLE_PAD_X, top + BUBBLE_PAD_Y - style.leading, width, height + style.leading
        )
        scene.texts.append(Text(place, document, text))
        y = bubble.bottom() + 8
        if len(shown) < len(text):
            y = add_more_buttons(scene, style, y, len(shown), len(text))
        if row.state.turn.status is TurnStatus.QUEUED:
            y = self._lay_out_queued(scene, y)
        return lay_out_chip(scene, style, row.state, y + 10)

    def _lay_out_queued(self, scene: Scene, y: float) -> float:
        style = self.context.style
        scene.opacity = 0.72
        label = tr("Take back")
        width = style.width(label, style.small) + 24
        add_text_button(scene, style, scene.width - width, y, "unqueue", label, look="quiet")
        scene.buttons[-1].tint = "text_muted"
        rect = QRectF(0, y, scene.width - width - 8, TEXT_BUTTON)
        scene.labels.append(
            Label(rect, tr("Queued"), style.small, align=Qt.AlignmentFlag.AlignRight)
        )
        return y + TEXT_BUTTON

    def name(self) -> str:
        name = row_name(ItemKind.USER, (self.row.text or "")[:NAME_LENGTH])
        if self.row.state.turn.status is TurnStatus.QUEUED:
            return f"{name} ({tr('Queued')})"
        chosen = chip_text(self.row.state.turn.match)
        return f"{name} ({tr('Scenario: {name}', name=chosen)})" if chosen else name


class TextView(RowView):
    """The assistant's Markdown over the full column."""

    def __init__(self, row: Row, context: Context) -> None:
        super().__init__(row, context)
        self._body: MarkdownBody | None = None

    def changed(self) -> None:
        super().changed()
        if self._body is not None and not self.row.streaming:
            self._body.finish(shown_part(self.row, self.row.text or ""))

    def flushed(self, arrived: str) -> None:
        super().changed()
        if self._body is not None:
            self._body.feed(arrived)

    def lay_out(self, scene: Scene) -> float:
        text = self.row.text or ""
        y = self._ensure_body().lay_out(scene, 0, 6, scene.width)
        shown = len(shown_part(self.row, text))
        if shown < len(text) and not self.row.streaming:
            y = add_more_buttons(scene, self.context.style, y + 8, shown, len(text))
        return y + GAP if text else 0

    def copy(self, what: str) -> str:
        if what == "all":
            return self.row.text or ""
        return self._ensure_body().code(int(what))

    def waits_for(self, image: str) -> bool:
        return self._body is not None and self._body.waits_for(image)

    def name(self) -> str:
        return row_name(self.row.kind, (self.row.text or "")[:NAME_LENGTH])

    def _ensure_body(self) -> MarkdownBody:
        if self._body is None:
            self._body = MarkdownBody(self)
            if self.row.streaming:
                self._body.begin(self.row.text or "")
            else:
                self._body.set_text(shown_part(self.row, self.row.text or ""))
        return self._body


class ThinkingView(RowView):
    """Thinking: one line, unfolded on request."""

    def __init__(self, row: Row, context: Context) -> None:
        super().__init__(row, context)
        self._body: MarkdownBody | None = None

    def changed(self) -> None:
        super().changed()
        self._body = None

    def flushed(self, arrived: str) -> None:
        super().changed()
        if self._body is not None:
            self._body.feed(arrived)

    def lay_out(self, scene: Scene) -> float:
        row, style = self.row, self.context.style
        title = thinking_text(row.duration_ms, row.streaming)
        width = style.width(title, style.small) + 60
        action = tr("Hide thoughts") if row.expanded else tr("Show thoughts")
        button = Button(QRectF(-6, 0, width, HEAD), "toggle", f"{title}. {action}", look="quiet")
        scene.buttons.append(button)
        scene.icons.append(Icon(0, 6, "thinking"))
        scene.labels.append(Label(QRectF(24, 0, width, HEAD), title, style.small))
        arrow = "chevron-down" if row.expanded else "chevron-right"
        scene.icons.append(Icon(width - 30, 6, arrow))
        if not row.expanded:
            return HEAD + 6
        if self._body is None:
            self._body = MarkdownBody(self, muted=True)
            if row.streaming:
                self._body.begin(row.text or "")
            else:
                self._body.set_text(shown_part(row, row.text or ""))
        bottom = self._body.lay_out(scene, 24, HEAD + 6, scene.width - 24)
        scene.fills.append(Fill(QRectF(7, HEAD + 6, 2, bottom - HEAD - 6), "border"))
        return bottom + GAP

    def copy(self, what: str) -> str:
        if self._body is None or what == "all":
            return self.row.text or ""
        return self._body.code(int(what))

    def name(self) -> str:
        title = thinking_text(self.row.duration_ms, self.row.streaming)
        return f"{title}: {(self.row.text or '')[:NAME_LENGTH]}" if self.row.expanded else title


class NoteView(RowView):
    """A line that the program wrote into the conversation."""

    def lay_out(self, scene: Scene) -> float:
        style = self.context.style
        text = one_line(self.row.text or "", 300)
        scene.labels.append(
            Label(
                QRectF(0, 2, scene.width, 24),
                text,
                style.small,
                align=Qt.AlignmentFlag.AlignHCenter,
            )
        )
        return 34

    def name(self) -> str:
        return row_name(ItemKind.NOTE, (self.row.text or "")[:NAME_LENGTH])


class LoadingView(RowView):
    """A row whose text is on its way: quiet bars where it will be."""

    def lay_out(self, scene: Scene) -> float:
        height = estimate(self.row, scene.width)
        y, shares = 6.0, (1.0, 0.92, 0.6)
        while y + 14 < height and y < 600:
            share = shares[int(y / 26) % len(shares)]
            scene.fills.append(Fill(QRectF(0, y, scene.width * share, 12), "surface", radius=4))
            y += 26
        return height

    def name(self) -> str:
        return tr("Loading…")


def estimate(row: Row, width: float) -> int:
    """Return about how high a row will be in a column of `width` pixels."""
    if row.kind is None:
        return 44
    if row.kind is ItemKind.TOOL:
        return 52
    if row.kind in (ItemKind.THINKING, ItemKind.NOTE):
        return 34
    user = row.kind is ItemKind.USER
    per_line = max(20, int(width * (BUBBLE_SHARE if user else 1) / 8))
    lines = min(row.length, USER_SHOWN if user else 60_000) // per_line + 1
    return lines * 24 + (60 if user else 20)
