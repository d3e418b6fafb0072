"""Which lessons go into a prompt: all while they are few, else those nearest to the request."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from aigc_desktop.core.learning import Lesson

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

Encode = Callable[[Sequence[str]], "Floats"]
"""Texts to unit row vectors; the scenario matcher's embedding."""

ALL_UP_TO = 10
CORE = 5
"""While these nearest ones are in the selection of the turn before, that selection stays: the
prompt is the same again, and what the provider has cached of the conversation holds."""

_WORD = re.compile(r"[\u3400-\u9fff]|[a-z0-9]+")
_LEXICAL = 0.35
"""Weight of shared words beside the embedding's cosine; chosen on the sets of the tests."""


def select(
    lessons: Sequence[Lesson],
    request: str,
    before: Sequence[int] = (),
    encode: Encode | None = None,
) -> tuple[Lesson, ...]:
    """Return the lessons for a request in the order of their ids.

    `before` are the ids that the turn before had. Without `encode` (the embedding is not loaded
    yet) shared words alone decide.
    """
    if len(lessons) <= ALL_UP_TO:
        return tuple(sorted(lessons, key=lambda each: each.id))
    order = nearest(lessons, request, encode)
    chosen = order[:ALL_UP_TO]
    there = {each.id: each for each in lessons}
    kept = [there[number] for number in before if number in there]
    if len(kept) == ALL_UP_TO and {each.id for each in order[:CORE]} <= {e.id for e in kept}:
        chosen = kept
    return tuple(sorted(chosen, key=lambda each: each.id))


def nearest(lessons: Sequence[Lesson], request: str, encode: Encode | None = None) -> list[Lesson]:
    """Return all lessons, the nearest to the request first.

    What a lesson is for (`when`) is compared; one for everything counts as near as the average.
    """
    bound = [each for each in lessons if each.when]
    scores = dict(zip((each.id for each in bound), _scores(bound, request, encode), strict=True))
    average = sum(scores.values()) / len(scores) if scores else 0.0
    return sorted(lessons, key=lambda each: (-scores.get(each.id, average), each.id))


def _scores(lessons: Sequence[Lesson], request: str, encode: Encode | None) -> list[float]:
    if not lessons:
        return []
    contexts = [each.when for each in lessons]
    words = _overlaps(contexts, request)
    if encode is None:
        return words
    different = list(dict.fromkeys(contexts))
    rows = encode([request, *different])
    cosine = dict(zip(different, (rows[1:] @ rows[0]).tolist(), strict=True))
    return [cosine[c] + _LEXICAL * w for c, w in zip(contexts, words, strict=True)]


def _overlaps(texts: Sequence[str], request: str) -> list[float]:
    """Return the share of each text's words, weighed by rarity, that the request has too."""
    bags = [set(_WORD.findall(text.lower())) for text in texts]
    asked = _stems(_WORD.findall(request.lower()))
    count = Counter(word for bag in bags for word in bag)
    found = []
    for bag in bags:
        weights = {word: math.log(1 + len(bags) / count[word]) for word in bag}
        total = sum(weights.values()) or 1.0
        found.append(sum(w for word, w in weights.items() if _stem(word) in asked) / total)
    return found


def _stems(words: Sequence[str]) -> set[str]:
    return {_stem(word) for word in words}


def _stem(word: str) -> str:
    """Return a word without the commonest English endings."""
    for ending in (
        "ations",
        "ation",
        "ising",
        "izing",
        "ise",
        "ize",
        "ies",
        "ing",
        "ed",
        "es",
        "s",
    ):
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word[: -len(ending)]
    return word
