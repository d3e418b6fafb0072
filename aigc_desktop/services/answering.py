"""Answers one turn: puts the loop's surroundings together and runs it."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace

from aigc_desktop.agent import prices
from aigc_desktop.agent.loop import Surroundings, TurnInput, run_turn
from aigc_desktop.agent.permissions import Permissions
from aigc_desktop.agent.ports import ToolBox
from aigc_desktop.agent.rules import Action
from aigc_desktop.agent.tools import build_toolbox
from aigc_desktop.config import settings as config
from aigc_desktop.core.clock import Clock
from aigc_desktop.core.errors import UserError
from aigc_desktop.core.events import BlockStarted, Event, FilesChanged, TurnEnded, TurnStarted
from aigc_desktop.core.files import ChangeKind
from aigc_desktop.core.rules import Area, Effect
from aigc_desktop.core.session import StopReason, Turn, TurnConfig, TurnStatus
from aigc_desktop.files.workdir import WorkDir
from aigc_desktop.services import configuration, permissions
from aigc_desktop.services.app import App
from aigc_desktop.services.checkpointing import TurnCheckpoint
from aigc_desktop.services.owner import this_process
from aigc_desktop.services.runner import RunningTurn
from aigc_desktop.store import files as file_rows
from aigc_desktop.store import lessons as lesson_rows
from aigc_desktop.store import matches
from aigc_desktop.store import messages as message_rows
from aigc_desktop.store import turns as turn_rows
from aigc_desktop.store.journal import StoreJournal
from aigc_desktop.store.store import Db

logger = logging.getLogger(__name__)


class _Stopwatch:
    """Sees when the answer begins."""

    def __init__(self, clock: Clock, running: RunningTurn) -> None:
        self._clock = clock
        self._running = running
        self._first: float | None = None

    def publish(self, event: Event) -> None:
        if self._first is None and isinstance(event, BlockStarted):
            self._first = self._clock.monotonic()
        self._running.publish(event)

    def first_token(self) -> int | None:
        """Return the milliseconds from the turn's start to its first token."""
        return None if self._first is None else round((self._first - self._running.began) * 1000)


async def answer_turn(app: App, running: RunningTurn) -> None:
    """Answer the turn from its stored state to its end; whatever goes wrong is its outcome."""
    running.began = app.clock.monotonic()
    turn = await app.store.read(lambda db: turn_rows.get_turn(db, running.turn_id))
    if turn.status is TurnStatus.QUEUED:
        await _start_queued(app, running)
    try:
        await _answer(app, running, turn)
    except asyncio.CancelledError:
        await _end_early(app, turn, TurnStatus.STOPPED, StopReason.CANCELLED, None)
    except UserError as error:
        await _end_early(app, turn, TurnStatus.FAILED, StopReason.ERROR, error)
    except Exception:
        logger.exception("turn %s could not be answered", turn.id)
        fault = UserError("internal_error")
        await _end_early(app, turn, TurnStatus.FAILED, StopReason.ERROR, fault)
    ended = await app.store.read(lambda db: turn_rows.get_turn(db, turn.id))
    running.publish(TurnEnded(turn.session_id, turn.id, ended))


async def _answer(app: App, running: RunningTurn, turn: Turn) -> None:
    settled, match = await configuration.settle(app, running, turn)
    folder = await asyncio.to_thread(WorkDir, settled.work_dir, app.paths.home)
    toolbox = _toolbox(app, settled, folder)
    names = tuple(spec.name for spec in toolbox.specs())
    settled = replace(settled, allowed_tools=names)

    def begin(db: Db) -> None:
        turn_rows.set_config(db, turn.id, settled)
        matches.save(db, turn.id, match, settled.scenario_version)
        lesson_rows.count_use(db, settled.lessons, app.clock.now_ms())

    # A long history is read while the disk writes, and keeps no other writer waiting.
    history, _ = await asyncio.gather(
        app.store.read(lambda db: message_rows.history(db, turn.id)), app.store.write(begin)
    )
    checkpoint = TurnCheckpoint(app, turn.id, folder.root)
    stopwatch = _Stopwatch(app.clock, running)
    around = Surroundings(
        model=await app.connection.model_for(settled.provider),
        tools=toolbox,
        gate=Permissions(
            settled.permission_mode,
            folder,
            app.sandbox,
            app.rules,
            turn.session_id,
            app.clock.now_ms,
            settled.scenario_id,
        ),
        journal=StoreJournal(app.store, turn.id, app.clock, stopwatch.first_token),
        approver=running,
        publish=stopwatch.publish,
        cost=lambda model, usage: prices.cost(model, usage, settled.provider),
        clock=app.clock,
        remember=lambda rule: permissions.add_rule(app, rule),
        before_effect=checkpoint.before_effect,
    )
    context = app.connection.context_of(settled.provider, settled.resolved_model)
    await run_turn(TurnInput(turn.session_id, turn.id, settled, history, context), around)
    await permissions.save_uses(app)
    await _keep_files(app, turn, folder, checkpoint)


def _toolbox(app: App, settled: TurnConfig, folder: WorkDir) -> ToolBox:
    """Return the tools that the turn may use."""

    def host_allowed(host: str, session_id: int) -> bool:
        action = Action(Area.FETCH, host, str(folder.root), session_id, settled.scenario_id)
        return app.rules.find(action, Effect.ALLOW, app.clock.now_ms()) is not None

    toolbox = build_toolbox(
        folder,
        app.paths.outputs_dir,
        app.sandbox,
        app.settings.get(config.COMMAND_TIMEOUT),
        host_allowed,
    )
    return toolbox.only(settled.allowed_tools)


async def _keep_files(app: App, turn: Turn, folder: WorkDir, checkpoint: TurnCheckpoint) -> None:
    """Note which files the turn has made or changed."""
    made = [f.path for f in await checkpoint.finish() if f.kind is not ChangeKind.DELETED]
    changed = await asyncio.to_thread(folder.describe, made)
    if changed:
        files = [(file.path, file.size) for file in changed]
        await app.store.write(lambda db: file_rows.add_files(db, turn.session_id, turn.id, files))
        app.bus.publish(FilesChanged(turn.session_id))


async def _start_queued(app: App, running: RunningTurn) -> None:
    def start(db: Db) -> Turn:
        turn_rows.set_running(db, running.turn_id, this_process())
        return turn_rows.get_turn(db, running.turn_id)

    turn = await app.store.write(start)
    running.publish(TurnStarted(turn.session_id, turn.id, turn))


async def _end_early(
    app: App,
    turn: Turn,
    status: TurnStatus,
    reason: StopReason,
    error: UserError | None,
) -> None:
    """End a turn whose loop never began (no key, no work directory, stopped at once)."""
    journal = StoreJournal(app.store, turn.id, app.clock)
    told = None if error is None else (error.code, error.params)
    await asyncio.shield(journal.ended(status, reason, told))
