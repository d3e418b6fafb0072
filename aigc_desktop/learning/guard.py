"""What may stand in a lesson: words about how to answer, and nothing that acts.

A lesson comes from feedback through a model, and ends in every prompt. So it is checked here, by
code, whoever wrote it (CASES 153-159). A text that fails is refused whole, never cleaned.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection
from enum import StrEnum

import regex

MAX_TEXT = 240
"""Characters of a lesson: one or two sentences."""

MAX_WHEN = 120


class Problem(StrEnum):
    """Why a text is refused."""

    EMPTY = "empty"
    TOO_LONG = "too_long"
    HIDDEN = "hidden"
    """Characters that cannot be seen, or that turn the text round."""
    LINES = "lines"
    ADDRESS = "address"
    PATH = "path"
    TOOL = "tool"
    COMMAND = "command"
    OVERRIDE = "override"
    """Speaks to the model about its instructions, roles or permissions."""
    MARKUP = "markup"


_ADDRESS = regex.compile(
    r"\b[a-z][a-z0-9+.-]{1,20}://|\bwww\.|\b(?:javascript|mailto|vbscript):|\bfile:/|\bdata:\w+/"
    r"|[\w.+-]+@[\w-]+\.\w|\b(?:\d{1,3}\.){3}\d{1,3}\b"
    r"|\b(?:[a-z0-9-]+\.)+(?:com|org|net|io|cn|dev|ai|app|co|info|biz|ru|xyz|top|me|sh|zip|local)\b",
    regex.IGNORECASE,
)
_PATH = regex.compile(
    r"(?:^|[\s\"'(=:，。（])(?:~|\.{1,2})?[/\\][\w.$~-]|\b[a-z]:[\\/]|\\\\\w|%[a-z]\w+%|\$\{?[a-z_]"
    r"|\b[\w-]+/[\w.-]+/[\w.-]+|(?<![\w.])\.(?:env|ssh|git|bashrc|config)\b",
    regex.IGNORECASE,
)
_COMMAND = regex.compile(
    r"[|;&]{2}|\|\s*\w|`|\$\(|>\s*/|(?<!\w)--?[a-z]+="
    r"|\b(?:curl|wget|bash|zsh|sudo|chmod|chown|powershell|subprocess|rm\s+-|eval\s*\(|exec\s*\()",
    regex.IGNORECASE,
)
_OVERRIDE = regex.compile(
    r"\b(?:ignore|disregard|forget|override|bypass|disable)\b.{0,40}"
    r"\b(?:instruction|prompt|rule|previous|above|safety|permission|policy|approval|system)"
    r"|\bsystem\s+prompt\b|\bjailbreak\b|\bdeveloper\s+mode\b"
    r"|\b(?:without|never)\s+ask(?:ing)?\b.{0,30}\b(?:permission|approval|first|me|user)\b"
    r"|\bauto-?(?:approve|allow|run)\b|\b(?:api|access|secret)\s*key|\bpassword|\bcredential"
    r"|(?:忽略|无视|忘记|绕过|跳过|覆盖).{0,12}(?:指令|提示|规则|之前|以上|系统|权限|安全|审批|确认)"
    r"|系统提示|(?:不要|无需|不必|不用).{0,6}(?:询问|征求|确认|审批|授权)|密钥|密码|凭据|口令",
    regex.IGNORECASE,
)
_MARKUP = regex.compile(r"<[/!]?[a-z][^>]{0,80}>|\{\{|\}\}|<\||\|>|^\s*#{1,6}\s", regex.IGNORECASE)

TOOL_WORDS = frozenset(
    [
        "run_command",
        "write_file",
        "edit_file",
        "read_file",
        "delete_path",
        "list_files",
        "web_fetch",
        "web_search",
        "grep",
        "glob",
        "str_replace",
        "mcp",
        "tool_use",
        "tool_result",
    ]
)
"""Names of tools, ours and the provider's; more are given by who knows what is installed."""


def problem_of(
    text: str, *, limit: int = MAX_TEXT, tools: Collection[str] = TOOL_WORDS
) -> Problem | None:
    """Return why `text` must not become (part of) a lesson, or None if it may."""
    if not text.strip():
        return Problem.EMPTY
    if len(text) > limit:
        return Problem.TOO_LONG
    if has_hidden(text):
        return Problem.HIDDEN
    if "\n" in text or "\r" in text:
        return Problem.LINES
    plain = unicodedata.normalize("NFKC", text)
    for pattern, problem in (
        (_ADDRESS, Problem.ADDRESS),
        (_MARKUP, Problem.MARKUP),
        (_COMMAND, Problem.COMMAND),
        (_PATH, Problem.PATH),
        (_OVERRIDE, Problem.OVERRIDE),
    ):
        if pattern.search(plain):
            return problem
    words = set(regex.findall(r"[a-z][a-z0-9_]+", plain.lower()))
    return Problem.TOOL if words & set(tools) else None


def has_hidden(text: str) -> bool:
    """Return whether there are control, format, private-use or unassigned characters in `text`.

    Zero-width joiners between emoji and variation selectors are part of what is seen.
    """
    framed = f"\0{text}\0"
    for before, character, after in zip(framed, text, framed[2:], strict=False):
        if character in "\n\r\t":
            continue
        category = unicodedata.category(character)
        if category in ("Cc", "Cf", "Co", "Cs", "Cn"):
            if character == "\u200d" and _is_emoji(before) and _is_emoji(after):
                continue
            return True
    return False


def _is_emoji(character: str) -> bool:
    return bool(regex.match(r"[\p{Extended_Pictographic}\ufe0f\U0001f3fb-\U0001f3ff]", character))
