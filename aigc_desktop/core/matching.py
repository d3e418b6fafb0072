"""Which scenario a request belongs to, how sure that is, and why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Candidate:
    """A scenario as the matcher sees it. `version` changes with every edit."""

    id: int
    version: str
    name: str
    description: str = ""
    keywords: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()


class Outcome(StrEnum):
    """What came out."""

    SCENARIO = "scenario"
    DEFAULT = "default"
    """Nothing fits: the default scenario answers."""
    UNSURE = "unsure"
    """The best one answers for now; a model or the user may be asked."""


class ReasonKind(StrEnum):
    """What speaks for a scenario."""

    EXAMPLE = "example"
    NAME = "name"
    DESCRIPTION = "description"
    KEYWORD = "keyword"
    """One of the scenario's keywords is in the request."""
    KEYWORDS = "keywords"
    """The request is close to all its keywords taken together."""
    WORDS = "words"
    FOLLOW_UP = "follow_up"
    NAMED = "named"
    """The user named the scenario for this request."""
    PINNED = "pinned"
    ONLY = "only"
    """There was no other to choose from."""
    MODEL = "model"
    """A small model was asked."""
    NOTHING = "nothing"
    """Nothing in the request points to any scenario."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that spoke for the choice; `weight` in 0..1 says how much."""

    kind: ReasonKind
    text: str = ""
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Ranked:
    """A scenario and the probability that it is the right one; all together at most 1."""

    id: int
    name: str
    share: float


@dataclass(frozen=True, slots=True)
class Match:
    """The matcher's answer for one request.

    `scenario_id` is None when the default is to answer. `confidence` is the calibrated
    probability that `ranked[0]` is right. `scorer` says who scored: `full` (with the sentence
    embedding), `light` (words only, until that is loaded), `rule` (nothing had to be scored),
    `model`.
    """

    outcome: Outcome
    scenario_id: int | None
    confidence: float
    ranked: tuple[Ranked, ...] = ()
    reasons: tuple[Reason, ...] = ()
    scorer: str = "full"
    milliseconds: float = 0.0

    @property
    def runner_up(self) -> Ranked | None:
        """The best of those that were not chosen."""
        return next((r for r in self.ranked if r.id != self.scenario_id), None)
