"""The words that a reader is told a request shares with a scenario."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from aigc_desktop.scenarios.matching.shared import shared_words


def told(
    text: str, known: Mapping[str, tuple[float, int]], keywords: tuple[str, ...] = ()
) -> list[tuple[str, bool]]:
    """`known`: feature → how much it speaks for the scenario, and how many texts have it."""
    words = shared_words(
        text,
        keywords,
        lambda name: known.get(name, (0.0, 0))[0],
        lambda name: known.get(name, (0.0, 0))[1],
    )
    return [(word.text, word.is_keyword) for word in words]


PLAN = {"z项目": (0.4, 3), "z目计": (0.9, 1), "z计划": (0.5, 4)}


def test_a_whole_keyword_is_told_and_not_its_pieces() -> None:
    assert told("写一个项目计划", PLAN, ("项目", "项目计划")) == [("项目计划", True)]


def test_of_pairs_that_overlap_the_more_usual_one_is_a_word() -> None:
    assert told("写一个项目计划", PLAN) == [("计划", False), ("项目", False)]


def test_a_pair_across_two_words_is_not_told_though_neither_word_says_anything() -> None:
    assert told("翻译成英文", {"z翻译": (1.0, 5), "z成英": (0.8, 1), "z英文": (0.0, 6)}) == [
        ("翻译", False)
    ]


def test_grammar_is_no_word() -> None:
    assert told("画个图", {"z画个": (0.7, 1)}) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [("my tax return", True), ("a taxi please", False), ("syntax", False), ("税tax税", True)],
)
def test_a_keyword_stands_as_a_word_of_its_own(text: str, found: bool) -> None:
    known = {"wtax": (1.0, 2), "wtaxi": (1.0, 1), "wsyntax": (1.0, 1)}
    assert (("Tax", True) in told(text, known, ("Tax", ""))) is found


def test_a_keyword_that_speaks_for_nothing_is_not_told() -> None:
    assert told("the code", {}, ("code",)) == []
