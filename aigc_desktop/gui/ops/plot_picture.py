"""What a plot shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Line:
    """One line, or one colour of the bars. `color` is a number for `theme.chart_color`."""

    name: str
    values: tuple[float | None, ...]
    color: int


@dataclass(frozen=True)
class Picture:
    """What is to be seen. `text` writes a value, `total` says a period's whole where there is one.

    `labels` are what periods are called on the axis, `long_labels` in full.
    """

    title: str
    labels: tuple[str, ...]
    long_labels: tuple[str, ...]
    lines: tuple[Line, ...]
    stacked: bool
    whole: bool
    text: Callable[[float], str]
    mark: Callable[[float, float], str]
    """Writes a value on the axis, given the greatest one there."""
    total: tuple[str, ...] = ()
    empty: str = ""
