"""Where a plot's marks are: round numbers on the axis, labels that do not touch."""

from __future__ import annotations

import math
from collections.abc import Sequence

TICKS = 4
"""About how many lines divide the plot."""


def ticks(low: float, high: float, *, whole: bool) -> list[float]:
    """Return round numbers (1, 2 or 5 times a power of ten) from at most `low` to at least `high`.

    `whole`: only whole numbers.
    """
    low, high = min(low, 0.0), max(high, 0.0)
    if not (math.isfinite(low) and math.isfinite(high)) or high == low:
        return [0.0, 1.0]
    step = _round_up((high - low) / TICKS)
    if whole:
        step = max(1.0, step)
    first, last = math.floor(low / step), math.ceil(high / step - 1e-9)
    return [n * step for n in range(first, last + 1)]


def _round_up(value: float) -> float:
    power = 10.0 ** math.floor(math.log10(value))
    for factor in (1, 2, 5, 10):
        if value <= factor * power * (1 + 1e-9):
            return factor * power
    return 10 * power


def label_step(count: int, width: float, label_width: float) -> int:
    """Return n so that every n-th of `count` labels has room in `width`."""
    if count == 0:
        return 1
    room = max(1, int(width / max(1.0, label_width)))
    return max(1, math.ceil(count / room))


def stacks(values: Sequence[Sequence[float | None]]) -> tuple[float, float]:
    """Return the (lowest, highest) end of stacked bars; negative values go down."""
    tops = [sum(max(0.0, v or 0.0) for v in column) for column in zip(*values, strict=True)]
    feet = [sum(min(0.0, v or 0.0) for v in column) for column in zip(*values, strict=True)]
    return min(feet, default=0.0), max(tops, default=0.0)
