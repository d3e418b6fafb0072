"""The chip over an answer: which scenario, how sure; and the question when it is unclear."""

from __future__ import annotations

from PySide6.QtCore import QRectF

from aigc_desktop.config.i18n import tr
from aigc_desktop.config.messages import percent_text
from aigc_desktop.core.matching import Match, Outcome, ReasonKind
from aigc_desktop.gui.chat.row_view import TEXT_BUTTON, add_text_button
from aigc_desktop.gui.chat.rows import TurnState
from aigc_desktop.gui.chat.safe_text import one_line
from aigc_desktop.gui.chat.scene import Label, Scene
from aigc_desktop.gui.chat.style import ChatStyle

CHOICES = 3
MAX_NAME = 40
INDENT = 12
"""The chip's own padding: its icon stands in line with those below it."""


def chip_text(match: Match | None) -> str:
    """Return what the chip says; "" where nothing was matched."""
    if match is None:
        return ""
    chosen = next((r for r in match.ranked if r.id == match.scenario_id), None)
    name = one_line(chosen.name, MAX_NAME) if chosen else tr("Default scenario")
    follows = any(reason.kind is ReasonKind.FOLLOW_UP for reason in match.reasons)
    if match.scorer == "rule" or match.outcome is Outcome.DEFAULT or follows:
        return name
    return f"{name} · {percent_text(match.confidence)}"


def lay_out_chip(scene: Scene, style: ChatStyle, state: TurnState, y: float) -> float:
    """Draw the chip, or the question with its choices; return the new height."""
    match = state.turn.match
    if match is None:
        return y
    if state.asks_scenario:
        return _lay_out_choices(scene, style, match, y, tr("Which scenario does this belong to?"))
    text = chip_text(match)
    x = add_text_button(scene, style, -INDENT, y, "scenario", text, icon="spark", look="quiet")
    scene.buttons[-1].tint = "text_muted"
    scene.buttons[-1].name = tr("Scenario: {name}. Show why, or change it", name=text)
    if match.outcome is Outcome.UNSURE:
        others = [r for r in match.ranked if r.id != match.scenario_id][: CHOICES - 1]
        hint = tr("Not sure. Better in:")
        wide = style.width(hint, style.small) + 4
        scene.labels.append(Label(QRectF(x + 10, y, wide, TEXT_BUTTON), hint, style.small))
        x += wide + 18
        for other in others:
            name = one_line(other.name, MAX_NAME)
            x = add_text_button(scene, style, x, y, f"choose:{other.id}", name) + 6
    return y + TEXT_BUTTON + 4


def _lay_out_choices(
    scene: Scene, style: ChatStyle, match: Match, y: float, question: str
) -> float:
    wide = style.width(question, style.small_strong) + 10
    scene.labels.append(Label(QRectF(0, y, wide, 22), question, style.small_strong, "text"))
    first = one_line(match.ranked[0].name, MAX_NAME) if match.ranked else ""
    hint = tr("Without an answer, {name} answers in a few seconds.", name=first)
    room = QRectF(wide, y, max(0.0, scene.width - wide), 22)
    scene.labels.append(Label(room, hint, style.small))
    y, x = y + 26, 0.0
    for place, ranked in enumerate(match.ranked[:CHOICES]):
        name = one_line(ranked.name, MAX_NAME)
        look = "primary" if place == 0 else "plain"
        if x and x + style.width(name, style.small_strong) + 24 > scene.width:
            x, y = 0.0, y + TEXT_BUTTON + 6
        x = add_text_button(scene, style, x, y, f"choose:{ranked.id}", name, look=look) + 8
    add_text_button(scene, style, x, y, "scenario", tr("Others…"), look="quiet")
    return y + TEXT_BUTTON + 12
