"""The end of a turn: how it went, what it cost, its branches, and what can be done with it."""

from __future__ import annotations

import math
import time

from PySide6.QtCore import QRectF, Qt

from aigc_desktop.config.i18n import tr
from aigc_desktop.config.messages import describe
from aigc_desktop.core.session import Effects, TurnStatus
from aigc_desktop.gui.chat import documents
from aigc_desktop.gui.chat.feedback_buttons import add_corrected_mark, add_feedback_buttons
from aigc_desktop.gui.chat.row_view import TEXT_BUTTON, RowView, add_text_button
from aigc_desktop.gui.chat.safe_text import visible
from aigc_desktop.gui.chat.scene import Button, Fill, Icon, Label, Scene, Text
from aigc_desktop.gui.chat.wording import effects_text, ending, usage_text

BAR = 28
PAD = 14
LEAST_SPENT = 60
"""Pixels below which there is no sense in saying what a turn has used."""

PULSE = ("●  ·  ·", "·  ●  ·", "·  ·  ●")


class FooterView(RowView):
    """The last row of a turn."""

    def lay_out(self, scene: Scene) -> float:
        turn = self.row.state.turn
        if turn.status is TurnStatus.QUEUED:
            return 0
        if turn.status is TurnStatus.RUNNING:
            return self._lay_out_running(scene)
        y = self._lay_out_ending(scene, 0)
        if turn.permission_mode == "plan" and turn.status is TurnStatus.DONE:
            label = tr("Carry out this plan")
            add_text_button(scene, self.context.style, 0, y + 2, "plan", label, look="primary")
            y += TEXT_BUTTON + 12
        return self._lay_out_bar(scene, y) + 14

    def name(self) -> str:
        state = self.row.state
        if state.turn.status is TurnStatus.RUNNING:
            return self._running_text()
        end = ending(state.turn)
        parts = [end[1], end[2]] if end else []
        return ". ".join(part for part in [*parts, usage_text(state.turn)] if part)

    def _running_text(self) -> str:
        state = self.row.state
        if state.retry is None:
            return tr("Working…")
        title, _ = describe(state.retry.code, state.retry.params)
        seconds = max(0, math.ceil(state.retry_at - time.monotonic()))
        return tr(
            "{problem} Trying again in {seconds} s ({attempt} of {total})",
            problem=visible(title),
            seconds=seconds,
            attempt=state.retry.attempt,
            total=state.retry.max_attempts,
        )

    def _lay_out_running(self, scene: Scene) -> float:
        style, state = self.context.style, self.row.state
        retry = state.retry is not None
        text = self._running_text()
        if retry:
            scene.icons.append(Icon(0, 6, "clock", "warning"))
            place = QRectF(24, 0, scene.width - 24, BAR)
            scene.labels.append(Label(place, text, style.small, "warning"))
        else:
            pulse = PULSE[int(time.monotonic() * 2) % len(PULSE)]
            scene.labels.append(Label(QRectF(0, 0, 44, BAR), pulse, style.small, "accent"))
            scene.labels.append(Label(QRectF(48, 0, 300, BAR), text, style.small))
        spent = usage_text(state.turn) if state.turn.usage.total else ""
        if spent and not retry:
            scene.labels.append(
                Label(
                    QRectF(0, 0, scene.width, BAR),
                    spent,
                    style.small,
                    align=Qt.AlignmentFlag.AlignRight,
                )
            )
        return BAR + 16

    def _lay_out_ending(self, scene: Scene, y: float) -> float:
        style, turn = self.context.style, self.row.state.turn
        end = ending(turn)
        if end is None:
            return y
        tint, title, remedy = end
        label = tr("Try again") if turn.status in _AGAIN else tr("Continue")
        wide = style.width(label, style.small) + 46
        quiet = tint == "text_muted"
        left = 0 if quiet else PAD + 26
        room = scene.width - wide - PAD - left - 12
        text = f"{title}\n{remedy}" if remedy else title
        document = documents.plain(text, style.small, line_height=style.small_line)
        document.setTextWidth(room)
        height = max(document.size().height(), TEXT_BUTTON)
        box = QRectF(0, y + 2, scene.width, height + 2 * 10)
        if not quiet:
            scene.fills.append(Fill(box, f"{tint}_soft", tint, 10))
            scene.icons.append(
                Icon(PAD, box.top() + 12, "error" if tint == "danger" else "warning", tint)
            )
        offset = max(0.0, (height - document.size().height()) / 2)
        place = QRectF(left, box.top() + 10 + offset, room, document.size().height())
        scene.texts.append(Text(place, document, text, "text_muted" if quiet else "text"))
        add_text_button(
            scene,
            style,
            box.right() - wide - (0 if quiet else PAD),
            box.center().y() - TEXT_BUTTON / 2,
            "resume",
            label,
            icon="refresh",
        )
        return box.bottom() + 6

    def _lay_out_bar(self, scene: Scene, y: float) -> float:
        style, turn = self.context.style, self.row.state.turn
        x = -6.0
        if len(turn.siblings) > 1 and turn.id in turn.siblings:
            x = self._lay_out_branches(scene, x, y) + 6
        x = _add_icon(scene, x, y, "copy:turn", tr("Copy the answer"), "copy")
        x = add_feedback_buttons(scene, turn, x, y)
        x = _add_icon(scene, x, y, "regenerate", tr("Answer anew"), "refresh")
        x = _add_icon(scene, x, y, "edit", tr("Edit the question"), "edit")
        if turn.effects is not None and turn.effects.total:
            x = self._lay_out_effects(scene, x + 6, y, turn.effects)
        x = add_corrected_mark(scene, style, turn, x, y, scene.width - x)
        spent = usage_text(turn)
        if spent and scene.width - x > LEAST_SPENT:
            room = QRectF(x + 10, y, scene.width - x - 10, BAR)
            scene.labels.append(Label(room, spent, style.small, align=Qt.AlignmentFlag.AlignRight))
        return y + BAR

    def _lay_out_effects(self, scene: Scene, x: float, y: float, effects: Effects) -> float:
        style, text = self.context.style, effects_text(effects)
        x = add_text_button(scene, style, x, y, "receipt", text, icon="files") + 6
        if not effects.undone:
            x = add_text_button(scene, style, x, y, "undo", tr("Undo"), icon="restore")
        return x

    def _lay_out_branches(self, scene: Scene, x: float, y: float) -> float:
        style, turn = self.context.style, self.row.state.turn
        at, count = turn.siblings.index(turn.id), len(turn.siblings)
        text = f"{at + 1}/{count}"
        wide = style.width(text, style.small) + 8
        self._arrow(scene, x, y, "chevron-left", tr("Previous branch"), at - 1)
        place = QRectF(x + 24, y, wide, BAR)
        scene.labels.append(Label(place, text, style.small, align=Qt.AlignmentFlag.AlignHCenter))
        self._arrow(scene, x + 24 + wide, y, "chevron-right", tr("Next branch"), at + 1)
        return x + 48 + wide

    def _arrow(self, scene: Scene, x: float, y: float, icon: str, name: str, sibling: int) -> None:
        siblings = self.row.state.turn.siblings
        if 0 <= sibling < len(siblings):
            place, action = QRectF(x, y, 24, BAR), f"branch:{siblings[sibling]}"
            scene.buttons.append(Button(place, action, name, "", icon, "quiet", "text_muted"))
        else:
            scene.icons.append(Icon(x + 4, y + 6, icon, "border"))


def _add_icon(scene: Scene, x: float, y: float, action: str, name: str, icon: str) -> float:
    place = QRectF(x, y, BAR, BAR)
    scene.buttons.append(Button(place, action, name, "", icon, "quiet", "text_muted", hidden=True))
    return x + BAR + 2


_AGAIN = (TurnStatus.FAILED, TurnStatus.INTERRUPTED, TurnStatus.STOPPED)
