"""Merges what was observed into what is known: duplicates, contradictions, age, strength.

Deterministic code, in two steps: evidence is attached to lessons, then every group of lessons
that exclude each other is settled by strength alone. The order of observations does not matter,
and the same observations again change nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from aigc_desktop.core.learning import (
    DAY_MS,
    FADED,
    TRUSTED_KINDS,
    Evidence,
    Feedback,
    Lesson,
    LessonKind,
    LessonState,
    Scope,
    Target,
)
from aigc_desktop.learning.summary import clipped

NEEDED: Mapping[Scope, tuple[float, int]] = {
    Scope.SESSION: (0.8, 1),
    Scope.SCENARIO: (1.5, 2),
    Scope.GLOBAL: (1.5, 2),
}
"""Strength, and number of different answers, that a proposal needs: a single remark is a lesson
for its own conversation at most."""

LIFE_DAYS: Mapping[Scope, int] = {Scope.SESSION: 30, Scope.SCENARIO: 180, Scope.GLOBAL: 180}
"""Days after the newest evidence at which a lesson expires."""

MAX_EVIDENCE = 40
MAX_EXAMPLE = 120
"""Characters of a request that are kept with the evidence."""

MAX_LESSONS = 200
"""Lessons that one user can have alive; the weakest proposals give way (CASES 158)."""


@dataclass(frozen=True, slots=True)
class Observation:
    """What a model reads out of feedback, checked: one preference with the entries that show it."""

    kind: LessonKind
    topic: str
    value: str
    text: str
    when: str
    target: Target
    feedback: tuple[Feedback, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """What the user's settings say. `apply_trusted`: style, length, language need no answer."""

    apply_trusted: bool = False


@dataclass(frozen=True, slots=True)
class Merged:
    """The lessons after a merge. Those with id 0 are new. `changed` says which differ."""

    lessons: tuple[Lesson, ...]
    changed: tuple[Lesson, ...]


Key = tuple[Target, str, str]


def merge(
    known: Sequence[Lesson],
    observations: Iterable[Observation],
    user_id: int,
    now: int,
    policy: Policy = Policy(),
) -> Merged:
    """Return the user's lessons after the observations, as of `now` (epoch ms)."""
    lessons = list(known)
    for observation in sorted(observations, key=_order):
        _attach(lessons, observation, user_id, now)
    settled = settle(lessons, now, policy)
    before = {lesson.id: lesson for lesson in known}
    changed = tuple(lesson for lesson in settled if before.get(lesson.id) != lesson)
    stamped = {id(lesson): replace(lesson, changed_at=now) for lesson in changed}
    return Merged(
        tuple(stamped.get(id(lesson), lesson) for lesson in settled), tuple(stamped.values())
    )


def settle(lessons: Sequence[Lesson], now: int, policy: Policy) -> list[Lesson]:
    """Return the lessons with the state that their evidence gives them now; nobody is asked."""
    groups: defaultdict[Key, list[Lesson]] = defaultdict(list)
    for lesson in lessons:
        groups[key_of(lesson)].append(lesson)
    settled = {
        id(old): new for group in groups.values() for old, new in _settled(group, now, policy)
    }
    found = [settled[id(lesson)] for lesson in lessons]
    return _within_limit(found, now)


def key_of(lesson: Lesson | Observation) -> Key:
    """Return what lessons that exclude each other have in common."""
    return (lesson.target, plain(lesson.topic), plain(lesson.when))


def plain(text: str) -> str:
    """Return a text without what does not matter when two are compared."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(re.findall(r"\w+", folded))


def qualifies(lesson: Lesson, now: int) -> bool:
    """Return whether there is enough evidence to propose a lesson."""
    needed, places = NEEDED[lesson.target.scope]
    return lesson.strength(now) >= needed - 1e-9 and lesson.places >= places


def evidence_of(feedback: Feedback) -> Evidence:
    """Return a feedback as evidence."""
    return Evidence(
        feedback.id,
        feedback.kind.weight,
        feedback.at,
        feedback.place,
        feedback.session_id,
        feedback.turn_id,
        clipped(feedback.request, MAX_EXAMPLE),
    )


def _order(each: Observation) -> tuple[str, ...]:
    target = each.target
    return (
        target.scope.value,
        str(target.session_id),
        str(target.scenario_id),
        plain(each.topic),
        plain(each.when),
        plain(each.value),
        each.text,
    )


def _attach(lessons: list[Lesson], seen: Observation, user_id: int, now: int) -> None:
    """Give the observation's evidence to the lesson that says the same; make one if none does."""
    new = tuple(evidence_of(each) for each in seen.feedback)
    for at, lesson in enumerate(lessons):
        gone = lesson.state is LessonState.REMOVED
        if not gone and key_of(lesson) == key_of(seen) and _same(lesson, seen):
            lessons[at] = _with_evidence(lesson, new)
            return
    fresh = Lesson(
        id=0,
        user_id=user_id,
        target=seen.target,
        kind=seen.kind,
        topic=seen.topic,
        value=seen.value,
        text=seen.text,
        when=seen.when,
        created_at=now,
        changed_at=now,
    )
    lessons.append(_with_evidence(fresh, new))


def _same(lesson: Lesson, seen: Observation) -> bool:
    return plain(lesson.value) == plain(seen.value) or plain(lesson.text) == plain(seen.text)


def _with_evidence(lesson: Lesson, new: Sequence[Evidence]) -> Lesson:
    """Add evidence, each feedback once, the newest MAX_EVIDENCE; the expiry moves with it."""
    merged = {each.feedback_id: each for each in (*lesson.evidence, *new)}
    newest = sorted(merged.values(), key=lambda each: (each.at, each.feedback_id))[-MAX_EVIDENCE:]
    evidence = tuple(newest)
    if evidence == lesson.evidence:
        return lesson
    life = LIFE_DAYS[lesson.target.scope] * DAY_MS
    expires = max(each.at for each in evidence) + life if evidence else None
    keep = lesson.is_held and lesson.expires_at is None
    return replace(lesson, evidence=evidence, expires_at=None if keep else expires)


def _settled(group: Sequence[Lesson], now: int, policy: Policy) -> list[tuple[Lesson, Lesson]]:
    open_ones = [each for each in group if _may_win(each, now)]
    winner = max(open_ones, key=lambda each: _rank(each, now), default=None)
    held = next((each for each in group if each.is_held and not _is_over(each, now)), None)
    return [(each, _decided(each, winner, held, now, policy)) for each in group]


def _decided(
    lesson: Lesson, winner: Lesson | None, held: Lesson | None, now: int, policy: Policy
) -> Lesson:
    if lesson.state in (LessonState.OFF, LessonState.REMOVED):
        return lesson
    if lesson.is_held:
        return replace(lesson, state=LessonState.EXPIRED) if _is_over(lesson, now) else lesson
    if lesson.state is LessonState.REJECTED and not _is_back(lesson):
        return lesson
    state = _state(lesson, winner, held, now, policy)
    automatic = state is LessonState.ACTIVE
    conflict = held.id if held is not None and state is LessonState.PROPOSED else None
    return replace(lesson, state=state, automatic=automatic, conflicts_with=conflict)


def _state(
    lesson: Lesson, winner: Lesson | None, held: Lesson | None, now: int, policy: Policy
) -> LessonState:
    if lesson.strength(now) < FADED or _is_over(lesson, now):
        return LessonState.EXPIRED
    running = lesson.state is LessonState.ACTIVE
    if not qualifies(lesson, now) and not running:
        return LessonState.NOTICED
    if winner is not None and lesson is not winner:
        return LessonState.SUPERSEDED
    if held is not None:
        is_news = _newest(lesson) > (held.decided_at or 0)
        return LessonState.PROPOSED if is_news else LessonState.SUPERSEDED
    trusted = policy.apply_trusted and lesson.kind in TRUSTED_KINDS
    return LessonState.ACTIVE if trusted or running else LessonState.PROPOSED


def _may_win(lesson: Lesson, now: int) -> bool:
    if lesson.is_held or lesson.state in (LessonState.OFF, LessonState.REMOVED):
        return False
    if lesson.state is LessonState.REJECTED and not _is_back(lesson):
        return False
    running = lesson.state is LessonState.ACTIVE
    alive = lesson.strength(now) >= FADED and not _is_over(lesson, now)
    return alive and (running or qualifies(lesson, now))


def _rank(lesson: Lesson, now: int) -> tuple[float, int, str]:
    return (round(lesson.strength(now), 9), _newest(lesson), plain(lesson.value))


def _newest(lesson: Lesson) -> int:
    return max((each.at for each in lesson.evidence), default=0)


def _is_over(lesson: Lesson, now: int) -> bool:
    return lesson.expires_at is not None and lesson.expires_at <= now


def _is_back(lesson: Lesson) -> bool:
    """Whether twice as many answers speak for a rejected lesson as when it was rejected."""
    return lesson.places >= 2 * max(1, lesson.rejected_places)


def _within_limit(lessons: list[Lesson], now: int) -> list[Lesson]:
    waiting = (LessonState.NOTICED, LessonState.PROPOSED)
    excess = sum(each.state in (*waiting, LessonState.ACTIVE) for each in lessons) - MAX_LESSONS
    if excess <= 0:
        return lessons
    weakest = sorted(
        (each for each in lessons if each.state in waiting), key=lambda each: _rank(each, now)
    )[:excess]
    dropped = {id(each) for each in weakest}
    return [
        replace(each, state=LessonState.EXPIRED) if id(each) in dropped else each
        for each in lessons
    ]
