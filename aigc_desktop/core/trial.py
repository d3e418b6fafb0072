"""The test of a lesson: what it will do, each pair of answers, and what it came to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class TrialVerdict(StrEnum):
    HELPS = "helps"
    HARMS = "harms"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Pair:
    """Two answers to one request, judged without knowing which had the lesson."""

    request: str
    with_lesson: str
    without_lesson: str
    is_control: bool
    preferred: str
    """`with`, `without` or `tie`."""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Share:
    """How often, out of how many (a tie is half), with its 95 % interval."""

    share: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, slots=True)
class Proof:
    """What the test of a lesson came to. `harm`: how often the control was better without it."""

    lesson_text: str
    at: int
    verdict: TrialVerdict
    wins: Share
    harm: Share
    pairs: tuple[Pair, ...]
    cost_usd: str | None
    calls: int
    stopped_by_budget: bool = False


@dataclass(frozen=True, slots=True)
class TrialPlan:
    """What a test of a lesson will do, said before it is started."""

    requests: int
    control: int
    calls: int
    cost_usd: str | None
    """An estimate; None where the model has no price."""
    budget_usd: str
