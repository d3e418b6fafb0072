"""The agent loop: model → tools → model, until done, stopped, or a limit is reached.

Before each effect the journal is written; whatever happens, the history stays one that the API
accepts and no tool is run twice.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from aigc_desktop.agent.history import build_messages, fit
from aigc_desktop.agent.ports import Gate, ToolBox
from aigc_desktop.agent.step import PartialAnswer, StepBroken, receive
from aigc_desktop.agent.toolrun import ToolRunner
from aigc_desktop.core.clock import Clock
from aigc_desktop.core.content import Block, TextBlock, ToolUseBlock
from aigc_desktop.core.errors import UserError
from aigc_desktop.core.events import Event, NoteAdded, UsageUpdated
from aigc_desktop.core.ports import (
    ApiMessage,
    Approver,
    Model,
    ModelAnswer,
    ModelRequest,
    TurnJournal,
)
from aigc_desktop.core.rules import Rule
from aigc_desktop.core.session import (
    STEP_POSITIONS,
    Message,
    StopReason,
    TurnConfig,
    TurnStatus,
    Usage,
    result_position,
)

logger = logging.getLogger(__name__)

CONTINUE_NOTE = "The connection was lost; continue exactly where the answer stopped."
MAX_CONTINUATIONS = 2
"""How often a broken answer is continued by itself."""

CONTINUE_AFTER = 1.0
"""Seconds before that."""

Cost = Callable[[str, Usage], Decimal | None]


@dataclass(frozen=True, slots=True)
class TurnInput:
    """What a turn begins with. `history` ends with this turn's own user message."""

    session_id: int
    turn_id: int
    config: TurnConfig
    history: Sequence[Message]
    context_tokens: int = 200_000


@dataclass(frozen=True, slots=True)
class TurnOutcome:
    """How a turn ended."""

    status: TurnStatus
    stop_reason: StopReason
    usage: Usage
    cost_usd: Decimal | None
    error: tuple[str, Mapping[str, Any]] | None = None


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the loop works with; bootstrap and the services put it together."""

    model: Model
    tools: ToolBox
    gate: Gate
    journal: TurnJournal
    approver: Approver
    publish: Callable[[Event], None]
    cost: Cost
    clock: Clock
    remember: Callable[[Rule], Awaitable[object]]
    """Takes in a rule that came from the user's answer."""

    before_effect: Callable[[], Awaitable[None]]
    """Awaited before every call that may change something; raises UserError if it must not run."""


async def run_turn(turn: TurnInput, around: Surroundings) -> TurnOutcome:
    """Answer the turn and return how it ended. Cancelling the task stops it cleanly."""
    loop = _Loop(turn, around)
    try:
        status, reason, error = await loop.run()
    except asyncio.CancelledError:
        status, reason, error = TurnStatus.STOPPED, StopReason.CANCELLED, None
    except UserError as fault:
        logger.warning("turn %s failed: %s", turn.turn_id, fault)
        status, reason, error = TurnStatus.FAILED, StopReason.ERROR, (fault.code, fault.params)
    except Exception:
        logger.exception("turn %s failed", turn.turn_id)
        status, reason, error = TurnStatus.FAILED, StopReason.ERROR, ("internal_error", {})
    await _surely(loop.close(status, reason, error))
    return TurnOutcome(status, reason, loop.usage, loop.cost_usd, error)


async def _surely(work: Any) -> None:
    """Finish `work` even if the task is cancelled again meanwhile."""
    task = asyncio.ensure_future(work)
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            if task.cancelled():
                raise
    task.result()


Ending = tuple[TurnStatus, StopReason, tuple[str, Mapping[str, Any]] | None]


@dataclass(slots=True)
class _Loop:
    turn: TurnInput
    around: Surroundings
    usage: Usage = field(default_factory=Usage)
    cost_usd: Decimal | None = None
    step: int = 0
    _messages: list[ApiMessage] = field(init=False)
    _open: PartialAnswer | None = None
    _tools: ToolRunner = field(init=False)
    _call_ids: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        search = self.turn.config.web_search
        self._messages = list(build_messages(self.turn.history, with_server_blocks=search))
        self._tools = ToolRunner(self.turn.session_id, self.turn.turn_id, self.around)
        own = [m.position for m in self.turn.history if m.turn_id == self.turn.turn_id]
        self.step = max(own, default=0) // STEP_POSITIONS

    async def run(self) -> Ending:
        first, continued = self.step, 0
        while True:
            if ending := self._limit_reached(self.step - first):
                return ending
            self.step += 1
            try:
                answer = await self._ask_model()
            except StepBroken as broken:
                continued += 1
                kept = await self._keep(broken.partial.usable())
                if continued > MAX_CONTINUATIONS or broken.fault.code == "answer_too_large":
                    raise broken.fault from broken
                if kept:
                    await self._note(CONTINUE_NOTE)
                await self.around.clock.sleep(CONTINUE_AFTER)
                continue
            answer = await self._keep_answer(answer)
            if ending := await self._after(answer):
                return ending

    async def close(
        self,
        status: TurnStatus,
        reason: StopReason,
        error: tuple[str, Mapping[str, Any]] | None,
    ) -> None:
        """Keep what had arrived, answer what is unanswered, write the end."""
        if self._open is not None:
            await self._keep(self._open.usable())
        await self._tools.close_open_calls(self.step)
        await self.around.journal.ended(status, reason, error)

    def _limit_reached(self, steps: int) -> Ending | None:
        config = self.turn.config
        done = TurnStatus.DONE
        if steps >= config.max_turns:
            return done, StopReason.TURN_LIMIT, None
        if config.token_limit and self.usage.total >= config.token_limit:
            return done, StopReason.TOKEN_LIMIT, None
        if config.cost_limit_usd and (self.cost_usd or 0) >= config.cost_limit_usd:
            return done, StopReason.COST_LIMIT, None
        return None

    async def _ask_model(self) -> ModelAnswer:
        config = self.turn.config
        await self.around.journal.streaming(self.step)
        budget = self.turn.context_tokens - config.max_tokens
        request = ModelRequest(
            model=config.resolved_model,
            messages=fit(tuple(self._messages), max(budget, self.turn.context_tokens // 4)),
            system=config.system_prompt,
            tools=self.around.tools.specs(),
            max_tokens=config.max_tokens,
            web_search=config.web_search,
        )
        self._open = PartialAnswer(self.turn.session_id, self.turn.turn_id, self.step)
        return await receive(self.around, request, self._open)

    async def _keep_answer(self, answer: ModelAnswer) -> ModelAnswer:
        """Count and write the answer; return it as it was written."""
        answer = replace(answer, blocks=tuple(map(self._with_own_id, answer.blocks)))
        cost = self.around.cost(answer.model or self.turn.config.resolved_model, answer.usage)
        self.usage += answer.usage
        if cost is not None:
            self.cost_usd = (self.cost_usd or Decimal(0)) + cost
        await self._keep(answer.blocks, answer.usage, cost)
        self.around.publish(
            UsageUpdated(
                self.turn.session_id,
                self.turn.turn_id,
                self.usage,
                None if self.cost_usd is None else str(self.cost_usd),
            )
        )
        return answer

    def _with_own_id(self, block: Block) -> Block:
        """Some servers count their calls anew in every answer; ours are told apart in a turn."""
        if not isinstance(block, ToolUseBlock):
            return block
        while block.id in self._call_ids:
            block = replace(block, id=f"{block.id}_{self.step}")
        self._call_ids.add(block.id)
        return block

    async def _keep(
        self,
        blocks: Sequence[Block],
        usage: Usage | None = None,
        cost: Decimal | None = None,
    ) -> bool:
        """Write the step's answer as final; return False when there is nothing of it."""
        self._open = None
        await self.around.journal.answered(self.step, blocks, usage or Usage(), cost)
        if not blocks:
            return False
        self._messages.append(ApiMessage("assistant", tuple(blocks)))
        self._tools.opened(self.step, blocks)
        return True

    async def _note(self, text: str) -> None:
        await self.around.journal.note(self.step, 0, text)
        self._messages.append(ApiMessage("user", (TextBlock(text),)))
        self.around.publish(
            NoteAdded(self.turn.session_id, self.turn.turn_id, result_position(self.step, 0), text)
        )

    async def _after(self, answer: ModelAnswer) -> Ending | None:
        """Run the tools that were asked for; return the ending, or None to go on."""
        calls = [block for block in answer.blocks if isinstance(block, ToolUseBlock)]
        if answer.stop_reason == "max_tokens":
            await self._tools.close_open_calls(self.step)
            return TurnStatus.DONE, StopReason.MAX_TOKENS, None
        if answer.stop_reason == "refusal":
            await self._tools.close_open_calls(self.step)
            return TurnStatus.DONE, StopReason.REFUSAL, None
        if not calls:
            if answer.stop_reason == "pause_turn":
                return None
            return TurnStatus.DONE, StopReason.END_TURN, None
        results = await self._tools.run(self.step, calls)
        self._messages.append(ApiMessage("user", results))
        return None
