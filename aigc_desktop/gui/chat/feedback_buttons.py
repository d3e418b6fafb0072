"""What the reader thinks of an answer, and why it is as it is: the buttons in its last row."""

from __future__ import annotations

from PySide6.QtCore import QRectF

from aigc_desktop.config.i18n import tr
from aigc_desktop.core.learning import FeedbackKind
from aigc_desktop.core.session import Turn, TurnStatus
from aigc_desktop.gui.chat.row_view import add_text_button
from aigc_desktop.gui.chat.scene import Button, Fill, Scene
from aigc_desktop.gui.chat.style import ChatStyle

SIDE = 28
STEP = SIDE + 2


def takes_feedback(turn: Turn) -> bool:
    """Return whether there is an answer that something can be said about."""
    return turn.status in (TurnStatus.DONE, TurnStatus.STOPPED, TurnStatus.INTERRUPTED)


def add_feedback_buttons(scene: Scene, turn: Turn, x: float, y: float) -> float:
    """Add like, dislike, correct and why; return the right edge.

    What was said shows at all times; whatever is said, no button moves.
    """
    if not takes_feedback(turn):
        return x
    opinion = turn.opinion
    liked = opinion.verdict is FeedbackKind.LIKE
    disliked = opinion.verdict is FeedbackKind.DISLIKE
    corrected = opinion.corrected is not None
    like = tr("Liked. Press again to take it back") if liked else tr("Good answer")
    dislike = tr("Disliked. Press again to take it back") if disliked else tr("Bad answer")
    correct = tr("Edit your correction") if corrected else tr("Correct the answer")
    for action, name, icon, held in (
        ("like", like, "like-on" if liked else "like", liked),
        ("dislike", dislike, "dislike-on" if disliked else "dislike", disliked),
        ("correct", correct, "correct", corrected),
        ("why", tr("Why this answer"), "why", False),
    ):
        place = QRectF(x, y, SIDE, SIDE)
        if held:
            scene.fills.append(Fill(place, "accent_soft", radius=6))
        tint = "accent" if held else "text_muted"
        scene.buttons.append(Button(place, action, name, "", icon, "quiet", tint, hidden=not held))
        x += STEP
    return x


def add_corrected_mark(
    scene: Scene, style: ChatStyle, turn: Turn, x: float, y: float, room: float
) -> float:
    """Say that the reader has put the answer right, if `room` allows it; return the right edge."""
    if turn.opinion.corrected is None:
        return x
    text = tr("Corrected by you")
    wide = style.width(text, style.small) + 24
    if wide > room:
        return x
    right = add_text_button(scene, style, x, y, "corrected", text, look="quiet", tint="text_muted")
    scene.buttons[-1].name = tr("Corrected by you. Show what you changed")
    return right
