"""Tools that only look: read, list, glob, grep."""

from __future__ import annotations

import asyncio
import fnmatch
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import regex

from aigc_desktop.agent.ports import ToolContext, ToolOutcome
from aigc_desktop.agent.tools.folder import WorkFolder
from aigc_desktop.agent.tools.output import fitted
from aigc_desktop.core.errors import UserError
from aigc_desktop.core.ports import ToolSpec

MAX_LINES = 2000
MAX_LINE = 2000
MAX_MATCHES = 500
MAX_GREP_BYTES = 4 * 1024 * 1024
"""Larger files are not searched."""

PATTERN_SECONDS = 2.0
"""Time that a pattern may take on one file: some never end."""


def text_of(data: bytes, path: str) -> str:
    """Return a file's text. Raises UserError("path_refused") for a binary file."""
    if b"\0" in data[:8192]:
        raise UserError("path_refused", path=path, reason="it is a binary file")
    return data.decode("utf-8-sig", "replace")


@dataclass(frozen=True, slots=True)
class ReadFile:
    folder: WorkFolder
    outputs_dir: Path
    read_only: bool = True
    spec = ToolSpec(
        "read_file",
        "Read a text file in the work directory. Returns numbered lines; of a long file "
        f"{MAX_LINES} lines at a time, from line `offset` (1 is the first).",
        {
            "type": "object",
            "properties": {
                "path": {"type": "string", "description": "Path relative to the work directory"},
                "offset": {"type": "integer", "description": "First line, from 1"},
                "limit": {"type": "integer", "description": "How many lines"},
            },
            "required": ["path"],
        },
    )

    async def run(self, input: Mapping[str, Any], context: ToolContext) -> ToolOutcome:
        path = input["path"]
        text = text_of(await asyncio.to_thread(self.folder.read_bytes, path), path)
        lines = text.split("\n")
        first = max(int(input.get("offset", 1)), 1)
        count = min(max(int(input.get("limit", MAX_LINES)), 1), MAX_LINES)
        shown = [
            f"{number:>6}\t{line[:MAX_LINE]}{'…' if len(line) > MAX_LINE else ''}"
            for number, line in enumerate(lines[first - 1 : first - 1 + count], start=first)
        ]
        if first - 1 + count < len(lines):
            shown.append(f"[{len(lines)} lines in all; go on with offset {first + count}]")
        return fitted("\n".join(shown) if text else "(the file is empty)", self.outputs_dir)


@dataclass(frozen=True, slots=True)
class ListFiles:
    folder: WorkFolder
    outputs_dir: Path
    read_only: bool = True
    spec = ToolSpec(
        "list_files",
        "List a folder in the work directory: folders end with a slash, files have their size.",
        {
            "type": "object",
            "properties": {"path": {"type": "string", "description": "A folder; default: all"}},
            "required": [],
        },
    )

    async def run(self, input: Mapping[str, Any], context: ToolContext) -> ToolOutcome:
        entries = await asyncio.to_thread(self.folder.list_dir, input.get("path", "."))
        lines = [
            f"{entry.path}/" if entry.is_dir else f"{entry.path}  ({entry.size} bytes)"
            for entry in entries
        ]
        return fitted("\n".join(lines) or "(the folder is empty)", self.outputs_dir)


@dataclass(frozen=True, slots=True)
class Glob:
    folder: WorkFolder
    outputs_dir: Path
    read_only: bool = True
    spec = ToolSpec(
        "glob",
        "Find files by name pattern, newest first: `*.md`, `src/**/*.py`, `**/test_*`.",
        {
            "type": "object",
            "properties": {"pattern": {"type": "string"}},
            "required": ["pattern"],
        },
    )

    async def run(self, input: Mapping[str, Any], context: ToolContext) -> ToolOutcome:
        def find() -> list[str]:
            matching = [e for e in self.folder.walk() if matches(e.path, input["pattern"])]
            matching.sort(key=lambda entry: -entry.modified_ns)
            return [entry.path for entry in matching]

        return fitted("\n".join(await asyncio.to_thread(find)) or "(no files)", self.outputs_dir)


@dataclass(frozen=True, slots=True)
class Grep:
    folder: WorkFolder
    outputs_dir: Path
    read_only: bool = True
    spec = ToolSpec(
        "grep",
        "Search the files' text with a regular expression. Returns path:line: text.",
        {
            "type": "object",
            "properties": {
                "pattern": {"type": "string", "description": "Regular expression"},
                "path": {"type": "string", "description": "Folder or file to search in"},
                "include": {"type": "string", "description": "Only files like `*.py`"},
            },
            "required": ["pattern"],
        },
    )

    async def run(self, input: Mapping[str, Any], context: ToolContext) -> ToolOutcome:
        try:
            pattern = regex.compile(input["pattern"])
        except regex.error as error:
            return ToolOutcome(f"The pattern is not valid: {error}", True)
        include = input.get("include", "**")
        found = await asyncio.to_thread(
            lambda: list(self._search(pattern, input.get("path", "."), include))
        )
        return fitted("\n".join(found) or "(no matches)", self.outputs_dir)

    def _search(self, pattern: Any, path: str, include: str) -> Iterator[str]:
        matched = 0
        for name in self._names(path):
            if not matches(name, include):
                continue
            try:
                text = text_of(self.folder.read_bytes(name, MAX_GREP_BYTES), name)
                for number, line in enumerate(text.split("\n"), start=1):
                    if pattern.search(line[: MAX_LINE * 10], timeout=PATTERN_SECONDS):
                        yield f"{name}:{number}: {line[:300]}"
                        matched += 1
                    if matched >= MAX_MATCHES:
                        yield f"[stopped after {MAX_MATCHES} matches]"
                        return
            except UserError:
                continue
            except TimeoutError:
                yield f"{name}: [the pattern took too long here]"
                return

    def _names(self, path: str) -> Iterator[str]:
        try:
            entries = self.folder.walk(path)
            first = next(entries, None)
        except UserError:
            first = None
        if first is None:
            yield path
            return
        yield first.path
        for entry in entries:
            yield entry.path


def matches(path: str, pattern: str) -> bool:
    """Return whether a path fits a glob; one without a slash is about the name alone."""
    if "/" not in pattern:
        return pattern == "**" or fnmatch.fnmatchcase(path.rpartition("/")[2], pattern)
    expression = ""
    for piece in regex.split(r"(\*\*/|\*\*|\*|\?)", pattern):
        expression += {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}.get(
            piece, regex.escape(piece)
        )
    return regex.fullmatch(expression, path, timeout=PATTERN_SECONDS) is not None
