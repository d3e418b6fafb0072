"""Intervals for shares that were counted."""

from __future__ import annotations

import math

Z = 1.96
"""Of the two-sided 95 % interval."""


def wilson(good: float, n: int) -> tuple[float, float]:
    """Return the 95 % score interval of a share (Wilson 1927), which holds for few observations.

    `good` may count ties as halves. With n = 0 nothing is known: (0, 1).
    """
    if n == 0:
        return 0.0, 1.0
    share = good / n
    middle = share + Z * Z / (2 * n)
    wide = Z * math.sqrt(share * (1 - share) / n + Z * Z / (4 * n * n))
    scale = 1 + Z * Z / n
    return max(0.0, (middle - wide) / scale), min(1.0, (middle + wide) / scale)
