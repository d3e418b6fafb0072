"""Whether a request goes on with what the session is about."""

from __future__ import annotations

import re
from functools import cache

from aigc_desktop.scenarios.matching.text import cjk_runs, words_of

LEAVE_ABOVE = 0.6
"""Confidence from which a request leaves the session's scenario for another one."""

LEAVE_DESPITE_CUE = 0.9
"""The same for a request that begins or reads like a follow-up."""

SHORT = 4
"""Words (a Chinese word counted as two characters) up to which a request hardly says what it is
about."""

_CUES = (
    r"^\s*(再|还有|另外|继续|接着|然后|那|换|改成|改为|把它|把这|把上面|这个|这段|这样|上面|刚才|不对|不是|"
    r"也|顺便|第[一二三四五六七八九十\d]|好的|可以|对|嗯|"
    r"and\b|also\b|now\b|then\b|but\b|or\b|again\b|continue\b|go on\b|more\b|shorter\b|longer\b|"
    r"what about\b|how about\b|same\b|instead\b|make (it|that|this|them)\b|change (it|that)\b|"
    r"ok\b|okay\b|yes\b|no\b|thanks\b|the (first|second|third|last|other|next)\b|try\b|"
    r"that\b|this\b|it\b|those\b|these\b|can you (also|make it)\b)"
)


def stays(text: str, confidence: float, previous_share: float) -> bool:
    """Tell whether a request whose best scenario is another one stays in the previous one.

    `confidence` is that of the other scenario, `previous_share` the belief in the previous one.
    """
    elliptic = bool(_cues().match(text)) or _words(text) <= SHORT
    needed = LEAVE_DESPITE_CUE if elliptic else LEAVE_ABOVE
    return confidence < needed or previous_share > 0.4


@cache
def _cues() -> re.Pattern[str]:
    """Compiled when first needed: it takes a fifth of the import's time."""
    return re.compile(_CUES, re.IGNORECASE)


def _words(text: str) -> float:
    return len(words_of(text)) + sum(len(run) for run in cjk_runs(text)) / 2
