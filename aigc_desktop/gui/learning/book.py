"""Lessons together with the names of where they hold, loaded in one go."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from aigc_desktop.core.errors import UserError
from aigc_desktop.core.learning import Feedback, Lesson
from aigc_desktop.core.trial import Proof
from aigc_desktop.gui import calls
from aigc_desktop.gui.learning.wording import Names

MAX_SESSIONS = 100
"""Chats that are offered when a lesson is given its place."""


@dataclass(frozen=True)
class Book:
    """All lessons, the newest change first."""

    lessons: tuple[Lesson, ...] = ()
    names: Names = field(default_factory=Names)

    def get(self, lesson_id: int | None) -> Lesson | None:
        """Return the lesson with that id."""
        return next((each for each in self.lessons if each.id == lesson_id), None)


async def load(app: Any) -> Book:
    """Load the book."""
    lessons = await calls.lessons.list_lessons(app)
    wanted = {each.target.session_id for each in lessons}
    return Book(tuple(lessons), await _names(app, wanted))


async def load_evidence(app: Any, lesson_id: int) -> tuple[list[Feedback], Names]:
    """Load what speaks for a lesson, with the titles of the chats."""
    found = await calls.lessons.evidence_of(app, lesson_id)
    return found, await _names(app, {each.session_id for each in found})


async def load_proof(app: Any, lesson_id: int) -> Proof | None:
    """Load the newest proof of a lesson."""
    proofs = await calls.proofs.proofs_of(app, lesson_id)
    return proofs[0] if proofs else None


async def load_places(app: Any) -> Names:
    """Load the names of all scenarios and of the newest chats, for choosing one."""
    scenarios, _ = await calls.scenarios.choices_of_session(app, None)
    sessions = await calls.sessions.list_sessions(app)
    return Names(dict(scenarios), {each.id: each.title for each in sessions[:MAX_SESSIONS]})


async def _names(app: Any, session_ids: set[int | None]) -> Names:
    scenarios, _ = await calls.scenarios.choices_of_session(app, None)
    sessions = {}
    for session_id in (each for each in session_ids if each is not None):
        try:
            sessions[session_id] = (await calls.sessions.get_session(app, session_id)).title
        except UserError:
            continue
    return Names(dict(scenarios), sessions)
