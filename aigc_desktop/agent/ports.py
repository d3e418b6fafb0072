"""Ports of the loop: tools, and the gate that decides whether a call may run."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from aigc_desktop.core.ports import ToolSpec
from aigc_desktop.core.rules import Rule, Scope


@dataclass(frozen=True, slots=True)
class ToolContext:
    """What a running tool knows of its surroundings."""

    session_id: int
    turn_id: int
    tool_use_id: str
    emit_output: Callable[[str], None]


@dataclass(frozen=True, slots=True)
class ToolOutcome:
    """A tool's answer to the model; `full_output` is the path of what was too long to show."""

    content: str
    is_error: bool = False
    full_output: str | None = None


class Tool(Protocol):
    """One tool. `read_only` tools have no effect and may run beside each other."""

    @property
    def spec(self) -> ToolSpec: ...

    @property
    def read_only(self) -> bool: ...

    async def run(self, input: Mapping[str, Any], context: ToolContext) -> ToolOutcome:
        """Do it. Raises UserError for what the model should be told as an error."""


class ToolBox:
    """The tools of a turn, by name."""

    def __init__(self, tools: Iterable[Tool]) -> None:
        self._tools = {tool.spec.name: tool for tool in tools}

    def get(self, name: str) -> Tool | None:
        """Return the tool or None."""
        return self._tools.get(name)

    def only(self, names: Collection[str]) -> ToolBox:
        """Return those of the tools that are named; all of them if none is."""
        if not names:
            return self
        return ToolBox(tool for name, tool in self._tools.items() if name in names)

    def specs(self) -> tuple[ToolSpec, ...]:
        """Return what the model is told, in a stable order (prompt caching)."""
        return tuple(tool.spec for tool in self._tools.values())


class Verdict(StrEnum):
    """What is to be done with a call."""

    ALLOW = "allow"
    ASK = "ask"
    DENY = "deny"


@dataclass(frozen=True, slots=True)
class Decision:
    """A verdict and what it rests on (a mode, a grant, a rule)."""

    verdict: Verdict
    reason: str


class Gate(Protocol):
    """Decides about tool calls: deny → ask → mode → allow → question."""

    def decide(self, name: str, input: Mapping[str, Any]) -> Decision: ...

    def preview(self, name: str, input: Mapping[str, Any]) -> tuple[str, str]:
        """Return (text, kind) of what will happen; kind is `diff`, `command` or `text`."""

    def fingerprint(self, name: str, input: Mapping[str, Any]) -> str:
        """Return a hash of tool, arguments and directory."""

    def rules_for(self, name: str, input: Mapping[str, Any], scope: Scope) -> tuple[Rule, ...]:
        """Return the rules that allow calls like this one."""

    def covered(self, name: str, input: Mapping[str, Any]) -> str:
        """Return what such rules cover: a command's first words, hosts; "" is everything."""
