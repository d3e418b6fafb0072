"""Which lessons go into a prompt: all while they are few, else those nearest to the request."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
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
prompt is the same again, and what the provider has cached of the conversation holds. Also how
many lessons that hold for every request have their places for sure."""

WIDTH = 0.15
"""Of the kernel with which lessons that are for much the same share their scores: the wording of
one matters less. Chosen on every other request of `benchmarks/lesson_selection`; the figures for
the others are the same within two points, and for widths of 0.1 to 0.25 within one."""

_WORD = re.compile(r"[\u3400-\u9fff]|[a-z0-9]+")


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
    order = _ordered(lessons, request, encode)
    chosen = order[:ALL_UP_TO]
    there = {each.id: each for each in lessons}
    kept = [there[number] for number in before if number in there]
    if len(kept) == ALL_UP_TO and {each.id for each in order[:CORE]} <= {e.id for e in kept}:
        chosen = kept
    return tuple(sorted(chosen, key=lambda each: each.id))


def nearest(lessons: Sequence[Lesson], request: str, encode: Encode | None = None) -> list[Lesson]:
    """Return lessons, the nearest to the request first.

    What a lesson is for (`when`) and the requests that it was learned from are compared.
    """
    if not lessons:
        return []
    score = _by_words if encode is None else partial(_by_meaning, encode)
    scores = score(lessons, request)
    ranked = sorted(zip(scores, lessons, strict=True), key=lambda each: (-each[0], each[1].id))
    return [lesson for _, lesson in ranked]


def texts_of(lessons: Sequence[Lesson]) -> list[str]:
    """Return what is compared with a request."""
    return list(dict.fromkeys(text for each in lessons for text in _texts(each)))


def _ordered(lessons: Sequence[Lesson], request: str, encode: Encode | None) -> list[Lesson]:
    """Return lessons in the order in which they get a place.

    Those for every request come first, as many as have a sure place, the best shown ones.
    """
    general = [each for each in lessons if not each.when]
    general.sort(key=lambda each: (-each.places, each.id))
    sure = general[:CORE]
    return [*sure, *nearest([each for each in lessons if each not in sure], request, encode)]


def _texts(lesson: Lesson) -> tuple[str, ...]:
    return (lesson.when or lesson.text, *lesson.examples)


def _by_meaning(encode: Encode, lessons: Sequence[Lesson], request: str) -> list[float]:
    """Return each lesson's cosine with the request, shared among lessons for the like."""
    import numpy as np

    texts = texts_of(lessons)
    rows = encode([request, *texts])
    place = {text: at for at, text in enumerate(texts, 1)}
    means = np.stack(
        [rows[[place[text] for text in _texts(each)]].mean(axis=0) for each in lessons]
    )
    means /= np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-9)
    kernel = np.exp((means @ means.T - 1) / WIDTH)
    kernel /= kernel.sum(axis=1, keepdims=True)
    found: list[float] = (kernel @ (means @ rows[0])).tolist()
    return found


def _by_words(lessons: Sequence[Lesson], request: str) -> list[float]:
    """Return the share of each lesson's words, weighed by rarity, that the request has too."""
    bags = [{_stem(w) for t in _texts(each) for w in _words(t)} for each in lessons]
    asked = {_stem(word) for word in _words(request)}
    count = Counter(word for bag in bags for word in bag)
    found = []
    for bag in bags:
        weights = {word: math.log(1 + len(bags) / count[word]) for word in bag}
        shared = sum(weight for word, weight in weights.items() if word in asked)
        found.append(shared / math.sqrt(sum(w * w for w in weights.values()) or 1.0))
    return found


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())


def _stem(word: str) -> str:
    """Return a word without the commonest English endings."""
    for ending in ("ising", "izing", "ation", "ies", "ise", "ize", "ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word[: -len(ending)]
    return word
