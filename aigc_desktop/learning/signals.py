"""What a feedback says in numbers and in the user's own words; nothing of the answer is kept."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping

MAX_COMPARED = 60_000
"""Characters of an answer that are compared."""

MAX_PAIRS = 4_000_000
"""Pairs of words that are compared in order (difflib is quadratic): 2,000 words with 2,000."""

MAX_TYPED = 1_200
"""Characters of the user's own words that are kept of one feedback."""

_WORD = re.compile(r"[\u3400-\u9fff\u3040-\u30ff\uac00-\ud7af]|\w+\s*|[^\w\s]\s*|\s+")
_CJK = re.compile(r"[\u3400-\u9fff\u3040-\u30ff\uac00-\ud7af]")
_SENTENCE = re.compile(r"[.!?。！？…]+(?:\s|$)|[。！？]")
_EMOJI = re.compile("[\U0001f300-\U0001faff\u2600-\u27bf]")
_BULLET = re.compile(r"^\s*(?:[-*•]|\d+[.)])\s", re.MULTILINE)
_HEADING = re.compile(r"^#{1,6}\s", re.MULTILINE)


def measures(text: str) -> dict[str, float]:
    """Return a text's form in numbers: what style, length and language can be told from."""
    characters = len(text.strip())
    sentences = max(1, len(_SENTENCE.findall(text)))
    return {
        "characters": float(characters),
        "sentence_length": round(characters / sentences, 1),
        "bullets": float(len(_BULLET.findall(text))),
        "headings": float(len(_HEADING.findall(text))),
        "tables": float(text.count("\n|--") + text.count("\n| --")),
        "code_blocks": float(text.count("```") // 2),
        "emojis": float(len(_EMOJI.findall(text))),
        "exclamations": float(text.count("!") + text.count("！")),
        "questions": float(text.count("?") + text.count("？")),
        "cjk_share": round(len(_CJK.findall(text)) / max(1, characters), 2),
    }


def features(answer: str, corrected: str) -> Mapping[str, float]:
    """Return what a correction changed, as `name_before` and `name_after` where it changed.

    `edit_distance` is the share of the text that was replaced, 0..1.
    """
    before, after = measures(answer), measures(corrected)
    found = {"edit_distance": round(edit_distance(answer, corrected), 3)}
    for name in before:
        if before[name] != after[name]:
            found[f"{name}_before"], found[f"{name}_after"] = before[name], after[name]
    return found


def typed_words(answer: str, corrected: str) -> str:
    """Return what the user wrote into a corrected answer: only the words that are new in it.

    Words that stand elsewhere in the answer were moved, not typed.
    """
    known = answer[:MAX_COMPARED]
    pieces = []
    for inserted in _inserted(known, corrected[:MAX_COMPARED]):
        piece = " ".join(inserted.split())
        if piece and piece not in known:
            pieces.append(piece)
    return " … ".join(pieces)[:MAX_TYPED]


def edit_distance(before: str, after: str) -> float:
    """Return how much of a text was replaced: 0 nothing, 1 everything (1 - difflib's ratio).

    For long texts the order of words is not looked at.
    """
    old, new = _words(before[:MAX_COMPARED]), _words(after[:MAX_COMPARED])
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    is_long = len(old) * len(new) > MAX_PAIRS
    return 1.0 - (matcher.quick_ratio() if is_long else matcher.ratio())


def similarity(one: str, other: str) -> float:
    """Return how alike two requests are, 0..1: shared words and, for Chinese, shared pairs."""
    mine, yours = _shingles(one), _shingles(other)
    if not mine or not yours:
        return 0.0
    return len(mine & yours) / len(mine | yours)


REPHRASED_FROM = 0.34
"""Requests at least that alike (and not the same) ask for the same thing again: on pairs written
for the tests, rephrasings are above and follow-ups below."""


def is_rephrased(before: str, now: str) -> bool:
    """Return whether a request asks again, in other words, for what was asked just before."""
    if before.split() == now.split():
        return False
    return similarity(before, now) >= REPHRASED_FROM


def _inserted(answer: str, corrected: str) -> list[str]:
    """Compare by lines first: word by word only where lines differ."""
    old, new = answer.splitlines(keepends=True), corrected.splitlines(keepends=True)
    pieces: list[str] = []
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind == "insert":
            pieces.append("".join(new[c:d]))
        elif kind == "replace":
            pieces += _inserted_words("".join(old[a:b]), "".join(new[c:d]))
    return pieces


def _inserted_words(old: str, new: str) -> list[str]:
    a, b = _words(old), _words(new)
    if len(a) * len(b) > MAX_PAIRS:
        return [new]
    matcher = difflib.SequenceMatcher(None, a, b, autojunk=False)
    return [
        "".join(b[start:end])
        for kind, _, _, start, end in matcher.get_opcodes()
        if kind in ("insert", "replace")
    ]


def _words(text: str) -> list[str]:
    return _WORD.findall(text)


_STOP = frozenset(
    [
        "a",
        "an",
        "the",
        "of",
        "to",
        "in",
        "on",
        "for",
        "and",
        "or",
        "is",
        "are",
        "be",
        "it",
        "this",
        "that",
        "with",
        "please",
        "can",
        "you",
        "me",
        "my",
        "i",
        "do",
        "的",
        "了",
        "吗",
        "呢",
        "请",
        "我",
        "你",
        "把",
        "一",
        "下",
        "个",
    ]
)


def _shingles(text: str) -> set[str]:
    words = [w.lower() for w in re.findall(r"\w+", text)]
    found: set[str] = set()
    for word in words:
        if _CJK.search(word):
            found.update(word[at : at + 2] for at in range(max(1, len(word) - 1)))
        elif word not in _STOP:
            found.add(word)
    return found
