"""What is odd about a lesson in force: old evidence, no use, another that says the contrary."""

from __future__ import annotations

from enum import Enum, auto

from aigc_desktop.config.i18n import tr
from aigc_desktop.core.learning import Lesson


class Mark(Enum):
    STALE = auto()
    UNUSED = auto()
    CONFLICTING = auto()


def marks_of(lesson: Lesson, now: int) -> list[Mark]:
    """Return the marks that a lesson deserves."""
    deserved = {
        Mark.STALE: lesson.is_stale(now),
        Mark.UNUSED: lesson.is_unused(now),
        Mark.CONFLICTING: lesson.is_conflicting,
    }
    return [mark for mark, holds in deserved.items() if holds]


def mark_text(mark: Mark) -> str:
    """Return what a mark says."""
    return {
        Mark.STALE: tr("Stale"),
        Mark.UNUSED: tr("Unused"),
        Mark.CONFLICTING: tr("Conflicting"),
    }[mark]
