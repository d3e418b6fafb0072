"""One step: a model call, its events, and what has arrived of it so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aigc_desktop.core.content import Block, ServerBlock, TextBlock, ThinkingBlock, scrub
from aigc_desktop.core.errors import StreamBroken, UserError
from aigc_desktop.core.events import (
    BlockFinished,
    BlockStarted,
    RetryScheduled,
    TextDelta,
    ThinkingDelta,
    ToolFinished,
    ToolRequested,
    ToolStarted,
)
from aigc_desktop.core.ports import (
    BlockClosed,
    BlockOpened,
    BlockText,
    ModelAnswer,
    ModelEvent,
    ModelRequest,
    RetryPlanned,
)
from aigc_desktop.core.session import assistant_position
from aigc_desktop.core.transcript import ToolState

if TYPE_CHECKING:
    from aigc_desktop.agent.loop import Surroundings

JOURNAL_EVERY = 0.5
"""Seconds between two writes of what has arrived: a crash loses no more than that."""


class StepBroken(Exception):
    """The answer broke off; `partial` is what had arrived."""

    def __init__(self, partial: PartialAnswer, fault: UserError) -> None:
        super().__init__(str(fault))
        self.partial = partial
        self.fault = fault


@dataclass(slots=True)
class PartialAnswer:
    """What has arrived of a step's answer."""

    session_id: int
    turn_id: int
    step: int
    kinds: dict[int, str] = field(default_factory=dict)
    texts: dict[int, list[str]] = field(default_factory=dict)
    blocks: dict[int, Block] = field(default_factory=dict)
    server_calls: dict[str, int] = field(default_factory=dict)
    """Positions of the calls that run on the provider's side."""

    def usable(self) -> tuple[Block, ...]:
        """Return what can stay in the conversation: text and signed thinking, no tool calls.

        A call is left out even if it is whole: its answer was never finished, so nothing may run.
        """
        found: list[Block] = []
        for index in sorted(self.kinds):
            block = self._block(index)
            said = isinstance(block, TextBlock) and block.text.strip()
            signed = isinstance(block, ThinkingBlock) and block.signature
            if block is not None and (said or signed):
                found.append(block)
        return tuple(found) if any(isinstance(b, TextBlock) for b in found) else ()

    def for_journal(self) -> list[tuple[int, Block]]:
        """Return the text and thinking so far, with each block's index."""
        blocks = ((index, self._block(index)) for index in sorted(self.kinds))
        return [(i, b) for i, b in blocks if isinstance(b, TextBlock | ThinkingBlock)]

    def _block(self, index: int) -> Block | None:
        if index in self.blocks:
            return self.blocks[index]
        text = scrub("".join(self.texts.get(index, ())))
        match self.kinds[index]:
            case "text":
                return TextBlock(text)
            case "thinking":
                return ThinkingBlock(text)
            case _:
                return None


async def receive(
    around: Surroundings, request: ModelRequest, partial: PartialAnswer
) -> ModelAnswer:
    """Stream one answer: publish it, journal it now and then, return it whole.

    Raises:
        StepBroken: something arrived, then the stream broke.
        UserError: nothing arrived and another try cannot help.
    """
    written = around.clock.monotonic()
    try:
        async for event in around.model.stream(request):
            if isinstance(event, ModelAnswer):
                return event
            _show(around, event, partial)
            now = around.clock.monotonic()
            if now - written >= JOURNAL_EVERY and partial.for_journal():
                await around.journal.partial(partial.step, partial.for_journal())
                written = now
    except StreamBroken as fault:
        raise StepBroken(partial, fault) from fault
    raise StepBroken(partial, UserError("stream_broken"))


def _show(around: Surroundings, event: ModelEvent, partial: PartialAnswer) -> None:
    where = (partial.session_id, partial.turn_id)
    match event:
        case BlockOpened(index, kind):
            partial.kinds[index] = kind
            position = assistant_position(partial.step, index)
            around.publish(BlockStarted(*where, position, kind))
        case BlockText(index, text):
            if partial.kinds[index] not in ("text", "thinking"):
                return
            partial.texts.setdefault(index, []).append(text)
            position = assistant_position(partial.step, index)
            delta = TextDelta if partial.kinds[index] == "text" else ThinkingDelta
            around.publish(delta(*where, position, text))
        case BlockClosed(index, block):
            partial.blocks[index] = block
            position = assistant_position(partial.step, index)
            around.publish(BlockFinished(*where, position, block))
            if isinstance(block, ServerBlock):
                _show_server_block(around, block, position, partial)
        case RetryPlanned(code, seconds, attempt, max_attempts, params):
            around.publish(RetryScheduled(*where, code, seconds, attempt, max_attempts, params))
        case _:
            pass


def _show_server_block(
    around: Surroundings, block: ServerBlock, position: int, partial: PartialAnswer
) -> None:
    """A search on the provider's side looks like any other tool call."""
    where = (partial.session_id, partial.turn_id)
    if block.is_call:
        partial.server_calls[block.call_id] = position
        around.publish(ToolRequested(*where, position, block.call_id, block.name, block.input))
        around.publish(ToolStarted(*where, position, block.call_id))
    elif block.call_id in partial.server_calls:
        position = partial.server_calls[block.call_id]
        state = ToolState.FAILED if block.failed else ToolState.DONE
        around.publish(
            ToolFinished(*where, position, block.call_id, state, block.shown, None, None)
        )
