"""PromptEvolver: turns lessons and corrections into short prompt text within a budget."""

from __future__ import annotations

from collections.abc import Sequence

from aigc_desktop.core.learning import Lesson

BUDGET = 2_400
"""Characters of lessons in one part of the prompt."""

CORRECTIONS = 3
"""Newest corrections of a conversation that the agent is told about."""

MAX_CORRECTION = 160

INTRODUCTION = "Learned from feedback on earlier answers. The request itself outweighs it."
"""English whatever the lessons' language, as the prompt's headings are: the language of an answer
is decided by the request and the lessons, and the words around them stay the same for the cache."""


def within(lessons: Sequence[Lesson], budget: int = BUDGET) -> tuple[Lesson, ...]:
    """Return the lessons whose lines fit the budget, in their order; the first ones go first."""
    fitting, left = [], budget
    for lesson in lessons:
        cost = len(_line(lesson))
        if cost <= left:
            fitting.append(lesson)
            left -= cost
    return tuple(fitting)


def preferences_text(lessons: Sequence[Lesson]) -> str:
    """Return the part of the prompt for lessons; "" without any."""
    if not lessons:
        return ""
    return INTRODUCTION + "\n" + "".join(_line(lesson) for lesson in lessons)


def session_text(lessons: Sequence[Lesson], corrections: Sequence[str]) -> str:
    """Return the part for one conversation: its lessons, and what the user put right in it."""
    parts = [preferences_text(lessons)]
    if corrections:
        quoted = "".join(f"- “{text[:MAX_CORRECTION]}”\n" for text in corrections[:CORRECTIONS])
        parts.append(f"Words that the user put into corrected answers here:\n{quoted}")
    return "\n".join(part for part in parts if part)


def _line(lesson: Lesson) -> str:
    return f"- {lesson.line}\n"
