"""Statistics as plain values: what is measured, over which periods, split by what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

MICROS = Decimal(1_000_000)


class By(StrEnum):
    """How long a period is. Weeks begin on Monday."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class Split(StrEnum):
    """What the figures are told apart by."""

    NONE = "none"
    MODEL = "model"
    SCENARIO = "scenario"
    SESSION = "session"


class Measure(StrEnum):
    """What is looked at."""

    CHATS = "chats"
    REQUESTS = "requests"
    MESSAGES = "messages"
    TOKENS = "tokens"
    COST = "cost"
    CACHE = "cache"
    """Share of the tokens sent that came from the cache."""
    LATENCY = "latency"
    """Seconds from sending to the end of an answer, on average."""
    FIRST_TOKEN = "first_token"  # noqa: S105
    """Seconds until the answer begins, on average."""
    LIKES = "likes"
    DISLIKES = "dislikes"


WEIGHTS = {
    Measure.CHATS: ("chats",),
    Measure.REQUESTS: ("turns",),
    Measure.MESSAGES: ("messages",),
    Measure.TOKENS: ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens"),
    Measure.COST: ("cost_micros",),
    Measure.CACHE: ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens"),
    Measure.LATENCY: ("turns",),
    Measure.FIRST_TOKEN: ("turns",),
    Measure.LIKES: ("likes", "dislikes"),
    Measure.DISLIKES: ("likes", "dislikes"),
}
"""The figures by whose sum parts are ordered when a measure is looked at, the greatest first."""

AVERAGES = frozenset({Measure.CACHE, Measure.LATENCY, Measure.FIRST_TOKEN})
"""Measures whose values cannot be added up."""


class Figures(NamedTuple):
    """Sums over some turns. `chats` counts the chats in which they were.

    `cost_micros` (millionths of a US dollar) sums the turns that had a price (`priced`);
    `duration_ms` those that were answered to their end (`timed`); `first_ms` likewise. A tuple,
    because thousands of them are made for a plot.
    """

    chats: int = 0
    turns: int = 0
    messages: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    cost_micros: int = 0
    priced: int = 0
    duration_ms: int = 0
    timed: int = 0
    first_ms: int = 0
    first_timed: int = 0
    likes: int = 0
    dislikes: int = 0
    corrections: int = 0
    feedback: int = 0

    @property
    def tokens(self) -> int:
        """All tokens that passed, cached or not."""
        return self.tokens_sent + self.output_tokens

    @property
    def tokens_sent(self) -> int:
        """What was sent to the model: new, read from the cache, written to it."""
        return self.input_tokens + self.cache_read_tokens + self.cache_write_tokens

    @property
    def cost_usd(self) -> Decimal | None:
        """US dollars; None when nothing had a price, which is not zero."""
        return Decimal(self.cost_micros) / MICROS if self.priced else None

    def weight(self, order: Measure) -> int:
        """Return what parts are ordered by."""
        return sum(getattr(self, name) for name in WEIGHTS[order])

    def value(self, measure: Measure) -> float | None:
        """Return one measure; None when there is nothing it could be taken from."""
        match measure:
            case Measure.CHATS:
                return self.chats
            case Measure.REQUESTS:
                return self.turns
            case Measure.MESSAGES:
                return self.messages
            case Measure.TOKENS:
                return self.tokens
            case Measure.COST:
                return None if self.cost_usd is None else float(self.cost_usd)
            case Measure.CACHE:
                return _ratio(self.cache_read_tokens, self.tokens_sent)
            case Measure.LATENCY:
                return _ratio(self.duration_ms / 1000, self.timed)
            case Measure.FIRST_TOKEN:
                return _ratio(self.first_ms / 1000, self.first_timed)
            case Measure.LIKES:
                return self.likes
            case Measure.DISLIKES:
                return self.dislikes


FIGURES = Figures._fields


def _ratio(part: float, whole: int) -> float | None:
    return part / whole if whole else None


@dataclass(frozen=True, slots=True)
class Part:
    """One model, scenario or chat.

    `key` is the model's name, or the id as text; "" is what has none: no model was asked, no
    scenario, chats that were deleted. `name` is empty then, and for what is no more.
    """

    key: str
    name: str
    total: Figures


@dataclass(frozen=True, slots=True)
class Series:
    """Figures per period, from the period in which `since` lies to that of `until`, none left out.

    `since` and `until` are the first and the last day counted. `parts` are all parts, the greatest
    first; `lines` gives the figures per period of the first few of them, and what the others have
    together under None. Chats, which take long to tell apart, are counted in `lines` only where
    parts are ordered by them.
    """

    by: By
    split: Split
    since: date
    until: date
    periods: tuple[date, ...]
    """First day of each."""
    totals: tuple[Figures, ...]
    total: Figures
    before: Figures | None
    """The same number of days just before, for comparison; None: there is nothing to compare."""
    parts: tuple[Part, ...] = ()
    lines: tuple[tuple[Part | None, tuple[Figures, ...]], ...] = ()

    @property
    def days(self) -> int:
        return (self.until - self.since).days + 1


def period_start(day: date, by: By) -> date:
    """Return the first day of the period in which `day` lies."""
    if by is By.WEEK:
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if by is By.MONTH else day


def next_period(start: date, by: By) -> date:
    """Return the first day of the period after the one that begins with `start`."""
    if by is By.MONTH:
        return (start.replace(day=28) + timedelta(days=4)).replace(day=1)
    return start + timedelta(days=7 if by is By.WEEK else 1)
