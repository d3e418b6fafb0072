"""What was learned, put to use: the lessons of a turn and the text they make in its prompt."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from aigc_desktop.config import settings as config
from aigc_desktop.core.learning import FeedbackKind, Lesson, LessonUse, Scope
from aigc_desktop.learning import evolver, selection
from aigc_desktop.learning.guard import problem_of
from aigc_desktop.services.app import App
from aigc_desktop.store import feedback as feedback_rows
from aigc_desktop.store import lessons as lesson_rows
from aigc_desktop.store import sessions as session_rows
from aigc_desktop.store import turns as turn_rows
from aigc_desktop.store.store import Db
from aigc_desktop.store.tables import LOCAL_USER_ID

ENCODED_AT_ONCE = 2
"""Texts new to the embedding that may be encoded on the loop (2 ms each); more go to a thread."""


@dataclass(frozen=True, slots=True)
class Learned:
    """What a turn is answered with. The texts are parts of the prompt, "" for none."""

    uses: tuple[LessonUse, ...] = ()
    left_out: tuple[LessonUse, ...] = ()
    user_text: str = ""
    session_text: str = ""


@dataclass(frozen=True, slots=True)
class _Known:
    lessons: tuple[Lesson, ...]
    left_out: tuple[Lesson, ...]
    before: tuple[int, ...]
    corrections: tuple[str, ...]


async def for_request(
    app: App,
    text: str,
    *,
    session_id: int | None,
    scenario_id: int | None,
    parent_id: int | None = None,
    without: Collection[int] = (),
) -> Learned:
    """Return what stands in the prompt for a request; `without` names lessons to be left out."""
    if app.settings.get(config.LEARNING) == "off":
        return Learned()
    now = app.clock.now_ms()

    def read(db: Db) -> _Known:
        return _read(db, session_id, scenario_id, parent_id, now, without)

    known = await app.store.read(read)
    chosen = await _select(app, known.lessons, text, known.before)
    return compose(chosen, known.corrections, known.left_out)


def compose(
    chosen: Sequence[Lesson], corrections: Sequence[str], left_out: Sequence[Lesson] = ()
) -> Learned:
    """Return the texts of lessons, those of the conversation apart from the others."""
    general = evolver.within([e for e in chosen if e.target.scope is not Scope.SESSION])
    own = evolver.within([e for e in chosen if e.target.scope is Scope.SESSION])
    return Learned(
        uses=tuple(use_of(each) for each in (*general, *own)),
        left_out=tuple(use_of(each) for each in left_out),
        user_text=evolver.preferences_text(general),
        session_text=evolver.session_text(own, corrections),
    )


def use_of(lesson: Lesson) -> LessonUse:
    """Return a lesson as it is stamped on an answer."""
    return LessonUse(lesson.id, lesson.line, lesson.target.scope)


def _read(
    db: Db,
    session_id: int | None,
    scenario_id: int | None,
    parent_id: int | None,
    now: int,
    without: Collection[int],
) -> _Known:
    user_id = LOCAL_USER_ID if session_id is None else session_rows.user_of(db, session_id)
    in_force = lesson_rows.in_force(db, user_id, session_id or 0, scenario_id, now)
    found = tuple(each for each in in_force if each.id not in without)
    left_out = lesson_rows.of_user(db, user_id) if without else []
    before: tuple[int, ...] = ()
    if len(found) > selection.ALL_UP_TO and parent_id is not None:
        settled = turn_rows.turn_config(db, parent_id)
        before = tuple(use.id for use in settled.lessons) if settled else ()
    corrections = () if session_id is None else _corrections(db, session_id)
    return _Known(found, tuple(e for e in left_out if e.id in without), before, corrections)


def _corrections(db: Db, session_id: int) -> tuple[str, ...]:
    """Return the words that the user put into answers here, those that may stand in a prompt."""
    newest = feedback_rows.of_session(db, session_id, evolver.CORRECTIONS * 4)
    typed = (each.typed for each in newest if each.kind is FeedbackKind.CORRECT)
    safe = (text for text in typed if problem_of(text, limit=evolver.MAX_CORRECTION) is None)
    return tuple(safe)[: evolver.CORRECTIONS]


async def _select(
    app: App, lessons: Sequence[Lesson], text: str, before: Sequence[int]
) -> tuple[Lesson, ...]:
    if len(lessons) <= selection.ALL_UP_TO:
        return selection.select(lessons, text)
    encoder = app.matching.encoder
    if not encoder.is_ready:
        return selection.select(lessons, text, before)
    if encoder.new_among([text, *selection.texts_of(lessons)]) <= ENCODED_AT_ONCE:
        return selection.select(lessons, text, before, encoder.encode)
    return await asyncio.to_thread(selection.select, lessons, text, before, encoder.encode)
