"""Tests a lesson: past requests answered with and without it, judged blind, within a budget."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from aigc_desktop.agent import prices
from aigc_desktop.config import settings as config
from aigc_desktop.core.errors import UserError
from aigc_desktop.core.events import LessonsChanged, TrialProgress
from aigc_desktop.core.learning import Lesson, LessonState
from aigc_desktop.core.session import Usage
from aigc_desktop.core.trial import Pair, Proof, TrialPlan
from aigc_desktop.learning import trial
from aigc_desktop.learning.guard import has_hidden
from aigc_desktop.scenarios.composer import PartKind, compose, estimate_tokens
from aigc_desktop.services import asking, learned
from aigc_desktop.services.app import App
from aigc_desktop.services.feedback import request_of
from aigc_desktop.store import feedback as feedback_rows
from aigc_desktop.store import lessons as rows
from aigc_desktop.store import turns as turn_rows
from aigc_desktop.store.store import Db

CANDIDATES = 300
"""Newest requests that those of a test are chosen from."""

LONGEST = 4_000
"""Characters of a request that is replayed."""

ANSWER_TOKENS = 1_500
JUDGE_TOKENS = 60
TOGETHER = 3
"""Pairs that are worked on at the same time."""

SAID = 8
CALLS_PER_PAIR = 3

_SYSTEM = (
    "You answer a person's request directly, in the language it is written in. There are no tools "
    "and no files here; where something is missing, say so and do what can be done."
)


@dataclass(frozen=True, slots=True)
class _Request:
    number: int
    text: str
    is_control: bool


@dataclass(frozen=True, slots=True)
class _Setup:
    """Everything that a test needs, read at one moment."""

    lesson: Lesson
    others: tuple[Lesson, ...]
    said: tuple[str, ...]
    own: tuple[str, ...]
    """Requests in the evidence, the newest first."""
    recent: tuple[str, ...]
    model: str
    provider: str


class _OverBudget(Exception):
    """The next call could cost more than is left."""


@dataclass(slots=True)
class _Spending:
    """What was spent; `known` is False as soon as one call has no price."""

    budget: Decimal
    cost: Decimal = Decimal(0)
    dearest: Decimal = Decimal(0)
    known: bool = True
    calls: int = 0
    open: int = 0
    stopped: bool = False
    pairs: list[Pair] = field(default_factory=list)

    def begin(self) -> None:
        """Count a call in. Raises _OverBudget if it and those that run might exceed the budget.

        A call is taken to cost as much as the dearest one so far.
        """
        if self.budget and self.cost + (self.open + 1) * self.dearest > self.budget:
            self.stopped = True
            raise _OverBudget
        self.open += 1

    def end(self, cost: Decimal | None) -> None:
        """A call has been answered."""
        self.calls += 1
        self.known = self.known and cost is not None
        self.cost += cost or Decimal(0)
        self.dearest = max(self.dearest, cost or Decimal(0))


async def plan_trial(app: App, lesson_id: int) -> TrialPlan:
    """Return what a test will do and about what it costs.

    Raises UserError: `lesson_not_found`, `trial_needs_requests`, `provider_not_chosen`.
    """
    setup = await _setup(app, lesson_id)
    requests = await _choose(app, setup)
    return TrialPlan(
        requests=sum(not each.is_control for each in requests),
        control=sum(each.is_control for each in requests),
        calls=CALLS_PER_PAIR * len(requests),
        cost_usd=_estimate(setup, requests),
        budget_usd=str(app.settings.get(config.TRIAL_BUDGET_USD)),
    )


async def test_lesson(app: App, lesson_id: int) -> Proof:
    """Test a lesson and keep the result. Cancelling ends it, and nothing is kept.

    Raises UserError: as `plan_trial`, and what the model's connection raises.
    """
    setup = await _setup(app, lesson_id)
    requests = await _choose(app, setup)
    spending = _Spending(app.settings.get(config.TRIAL_BUDGET_USD))
    total = CALLS_PER_PAIR * len(requests)
    gate = asyncio.Semaphore(TOGETHER)

    async def work(request: _Request) -> None:
        async with gate:
            with contextlib.suppress(_OverBudget):
                pair = await _pair(app, setup, request, spending)
                if pair is not None:
                    spending.pairs.append(pair)
            app.bus.publish(TrialProgress(lesson_id, spending.calls, total))

    try:
        async with asyncio.TaskGroup() as group:
            for request in requests:
                group.create_task(work(request))
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from None
    proof = _proof(setup.lesson, spending, app.clock.now_ms())
    await app.store.write(lambda db: rows.add_proof(db, lesson_id, proof))
    app.bus.publish(TrialProgress(lesson_id, total, total, proof))
    app.bus.publish(LessonsChanged())
    return proof


async def proofs_of(app: App, lesson_id: int) -> list[Proof]:
    """Return the tests of a lesson, the newest first."""
    return await app.store.read(lambda db: rows.proofs(db, lesson_id))


def _proof(lesson: Lesson, spending: _Spending, now: int) -> Proof:
    pairs = tuple(sorted(spending.pairs, key=lambda each: (each.is_control, each.request)))
    return Proof(
        lesson_text=lesson.line,
        at=now,
        verdict=trial.verdict(pairs),
        wins=trial.wins(pairs),
        harm=trial.harm(pairs),
        pairs=pairs,
        cost_usd=str(spending.cost) if spending.known else None,
        calls=spending.calls,
        stopped_by_budget=spending.stopped,
    )


async def _setup(app: App, lesson_id: int) -> _Setup:
    if not app.settings.get(config.PROVIDER):
        raise UserError("provider_not_chosen")
    model = app.settings.get(config.MODEL)
    provider = app.connection.provider_for(model)

    def read(db: Db) -> _Setup:
        lesson = rows.get(db, lesson_id)
        evidence = feedback_rows.by_ids(db, [each.feedback_id for each in lesson.evidence])
        active = rows.of_user(db, lesson.user_id, [LessonState.ACTIVE])
        return _Setup(
            lesson,
            tuple(each for each in active if each.id != lesson.id),
            tuple(e.typed for e in evidence if e.typed and not has_hidden(e.typed))[:SAID],
            _different(e.request for e in evidence),
            _different(
                request_of(turn) for turn in turn_rows.newest(db, lesson.user_id, CANDIDATES)
            ),
            model,
            provider,
        )

    return await app.store.read(read)


def _different(texts: Iterable[str]) -> tuple[str, ...]:
    kept = dict.fromkeys(text.strip() for text in texts)
    return tuple(text for text in kept if 0 < len(text) <= LONGEST)


async def _choose(app: App, setup: _Setup) -> list[_Request]:
    """Choose requests that the lesson is for, the evidence first, and the ones farthest from it."""
    own = setup.own[: trial.REQUESTS]
    others = [text for text in setup.recent if text not in set(setup.own)]
    ranked = await asyncio.to_thread(_by_distance, app, setup, others)
    wanted = trial.REQUESTS - len(own)
    near = ranked[: min(wanted, len(ranked) // 2)]
    far = ranked[len(near) :][-trial.CONTROL :]
    if not own and not near:
        raise UserError("trial_needs_requests")
    texts = [(text, False) for text in (*own, *near)] + [(text, True) for text in far]
    return [_Request(at, text, is_control) for at, (text, is_control) in enumerate(texts)]


def _by_distance(app: App, setup: _Setup, texts: Sequence[str]) -> list[str]:
    """Return requests, the nearest to what the lesson is for first."""
    if not texts:
        return []
    about = [setup.lesson.when] if setup.lesson.when else list(setup.own[: trial.REQUESTS])
    about = about or [setup.lesson.text]
    vectors = app.matching.encoder.encode([*about, *texts])
    nearness = (vectors[len(about) :] @ vectors[: len(about)].T).max(axis=1).tolist()
    return [text for _, text in sorted(zip(nearness, texts, strict=True), reverse=True)]


async def _pair(app: App, setup: _Setup, request: _Request, spending: _Spending) -> Pair | None:
    """Return the judged pair; None where the judge's answer says nothing."""
    with_it, without = [
        await _ask(app, setup, spending, _prompt(lessons), request.text, ANSWER_TOKENS)
        for lessons in ((*setup.others, setup.lesson), setup.others)
    ]
    with_first = trial.with_is_first(setup.lesson.id, request.number)
    first, second = (with_it, without) if with_first else (without, with_it)
    opinions = () if request.is_control else setup.said
    question = trial.judge_question(request.text, opinions, first, second)
    judged = await _ask(app, setup, spending, trial.JUDGE, question, JUDGE_TOKENS)
    choice = trial.read_choice(judged, with_first=with_first)
    if choice is None:
        return None
    return Pair(request.text, with_it, without, request.is_control, *choice)


async def _ask(
    app: App, setup: _Setup, spending: _Spending, system: str, text: str, max_tokens: int
) -> str:
    spending.begin()
    try:
        said = await asking.ask_model(app, system, text, model=setup.model, max_tokens=max_tokens)
    finally:
        spending.open -= 1
    spending.end(said.cost_usd)
    return said.text


def _prompt(lessons: Sequence[Lesson]) -> str:
    """Return the prompt with lessons as a conversation would have it, whatever their scope."""
    texts = learned.compose(lessons, ())
    return compose(
        {
            PartKind.GLOBAL: _SYSTEM,
            PartKind.USER_PREFERENCES: texts.user_text,
            PartKind.SESSION_PREFERENCES: texts.session_text,
        }
    ).text


def _estimate(setup: _Setup, requests: Sequence[_Request]) -> str | None:
    prompt = estimate_tokens(_prompt((*setup.others, setup.lesson)))
    asked = sum(estimate_tokens(each.text) for each in requests)
    usual = ANSWER_TOKENS // 3
    usage = Usage(
        input_tokens=2 * (prompt * len(requests) + asked) + (2 * usual + 150) * len(requests),
        output_tokens=(2 * usual + JUDGE_TOKENS) * len(requests),
    )
    cost = prices.cost(setup.model, usage, setup.provider)
    return None if cost is None else f"{cost:.2f}"
