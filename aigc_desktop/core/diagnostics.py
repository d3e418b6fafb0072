"""What the diagnostics found, as plain values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How one thing is; the order is that of the report, worst first."""

    PROBLEM = "problem"
    WARNING = "warning"
    UNKNOWN = "unknown"
    OK = "ok"
    NOT_APPLICABLE = "not_applicable"


class Group(StrEnum):
    """What a check is about."""

    CONNECTION = "connection"
    DATABASE = "database"
    FILES = "files"
    SAFETY = "safety"
    AUTOMATION = "automation"
    PROGRAM = "program"


@dataclass(frozen=True, slots=True)
class WindowFacts:
    """What only a window knows. `chinese_font` is the font that draws Chinese, "" if none does."""

    qt: str
    chinese_font: str


@dataclass(frozen=True, slots=True)
class CheckTitle:
    """A check before it has run."""

    name: str
    group: Group
    title: str


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What one check found, in the user's language.

    `detail` may name what is the user's own (folders, scenarios); a support bundle leaves it out.
    """

    name: str
    group: Group
    title: str
    state: State
    reason: str
    remedy: str = ""
    detail: str = ""
    seconds: float = 0.0
    mend: str = ""
    """What the button that mends it says; empty when there is nothing to press."""
    mend_explained: str = ""
    undo: bool = False
    """Whether it was mended before and that can be taken back."""
    place: str = ""
    """Where the user can do something about it: `settings`, or a part of the operations page."""


@dataclass(frozen=True, slots=True)
class Report:
    """All results. `made_at` in epoch ms."""

    made_at: int
    results: tuple[CheckResult, ...]

    @property
    def worst(self) -> State:
        """The overall verdict; what could not be checked is no worse than a warning."""
        return worst(result.state for result in self.results)

    def count(self, state: State) -> int:
        """Return how many results have this state."""
        return sum(result.state is state for result in self.results)


def worst(states: Iterable[State]) -> State:
    """Return the worst of `states`; OK when there is none."""
    order = list(State)
    return min(
        (s for s in states if s is not State.NOT_APPLICABLE), key=order.index, default=State.OK
    )
