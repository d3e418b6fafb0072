"""The learner at work: for every user and session with enough new feedback, one question."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from aigc_desktop.config import settings as config
from aigc_desktop.core.errors import StreamBroken, UserError
from aigc_desktop.core.events import LearningProgress, LessonsChanged, NoticeLevel, NoticeRaised
from aigc_desktop.core.learning import (
    LIVE,
    Feedback,
    LearningRun,
    LearningState,
    LearnReport,
    Lesson,
    LessonState,
    Outcome,
    Overview,
)
from aigc_desktop.core.ports import ToolSpec
from aigc_desktop.learning import reading
from aigc_desktop.learning.merge import Policy, merge
from aigc_desktop.learning.reading import Reading, Unreadable
from aigc_desktop.learning.summary import NEWEST, Summary, summarize
from aigc_desktop.services import asking, jobs, profile
from aigc_desktop.services.app import App
from aigc_desktop.store import behavior, learning_runs
from aigc_desktop.store import feedback as feedback_rows
from aigc_desktop.store import lessons as lesson_rows
from aigc_desktop.store import sessions as session_rows
from aigc_desktop.store.store import Db
from aigc_desktop.store.tables import LOCAL_USER_ID

logger = logging.getLogger("PreferenceLearner")

MIN_FEEDBACK = 5
MIN_SESSION_FEEDBACK = 2
MAX_SESSIONS = 20
"""Sessions of one user that one run looks at, those with the newest feedback."""

JOB = "learning"
"""The job that learns by its schedule (`services.job_list`)."""

READ = 4 * NEWEST
MAX_TOKENS = 4_000
PATIENCE = 120.0
"""Seconds for one answer of the model."""

GIVE_UP_AFTER = 3
"""Unusable answers about the same data; then it is asked again only when the data changes."""

_FORM = ToolSpec(
    reading.TOOL_NAME, "Report the preferences that the feedback shows.", reading.SCHEMA
)
_NO_MODEL = frozenset(
    {"provider_not_chosen", "api_key_missing", "api_key_invalid", "base_url_missing"}
)


@dataclass(frozen=True, slots=True)
class _Subject:
    """Whose feedback is learned from: a user's (session_id None) or one session's."""

    user_id: int
    session_id: int | None
    needed: int


@dataclass(frozen=True, slots=True)
class _Material:
    """What is known of a subject at one moment."""

    feedback: tuple[Feedback, ...]
    count: int
    summary: Summary
    known_hash: str | None
    failures: int
    lessons: tuple[Lesson, ...]


class Learner:
    """The run that is going on, if one is: who asks meanwhile gets the same one."""

    def __init__(self) -> None:
        self.run: asyncio.Task[LearnReport] | None = None


async def learn_all(
    app: App,
    min_feedback: int = MIN_FEEDBACK,
    user_ids: Sequence[int] = (),
    max_users: int | None = None,
    cause: str = "button",
) -> LearnReport:
    """Learn from the feedback of all users (or these), and of their sessions.

    While a run goes on it is joined; cancelling who began it ends it, and what was learned stays.
    """
    learner = app.learner
    if learner.run is not None and not learner.run.done():
        return await asyncio.shield(learner.run)
    learner.run = asyncio.ensure_future(
        _learn_all(app, min_feedback, tuple(user_ids), max_users, cause)
    )
    return await learner.run


async def _learn_all(
    app: App, min_feedback: int, user_ids: Sequence[int], max_users: int | None, cause: str
) -> LearnReport:
    subjects = await app.store.read(lambda db: _subjects(db, min_feedback, user_ids, max_users))
    runs: list[LearningRun] = []
    for done, subject in enumerate(subjects):
        app.bus.publish(LearningProgress(done, len(subjects)))
        runs.append(await _learn(app, subject, cause))
    report = LearnReport(tuple(runs))
    app.bus.publish(LearningProgress(len(subjects), len(subjects), report))
    if report.proposed or report.applied:
        app.bus.publish(
            NoticeRaised(
                NoticeLevel.INFO,
                "lessons_learned",
                {"proposed": report.proposed, "applied": report.applied},
                key="lessons_learned",
            )
        )
    return report


def _subjects(
    db: Db, min_feedback: int, user_ids: Sequence[int], max_users: int | None
) -> list[_Subject]:
    users = [u for u in feedback_rows.users(db) if not user_ids or u in set(user_ids)]
    found = []
    for user_id in users[:max_users]:
        found.append(_Subject(user_id, None, min_feedback))
        for session_id in feedback_rows.sessions_of(db, user_id, MAX_SESSIONS):
            count = sum(feedback_rows.totals(db, session_id=session_id).values())
            if count >= MIN_SESSION_FEEDBACK:
                found.append(_Subject(user_id, session_id, MIN_SESSION_FEEDBACK))
    return found


async def _learn(app: App, subject: _Subject, cause: str) -> LearningRun:
    """Learn for one subject; whatever goes wrong is its outcome."""
    run = LearningRun(
        subject.user_id, subject.session_id, Outcome.FAILED, app.clock.now_ms(), cause=cause
    )
    if app.settings.get(config.LEARNING) == "off":
        return replace(run, outcome=Outcome.OFF, ended_at=app.clock.now_ms())
    material = await app.store.read(lambda db: _material(db, subject))
    run = replace(run, feedback=material.count)
    seen: Reading | None = None
    try:
        outcome = _known_outcome(subject, material)
        if outcome is None:
            seen = await _ask(app, subject, material)
            outcome = Outcome.LEARNED
    except (UserError, StreamBroken, Unreadable, TimeoutError) as error:
        outcome, text = _failure(error)
        run = replace(run, error=text)
        logger.info("nothing learned for user %s: %s", subject.user_id, text)
    return await _store(app, subject, material, replace(run, outcome=outcome), seen)


def _material(db: Db, subject: _Subject) -> _Material:
    user_id, session_id = subject.user_id, subject.session_id
    if session_id is None:
        feedback = feedback_rows.of_user(db, user_id, READ)
        totals = feedback_rows.totals(db, user_id=user_id)
        known_hash, _ = behavior.user_cache(db, user_id)
    else:
        feedback = feedback_rows.of_session(db, session_id, READ)
        totals = feedback_rows.totals(db, session_id=session_id)
        known_hash, _ = behavior.session_cache(db, session_id)
    summary = summarize(feedback, totals)
    return _Material(
        tuple(feedback),
        sum(totals.values()),
        summary,
        known_hash,
        learning_runs.failures(db, user_id, session_id, summary.hash),
        tuple(lesson_rows.of_user(db, user_id)),
    )


def _known_outcome(subject: _Subject, material: _Material) -> Outcome | None:
    """Return why no model has to be asked; None if one has."""
    if material.count < subject.needed:
        return Outcome.TOO_LITTLE
    if material.summary.hash == material.known_hash or material.failures >= GIVE_UP_AFTER:
        return Outcome.UNCHANGED
    return None


async def _ask(app: App, subject: _Subject, material: _Material) -> Reading:
    known = [lesson for lesson in material.lessons if lesson.state in LIVE]
    async with asyncio.timeout(PATIENCE):
        said = await asking.ask_model(
            app,
            reading.SYSTEM,
            reading.question(material.summary, known),
            model=asking.small_model(app),
            max_tokens=MAX_TOKENS,
            tools=(_FORM,),
        )
    answer: Any = said.text if said.form is None else said.form
    return reading.read(answer, material.summary.entries, subject.session_id)


async def _store(
    app: App,
    subject: _Subject,
    material: _Material,
    run: LearningRun,
    seen: Reading | None,
) -> LearningRun:
    """Keep everything that a run brought in one transaction: all of it, or nothing."""
    policy = Policy(apply_trusted=app.settings.get(config.LESSONS_APPLY) == "trusted")
    now = app.clock.now_ms()

    def write(db: Db) -> LearningRun:
        known = lesson_rows.of_user(db, subject.user_id)
        observations = seen.observations if seen is not None else ()
        merged = merge(known, observations, subject.user_id, now, policy)
        for lesson in merged.changed:
            lesson_rows.save(db, lesson, "learned" if observations else "aged", now)
        if seen is not None:
            profile.keep(db, subject.user_id, subject.session_id, material.summary.hash)
        ended = replace(
            run,
            ended_at=now,
            proposed=_newly(known, merged.changed, LessonState.PROPOSED),
            applied=_newly(known, merged.changed, LessonState.ACTIVE),
            changed=len(merged.changed),
            refused=seen.refused if seen is not None else (),
        )
        learning_runs.add(db, ended, material.summary.hash)
        return ended

    ended = await app.store.write(write)
    if ended.changed:
        app.bus.publish(LessonsChanged())
    logger.info(
        "user %s session %s: %s, %d lesson(s) changed",
        subject.user_id,
        subject.session_id,
        ended.outcome.value,
        ended.changed,
    )
    return ended


def _newly(known: Sequence[Lesson], changed: Sequence[Lesson], state: LessonState) -> int:
    before = {lesson.id: lesson.state for lesson in known}
    return sum(each.state is state and before.get(each.id) is not state for each in changed)


def _failure(error: Exception) -> tuple[Outcome, str]:
    if isinstance(error, UserError):
        no_model = error.code in _NO_MODEL
        return (Outcome.NO_MODEL if no_model else Outcome.FAILED), error.code
    return Outcome.FAILED, learning_runs.UNREADABLE if isinstance(error, Unreadable) else "timeout"


async def overview(app: App, user_id: int = LOCAL_USER_ID) -> Overview:
    """Return the whole of learning at one glance: counts, and the state of users and sessions."""
    now = app.clock.now_ms()
    plan = next((job for job in await jobs.list_jobs(app) if job.name == JOB), None)

    def read(db: Db) -> Overview:
        found = lesson_rows.of_user(db, user_id)
        active = [each for each in found if each.state is LessonState.ACTIVE]
        states = [
            _state(db, each, app.settings.get(config.LEARNING))
            for each in _subjects(db, MIN_FEEDBACK, (), None)
        ]
        return Overview(
            active=len(active),
            proposed=sum(each.state is LessonState.PROPOSED for each in found),
            noticed=sum(each.state is LessonState.NOTICED for each in found),
            stale=sum(each.is_stale(now) for each in found),
            conflicting=sum(each.is_conflicting for each in found),
            unused=sum(each.is_unused(now) for each in found),
            next_run_at=plan.due_at if plan is not None else None,
            states=tuple(states),
        )

    return await app.store.read(read)


def _state(db: Db, subject: _Subject, setting: str) -> LearningState:
    material = _material(db, subject)
    totals = feedback_rows.totals(
        db,
        user_id=None if subject.session_id is not None else subject.user_id,
        session_id=subject.session_id,
    )
    title = "" if subject.session_id is None else session_rows.get(db, subject.session_id).title
    waiting = Outcome.OFF if setting == "off" else _known_outcome(subject, material)
    return LearningState(
        user_id=subject.user_id,
        session_id=subject.session_id,
        title=title,
        feedback=material.count,
        needed=subject.needed,
        likes=totals.get("like", 0),
        dislikes=totals.get("dislike", 0),
        corrections=totals.get("correct", 0),
        last=learning_runs.last(db, subject.user_id, subject.session_id),
        waiting=waiting,
    )
