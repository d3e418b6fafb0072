"""PromptComposer: joins the parts of the system prompt, the stable ones first."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class PartKind(StrEnum):
    """The parts, in the order in which they are joined (shared/DOMAIN.md)."""

    GLOBAL = "global"
    SCENARIO = "scenario"
    USER = "user"
    SESSION = "session"
    USER_PREFERENCES = "user_preferences"
    SESSION_PREFERENCES = "session_preferences"
    SKILLS = "skills"


LIMITS: Mapping[PartKind, int] = {
    PartKind.GLOBAL: 20_000,
    PartKind.SCENARIO: 40_000,
    PartKind.USER: 8_000,
    PartKind.SESSION: 8_000,
    PartKind.USER_PREFERENCES: 4_000,
    PartKind.SESSION_PREFERENCES: 4_000,
    PartKind.SKILLS: 8_000,
}
"""Characters of each part; what is longer is cut and said to be."""

_HEADINGS: Mapping[PartKind, str] = {
    PartKind.SCENARIO: "# Scenario",
    PartKind.USER: "# The user's own instructions",
    PartKind.SESSION: "# Instructions for this conversation",
    PartKind.USER_PREFERENCES: "# What the user prefers",
    PartKind.SESSION_PREFERENCES: "# What was said about earlier answers here",
    PartKind.SKILLS: "# Skills",
}
_CUT = "\n[…]"
_CJK = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af\uff00-\uffef]")


@dataclass(frozen=True, slots=True)
class Part:
    """One part as it went into the prompt. `tokens` is an estimate."""

    kind: PartKind
    text: str
    tokens: int
    cut: bool


@dataclass(frozen=True, slots=True)
class ComposedPrompt:
    """The whole prompt and what it was made of."""

    text: str
    parts: tuple[Part, ...]

    @property
    def tokens(self) -> int:
        return sum(part.tokens for part in self.parts)


def compose(texts: Mapping[PartKind, str]) -> ComposedPrompt:
    """Join the parts that say anything, each under its heading and within its limit."""
    parts = tuple(_part(kind, texts.get(kind, "")) for kind in PartKind)
    filled = tuple(part for part in parts if part.text)
    return ComposedPrompt("\n\n".join(part.text for part in filled), filled)


def estimate_tokens(text: str) -> int:
    """Return about how many tokens a text has: one per CJK character, one per four others.

    Anthropic gives about 3.5 English characters per token and no tokenizer to run locally; shown
    to the user as "about".
    """
    cjk = len(_CJK.findall(text))
    return cjk + math.ceil((len(text) - cjk) / 4)


def _part(kind: PartKind, text: str) -> Part:
    text = text.strip()
    if not text:
        return Part(kind, "", 0, cut=False)
    limit = LIMITS[kind]
    cut = len(text) > limit
    if cut:
        text = text[: limit - len(_CUT)] + _CUT
    if kind in _HEADINGS:
        text = f"{_HEADINGS[kind]}\n\n{text}"
    return Part(kind, text, estimate_tokens(text), cut)
