"""Feedback and what is learned from it, as plain values (words: shared/DOMAIN.md)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class FeedbackKind(StrEnum):
    """What the user did with an answer: the first four say so, the others let it be seen."""

    LIKE = "like"
    DISLIKE = "dislike"
    CORRECT = "correct"
    REGENERATE = "regenerate"
    REPHRASED = "rephrased"
    """Asked the same again in other words."""
    EDITED = "edited"
    """Changed by hand what the answer had made."""
    COPIED = "copied"
    ABANDONED = "abandoned"
    """Stopped the answer before its end."""

    @property
    def is_explicit(self) -> bool:
        return self in _EXPLICIT

    @property
    def weight(self) -> float:
        """How much one such signal counts as evidence; a correction counts 1."""
        return _WEIGHTS[self]


_EXPLICIT = frozenset(
    {FeedbackKind.LIKE, FeedbackKind.DISLIKE, FeedbackKind.CORRECT, FeedbackKind.REGENERATE}
)

_WEIGHTS: Mapping[FeedbackKind, float] = {
    FeedbackKind.CORRECT: 1.0,
    FeedbackKind.DISLIKE: 0.8,
    FeedbackKind.LIKE: 0.5,
    FeedbackKind.REGENERATE: 0.4,
    FeedbackKind.REPHRASED: 0.3,
    FeedbackKind.EDITED: 0.3,
    FeedbackKind.ABANDONED: 0.2,
    FeedbackKind.COPIED: 0.2,
}
"""What the user writes outweighs a click, a click outweighs what is merely seen. Our own choice:
two implicit signals never make a lesson by themselves (`learning.merge.NEEDED`)."""


class Fault(StrEnum):
    """What failed in an answer, in one click."""

    SCENARIO = "scenario"
    TOOL = "tool"
    FACT = "fact"
    FORMAT = "format"
    TONE = "tone"
    LENGTH = "length"


@dataclass(frozen=True, slots=True)
class Opinion:
    """What the user has said about one answer, as its buttons show it."""

    verdict: FeedbackKind | None = None
    """LIKE, DISLIKE or None."""
    fault: Fault | None = None
    note: str = ""
    corrected: str | None = None
    """The answer as the user has put it right."""


@dataclass(frozen=True, slots=True)
class Feedback:
    """One stored signal. `at` in epoch ms.

    `typed` is what the user wrote: a note, the words put into a corrected answer. Nothing else of
    a feedback is learned from. `features` are numbers about a correction (`learning.signals`).
    """

    id: int
    user_id: int
    kind: FeedbackKind
    at: int
    session_id: int | None = None
    turn_id: int | None = None
    scenario_id: int | None = None
    request: str = ""
    typed: str = ""
    fault: Fault | None = None
    features: Mapping[str, float] = field(default_factory=dict)

    @property
    def place(self) -> int:
        """The answer that it is about, or the feedback itself: counts independent evidence."""
        return self.turn_id if self.turn_id is not None else -self.id


class LessonKind(StrEnum):
    STYLE = "style"
    LENGTH = "length"
    LANGUAGE = "language"
    FORMAT = "format"
    TONE = "tone"
    CONTENT = "content"
    WORKFLOW = "workflow"


TRUSTED_KINDS = frozenset({LessonKind.STYLE, LessonKind.LENGTH, LessonKind.LANGUAGE})
"""Kinds that may be applied without a question, if the user allows that."""


class Scope(StrEnum):
    """Where a lesson holds."""

    SESSION = "session"
    SCENARIO = "scenario"
    GLOBAL = "global"


class LessonState(StrEnum):
    NOTICED = "noticed"
    """Seen, but not often enough to propose it."""
    PROPOSED = "proposed"
    """In the inbox."""
    ACTIVE = "active"
    OFF = "off"
    """Switched off by the user."""
    REJECTED = "rejected"
    SUPERSEDED = "superseded"
    """Something else holds in its place."""
    EXPIRED = "expired"
    REMOVED = "removed"
    """Did not exist yet at the day that was returned to, or was deleted by the user."""


EXAMPLES = 2

_FIRST_CJK = 0x2E80
"""From here on letters are as wide as Chinese punctuation."""

DAY_MS = 24 * 3600 * 1000

HALF_LIFE_DAYS = 45
"""Days in which evidence loses half its weight: after a season it still counts a little."""

FADED = 0.25
"""Strength below which a lesson that nobody has accepted ends, and an accepted one is stale."""

UNUSED_DAYS = 7
"""Days in force without a use after which a lesson is pointed out."""

LIVE = frozenset({LessonState.NOTICED, LessonState.PROPOSED, LessonState.ACTIVE})


@dataclass(frozen=True, slots=True)
class Evidence:
    """A feedback that speaks for a lesson."""

    feedback_id: int
    weight: float
    at: int
    place: int
    session_id: int | None = None
    turn_id: int | None = None
    request: str = ""
    """The beginning of what the user had asked."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a lesson holds, exactly."""

    scope: Scope = Scope.GLOBAL
    session_id: int | None = None
    scenario_id: int | None = None


@dataclass(frozen=True, slots=True)
class Lesson:
    """One thing learned. Times in epoch ms.

    Lessons of one `topic` and one `when` in one target exclude each other; `value` says which it
    is. `when` says for which requests it holds ("" for all).
    """

    id: int
    user_id: int
    target: Target
    kind: LessonKind
    topic: str
    value: str
    text: str
    when: str = ""
    state: LessonState = LessonState.NOTICED
    evidence: tuple[Evidence, ...] = ()
    automatic: bool = False
    """Applied by itself; nobody has decided about it."""
    edited: bool = False
    """The words are the user's own."""
    conflicts_with: int | None = None
    decided_at: int | None = None
    """When the user last said what should become of it."""
    rejected_places: int = 0
    """How many answers spoke for it when it was rejected."""
    expires_at: int | None = None
    created_at: int = 0
    changed_at: int = 0
    uses: int = 0
    used_at: int | None = None

    @property
    def places(self) -> int:
        """How many different answers speak for it."""
        return len({each.place for each in self.evidence})

    @property
    def examples(self) -> tuple[str, ...]:
        """The newest requests that it was learned from, at most EXAMPLES different ones."""
        newest = sorted(self.evidence, key=lambda each: (each.at, each.feedback_id), reverse=True)
        return tuple(dict.fromkeys(each.request for each in newest if each.request))[:EXAMPLES]

    @property
    def is_held(self) -> bool:
        """Whether the user has put it into force."""
        return self.state is LessonState.ACTIVE and not self.automatic

    def strength(self, now: int) -> float:
        """Return the sum of the evidence's weights, each halved every HALF_LIFE_DAYS."""
        return math.fsum(
            each.weight * math.exp2(-max(0, now - each.at) / DAY_MS / HALF_LIFE_DAYS)
            for each in self.evidence
        )

    def is_stale(self, now: int) -> bool:
        """Whether it is in force though what spoke for it has faded. The user's own never is."""
        active = self.state is LessonState.ACTIVE
        return active and bool(self.evidence) and self.strength(now) < FADED

    def is_unused(self, now: int) -> bool:
        """Whether it is in force and no request has called for it."""
        active = self.state is LessonState.ACTIVE
        return active and not self.uses and now - self.created_at > UNUSED_DAYS * DAY_MS

    @property
    def is_conflicting(self) -> bool:
        """Whether it says otherwise than one in force."""
        return self.conflicts_with is not None and self.state in LIVE

    @property
    def line(self) -> str:
        """What stands in the prompt."""
        if not self.when:
            return self.text
        colon = "：" if ord(self.when[-1]) >= _FIRST_CJK else ": "
        return f"{self.when}{colon}{self.text}"


@dataclass(frozen=True, slots=True)
class LessonUse:
    """A lesson as it was when an answer was given with it."""

    id: int
    text: str
    scope: Scope


class Outcome(StrEnum):
    """How a run of the learner ended for one user or session."""

    LEARNED = "learned"
    UNCHANGED = "unchanged"
    """The data is the same as last time: no model was asked."""
    TOO_LITTLE = "too_little"
    NO_MODEL = "no_model"
    FAILED = "failed"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class LearningRun:
    """One run, for one user (session_id None) or one session."""

    user_id: int
    session_id: int | None
    outcome: Outcome
    started_at: int
    ended_at: int | None = None
    cause: str = ""
    """`scheduled`, `button`, `command`, `http`."""
    feedback: int = 0
    proposed: int = 0
    applied: int = 0
    changed: int = 0
    refused: tuple[str, ...] = ()
    """Why observations of the model were not taken."""
    error: str = ""


@dataclass(frozen=True, slots=True)
class LearnReport:
    """What a run over all users came to."""

    runs: tuple[LearningRun, ...]

    def count(self, outcome: Outcome) -> int:
        return sum(run.outcome is outcome for run in self.runs)

    @property
    def proposed(self) -> int:
        return sum(run.proposed for run in self.runs)

    @property
    def applied(self) -> int:
        return sum(run.applied for run in self.runs)


@dataclass(frozen=True, slots=True)
class LearningState:
    """What the panel shows of one user or one session."""

    user_id: int
    session_id: int | None
    title: str
    feedback: int
    needed: int
    likes: int
    dislikes: int
    corrections: int
    last: LearningRun | None
    waiting: Outcome | None
    """Why the next run would ask nothing, if that is known already."""


@dataclass(frozen=True, slots=True)
class Overview:
    """The whole of learning at one glance. `next_run_at` None: not scheduled."""

    active: int
    proposed: int
    noticed: int
    stale: int
    conflicting: int
    unused: int
    next_run_at: int | None
    states: tuple[LearningState, ...]


@dataclass(frozen=True, slots=True)
class Why:
    """Why an answer is as it is."""

    turn_id: int
    scenario: str
    scenario_version: int
    skills: tuple[str, ...]
    lessons: tuple[LessonUse, ...]
    without: tuple[LessonUse, ...] = ()
    """Lessons that were left out for this answer alone."""


@dataclass(frozen=True, slots=True)
class LessonChange:
    """One step in the history of a lesson."""

    id: int
    lesson_id: int
    at: int
    cause: str
    state: LessonState
    text: str
