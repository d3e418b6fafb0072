"""Runs the tool calls of a step: decide, ask, journal, run, record."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aigc_desktop.agent.guard import INVALID_INPUT
from aigc_desktop.agent.ports import Tool, ToolContext, ToolOutcome, Verdict
from aigc_desktop.core.content import Block, ToolResultBlock, ToolUseBlock, scrub
from aigc_desktop.core.errors import UserError
from aigc_desktop.core.events import ToolFinished, ToolOutput, ToolRequested, ToolStarted
from aigc_desktop.core.ports import ApprovalAnswer, ApprovalRequest
from aigc_desktop.core.rules import Scope
from aigc_desktop.core.session import assistant_position
from aigc_desktop.core.transcript import ToolState

if TYPE_CHECKING:
    from aigc_desktop.agent.loop import Surroundings

logger = logging.getLogger(__name__)

DENIED = "The user did not allow this."
NO_CHECKPOINT = "Nothing was run: the work directory could not be made safe first."
NOT_RUN = "This tool call was not run."
STOPPED = "The user stopped this tool while it was running. What it had done so far may remain."
MAX_READERS = 8
"""Read-only calls that run beside each other."""

_SCOPES = {
    ApprovalAnswer.SESSION: Scope.SESSION,
    ApprovalAnswer.SCENARIO: Scope.SCENARIO,
    ApprovalAnswer.ALWAYS: Scope.ALWAYS,
}

_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "array": list,
    "object": dict,
}


@dataclass(slots=True)
class _Call:
    step: int
    index: int
    position: int
    block: ToolUseBlock
    running: bool = False


@dataclass(slots=True)
class ToolRunner:
    """The calls of one turn; knows which of them have no result yet."""

    session_id: int
    turn_id: int
    around: Surroundings
    _open: dict[str, _Call] = field(default_factory=dict)

    def opened(self, step: int, blocks: Sequence[Block]) -> None:
        """The model's answer with these calls has been written."""
        number = 0
        for index, block in enumerate(blocks):
            if not isinstance(block, ToolUseBlock):
                continue
            position = assistant_position(step, index)
            self._open[block.id] = _Call(step, number, position, block)
            number += 1
            self.around.publish(
                ToolRequested(
                    self.session_id, self.turn_id, position, block.id, block.name, block.input
                )
            )

    async def run(self, step: int, calls: Sequence[ToolUseBlock]) -> tuple[ToolResultBlock, ...]:
        """Run the calls: reading ones beside each other, the others one after another, in order."""
        results: dict[str, ToolResultBlock] = {}
        limit = asyncio.Semaphore(MAX_READERS)

        async def one(block: ToolUseBlock) -> None:
            async with limit:
                results[block.id] = await self._run_one(self._open[block.id])

        group: list[ToolUseBlock] = []
        for block in calls:
            if self._is_reader(block):
                group.append(block)
                continue
            await _all(map(one, group))
            group = []
            await one(block)
        await _all(map(one, group))
        return tuple(results[block.id] for block in calls)

    async def close_open_calls(self, step: int) -> None:
        """Give every call that has no result one that says so."""
        for call in tuple(self._open.values()):
            state, text = (
                (ToolState.UNKNOWN, STOPPED) if call.running else (ToolState.NOT_RUN, NOT_RUN)
            )
            await self._record(call, ToolOutcome(text, True), state, None)

    def _is_reader(self, block: ToolUseBlock) -> bool:
        tool = self.around.tools.get(block.name)
        return tool is not None and tool.read_only

    async def _run_one(self, call: _Call) -> ToolResultBlock:
        tool = self.around.tools.get(call.block.name)
        complaint = _complaint(tool, call.block)
        if tool is None or complaint:
            return await self._record(call, ToolOutcome(complaint, True), ToolState.FAILED, None)
        allowed, reason = await self._allowed(call)
        if not allowed:
            logger.info("denied: %s (%s)", call.block.name, reason)
            return await self._record(call, ToolOutcome(reason, True), ToolState.DENIED, None)
        if not tool.read_only:
            try:
                await self.around.before_effect()
            except UserError as error:
                text = f"{NO_CHECKPOINT} {_explain(error)}"
                return await self._record(call, ToolOutcome(text, True), ToolState.FAILED, None)
        await self.around.journal.tool_running(call.block.id, reason)
        call.running = True
        self.around.publish(
            ToolStarted(self.session_id, self.turn_id, call.position, call.block.id)
        )
        began = self.around.clock.monotonic()
        outcome = await self._outcome(tool, call)
        duration = int((self.around.clock.monotonic() - began) * 1000)
        state = ToolState.FAILED if outcome.is_error else ToolState.DONE
        return await self._record(call, outcome, state, duration)

    async def _allowed(self, call: _Call) -> tuple[bool, str]:
        """Return whether the call may run, and why (or what the model is told)."""
        gate, block = self.around.gate, call.block
        decision = await asyncio.to_thread(gate.decide, block.name, block.input)
        if decision.verdict is Verdict.ALLOW:
            return True, decision.reason
        if decision.verdict is Verdict.DENY:
            return False, decision.reason
        try:
            preview, kind = await asyncio.to_thread(gate.preview, block.name, block.input)
        except UserError as error:
            return False, _explain(error)
        answer = await self.around.approver.ask(
            ApprovalRequest(
                session_id=self.session_id,
                turn_id=self.turn_id,
                position=call.position,
                tool_use_id=block.id,
                name=block.name,
                input=block.input,
                preview=preview,
                preview_kind=kind,
                fingerprint=gate.fingerprint(block.name, block.input),
                covered=gate.covered(block.name, block.input),
            )
        )
        if answer in _SCOPES:
            for rule in gate.rules_for(block.name, block.input, _SCOPES[answer]):
                await self.around.remember(rule)
        return answer is not ApprovalAnswer.DENY, (
            DENIED if answer is ApprovalAnswer.DENY else f"user:{answer.value}"
        )

    async def _outcome(self, tool: Tool, call: _Call) -> ToolOutcome:
        where = (self.session_id, self.turn_id, call.position, call.block.id)
        context = ToolContext(
            self.session_id,
            self.turn_id,
            call.block.id,
            lambda text: self.around.publish(ToolOutput(*where, text)),
        )
        try:
            return await tool.run(call.block.input, context)
        except UserError as error:
            return ToolOutcome(_explain(error), True)
        except Exception as error:
            logger.exception("tool %s failed", call.block.name)
            return ToolOutcome(f"The tool failed: {type(error).__name__}: {error}"[:2000], True)

    async def _record(
        self, call: _Call, outcome: ToolOutcome, state: ToolState, duration_ms: int | None
    ) -> ToolResultBlock:
        content = scrub(outcome.content)
        result = ToolResultBlock(call.block.id, content, outcome.is_error)
        await self.around.journal.tool_done(
            call.step,
            call.index,
            result,
            state=state.value,
            duration_ms=duration_ms,
            full_output=outcome.full_output,
        )
        self._open.pop(call.block.id, None)
        self.around.publish(
            ToolFinished(
                self.session_id,
                self.turn_id,
                call.position,
                call.block.id,
                state,
                content,
                duration_ms,
                outcome.full_output,
            )
        )
        return result


async def _all(work: Any) -> None:
    """Run all; when one is cancelled or fails, the others end before it goes on."""
    async with asyncio.TaskGroup() as group:
        for item in work:
            group.create_task(item)


def _complaint(tool: Tool | None, block: ToolUseBlock) -> str:
    """Return what is wrong with a call, or an empty string."""
    if tool is None:
        return f"There is no tool named {block.name!r}."
    if INVALID_INPUT in block.input:
        return "The arguments were not a valid JSON object. Send them again."
    schema = tool.spec.input_schema
    for name in schema.get("required", ()):
        if name not in block.input:
            return f"The argument {name!r} is missing."
    properties = schema.get("properties", {})
    for name, value in block.input.items():
        if name not in properties:
            return f"There is no argument {name!r}."
        wanted = _TYPES.get(properties[name].get("type", ""))
        is_bool = isinstance(value, bool)
        if wanted and (not isinstance(value, wanted) or (is_bool and wanted is not bool)):
            return f"The argument {name!r} must be of type {properties[name]['type']}."
    return ""


def _explain(error: UserError) -> str:
    """Return an error as the model is told it: the code in words and what it was about."""
    details = ", ".join(f"{key}: {value}" for key, value in error.params.items() if value)
    return f"{error.code.replace('_', ' ')}" + (f" ({details})" if details else "")
