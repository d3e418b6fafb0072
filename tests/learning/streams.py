"""Seeded streams of feedback over hidden preferences, and an oracle that is written apart.

The preferences are the strings of PRELUDE (`tests/data/preferences`). A stream has runs of the
learner; before each, some answers were corrected, some preferences flipped, some decisions made.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from pathlib import Path

from aigc_desktop.core.learning import Feedback, FeedbackKind, LessonKind, Scope, Target
from aigc_desktop.learning.merge import Observation

DATA = Path(__file__).parents[1] / "data/preferences/latent_prefs.jsonl"
DAY = 86_400_000
START = 1_800_000_000_000
KINDS = (FeedbackKind.CORRECT, FeedbackKind.DISLIKE, FeedbackKind.REPHRASED, FeedbackKind.COPIED)


def preferences() -> list[dict[str, object]]:
    """Return the nine sets of latent preferences: task, doc_type, atoms."""
    return [json.loads(line) for line in DATA.read_text(encoding="utf-8").splitlines()]


@dataclass(frozen=True)
class Topic:
    """One thing that can be preferred one way or another; `options` are its values."""

    name: str
    when: str
    kind: LessonKind
    target: Target
    options: tuple[str, ...]


@dataclass
class Step:
    """What happens before and at one run of the learner."""

    at: int
    observations: list[Observation] = field(default_factory=list)
    decisions: list[tuple[str, Topic, str]] = field(default_factory=list)
    """(`accept`, `reject` or `off`, topic, value), made right after the run."""


def topics() -> list[Topic]:
    """Return a topic for each pair of atoms of a set: the second contradicts the first."""
    found = []
    for number, each in enumerate(preferences()):
        atoms = [str(atom) for atom in each["atoms"]]  # type: ignore[attr-defined]
        for at in range(0, len(atoms), 2):
            options = (atoms[at], atoms[at + 1] if at + 1 < len(atoms) else f"no {atoms[at]}")
            target = (Target(), Target(Scope.SESSION, session_id=number + 1))[at // 2 % 2]
            kind = (LessonKind.STYLE, LessonKind.CONTENT, LessonKind.LENGTH)[at % 3]
            when = f"{each['task']} of {each['doc_type']}" if at % 4 == 0 else ""
            found.append(Topic(f"{each['task']} {number} {at}", when, kind, target, options))
    return found


def stream(seed: int, runs: int = 12) -> list[Step]:
    """Return a stream; the same seed, the same stream."""
    chance = random.Random(seed)
    chosen = {topic.name: 0 for topic in topics()}
    number, now, steps = 0, START, []
    for _ in range(runs):
        step = Step(now)
        for topic in topics():
            if chance.random() < 0.08:
                chosen[topic.name] = 1 - chosen[topic.name]
            if chance.random() > 0.45:
                continue
            entries = []
            for _ in range(chance.choice((1, 1, 2, 3))):
                number += 1
                entries.append(
                    Feedback(
                        id=number,
                        user_id=1,
                        kind=chance.choice(KINDS),
                        at=now - chance.randrange(0, DAY),
                        session_id=topic.target.session_id or chance.randrange(1, 6),
                        turn_id=chance.randrange(1, 400),
                    )
                )
            value = topic.options[chosen[topic.name]]
            step.observations.append(observe(topic, value, entries))
            if chance.random() < 0.2:
                step.observations.append(observe(topic, value.upper(), entries))
        for topic in topics():
            if chance.random() < 0.05:
                what = chance.choice(("accept", "reject", "off"))
                step.decisions.append((what, topic, chance.choice(topic.options)))
        chance.shuffle(step.observations)
        steps.append(step)
        now += chance.choice((1, 3, 7, 20, 60, 200)) * DAY
    return steps


def observe(topic: Topic, value: str, entries: list[Feedback]) -> Observation:
    return Observation(
        topic.kind, topic.name, value, f"Prefer {value}.", topic.when, topic.target, tuple(entries)
    )


@dataclass
class Belief:
    """What the oracle knows of one value of one topic."""

    signals: dict[int, tuple[float, int, int]] = field(default_factory=dict)
    """Feedback id → weight, time, answer."""
    state: str = "noticed"
    by_itself: bool = False
    decided: int = 0
    rejected_at: int = 0
    ends: int | None = None

    def sum(self, now: int) -> float:
        return sum(w * 2 ** (-(now - at) / DAY / 45) for w, at, _ in self.signals.values())

    def answers(self) -> int:
        return len({place for _, _, place in self.signals.values()})

    def newest(self) -> int:
        return max((at for _, at, _ in self.signals.values()), default=0)


class Oracle:
    """The rules in plain words, one topic at a time."""

    def __init__(self, *, trusted: bool) -> None:
        self.trusted = trusted
        self.known: dict[str, dict[str, Belief]] = {}

    def run(self, step: Step) -> None:
        for seen in step.observations:
            values = self.known.setdefault(seen.topic, {})
            belief = values.setdefault(seen.value.lower(), Belief())
            for each in seen.feedback:
                weight = {"correct": 1.0, "dislike": 0.8, "rephrased": 0.3, "copied": 0.2}
                place = each.turn_id if each.turn_id is not None else -each.id
                belief.signals[each.id] = (weight[each.kind.value], each.at, place)
            newest_40 = sorted(belief.signals.items(), key=lambda s: (s[1][1], s[0]))[-40:]
            belief.signals = dict(newest_40)
            if belief.state == "active" and not belief.by_itself and belief.ends is None:
                continue  # The user wants it though its time was over: it has no end any more.
            days = 30 if seen.target.scope is Scope.SESSION else 180
            belief.ends = belief.newest() + days * DAY
        for topic in topics():
            if topic.name in self.known:
                self._settle(topic, step.at)

    def decide(self, what: str, topic: Topic, value: str, now: int) -> bool:
        belief = self.known.get(topic.name, {}).get(value.lower())
        if belief is None:
            return False
        if what == "accept":
            for other in self.known[topic.name].values():
                if other is not belief and other.state == "active":
                    other.state = "superseded"
            belief.state = "active"
            if belief.ends is not None and belief.ends <= now:
                belief.ends = None
        elif what == "reject":
            belief.state, belief.rejected_at = "rejected", belief.answers()
        else:
            belief.state = "off"
        belief.by_itself, belief.decided = False, now
        return True

    def _settle(self, topic: Topic, now: int) -> None:
        values = self.known[topic.name]
        held = [b for b in values.values() if b.state == "active" and not b.by_itself]
        held = [b for b in held if not (b.ends is not None and b.ends <= now)]
        enough, answers = (0.8, 1) if topic.target.scope is Scope.SESSION else (1.5, 2)

        def open_to(belief: Belief) -> bool:
            if belief.state == "off" or (belief.state == "active" and not belief.by_itself):
                return False
            again = belief.answers() >= 2 * max(1, belief.rejected_at)
            return belief.state != "rejected" or again

        def alive(belief: Belief) -> bool:
            over = belief.ends is not None and belief.ends <= now
            return belief.sum(now) >= 0.25 and not over

        def strong(belief: Belief) -> bool:
            return belief.sum(now) >= enough - 1e-9 and belief.answers() >= answers

        racing = [
            (round(b.sum(now), 9), b.newest(), value)
            for value, b in values.items()
            if open_to(b) and alive(b) and (strong(b) or b.state == "active")
        ]
        best = max(racing)[2] if racing else None
        new_states = {}
        for value, belief in values.items():
            if belief.state == "active" and not belief.by_itself:
                new_states[value] = "expired" if belief not in held else "active"
            elif not open_to(belief):
                new_states[value] = belief.state
            elif not alive(belief):
                new_states[value] = "expired"
            elif not strong(belief) and belief.state != "active":
                new_states[value] = "noticed"
            elif value != best:
                new_states[value] = "superseded"
            elif held:
                news = belief.newest() > held[0].decided
                new_states[value] = "proposed" if news else "superseded"
            elif belief.state == "active" or (
                self.trusted and topic.kind in (LessonKind.STYLE, LessonKind.LENGTH)
            ):
                new_states[value] = "active"
            else:
                new_states[value] = "proposed"
        for value, state in new_states.items():
            belief = values[value]
            if not (belief.state == "active" and not belief.by_itself):
                belief.by_itself = state == "active"
            belief.state = state
