"""Text that cannot deceive: controls and bidi marks made visible, sizes capped."""

from __future__ import annotations

import re

_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)
"""Everything that is not seen or that changes the order of what is seen. Tab and line feed stay;
so do the joiners U+200C and U+200D, which emoji and several scripts need."""

_COLOUR_CODES = re.compile("\x1b\\[[0-9;]{0,40}m")

CONTROL_PICTURES = 0x2400


def visible(text: str) -> str:
    """Return `text` with each hidden character replaced by one that shows it."""
    return _HIDDEN.sub(_show, text.replace("\r\n", "\n"))


def terminal_text(text: str) -> str:
    """Return the output of a command as plain text: colour codes dropped, the rest visible."""
    return visible(_COLOUR_CODES.sub("", text))


def one_line(text: str, limit: int = 200) -> str:
    """Return the start of `text` on one line."""
    head = visible(" ".join(text[: limit * 4].split()))
    return head if len(head) <= limit else head[: limit - 1] + "…"


def _show(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x20:
        return chr(CONTROL_PICTURES + code)
    return "␡" if code == 0x7F else f"⟨U+{code:04X}⟩"
