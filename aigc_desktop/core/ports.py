"""Ports between rooms that must not know each other; bootstrap wires them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any, Protocol, TypeAlias

from aigc_desktop.core.content import Block, Role, ToolResultBlock
from aigc_desktop.core.session import StopReason, TurnStatus, Usage


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A tool as the model sees it."""

    name: str
    description: str
    input_schema: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ApiMessage:
    """One message of the conversation as it is sent."""

    role: Role
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """One call of the model. `model` is a resolved model id."""

    model: str
    messages: tuple[ApiMessage, ...]
    system: str
    tools: tuple[ToolSpec, ...]
    max_tokens: int
    web_search: bool = False
    """Whether the model may search the web on the provider's side."""


@dataclass(frozen=True, slots=True)
class BlockOpened:
    index: int
    kind: str
    """`text`, `thinking`, `redacted_thinking` or `tool_use`."""


@dataclass(frozen=True, slots=True)
class BlockText:
    """A delta of a text or thinking block."""

    index: int
    text: str


@dataclass(frozen=True, slots=True)
class BlockClosed:
    index: int
    block: Block


@dataclass(frozen=True, slots=True)
class ModelAnswer:
    """The whole answer; always the last event of a stream that did not fail."""

    blocks: tuple[Block, ...]
    stop_reason: str
    usage: Usage
    model: str
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class RetryPlanned:
    """The call failed before anything arrived and is tried again after `seconds`."""

    code: str
    seconds: float
    attempt: int
    max_attempts: int
    params: Mapping[str, Any] = field(default_factory=dict)


ModelEvent: TypeAlias = BlockOpened | BlockText | BlockClosed | RetryPlanned | ModelAnswer


class Model(Protocol):
    """A model that streams.

    `stream` yields events and ends with a `ModelAnswer`; it raises `UserError` for everything that
    went wrong, with `partial` faults (something arrived, then the stream broke) as
    `StreamBroken`. Cancelling the consuming task closes the connection.
    """

    def stream(self, request: ModelRequest) -> AsyncIterator[ModelEvent]: ...

    async def resolve(self, name: str) -> str:
        """Return the model id that `name` (an alias such as `sonnet`, or an id) means now."""

    def context_of(self, model: str) -> int:
        """Return how many input tokens the model takes."""

    def offers_web_search(self, model: str) -> bool:
        """Return whether the model can search the web on the provider's side."""

    async def aclose(self) -> None: ...


class TurnJournal(Protocol):
    """Write-ahead record of a turn: every method returns only when it is on disk."""

    async def streaming(self, step: int) -> None:
        """Step `step` (from 1) is about to be sent to the model."""

    async def partial(self, step: int, blocks: Sequence[tuple[int, Block]]) -> None:
        """Keep what has arrived of the step's answer so far, as (index, block) pairs."""

    async def answered(
        self, step: int, blocks: Sequence[Block], usage: Usage, cost_usd: Decimal | None
    ) -> None:
        """The step's answer is whole; its tool calls are pending. Replaces what `partial` kept."""

    async def note(self, step: int, index: int, text: str) -> None:
        """Add a user-role note that ends `step`."""

    async def tool_running(self, tool_use_id: str, decision: str) -> None:
        """The tool is about to run. `decision`: how it was allowed (mode, once, session, rule)."""

    async def tool_done(
        self,
        step: int,
        index: int,
        result: ToolResultBlock,
        *,
        state: str,
        duration_ms: int | None,
        full_output: str | None,
    ) -> None:
        """The tool's result (also of one that was denied or not run)."""

    async def ended(
        self,
        status: TurnStatus,
        stop_reason: StopReason,
        error: tuple[str, Mapping[str, Any]] | None,
    ) -> None:
        """The turn is over."""


class ApprovalAnswer(StrEnum):
    ONCE = "once"
    SESSION = "session"
    SCENARIO = "scenario"
    ALWAYS = "always"
    DENY = "deny"


@dataclass(frozen=True, slots=True)
class ApprovalRequest:
    """A question to the user about one tool call; `fingerprint` binds the answer to it.

    `covered` is what "for this session" and "always" would allow: the first words of a command, a
    host; empty: everything of its kind in the folder.
    """

    session_id: int
    turn_id: int
    position: int
    tool_use_id: str
    name: str
    input: Mapping[str, Any]
    preview: str
    preview_kind: str
    fingerprint: str
    covered: str = ""


class Approver(Protocol):
    """Whoever answers questions: the window, the terminal, or nobody (then: deny)."""

    async def ask(self, request: ApprovalRequest) -> ApprovalAnswer: ...


@dataclass(frozen=True, slots=True)
class FoundServer:
    """A server that answers on this machine."""

    name: str
    base_url: str
    models: tuple[str, ...]
