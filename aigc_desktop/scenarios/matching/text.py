"""What is looked at of a text, and what a scenario's description is taken apart into."""

from __future__ import annotations

import re

HEAD = 160
TAIL = 80
"""Characters kept of a long request: what is wanted is said at its beginning or its end, and the
embedding's cost grows with the square of the length (TECH.md: 5,000 characters take 172 ms)."""

MAX_PARTS = 4

_SPACE = re.compile(r"\s+")
_CJK = re.compile(r"[\u3400-\u9fff]")
_WORD = re.compile(r"[a-z0-9]+")
_LETTERS = re.compile(r"[\u3400-\u9fff]|[A-Za-z]+")
_BREAK = re.compile(r"[，,。；;、]|以及|或者|\bor\b|\band\b")


def shorten(text: str) -> str:
    """Return the head and the tail of a text on one line, at most HEAD + TAIL + 1 characters."""
    if len(text) > 4 * (HEAD + TAIL):
        text = text[: 2 * (HEAD + TAIL)] + " " + text[-2 * (HEAD + TAIL) :]
    text = _SPACE.sub(" ", text).strip()
    return text if len(text) <= HEAD + TAIL else f"{text[:HEAD]} {text[-TAIL:]}"


def cjk_share(text: str) -> float:
    """Return the share of Chinese characters among Chinese characters and Latin words."""
    letters = _LETTERS.findall(text)
    return sum(1 for letter in letters if "\u3400" <= letter[0] <= "\u9fff") / max(1, len(letters))


def words_of(text: str) -> list[str]:
    """Return the Latin words and numbers of a text, in lower case."""
    return _WORD.findall(text.lower())


def cjk_runs(text: str) -> list[str]:
    """Return the unbroken runs of Chinese characters."""
    return re.findall(r"[\u3400-\u9fff]+", text)


def parts_of(description: str) -> list[str]:
    """Return the clauses of a description, at most MAX_PARTS; none if it is a single one."""
    parts = [part.strip() for part in _BREAK.split(description)]
    parts = [part for part in parts if len(part) > 3]
    return parts[:MAX_PARTS] if len(parts) > 1 else []
