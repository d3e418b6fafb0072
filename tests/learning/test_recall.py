"""Lessons are found for requests: the figures that the README promises."""

from __future__ import annotations

from aigc_desktop.scenarios.matching.embedding import SentenceEncoder
from benchmarks.lesson_selection import recalls, store


def test_recall_in_a_store_of_fifty(encoder: SentenceEncoder) -> None:
    lessons, _ = store()
    assert len(lessons) == 50
    found = recalls(encoder.encode)
    assert found["recall@5"] >= 86
    assert found["recall@10"] >= 94
