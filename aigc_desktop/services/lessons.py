"""The lesson inbox and what is in force: accept, edit, reject, switch, return to an earlier day."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from aigc_desktop.config import settings as config
from aigc_desktop.core.content import scrub
from aigc_desktop.core.errors import UserError
from aigc_desktop.core.events import LessonsChanged
from aigc_desktop.core.learning import (
    Feedback,
    Lesson,
    LessonChange,
    LessonKind,
    LessonState,
    Scope,
    Target,
)
from aigc_desktop.core.trial import TrialVerdict
from aigc_desktop.learning import evolver
from aigc_desktop.learning.guard import MAX_TEXT, MAX_WHEN, problem_of
from aigc_desktop.learning.merge import key_of, plain
from aigc_desktop.services.app import App
from aigc_desktop.store import feedback as feedback_rows
from aigc_desktop.store import lessons as rows
from aigc_desktop.store.store import Db
from aigc_desktop.store.tables import LOCAL_USER_ID

SHOWN = (
    LessonState.PROPOSED,
    LessonState.ACTIVE,
    LessonState.OFF,
    LessonState.NOTICED,
    LessonState.SUPERSEDED,
    LessonState.EXPIRED,
    LessonState.REJECTED,
)


async def list_lessons(app: App, user_id: int = LOCAL_USER_ID) -> list[Lesson]:
    """Return a user's lessons but those that were removed, the newest change first."""
    return await app.store.read(lambda db: rows.of_user(db, user_id, SHOWN))


async def accept_lesson(app: App, lesson_id: int) -> None:
    """Put a lesson into force. What says otherwise about the same thing gives way.

    Raises UserError: `lesson_not_found`; `proof_required` when the settings ask for a test that
    this wording has not passed.
    """

    def write(db: Db, lesson: Lesson, now: int) -> None:
        if app.settings.get(config.LESSON_PROOF) == "on" and not _is_proven(db, lesson):
            raise UserError("proof_required")
        _put_into_force(db, lesson, now)

    await _change(app, lesson_id, write)


async def edit_lesson(app: App, lesson_id: int, text: str, when: str, target: Target) -> None:
    """Say a lesson in other words, or let it hold elsewhere.

    Raises UserError: `lesson_refused` with `problem`; `lesson_not_found`.
    """
    text, when = checked(text, when)

    def write(db: Db, lesson: Lesson, now: int) -> None:
        reworded = lesson.edited or plain(text) != plain(lesson.text)
        edited = replace(lesson, text=text, when=when, target=_exact(target), edited=reworded)
        if lesson.is_held:
            edited = replace(edited, decided_at=now)
        rows.save(db, edited, "edited", now)

    await _change(app, lesson_id, write)


async def reject_lesson(app: App, lesson_id: int) -> None:
    """Say that a lesson is wrong; it comes back only when twice as much speaks for it."""

    def write(db: Db, lesson: Lesson, now: int) -> None:
        rejected = replace(
            lesson,
            state=LessonState.REJECTED,
            automatic=False,
            conflicts_with=None,
            rejected_places=lesson.places,
            decided_at=now,
        )
        rows.save(db, rejected, "rejected", now)

    await _change(app, lesson_id, write)


async def switch_lesson(app: App, lesson_id: int, on: bool) -> None:
    """Switch a lesson off, or on again."""

    def write(db: Db, lesson: Lesson, now: int) -> None:
        if on:
            _put_into_force(db, lesson, now)
        else:
            off = replace(lesson, state=LessonState.OFF, automatic=False, decided_at=now)
            rows.save(db, off, "switched_off", now)

    await _change(app, lesson_id, write)


async def delete_lesson(app: App, lesson_id: int) -> None:
    """Remove a lesson from all lists; returning to an earlier day brings it back."""

    def write(db: Db, lesson: Lesson, now: int) -> None:
        rows.save(db, replace(lesson, state=LessonState.REMOVED), "removed", now)

    await _change(app, lesson_id, write)


async def set_expiry(app: App, lesson_id: int, at: int | None) -> None:
    """Let a lesson end at a moment (epoch ms), or never."""

    def write(db: Db, lesson: Lesson, now: int) -> None:
        rows.save(db, replace(lesson, expires_at=at), "expiry", now)

    await _change(app, lesson_id, write)


async def add_lesson(
    app: App, text: str, when: str, target: Target, user_id: int = LOCAL_USER_ID
) -> int:
    """Add a lesson in the user's own words, in force at once; return its id.

    Raises UserError("lesson_refused") with `problem`.
    """
    text, when = checked(text, when)
    now = app.clock.now_ms()
    words = plain(text)[:40]
    lesson = Lesson(
        id=0,
        user_id=user_id,
        target=_exact(target),
        kind=LessonKind.CONTENT,
        topic=f"own: {words}",
        value=words,
        text=text,
        when=when,
        state=LessonState.ACTIVE,
        edited=True,
        decided_at=now,
    )
    saved = await app.store.write(lambda db: rows.save(db, lesson, "added", now))
    app.bus.publish(LessonsChanged())
    return saved.id


async def evidence_of(app: App, lesson_id: int) -> list[Feedback]:
    """Return the feedback that speaks for a lesson, as far as it is still there."""

    def read(db: Db) -> list[Feedback]:
        lesson = rows.get(db, lesson_id)
        return feedback_rows.by_ids(db, [each.feedback_id for each in lesson.evidence])

    return await app.store.read(read)


async def prompt_difference(app: App, lesson_id: int) -> str:
    """Return what a lesson changes in the prompt, as a unified diff."""

    def read(db: Db) -> tuple[Lesson, list[Lesson]]:
        lesson = rows.get(db, lesson_id)
        return lesson, rows.of_user(db, lesson.user_id, [LessonState.ACTIVE])

    lesson, active = await app.store.read(read)
    others = [each for each in active if each.target == lesson.target and each.id != lesson.id]
    rivals = [each for each in others if key_of(each) == key_of(lesson)]
    with_it = [*(each for each in others if each not in rivals), lesson]
    old, new = (
        evolver.preferences_text(sorted(each, key=lambda e: e.id)).splitlines()
        for each in (others, with_it)
    )
    return "\n".join(list(difflib.unified_diff(old, new, lineterm="", n=1))[2:])


async def history_of(app: App, lesson_id: int) -> list[LessonChange]:
    """Return what became of a lesson, the newest step first."""
    return await app.store.read(lambda db: rows.history(db, lesson_id))


async def change_days(app: App, user_id: int = LOCAL_USER_ID) -> list[tuple[int, int]]:
    """Return (start of a local day in epoch ms, changes on that day), the newest day first."""
    times = await app.store.read(lambda db: rows.change_times(db, user_id))
    days = Counter(_start_of_day(at) for at in times)
    return sorted(days.items(), reverse=True)


async def preview_return(app: App, at: int, user_id: int = LOCAL_USER_ID) -> list[Lesson]:
    """Return the lessons that would change by `return_to`, as they would be then."""

    def read(db: Db) -> list[Lesson]:
        then = rows.as_of(db, user_id, at)
        now = {each.id: each for each in rows.of_user(db, user_id)}
        return [each for each in then.values() if _differs(each, now[each.id])]

    return await app.store.read(read)


async def return_to(app: App, at: int, user_id: int = LOCAL_USER_ID) -> int:
    """Bring everything that was learned back to a moment (epoch ms); return how many changed.

    All sessions follow with their next request. Feedback is kept, and so is the history: going
    to a later moment takes this back.
    """
    now = app.clock.now_ms()

    def write(db: Db) -> int:
        changed = 0
        there = {each.id: each for each in rows.of_user(db, user_id)}
        for number, then in rows.as_of(db, user_id, at).items():
            if _differs(then, there[number]):
                rows.save(db, replace(then, decided_at=now), "returned", now)
                changed += 1
        return changed

    changed = await app.store.write(write)
    app.bus.publish(LessonsChanged())
    return changed


def checked(text: str, when: str) -> tuple[str, str]:
    """Return words for a lesson as they may be stored. Raises UserError("lesson_refused")."""
    text, when = (" ".join(scrub(words).split(" ")).strip() for words in (text, when))
    for words, limit in ((text, MAX_TEXT), (when, MAX_WHEN)):
        problem = problem_of(words, limit=limit) if words or limit == MAX_TEXT else None
        if problem is not None:
            raise UserError("lesson_refused", problem=problem.value, limit=limit)
    return text, when


def _put_into_force(db: Db, lesson: Lesson, now: int) -> None:
    for other in rows.of_user(db, lesson.user_id, [LessonState.ACTIVE]):
        if other.id != lesson.id and key_of(other) == key_of(lesson):
            rows.save(db, replace(other, state=LessonState.SUPERSEDED), "superseded", now)
    active = replace(
        lesson,
        state=LessonState.ACTIVE,
        automatic=False,
        conflicts_with=None,
        decided_at=now,
        expires_at=None if (lesson.expires_at or now + 1) <= now else lesson.expires_at,
    )
    rows.save(db, active, "accepted", now)


def _is_proven(db: Db, lesson: Lesson) -> bool:
    passed = (p for p in rows.proofs(db, lesson.id) if p.verdict is TrialVerdict.HELPS)
    return any(proof.lesson_text == lesson.line for proof in passed)


def _exact(target: Target) -> Target:
    """Return a target with nothing in it that its scope does not need."""
    match target.scope:
        case Scope.SESSION:
            return Target(Scope.SESSION, session_id=target.session_id)
        case Scope.SCENARIO:
            return Target(Scope.SCENARIO, scenario_id=target.scenario_id)
        case Scope.GLOBAL:
            return Target()


def _differs(one: Lesson, other: Lesson) -> bool:
    """Whether two states of a lesson differ in what they mean for answers."""

    def meaning(each: Lesson) -> tuple[object, ...]:
        return (each.state, each.text, each.when, each.target, each.expires_at, each.automatic)

    return meaning(one) != meaning(other)


def _start_of_day(at: int) -> int:
    local = datetime.fromtimestamp(at / 1000).astimezone()
    start = local.replace(hour=0, minute=0, second=0, microsecond=0)
    return int(start.timestamp() * 1000)


async def _change(app: App, lesson_id: int, write: Callable[[Db, Lesson, int], None]) -> None:
    now = app.clock.now_ms()
    await app.store.write(lambda db: write(db, rows.get(db, lesson_id), now))
    app.bus.publish(LessonsChanged())
