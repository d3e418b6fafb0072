"""Which lessons are found for a request: recall@5 and @10 in a store of 50.

    python -m benchmarks.lesson_selection

The store holds the strings of PRELUDE in their nine contexts and three contexts of our own; the
requests (Chinese and English) were written for this, see tests/data/preferences. As in real use a
lesson knows two requests that it was learned from: they come from three of a context's ten, the
other seven are asked for. Prints one JSON line; targets 86 and 94.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from aigc_desktop.config.paths import resource
from aigc_desktop.core.learning import Evidence, Lesson, LessonKind, LessonState, Target
from aigc_desktop.learning.selection import Encode, nearest
from aigc_desktop.scenarios.matching.embedding import SentenceEncoder

DATA = Path(__file__).parents[1] / "tests/data/preferences/requests.jsonl"
CUTS = (5, 10)
LEARNED_FROM = (0, 1, 6)
"""Places of the requests that lessons were learned from: two English ones and a Chinese one."""


def contexts() -> list[dict[str, Any]]:
    """Return the contexts with their preferences and requests."""
    return [json.loads(line) for line in DATA.read_text(encoding="utf-8").splitlines()]


def store() -> tuple[list[Lesson], dict[str, set[int]]]:
    """Return the lessons, and the ids of each context's."""
    lessons: list[Lesson] = []
    of_context: dict[str, set[int]] = {}
    for context in contexts():
        mine = of_context.setdefault(context["context"], set())
        for at, atom in enumerate(context["atoms"]):
            when = context["whens"][at % len(context["whens"])]
            number = 7 * (len(lessons) + 1) % 51
            known = [context["requests"][place] for place in LEARNED_FROM]
            examples = (known[at % 3], known[(at + 1) % 3])
            lessons.append(
                Lesson(
                    id=number,
                    user_id=1,
                    target=Target(),
                    kind=LessonKind.STYLE,
                    topic=atom,
                    value=atom,
                    text=atom,
                    when=when,
                    state=LessonState.ACTIVE,
                    evidence=tuple(
                        Evidence(10 * number + n, 1.0, n, n, request=text)
                        for n, text in enumerate(examples)
                    ),
                )
            )
            mine.add(number)
    return lessons, of_context


def recalls(encode: Encode | None, origin: str = "") -> dict[str, float]:
    """Return the mean share of a request's lessons among the nearest 5 and 10, in percent."""
    lessons, of_context = store()
    found: dict[int, list[float]] = {cut: [] for cut in CUTS}
    for context, request in _requests(origin):
        ids = [each.id for each in nearest(lessons, request, encode)]
        wanted = of_context[context]
        for cut in CUTS:
            found[cut].append(len(wanted & set(ids[:cut])) / len(wanted))
    return {f"recall@{cut}": round(100 * sum(s) / len(s), 1) for cut, s in found.items()}


def _requests(origin: str) -> Iterator[tuple[str, str]]:
    for context in contexts():
        if origin in ("", context["origin"]):
            for place, request in enumerate(context["requests"]):
                if place not in LEARNED_FROM:
                    yield context["context"], request


def main() -> None:
    encoder = SentenceEncoder(resource("matching/centres.npy"))
    encoder.load()
    lessons, _ = store()
    nearest(lessons, "warm up", encoder.encode)
    requests = [request for _, request in _requests("")]
    began = time.perf_counter()
    for request in requests:
        nearest(lessons, request, encoder.encode)
    print(
        json.dumps(
            {
                "benchmark": "lesson_selection",
                "lessons": len(lessons),
                "requests": len(requests),
                **recalls(encoder.encode),
                "prelude_only": recalls(encoder.encode, "prelude"),
                "words_only": recalls(None),
                "ms_per_request": round(1000 * (time.perf_counter() - began) / len(requests), 2),
                "targets": {"recall@5": 86, "recall@10": 94},
            }
        )
    )


if __name__ == "__main__":
    main()
