"""Versions compared: what differs, and whether the newer one does worse."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Any

from aigc_desktop.core.intervals import wilson
from aigc_desktop.core.scenario import Bundle

FEWEST = 8
"""Answers that each of two versions must have given before they are compared."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that two bundles differ in."""

    field: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Change:
    """How much a share changed between two versions; `low` and `high` bound it with 95 %."""

    difference: float
    low: float
    high: float

    @property
    def is_drop(self) -> bool:
        """Whether the newer version is worse, beyond what chance explains."""
        return self.high < 0


def differences(before: Bundle, after: Bundle) -> tuple[Difference, ...]:
    """Return the fields in which two bundles differ."""
    pairs = ((f.name, getattr(before, f.name), getattr(after, f.name)) for f in fields(Bundle))
    return tuple(Difference(name, old, new) for name, old, new in pairs if old != new)


def compare(good_before: int, n_before: int, good_after: int, n_after: int) -> Change | None:
    """Return how the share of good answers changed; None when there are too few to tell.

    The interval is Newcombe's hybrid score interval for a difference of two proportions (1998,
    method 10), which holds for few answers and for shares near 0 and 1.
    """
    if min(n_before, n_after) < FEWEST:
        return None
    old, new = good_before / n_before, good_after / n_after
    old_low, old_high = wilson(good_before, n_before)
    new_low, new_high = wilson(good_after, n_after)
    difference = new - old
    low = difference - math.hypot(new - new_low, old_high - old)
    high = difference + math.hypot(new_high - new, old - old_low)
    return Change(difference, low, high)
