"""Markdown cut into blocks that can be drawn one by one, also while the text still grows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

MAX_BLOCK = 40_000
"""Characters of a block that is still parsed as Markdown; longer ones are shown as plain text."""

MAX_DEPTH = 16
"""Nested quotes in one line beyond which a block is shown as plain text."""

MAX_TABLE_ROWS = 300
"""Lines of a block with table rows beyond which it is shown as plain text."""

LIST_SPLIT = 1_500
"""Characters after which a tight list may be cut between two of its items."""

_FENCE = re.compile(r"^( {0,3})(`{3,}(?=[^`]*$)|~{3,})[ \t]*([^\s`]*)")
_INNER_FENCE = re.compile(r"^\s+(`{3,}|~{3,})")
_LIST = re.compile(r"^(?:[-*+]|\d{1,9}[.)])(?:\s|$)")
_DEEP = re.compile(r"^(?:\s{0,3}(?:>|[-*+](?=\s))\s?){%d}" % MAX_DEPTH)  # noqa: UP031
_REFERENCE = re.compile(r"^ {0,3}\[[^\]\n]{1,200}\]:[ \t]+\S+.*$", re.MULTILINE)


class BlockKind(StrEnum):
    """How a block is drawn."""

    PROSE = "prose"
    CODE = "code"
    PLAIN = "plain"


@dataclass(frozen=True, slots=True)
class SourceBlock:
    """A piece of Markdown. `source` is what was written, `text` what is to be drawn.

    `tight`: it goes on from the block before it, without a gap (a long list cut in two).
    """

    kind: BlockKind
    source: str
    text: str
    language: str = ""
    tight: bool = False


class Splitter:
    """Cuts growing Markdown; blocks in `done` never change again."""

    def __init__(self) -> None:
        self.done: list[SourceBlock] = []
        self._line = ""
        self._lines: list[str] = []
        self._size = 0
        self._fence = ""
        self._language = ""
        self._inner_fence = ""
        self._blank = False
        self._tight = False

    def feed(self, text: str) -> None:
        """Add what has arrived."""
        *lines, self._line = (self._line + text).split("\n")
        for line in lines:
            self._take(line)
        if self._blank and self._line and not self._line[0].isspace():
            self._cut()

    def tail(self) -> SourceBlock | None:
        """Return the block that still grows, None if there is none."""
        begins_fence = not self._fence and self._line.startswith(("`", "~"))
        line = "" if begins_fence else self._line
        if not self._lines and not line.strip():
            return None
        return self._block([*self._lines, line] if line else self._lines)

    def finish(self) -> list[SourceBlock]:
        """End the text; return all blocks."""
        if self._line:
            line, self._line = self._line, ""
            self._take(line)
        self._cut()
        return self.done

    def _take(self, line: str) -> None:
        if self._fence:
            self._add(line)
            if _closes(line, self._fence):
                self._cut()
            return
        if self._inner_fence:
            self._add(line)
            if _closes(line, self._inner_fence):
                self._inner_fence = ""
            return
        if not line.strip():
            self._blank = bool(self._lines)
            return
        self._take_prose(line)

    def _take_prose(self, line: str) -> None:
        fence = _FENCE.match(line)
        in_list = bool(self._lines) and bool(_LIST.match(self._lines[0]))
        if fence and not (in_list and fence[1]):
            self._cut()
            self._fence, self._language = fence[2], fence[3]
            self._add(line)
            return
        if self._blank:
            if line[0] in " \t" and self._lines:
                self._add("")
            else:
                self._cut()
            self._blank = False
        elif in_list and self._size > LIST_SPLIT and _LIST.match(line):
            self._cut()
            self._tight = True
        if inner := _INNER_FENCE.match(line):
            self._inner_fence = inner[1]
        self._add(line)

    def _add(self, line: str) -> None:
        self._lines.append(line)
        self._size += len(line) + 1

    def _cut(self) -> None:
        if self._lines:
            self.done.append(self._block(self._lines))
        self._lines, self._size = [], 0
        self._fence = self._language = self._inner_fence = ""
        self._blank = self._tight = False

    def _block(self, lines: list[str]) -> SourceBlock:
        source = "\n".join(lines)
        if self._fence:
            closed = len(lines) > 1 and _closes(lines[-1], self._fence)
            code = "\n".join(lines[1:-1] if closed else lines[1:])
            return SourceBlock(BlockKind.CODE, source, code, self._language)
        kind = BlockKind.PLAIN if _too_much(lines, len(source)) else BlockKind.PROSE
        return SourceBlock(kind, source, source, tight=self._tight)


def split(text: str) -> list[SourceBlock]:
    """Return the blocks of a whole text."""
    splitter = Splitter()
    splitter.feed(text)
    return splitter.finish()


def references(text: str) -> str:
    """Return the link definitions of `text`, to be seen from every block of it."""
    if "]:" not in text:
        return ""
    return "\n".join(match[0] for match in _REFERENCE.finditer(text))


def _closes(line: str, fence: str) -> bool:
    stripped = line.strip()
    return len(stripped) >= len(fence) and not stripped.strip(fence[0])


def _too_much(lines: list[str], size: int) -> bool:
    if size > MAX_BLOCK:
        return True
    if len(lines) > MAX_TABLE_ROWS and sum("|" in line for line in lines) > MAX_TABLE_ROWS:
        return True
    return any(_DEEP.match(line) for line in lines if len(line) >= MAX_DEPTH)
