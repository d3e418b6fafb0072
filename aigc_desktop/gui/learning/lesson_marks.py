"""What is odd about a lesson in force: old evidence, no use, another that says the contrary."""

from __future__ import annotations

from enum import Enum, auto

from aigc_desktop.config.i18n import tr
from aigc_desktop.core.learning import Lesson, LessonState
from aigc_desktop.gui.learning.wording import DAY_MS


class Mark(Enum):
    STALE = auto()
    UNUSED = auto()
    CONFLICTING = auto()


STALE_DAYS = 60
UNUSED_DAYS = 7


def marks_of(lesson: Lesson, now: int) -> list[Mark]:
    """Return the marks that a lesson deserves."""
    found = []
    active = lesson.state is LessonState.ACTIVE
    newest = max((each.at for each in lesson.evidence), default=lesson.created_at)
    newest = max(newest, lesson.decided_at or 0)
    if active and now - newest > STALE_DAYS * DAY_MS:
        found.append(Mark.STALE)
    if active and not lesson.uses and now - lesson.created_at > UNUSED_DAYS * DAY_MS:
        found.append(Mark.UNUSED)
    if lesson.conflicts_with is not None and lesson.state in (
        LessonState.ACTIVE,
        LessonState.PROPOSED,
    ):
        found.append(Mark.CONFLICTING)
    return found


def mark_text(mark: Mark) -> str:
    """Return what a mark says."""
    return {
        Mark.STALE: tr("Stale"),
        Mark.UNUSED: tr("Unused"),
        Mark.CONFLICTING: tr("Conflicting"),
    }[mark]
