"""A tool call as a card: what, how it stands, its arguments and result, and the user's answer."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt

from aigc_desktop.config.i18n import tr
from aigc_desktop.core.transcript import ToolCall, ToolState
from aigc_desktop.gui.chat import documents
from aigc_desktop.gui.chat.row_view import (
    TEXT_BUTTON,
    Context,
    RowView,
    add_more_buttons,
    add_text_button,
    shown_part,
)
from aigc_desktop.gui.chat.rows import Row
from aigc_desktop.gui.chat.safe_text import one_line, terminal_text, visible
from aigc_desktop.gui.chat.scene import Button, Fill, Icon, Label, Scene, Text
from aigc_desktop.gui.chat.wording import (
    STATE_TOKENS,
    arguments_text,
    duration_text,
    state_text,
    tool_icon,
    tool_label,
    tool_summary,
)

HEAD = 40
PAD = 14
INNER = 12
RESULT_SHOWN = 8_000
"""Characters of a result that are shown at once."""

PREVIEW_SHOWN = 20_000
"""Characters of what is to be approved that are shown at once."""

LIVE_SHOWN = 2_000
LIVE_LINES = 12
"""How much of a running tool's output is shown, counted from its end."""


class ToolView(RowView):
    """The card of one call."""

    def __init__(self, row: Row, context: Context) -> None:
        super().__init__(row, context)
        self._documents: dict[str, tuple[str, documents.SafeDocument]] = {}

    @property
    def call(self) -> ToolCall:
        return self.row.tool or ToolCall("", "", {}, ToolState.NOT_RUN)

    def lay_out(self, scene: Scene) -> float:
        box = QRectF(0, 2, scene.width, HEAD)
        asking = self.row.approval is not None
        border = "warning" if asking else "border"
        fill = Fill(box, "surface", border, 10)
        scene.fills.append(fill)
        self._lay_out_head(scene, box)
        y = box.bottom()
        if asking:
            y = self._lay_out_question(scene, y)
        elif self.call.state is ToolState.RUNNING and not self.row.expanded:
            y = self._lay_out_live(scene, y)
        if self.row.expanded:
            y = self._lay_out_details(scene, y, question=asking)
        fill.rect.setBottom(y)
        return y + 10

    def copy(self, what: str) -> str:
        if what == "arguments":
            return arguments_text(self.call.input)
        return self.call.result

    def name(self) -> str:
        call = self.call
        return f"{tool_label(call.name)}: {tool_summary(call)}. {state_text(call.state)}"

    def _lay_out_head(self, scene: Scene, box: QRectF) -> None:
        style, call = self.context.style, self.call
        caption = tr("Hide details") if self.row.expanded else tr("Show details")
        scene.buttons.append(
            Button(QRectF(box), "toggle", f"{self.name()}. {caption}", look="area")
        )
        middle = box.center().y()
        scene.icons.append(Icon(PAD, middle - 8, tool_icon(call.name)))
        arrow = "chevron-down" if self.row.expanded else "chevron-right"
        scene.icons.append(Icon(box.right() - PAD - 14, middle - 8, arrow))
        state = state_text(call.state)
        if call.duration_ms is not None and call.state in (ToolState.DONE, ToolState.FAILED):
            state = f"{state} · {duration_text(call.duration_ms)}"
        right = box.right() - PAD - 22
        wide = style.width(state, style.small) + 2
        tint = STATE_TOKENS[call.state]
        place = QRectF(right - wide, box.top(), wide, box.height())
        scene.labels.append(Label(place, state, style.small, tint, Qt.AlignmentFlag.AlignRight))
        dot = QRectF(right - wide - 14, middle - 3.5, 7, 7)
        scene.fills.append(Fill(dot, tint, radius=3.5))
        label = tool_label(call.name)
        x: float = PAD + 26
        wide = style.width(label, style.strong) + 2
        scene.labels.append(
            Label(QRectF(x, box.top(), wide, box.height()), label, style.strong, "text")
        )
        x += wide + 10
        room = QRectF(x, box.top(), max(0.0, dot.left() - x - 12), box.height())
        scene.labels.append(
            Label(room, tool_summary(call), style.mono_small, elide=Qt.TextElideMode.ElideMiddle)
        )

    def _lay_out_question(self, scene: Scene, y: float) -> float:
        style, approval = self.context.style, self.row.approval
        if approval is None:
            return y
        preview = approval.preview or arguments_text(approval.input)
        shown = preview[: PREVIEW_SHOWN + self.row.shown]
        if approval.preview_kind == "diff":
            document = self._document("diff", shown)
        else:
            document = self._document("command", shown)
        y = self._lay_out_box(scene, document, preview, y)
        if len(shown) < len(preview):
            y = add_more_buttons(scene, style, y, len(shown), len(preview))
        if approval.covered:
            text = tr("A lasting answer covers: {what}", what=visible(approval.covered)[:200])
            room = QRectF(PAD, y, scene.width - 2 * PAD, TEXT_BUTTON)
            scene.labels.append(Label(room, one_line(text, 200), style.small))
            y += TEXT_BUTTON
        x = float(PAD)
        for action, label, look in (
            ("answer:once", tr("Allow once"), "primary"),
            ("answer:session", tr("Allow for this session"), "plain"),
            ("answer:scenario", tr("Allow in this scenario"), "plain"),
            ("answer:always", tr("Always allow"), "plain"),
            ("answer:deny", tr("Deny"), "plain"),
        ):
            if x > PAD and x + style.width(label, style.small_strong) + 24 > scene.width - PAD:
                x, y = float(PAD), y + TEXT_BUTTON + 6
            x = add_text_button(scene, style, x, y, action, label, look=look) + 8
        hint = tr("Enter: once · Esc: deny · Ctrl+J: here")
        wide = style.width(hint, style.small) + 2
        if x + 6 + wide > scene.width - PAD:
            x, y = PAD - 6.0, y + TEXT_BUTTON
        scene.labels.append(Label(QRectF(x + 6, y, wide, TEXT_BUTTON), hint, style.small))
        return y + TEXT_BUTTON + PAD

    def _lay_out_live(self, scene: Scene, y: float) -> float:
        lines = self.call.result[-LIVE_SHOWN:].splitlines()[-LIVE_LINES:]
        if not lines:
            return y
        return self._lay_out_box(scene, self._document("live", "\n".join(lines)), "", y)

    def _lay_out_details(self, scene: Scene, y: float, *, question: bool) -> float:
        style, call = self.context.style, self.call
        if call.input and not question:
            y = self._title(scene, y, tr("Arguments"), "copy:arguments")
            text = arguments_text(call.input)
            part = text[: RESULT_SHOWN + self.row.shown]
            y = self._lay_out_box(scene, self._document("arguments", part), text, y)
        if call.result:
            y = self._title(scene, y, tr("Result"), "copy:result")
            shown = shown_part(self.row, call.result, RESULT_SHOWN)
            y = self._lay_out_box(scene, self._document("result", shown), call.result, y)
            if len(shown) < len(call.result):
                y = add_more_buttons(scene, style, y, len(shown), len(call.result))
        if call.full_output:
            note = tr("The whole output is kept in {path}", path=call.full_output)
            room = QRectF(PAD, y, scene.width - 2 * PAD, 22)
            scene.labels.append(Label(room, note, style.small, elide=Qt.TextElideMode.ElideMiddle))
            y += 30
        return y

    def _title(self, scene: Scene, y: float, text: str, action: str) -> float:
        style = self.context.style
        scene.labels.append(Label(QRectF(PAD, y, 300, 28), text, style.small_strong))
        place = QRectF(scene.width - PAD - 26, y + 1, 26, 26)
        name = tr("Copy arguments") if action == "copy:arguments" else tr("Copy result")
        scene.buttons.append(
            Button(place, action, name, icon="copy", look="quiet", tint="text_muted")
        )
        return y + 30

    def _lay_out_box(
        self, scene: Scene, document: documents.SafeDocument, source: str, y: float
    ) -> float:
        diff = self._documents.get("diff", ("", None))[1]
        inner = scene.width - 2 * PAD - 2 * INNER
        if document.textWidth() != inner:
            document.setTextWidth(inner)
        leading = 0 if document is diff else self.context.style.code_leading
        height = document.size().height() - leading
        box = QRectF(PAD, y, scene.width - 2 * PAD, height + 2 * 10)
        scene.fills.append(Fill(box, "code_bg", "border", 8))
        place = QRectF(PAD + INNER, y + 10 - leading, inner, height + leading)
        scene.texts.append(Text(place, document, source))
        return box.bottom() + 12

    def _document(self, part: str, text: str) -> documents.SafeDocument:
        known = self._documents.get(part)
        if known is not None and known[0] == text:
            return known[1]
        style = self.context.style
        clean = terminal_text if part in ("live", "result") else visible
        if part == "diff":
            made = documents.diff(visible(text.rstrip("\n")), style)
        else:
            made = documents.plain(
                clean(text.rstrip("\n")), style.mono, line_height=style.code_line
            )
        self._documents[part] = (text, made)
        return made
