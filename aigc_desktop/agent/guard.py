"""The stream guard: every way in which a stream can go wrong becomes a clean error.

The SDK neither retries nor wraps faults in the middle of a stream, and an end without
`message_stop` is no error to it at all (measured, TECH.md).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aigc_desktop.core.clock import Clock
from aigc_desktop.core.content import (
    Block,
    RedactedThinkingBlock,
    ServerBlock,
    TextBlock,
    ThinkingBlock,
    ToolUseBlock,
    is_server_type,
    scrub,
    scrub_json,
)
from aigc_desktop.core.errors import UserError
from aigc_desktop.core.ports import BlockClosed, BlockOpened, BlockText, ModelAnswer, ModelEvent
from aigc_desktop.core.session import Usage


@dataclass(frozen=True, slots=True)
class Limits:
    """Caps of one answer: seconds, bytes, characters, blocks."""

    first_event_timeout: float = 300.0
    """A local server may read a long prompt for minutes before it says anything."""
    idle_timeout: float = 90.0
    """Seconds without a whole event; a trickle of bytes does not count."""
    max_bytes: int = 64 * 1024 * 1024
    max_chars: int = 8_000_000
    max_blocks: int = 400


INVALID_INPUT = "_invalid_json"
"""Key under which a tool call keeps arguments that are not a JSON object."""


@dataclass(slots=True)
class _Open:
    kind: str
    parts: list[str] = field(default_factory=list)
    signature: str = ""
    id: str = ""
    name: str = ""
    data: str = ""
    raw: Mapping[str, Any] = field(default_factory=dict)
    citations: list[Mapping[str, Any]] = field(default_factory=list)

    def block(self) -> Block | None:
        text = scrub("".join(self.parts))
        match self.kind:
            case "text":
                return TextBlock(text, tuple(self.citations))
            case "thinking":
                return ThinkingBlock(text, self.signature)
            case "redacted_thinking":
                return RedactedThinkingBlock(self.data)
            case "tool_use":
                return ToolUseBlock(self.id, self.name, parse_input(text))
            case "server_tool_use":
                given = parse_input(text) if text else self.raw.get("input", {})
                return ServerBlock({**self.raw, "input": given})
            case kind if is_server_type(kind):
                return ServerBlock(self.raw)
            case _:
                return None


def parse_input(text: str) -> dict[str, Any]:
    """Return a tool call's arguments; what is no JSON object is kept under INVALID_INPUT."""
    try:
        value = json.loads(text, parse_constant=_refuse) if text.strip() else {}
    except (ValueError, RecursionError):
        return {INVALID_INPUT: text[:2000]}
    return scrub_json(value) if isinstance(value, dict) else {INVALID_INPUT: text[:2000]}


def _refuse(constant: str) -> None:
    raise ValueError(constant)


class _Assembler:
    """Folds the API's events into blocks and answers with ours."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._open: dict[int, _Open] = {}
        self._closed: dict[int, Block] = {}
        self._seen: set[int] = set()
        self._joined: dict[int, int] = {}
        self._last_text: int | None = None
        self._searched = False
        self._chars = 0
        self._usage: dict[str, int] = {}
        self._stop_reason: str | None = None
        self._model = ""
        self.finished = False

    def feed(self, event: Any) -> list[ModelEvent]:
        match event.type:
            case "message_start":
                self._model = str(event.message.model or "")
                self._count(event.message.usage)
            case "content_block_start":
                return self._begin(event.index, event.content_block)
            case "content_block_delta":
                return self._delta(event.index, event.delta)
            case "content_block_stop":
                return self._close(event.index)
            case "message_delta":
                self._stop_reason = event.delta.stop_reason or self._stop_reason
                self._count(event.usage)
            case "message_stop":
                self.finished = True
                return self._settle_text()
        return []

    def answer(self, request_id: str | None) -> ModelAnswer:
        """Return the whole answer. Raises UserError("stream_broken") if it is not whole."""
        if not self.finished or self._open:
            raise UserError("stream_broken")
        usage = Usage(
            self._usage.get("input_tokens", 0),
            self._usage.get("output_tokens", 0),
            self._usage.get("cache_read_input_tokens", 0),
            self._usage.get("cache_creation_input_tokens", 0),
            self._usage.get("web_search_requests", 0),
        )
        blocks = tuple(self._closed[index] for index in sorted(self._closed))
        return ModelAnswer(blocks, self._stop_reason or "end_turn", usage, self._model, request_id)

    def _begin(self, index: int, block: Any) -> list[ModelEvent]:
        if index in self._seen or index < 0:
            raise UserError("stream_broken")
        if len(self._seen) >= self._limits.max_blocks:
            raise UserError("answer_too_large")
        self._seen.add(index)
        if block.type == "text" and self._last_text is not None:
            return self._go_on_with_text(index, block)
        events = self._settle_text()
        self._searched = self._searched or block.type == "server_tool_use"
        opened = _Open(
            block.type,
            id=str(getattr(block, "id", "") or f"call_{index}"),
            name=str(getattr(block, "name", "") or ""),
            data=str(getattr(block, "data", "") or ""),
            raw=_raw(block) if is_server_type(block.type) else {},
        )
        self._open[index] = opened
        events.append(BlockOpened(index, block.type))
        first = getattr(block, "text", "") or getattr(block, "thinking", "")
        if first:
            opened.parts.append(first)
            events.append(BlockText(index, first))
        return events

    def _go_on_with_text(self, index: int, block: Any) -> list[ModelEvent]:
        """After a search a sentence comes in pieces, one per source: they are one text."""
        assert self._last_text is not None
        first, self._last_text = self._last_text, None
        self._joined[index] = first
        kept = self._closed.pop(first)
        assert isinstance(kept, TextBlock)
        self._open[first] = _Open("text", [kept.text], citations=list(kept.citations))
        text = getattr(block, "text", "")
        return self._append(self._open[first], first, text) if text else []

    def _settle_text(self) -> list[ModelEvent]:
        """Say that the last text is whole: no piece of it follows."""
        index, self._last_text = self._last_text, None
        return [] if index is None else [BlockClosed(index, self._closed[index])]

    def _delta(self, index: int, delta: Any) -> list[ModelEvent]:
        index = self._joined.get(index, index)
        opened = self._open.get(index)
        if opened is None:
            raise UserError("stream_broken")
        match delta.type:
            case "text_delta":
                return self._append(opened, index, delta.text)
            case "thinking_delta":
                return self._append(opened, index, delta.thinking)
            case "input_json_delta":
                self._append(opened, index, delta.partial_json)
            case "citations_delta":
                opened.citations.append(scrub_json(_raw(delta.citation)))
            case "signature_delta":
                opened.signature = delta.signature
        return []

    def _append(self, opened: _Open, index: int, text: str) -> list[ModelEvent]:
        self._chars += len(text)
        if self._chars > self._limits.max_chars:
            raise UserError("answer_too_large")
        opened.parts.append(text)
        return [BlockText(index, text)] if text else []

    def _close(self, index: int) -> list[ModelEvent]:
        index = self._joined.get(index, index)
        opened = self._open.pop(index, None)
        if opened is None:
            raise UserError("stream_broken")
        block = opened.block()
        if block is None:
            return []
        self._closed[index] = block
        if self._searched and isinstance(block, TextBlock):
            self._last_text = index
            return []
        return [BlockClosed(index, block)]

    def _count(self, usage: Any) -> None:
        for name in (
            "input_tokens",
            "output_tokens",
            "cache_read_input_tokens",
            "cache_creation_input_tokens",
        ):
            value = getattr(usage, name, None)
            if isinstance(value, int) and value >= 0:
                self._usage[name] = value
        searches = getattr(getattr(usage, "server_tool_use", None), "web_search_requests", None)
        if isinstance(searches, int) and searches >= 0:
            self._usage["web_search_requests"] = searches


def _raw(value: Any) -> dict[str, Any]:
    """Return what the server sent as plain JSON, nothing added."""
    if isinstance(value, dict):
        return scrub_json(value)  # type: ignore[no-any-return]
    return scrub_json(value.model_dump(mode="json", exclude_unset=True, warnings=False))  # type: ignore[no-any-return]


async def guarded(
    opening: Awaitable[Any], limits: Limits, clock: Clock
) -> AsyncIterator[ModelEvent]:
    """Open the SDK's stream and yield its events as ours, ending with a `ModelAnswer`.

    Raises:
        UserError: `bad_response`, `stream_broken`, `stream_idle`, `answer_too_large`.
        Exception: what the SDK raises (see `faults.user_error`).
    """
    async with asyncio.timeout(limits.first_event_timeout):
        stream = await opening
    response = getattr(stream, "response", None)
    content_type = response.headers.get("content-type", "") if response is not None else ""
    try:
        if not content_type.startswith("text/event-stream"):
            raise UserError("bad_response", content_type=content_type or "?")
        assembler = _Assembler(limits)
        events = stream.__aiter__()
        timeout = limits.first_event_timeout
        while not assembler.finished:
            try:
                async with asyncio.timeout(timeout):
                    event = await anext(events)
            except StopAsyncIteration:
                break
            except TimeoutError:
                raise UserError("stream_idle") from None
            timeout = limits.idle_timeout
            for ours in assembler.feed(event):
                yield ours
        request_id = response.headers.get("request-id") if response is not None else None
        yield assembler.answer(request_id)
    finally:
        with contextlib.suppress(Exception):
            await stream.close()
