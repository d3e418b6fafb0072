"""The deterministic part of learning against an oracle, over seeded streams of feedback."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from aigc_desktop.core.learning import (
    Evidence,
    Feedback,
    FeedbackKind,
    Lesson,
    LessonKind,
    LessonState,
    Scope,
    Target,
)
from aigc_desktop.learning import merge as m
from aigc_desktop.learning.merge import Observation, Policy, merge
from tests.learning.streams import DAY, START, Oracle, Topic, stream, topics

EVERYWHERE = Target()


def numbered(lessons: tuple[Lesson, ...]) -> list[Lesson]:
    """Give new lessons their ids, as the store does."""
    top = max((each.id for each in lessons), default=0)
    found = []
    for each in lessons:
        top += not each.id
        found.append(each if each.id else replace(each, id=top))
    return found


def decide(lessons: list[Lesson], what: str, topic: Topic, value: str, now: int) -> list[Lesson]:
    """Do what `services.lessons` does, on values."""
    mine = [e for e in lessons if e.topic == topic.name]
    wanted = next((e for e in mine if e.value.lower() == value.lower()), None)
    if wanted is None:
        return lessons
    done = []
    for each in lessons:
        if each is wanted:
            ends = each.expires_at
            changed = replace(each, automatic=False, conflicts_with=None, decided_at=now)
            if what == "accept":
                ends = None if (ends or now + 1) <= now else ends
                changed = replace(changed, state=LessonState.ACTIVE, expires_at=ends)
            elif what == "reject":
                state = LessonState.REJECTED
                changed = replace(changed, state=state, rejected_places=each.places)
            else:
                changed = replace(changed, state=LessonState.OFF)
            done.append(changed)
        elif what == "accept" and each in mine and each.state is LessonState.ACTIVE:
            done.append(replace(each, state=LessonState.SUPERSEDED))
        else:
            done.append(each)
    return done


@pytest.mark.parametrize("trusted", [False, True])
@pytest.mark.parametrize("seed", range(12))
def test_the_merge_agrees_with_the_oracle(seed: int, trusted: bool) -> None:
    oracle, lessons = Oracle(trusted=trusted), list[Lesson]()
    policy = Policy(apply_trusted=trusted)
    compared = 0
    for step in stream(seed):
        lessons = numbered(merge(lessons, step.observations, 1, step.at, policy).lessons)
        oracle.run(step)
        got = {(e.topic, e.value.lower()): e.state.value for e in lessons}
        wanted = {
            (topic, value): belief.state
            for topic, values in oracle.known.items()
            for value, belief in values.items()
        }
        assert got == wanted
        compared += len(wanted)
        for what, topic, value in step.decisions:
            oracle.decide(what, topic, value, step.at)
            lessons = decide(lessons, what, topic, value, step.at)
    assert compared > 200
    if not trusted:
        assert all(e.state is not LessonState.ACTIVE or not e.automatic for e in lessons)


@pytest.mark.parametrize("seed", range(4))
def test_the_same_again_and_another_order_change_nothing(seed: int) -> None:
    lessons = list[Lesson]()
    for step in stream(seed, 5):
        mixed = list(step.observations)
        random.Random(seed).shuffle(mixed)
        one = merge(lessons, step.observations, 1, step.at)
        other = merge(lessons, mixed, 1, step.at)
        key = lambda e: (e.topic, e.value, e.text)  # noqa: E731
        assert sorted(one.lessons, key=key) == sorted(other.lessons, key=key)
        lessons = numbered(one.lessons)
        again = merge(lessons, step.observations, 1, step.at)
        assert again.changed == ()
        assert list(again.lessons) == lessons


def entry(number: int, at: int, kind: FeedbackKind = FeedbackKind.CORRECT) -> Feedback:
    return Feedback(number, 1, kind, at, session_id=1, turn_id=number)


def seen(value: str, *entries: Feedback, target: Target = EVERYWHERE) -> Observation:
    return Observation(
        LessonKind.LENGTH, "length", value, f"Be {value}.", "", target, tuple(entries)
    )


def states(lessons: tuple[Lesson, ...]) -> dict[str, LessonState]:
    return {each.value: each.state for each in lessons}


def test_one_remark_is_no_rule() -> None:
    found = merge([], [seen("short", entry(1, START))], 1, START).lessons
    assert states(found) == {"short": LessonState.NOTICED}
    own = Target(Scope.SESSION, session_id=1)
    found = merge([], [seen("short", entry(1, START), target=own)], 1, START).lessons
    assert states(found) == {"short": LessonState.PROPOSED}


def test_implicit_signals_alone_propose_nothing() -> None:
    weak = [entry(n, START, FeedbackKind.REPHRASED) for n in range(1, 5)]
    found = merge([], [seen("short", *weak)], 1, START).lessons
    assert states(found) == {"short": LessonState.NOTICED}


def test_a_flip_supersedes_and_a_flip_back_revives() -> None:
    first = [entry(n, START) for n in (1, 2)]
    lessons = numbered(merge([], [seen("short", *first)], 1, START).lessons)
    later = START + 60 * DAY
    flipped = [entry(n, later) for n in (3, 4)]
    lessons = numbered(merge(lessons, [seen("long", *flipped)], 1, later).lessons)
    assert states(tuple(lessons)) == {
        "short": LessonState.NOTICED,
        "long": LessonState.PROPOSED,
    }
    back = later + 40 * DAY
    again = [entry(n, back) for n in (5, 6, 7)]
    lessons = numbered(merge(lessons, [seen("short", *again)], 1, back).lessons)
    assert states(tuple(lessons))["short"] is LessonState.PROPOSED


def test_what_was_accepted_stands_until_something_newer_contradicts() -> None:
    lesson = Lesson(
        1,
        1,
        Target(),
        LessonKind.LENGTH,
        "length",
        "short",
        "Be short.",
        state=LessonState.ACTIVE,
        evidence=(Evidence(1, 1.0, START, 1),),
        decided_at=START + DAY,
    )
    old = merge([lesson], [seen("long", *(entry(n, START) for n in (2, 3, 4)))], 1, START + DAY)
    assert states(old.lessons) == {"short": LessonState.ACTIVE, "long": LessonState.SUPERSEDED}
    new = [entry(n, START + 2 * DAY) for n in (5, 6)]
    now = merge(numbered(old.lessons), [seen("long", *new)], 1, START + 2 * DAY)
    found = {each.value: each for each in now.lessons}
    assert found["short"].state is LessonState.ACTIVE
    assert (found["long"].state, found["long"].conflicts_with) == (LessonState.PROPOSED, 1)


def test_a_rejected_lesson_needs_twice_as_much_to_come_back() -> None:
    entries = [entry(n, START) for n in range(1, 7)]
    lessons = numbered(merge([], [seen("short", *entries[:2])], 1, START).lessons)
    rejected = [replace(lessons[0], state=LessonState.REJECTED, rejected_places=2)]
    same = merge(rejected, [seen("short", *entries[:3])], 1, START)
    assert states(same.lessons) == {"short": LessonState.REJECTED}
    more = merge(rejected, [seen("short", *entries[:4])], 1, START)
    assert states(more.lessons) == {"short": LessonState.PROPOSED}


def test_a_flood_is_capped() -> None:
    many = [
        replace(seen(f"v{n}", entry(2 * n, START), entry(2 * n + 1, START)), topic=f"t{n}")
        for n in range(1, 1000)
    ]
    found = merge([], many, 1, START).lessons
    alive = [e for e in found if e.state in (LessonState.PROPOSED, LessonState.NOTICED)]
    assert len(alive) == m.MAX_LESSONS
    same = [entry(n, START) for n in range(1, 1000)]
    [one] = merge([], [seen("short", *same)], 1, START).lessons
    assert len(one.evidence) == m.MAX_EVIDENCE


def test_every_topic_of_the_ground_truth_takes_part() -> None:
    assert len(topics()) >= 18
