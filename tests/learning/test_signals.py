"""Corrections in numbers and in the user's own words; rephrased requests."""

from __future__ import annotations

import pytest

from aigc_desktop.learning import signals


def test_only_what_was_typed_is_kept() -> None:
    answer = "The secret plan is at evil.example.\nIt costs a lot.\nSee you!"
    corrected = "The plan is ready.\nIt costs 5 euros.\nSee you!"
    typed = signals.typed_words(answer, corrected)
    assert "5 euros" in typed
    assert "ready" in typed
    assert "evil" not in typed
    assert "See you" not in typed


def test_moved_words_are_not_typed() -> None:
    assert signals.typed_words("one two three\nfour five", "four five\none two three") == ""


def test_deleting_types_nothing() -> None:
    assert signals.typed_words("Hello there, dear friend. Bye.", "Hello there.") == ""


def test_features_say_what_changed() -> None:
    found = signals.features("Well! 😀 " * 20, "- 短\n- 好")
    assert found["emojis_before"] == 20
    assert found["emojis_after"] == 0
    assert found["bullets_after"] == 2
    assert found["cjk_share_after"] > 0.2
    assert 0.9 < found["edit_distance"] <= 1
    assert signals.features("same", "same") == {"edit_distance": 0.0}


def test_huge_answers_are_compared_in_time() -> None:
    answer = "word " * 100_000
    assert signals.edit_distance(answer, answer + "more") <= 0.01
    assert len(signals.typed_words(answer, "other " * 100_000)) <= signals.MAX_TYPED


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ("what is a monad", "explain what a monad is, simply"),
        ("summarise the report in notes.md", "summarise notes.md, the report, in 5 lines"),
        ("帮我把这段话翻译成英文", "把这段话翻译成地道的英文"),
        ("写一封请假邮件", "请写一封简短的请假邮件"),
    ],
)
def test_rephrased(before: str, now: str) -> None:
    assert signals.is_rephrased(before, now)


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ("what is a monad", "what is a monad"),
        ("what is a monad", "and in Haskell?"),
        ("summarise the report in notes.md", "thanks, now write an email to Anna"),
        ("帮我把这段话翻译成英文", "再检查一下语法"),
        ("写一封请假邮件", "写一个 Python 脚本"),
        ("", "hello"),
    ],
)
def test_not_rephrased(before: str, now: str) -> None:
    assert not signals.is_rephrased(before, now)
