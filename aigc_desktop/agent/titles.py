"""A session's title from its first request, made on this machine."""

from __future__ import annotations

import re

MAX_WIDTH = 48
"""Columns: a CJK character counts two."""

_OPENERS = re.compile(
    r"^(please|could you|can you|would you|hi|hello|hey|"
    r"你好|您好|请你|请帮我|请问|请|麻烦你|帮我|帮忙)"
    r"[\s,，!！.。:：]*",
    re.IGNORECASE,
)
_END = re.compile(r"[\n。！？!?;；]|\.(?=\s)")
_MARKS = re.compile(r"(?:[`*#>\[\]\x00-\x1f\u200b-\u200f\u202a-\u202e\u2066-\u2069]|\b_+|_+\b)+")


def title_from(text: str) -> str:
    """Return one line of at most MAX_WIDTH columns that says what the request is about."""
    line = " ".join(_MARKS.sub(" ", _END.split(text.strip(), maxsplit=1)[0]).split())
    shorter = line
    for _ in range(3):
        shorter = _OPENERS.sub("", shorter)
    line = shorter if len(shorter) >= 2 else line
    line = line[:1].upper() + line[1:]
    return _cut(line) if line else ""


def _cut(line: str) -> str:
    width = 0
    for at, character in enumerate(line):
        width += 2 if ord(character) > 0x2E7F else 1
        if width > MAX_WIDTH:
            cut = line[:at]
            space = cut.rfind(" ")
            return (cut[:space] if space > at // 2 else cut).rstrip(",，、:： ") + "…"
    return line
