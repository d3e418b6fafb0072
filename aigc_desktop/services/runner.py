"""Runs turns: one task per session, a queue behind it, and questions that wait for an answer."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from aigc_desktop.config.log import about_turn
from aigc_desktop.core.bus import EventBus
from aigc_desktop.core.errors import UserError
from aigc_desktop.core.events import ApprovalRequested, Event, ScenarioMatched
from aigc_desktop.core.ports import ApprovalAnswer, ApprovalRequest
from aigc_desktop.core.session import TurnConfig
from aigc_desktop.services.live import LiveTurn
from aigc_desktop.services.unattended import current_job

logger = logging.getLogger(__name__)

RunTurn = Callable[["RunningTurn"], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class TurnWish:
    """What was asked for with one request; None: nothing. `replay` is a whole configuration."""

    permission_mode: str | None = None
    scenario_id: int | None = None
    replay: TurnConfig | None = None
    without_lessons: frozenset[int] = frozenset()
    """Lessons that are left out of the prompt this once."""


@dataclass(slots=True)
class RunningTurn:
    """A turn that is being answered: what is seen of it so far, and its open questions."""

    session_id: int
    turn_id: int
    bus: EventBus
    began: float = 0.0
    """When it began, by the monotonic clock."""
    live: LiveTurn = field(init=False)
    questions: dict[str, tuple[ApprovalRequested, asyncio.Future[ApprovalAnswer]]] = field(
        default_factory=dict
    )

    chosen: asyncio.Future[int] | None = None
    """Waits for the user to say which scenario was meant."""
    question: ScenarioMatched | None = None
    """What is being asked about it."""

    def __post_init__(self) -> None:
        self.live = LiveTurn(self.turn_id)

    def choose(self, scenario_id: int) -> bool:
        """Say which scenario was meant; return False if that is not being asked."""
        if self.chosen is None or self.chosen.done():
            return False
        self.chosen.set_result(scenario_id)
        return True

    def publish(self, event: Event) -> None:
        """Remember what the event says and hand it on."""
        self.live.apply(event)
        self.bus.publish(event)

    async def ask(self, request: ApprovalRequest) -> ApprovalAnswer:
        """Ask the user and wait; implements `core.ports.Approver`.

        In the work of a job nobody is there: the answer is no, and the log says so.
        """
        job = current_job()
        if job is not None:
            logger.warning("the job %s wanted %s: denied, nobody can be asked", job, request.name)
            return ApprovalAnswer.DENY
        answer: asyncio.Future[ApprovalAnswer] = asyncio.get_running_loop().create_future()
        event = ApprovalRequested(
            session_id=request.session_id,
            turn_id=request.turn_id,
            position=request.position,
            tool_use_id=request.tool_use_id,
            name=request.name,
            input=request.input,
            preview=request.preview,
            preview_kind=request.preview_kind,
            fingerprint=request.fingerprint,
            covered=request.covered,
        )
        self.questions[request.tool_use_id] = (event, answer)
        self.publish(event)
        try:
            return await answer
        finally:
            self.questions.pop(request.tool_use_id, None)

    def answer(self, tool_use_id: str, answer: ApprovalAnswer, fingerprint: str) -> None:
        """Give the user's answer to an open question.

        Raises:
            UserError("approval_outdated"): the question is gone or was about something else.
        """
        event, future = self.questions.get(tool_use_id, (None, None))
        if event is None or future is None or future.done() or event.fingerprint != fingerprint:
            raise UserError("approval_outdated")
        future.set_result(answer)


@dataclass(slots=True)
class _Lane:
    """One session's running turn and what is queued behind it."""

    queue: deque[int] = field(default_factory=deque)
    running: RunningTurn | None = None
    running_task: asyncio.Task[None] | None = None
    task: asyncio.Task[None] | None = None


class TurnRunner:
    """Starts turns in order, one at a time per session; all methods belong to the loop."""

    def __init__(self, bus: EventBus) -> None:
        self._bus = bus
        self._lanes: dict[int, _Lane] = {}
        self._run_turn: RunTurn | None = None
        self.wishes: dict[int, TurnWish] = {}
        """What single turns were sent with, until they begin."""
        self.attended = False
        """Whether somebody sees questions about the scenario and can answer them."""

    def bind(self, run_turn: RunTurn) -> None:
        """Say how a turn is answered (the chat service does)."""
        self._run_turn = run_turn

    def is_busy(self, session_id: int) -> bool:
        """Return whether a turn of the session runs or waits."""
        return session_id in self._lanes

    def running(self, session_id: int) -> RunningTurn | None:
        """Return the session's running turn."""
        lane = self._lanes.get(session_id)
        return lane.running if lane else None

    def running_sessions(self) -> tuple[int, ...]:
        """Return the ids of the sessions in which a turn runs."""
        return tuple(self._lanes)

    def submit(self, session_id: int, turn_id: int) -> None:
        """Run the turn as soon as the session's turns before it have ended."""
        lane = self._lanes.get(session_id)
        if lane is None:
            lane = self._lanes[session_id] = _Lane(deque([turn_id]))
            lane.task = asyncio.get_running_loop().create_task(
                self._drain(session_id, lane), name=f"session-{session_id}"
            )
        else:
            lane.queue.append(turn_id)

    def unqueue(self, session_id: int, turn_id: int) -> bool:
        """Take a waiting turn back; return False if it has begun already."""
        lane = self._lanes.get(session_id)
        if lane is None or turn_id not in lane.queue:
            return False
        lane.queue.remove(turn_id)
        return True

    def answer(
        self, turn_id: int, tool_use_id: str, answer: ApprovalAnswer, fingerprint: str
    ) -> None:
        """Answer an open question of a running turn. Raises UserError("approval_outdated")."""
        for lane in self._lanes.values():
            if lane.running is not None and lane.running.turn_id == turn_id:
                lane.running.answer(tool_use_id, answer, fingerprint)
                return
        raise UserError("approval_outdated")

    async def stop(self, session_id: int, *, with_queue: bool = False) -> tuple[int, ...]:
        """Stop the running turn and wait until it has ended.

        With `with_queue` the waiting turns do not run either; their ids are returned.
        """
        lane = self._lanes.get(session_id)
        if lane is None:
            return ()
        waiting: tuple[int, ...] = ()
        if with_queue:
            waiting = tuple(lane.queue)
            lane.queue.clear()
        task = lane.running_task
        if task is not None:
            task.cancel()
            await asyncio.wait([task])
        return waiting

    async def wait(self, session_id: int) -> None:
        """Wait until nothing runs or waits in the session."""
        lane = self._lanes.get(session_id)
        if lane is not None and lane.task is not None:
            await asyncio.wait([lane.task])

    async def close(self) -> None:
        """Stop everything."""
        for session_id in tuple(self._lanes):
            await self.stop(session_id, with_queue=True)
            await self.wait(session_id)

    async def _drain(self, session_id: int, lane: _Lane) -> None:
        assert self._run_turn is not None
        try:
            while lane.queue:
                lane.running = RunningTurn(session_id, lane.queue.popleft(), self._bus)
                lane.running_task = asyncio.ensure_future(self._guarded(lane.running))
                await asyncio.wait([lane.running_task])
        finally:
            del self._lanes[session_id]

    async def _guarded(self, turn: RunningTurn) -> None:
        assert self._run_turn is not None
        with about_turn(turn.session_id, turn.turn_id):
            try:
                await self._run_turn(turn)
            except asyncio.CancelledError:
                raise
            except Exception:
                logger.exception("turn %s of session %s failed", turn.turn_id, turn.session_id)
