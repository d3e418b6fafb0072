"""What differs between an answer and its correction, line by line; no Qt."""

from __future__ import annotations

import difflib

CONTEXT = 3
MAX_LINES = 4000
"""Lines of a text that are compared; longer ones are compared up to there."""


def unified(before: str, after: str) -> str:
    """Return a unified diff without its headings."""
    lines = difflib.unified_diff(_lines(before), _lines(after), n=CONTEXT, lineterm="")
    return "\n".join(list(lines)[2:])


def counts(before: str, after: str) -> tuple[int, int]:
    """Return how many lines came and how many went."""
    matcher = difflib.SequenceMatcher(None, _lines(before), _lines(after))
    added = removed = 0
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag != "equal":
            removed, added = removed + i2 - i1, added + j2 - j1
    return added, removed


def changed_part(before: str, after: str) -> tuple[slice, slice]:
    """Return the parts of two lines between what they begin and what they end with alike."""
    least = min(len(before), len(after))
    start = next((at for at in range(least) if before[at] != after[at]), least)
    rest = least - start
    end = next((at for at in range(rest) if before[-1 - at] != after[-1 - at]), rest)
    return slice(start, len(before) - end), slice(start, len(after) - end)


def _lines(text: str) -> list[str]:
    return text.splitlines()[:MAX_LINES]
