"""The demo model as a learner: it reads the plainest preferences out of numbers and clicks."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

Entry = Mapping[str, Any]

FORM = "report_preferences"
"""The tool that the learner's question brings (`learning.reading.TOOL_NAME`)."""

JUDGE = "You compare two answers"
"""How the judge's instructions begin (`learning.trial.JUDGE`)."""

_CANNOT_JUDGE = "TIE: the demo model follows a script and cannot judge."
_CANNOT_JUDGE_ZH = "TIE: 演示模型照剧本说话，无法评判。"


def preferences(question: str) -> dict[str, Any]:
    """Return what the learner's question shows, as the form's input."""
    entries = json.loads(question)["feedback"]["entries"]
    chinese = any(_is_chinese(entry["request"]) for entry in entries)
    return {"preferences": [*_found(entries, chinese)]}


def verdict(question: str) -> str:
    """Return what the demo model says when it is asked which of two answers is better."""
    return _CANNOT_JUDGE_ZH if _is_chinese(question) else _CANNOT_JUDGE


def _is_chinese(text: str) -> bool:
    return any("\u4e00" <= letter <= "\u9fff" for letter in text)


def _found(entries: Sequence[Entry], chinese: bool) -> list[dict[str, Any]]:
    found = []
    for kind, topic, value, english, zh, shows in _RULES:
        ids = [entry["id"] for entry in entries if shows(entry)]
        if ids:
            found.append(
                {
                    "kind": kind,
                    "topic": topic,
                    "value": value,
                    "text": zh if chinese else english,
                    "scope": "global",
                    "evidence": ids,
                }
            )
    return found


def _changed(entry: Entry, name: str) -> float:
    """Return by how much a correction changed a number; 0 where it did not."""
    changed = entry.get("changed", {})
    return float(changed.get(f"{name}_after", 0) - changed.get(f"{name}_before", 0))


def _is_shorter(entry: Entry) -> bool:
    before = entry.get("changed", {}).get("characters_before", 0)
    return entry.get("what_failed") == "length" or _changed(entry, "characters") < -0.3 * before


_RULES: tuple[tuple[str, str, str, str, str, Callable[[Entry], bool]], ...] = (
    (
        "length",
        "length",
        "short",
        "Keep answers short.",
        "回答要简短。",
        _is_shorter,
    ),
    (
        "format",
        "lists",
        "bullet points",
        "Use bullet points.",
        "使用要点列表。",
        lambda entry: _changed(entry, "bullets") > 0,
    ),
    (
        "style",
        "emoji",
        "none",
        "Use no emojis.",
        "不要使用表情符号。",
        lambda entry: _changed(entry, "emojis") < 0,
    ),
    (
        "tone",
        "tone",
        "warm",
        "Use a warmer tone.",
        "语气更亲切一些。",
        lambda entry: entry.get("what_failed") == "tone",
    ),
)
