"""What a request shares with a scenario, in words that a reader would take for words."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

_RUN = re.compile(r"[a-z0-9]{2,}|[\u3400-\u9fff]{2,}")
_GRAMMAR = frozenset("的了着把被给让吗呢吧啊嘛个这那哪我你您他她它们请帮是和与或去来到在从")
"""A pair with one of these is hardly ever a word that names something."""

_IS_LATIN = re.compile(r"[a-z0-9]")


@dataclass(frozen=True, slots=True)
class SharedWord:
    """A word or keyword in a request; `gain` is how much it spoke for the scenario."""

    text: str
    gain: float
    is_keyword: bool = False


class Feature(NamedTuple):
    """A lexical feature, as `lexical` names it, and where it stands in a text."""

    name: str
    start: int
    end: int

    @property
    def places(self) -> range:
        return range(self.start, self.end)

    def contains(self, other: Feature) -> bool:
        return self.start <= other.start and other.end <= self.end


def features_of(text: str) -> list[Feature]:
    """Return the words of a lower-case text and its pairs of Chinese characters."""
    found: list[Feature] = []
    for run in _RUN.finditer(text):
        start, end = run.span()
        if _IS_LATIN.match(run[0]):
            found.append(Feature("w" + run[0], start, end))
        else:
            found += [Feature("z" + text[i : i + 2], i, i + 2) for i in range(start, end - 1)]
    return found


def shared_words(
    text: str,
    keywords: Sequence[str],
    gain_of: Callable[[str], float],
    texts_with: Callable[[str], int],
) -> list[SharedWord]:
    """Return what of a lower-case request spoke for a scenario, the strongest first.

    `gain_of` says how much a feature spoke for it, `texts_with` in how many known texts it is.
    Whole keywords come before their parts. Chinese is written without spaces: of two pairs of
    characters that overlap at most one is a word, most likely the one that is found more often.
    """
    gains = {feature: gain_of(feature.name) for feature in features_of(text)}
    taken: set[int] = set()
    found: dict[str, SharedWord] = {}
    for keyword in sorted(keywords, key=len, reverse=True):
        span = _span_of(keyword.lower(), text)
        if span is None:
            continue
        gain = sum(max(0.0, each) for feature, each in gains.items() if span.contains(feature))
        if gain and taken.isdisjoint(span.places):
            taken.update(span.places)
            found[keyword] = SharedWord(keyword, gain, is_keyword=True)
    for feature in sorted(gains, key=lambda each: (-texts_with(each.name), -gains[each])):
        word = text[feature.start : feature.end]
        if _GRAMMAR.intersection(word) or not taken.isdisjoint(feature.places):
            continue
        taken.update(feature.places)
        if gains[feature] > 0:
            found.setdefault(word, SharedWord(word, gains[feature]))
    return sorted(found.values(), key=lambda word: -word.gain)


def _span_of(keyword: str, text: str) -> Feature | None:
    """Return where a keyword stands in a text as words of its own."""
    start = text.find(keyword) if keyword else -1
    while start >= 0:
        end = start + len(keyword)
        cuts_a_word = any(
            0 < at < len(text) and _IS_LATIN.match(text[at - 1]) and _IS_LATIN.match(text[at])
            for at in (start, end)
        )
        if not cuts_a_word:
            return Feature(keyword, start, end)
        start = text.find(keyword, start + 1)
    return None
