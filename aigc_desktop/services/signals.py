"""Sees what the user does with answers without saying so: weak evidence, kept in the background."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

from aigc_desktop.core.errors import UserError
from aigc_desktop.core.events import Event, TurnEnded, TurnStarted
from aigc_desktop.core.learning import FeedbackKind
from aigc_desktop.core.session import Turn, TurnStatus
from aigc_desktop.files.workdir import WorkDir
from aigc_desktop.learning.signals import is_rephrased
from aigc_desktop.services import feedback
from aigc_desktop.services.app import App
from aigc_desktop.store import files as file_rows
from aigc_desktop.store import turns as turn_rows
from aigc_desktop.store.store import Db

logger = logging.getLogger(__name__)

SETTLED_MS = 2_000
"""A file that is newer than its turn's end by more was changed by somebody else."""

MAX_FILES = 50


class SignalWatch:
    """Listens to turns; all that it does happens in tasks of its own on the backend's loop."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        self._unsubscribe = app.bus.subscribe(self._on_event)

    async def close(self) -> None:
        """Hear no more; finish what is being stored."""
        self._unsubscribe()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=2)

    def _on_event(self, event: Event) -> None:
        if isinstance(event, TurnStarted):
            self._spawn(self._look_back(event.turn))
        elif isinstance(event, TurnEnded) and event.turn.status is TurnStatus.STOPPED:
            self._spawn(feedback.note(self._app, event.turn_id, FeedbackKind.ABANDONED))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        def start() -> None:
            task = self._loop.create_task(self._guarded(work))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

        self._loop.call_soon_threadsafe(start)

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except UserError as error:
            logger.info("a signal was not kept: %s", error)
        except Exception:
            logger.exception("a signal was not kept")

    async def _look_back(self, turn: Turn) -> None:
        """A new request says something about the answer before it."""
        if turn.parent_id is None:
            return

        def read(db: Db) -> tuple[Turn, list[str]]:
            before = turn_rows.get_turn(db, turn.parent_id or 0)
            return before, file_rows.files_of_turn(db, before.id)[:MAX_FILES]

        before, files = await self._app.store.read(read)
        if is_rephrased(feedback.request_of(before), feedback.request_of(turn)):
            await feedback.note(self._app, before.id, FeedbackKind.REPHRASED)
        if files and before.ended_at is not None:
            settled = await self._app.store.read(lambda db: turn_rows.turn_config(db, before.id))
            if settled is not None and await asyncio.to_thread(
                self._are_edited, settled.work_dir, files, before.ended_at
            ):
                await feedback.note(self._app, before.id, FeedbackKind.EDITED)

    def _are_edited(self, root: str, files: list[str], ended_at: int) -> bool:
        folder = WorkDir(root, self._app.paths.home)
        newest = max((each.modified_ms for each in folder.describe(files)), default=0)
        return newest > ended_at + SETTLED_MS
