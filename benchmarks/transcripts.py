"""Sessions to measure the transcript with, and the measuring of main-thread time."""

from __future__ import annotations

import json
import os
import random
import time
from decimal import Decimal

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtWidgets import QApplication

from aigc_desktop.core.session import Session, StopReason, Turn, TurnStatus, Usage
from aigc_desktop.core.transcript import ItemKind, TranscriptItem, TranscriptSnapshot
from aigc_desktop.gui import theme
from aigc_desktop.gui.chat.transcript_view import TranscriptView

TAIL = 60
"""Newest items that a snapshot carries with their text, as the store's do."""

_TEXT = (
    "the report shows that revenue grew while orders fell in the north region because prices "
    "were raised 按照 要求 整理 报告 结论 写进 文件 数据 收入 and costs stayed level over the year"
)
_WORDS = _TEXT.split()


def answer(rng: random.Random) -> str:
    """Return an answer of about 1,200 characters: prose, a list, sometimes code or a table."""
    parts = [_sentence(rng, 60), "- " + "\n- ".join(_sentence(rng, 8) for _ in range(4))]
    if rng.random() < 0.5:
        lines = "\n".join(f"    total_{n} = rows[{n}].amount * {n}" for n in range(8))
        parts.append(f"```python\ndef total(rows):\n{lines}\n    return total_7\n```")
    if rng.random() < 0.25:
        rows = "\n".join(f"| row {n} | {n * 7} | {n * 13} |" for n in range(5))
        parts.append(f"| Region | Orders | Revenue |\n|---|--:|--:|\n{rows}")
    parts.append(f"**{_sentence(rng, 5)}** {_sentence(rng, 30)}")
    return "\n\n".join(parts)


def session(messages: int, seed: int = 1) -> tuple[TranscriptSnapshot, tuple[TranscriptItem, ...]]:
    """Return a snapshot as the store gives it, and all items with their texts."""
    rng = random.Random(seed)
    turns, items = [], []
    for number in range(1, messages // 2 + 1):
        question = _sentence(rng, 12)
        turns.append(
            Turn(
                number, 1, number - 1 or None, TurnStatus.DONE, 1_795_000_000_000 + number,
                question, StopReason.END_TURN, usage=Usage(900, 300),
                cost_usd=Decimal("0.007"), model="claude-sonnet-5-5", siblings=(number,),
            )
        )  # fmt: skip
        items.append(TranscriptItem(number, 0, ItemKind.USER, len(question), question))
        text = answer(rng)
        items.append(TranscriptItem(number, 1000, ItemKind.TEXT, len(text), text))
    light = tuple(
        item
        if at >= len(items) - TAIL
        else TranscriptItem(item.turn_id, item.position, item.kind, item.length)
        for at, item in enumerate(items)
    )
    return TranscriptSnapshot(Session(1, "Long", 0, 0), tuple(turns), light), tuple(items)


def window() -> tuple[QApplication, TranscriptView]:
    """Return a shown, empty transcript."""
    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)
    theme.apply(app, theme.LIGHT)
    view = TranscriptView()
    view.resize(1100, 900)
    view.show()
    app.processEvents()
    return app, view


def feed_all(app: QApplication, view: TranscriptView, items: tuple[TranscriptItem, ...]) -> None:
    """Answer the view's wishes until every text is there."""
    known = {item.key: item for item in items}
    view.items_needed.connect(
        lambda keys: view.supply_items(tuple(known[key] for key in keys)),
    )
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and any(not row.loaded for row in view.rows.rows):
        app.processEvents()


def percentile(values: list[float], share: float) -> float:
    """Return the value below which `share` (0 to 1) of `values` lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def report(name: str, **figures: object) -> None:
    """Print one line of JSON."""
    print(json.dumps({"benchmark": name, **figures}))


def frames(values: list[float]) -> dict[str, float | int]:
    """Return the figures of a list of frame times in milliseconds."""
    return {
        "frames": len(values),
        "p50_ms": round(percentile(values, 0.5), 2),
        "p99_ms": round(percentile(values, 0.99), 2),
        "max_ms": round(max(values), 2),
    }


def _sentence(rng: random.Random, words: int) -> str:
    return " ".join(rng.choice(_WORDS) for _ in range(words)) + "."
