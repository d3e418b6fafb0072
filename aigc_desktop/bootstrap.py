"""The composition root: builds everything in order; each step registers its own undo.

The only file that knows all rooms. Heavy imports happen inside, off the main thread.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from aigc_desktop.config import startup
from aigc_desktop.config.log import loop_handler, start_logging
from aigc_desktop.config.paths import Paths
from aigc_desktop.config.settings import LOG_LEVEL, Settings
from aigc_desktop.core.bus import EventBus
from aigc_desktop.core.clock import Clock, SystemClock
from aigc_desktop.core.errors import UserError
from aigc_desktop.core.events import (
    MigrationProgressed,
    NoticeCleared,
    NoticeLevel,
    NoticeRaised,
)

if TYPE_CHECKING:
    from aigc_desktop.services.app import App
    from aigc_desktop.store.store import Store

logger = logging.getLogger(__name__)

STOP_TIMEOUT = 5.0
"""Seconds that leaving may take; what is stored by then is safe anyway."""


def prepare(paths: Paths) -> tuple[Settings, EventBus, Callable[[], None]]:
    """Do what comes first, and start the log. Returns settings, bus, and the log's undo."""
    settings, bus = startup.prepare(paths)
    return settings, bus, start_logging(paths.logs_dir, settings.get(LOG_LEVEL))


@contextlib.asynccontextmanager
async def open_app(
    paths: Paths,
    settings: Settings,
    bus: EventBus,
    clock: Clock | None = None,
    *,
    resident: bool = False,
) -> AsyncIterator[App]:
    """Build the program without a user interface; leaving it stops everything in order.

    A `resident` one (the window, `serve`) runs jobs by their schedules; a single command does not.

    Raises UserError for a database that cannot be used (see `store.migration.prepare`).
    """
    from aigc_desktop.services import answering
    from aigc_desktop.services.signals import SignalWatch

    clock = clock or SystemClock()
    async with contextlib.AsyncExitStack() as undo:
        store = _open_store(paths, settings, bus, clock)
        undo.callback(store.close)
        app = await _build_app(paths, settings, bus, clock, store, undo)
        undo.push_async_callback(SignalWatch(app).close)
        app.runner.bind(lambda turn: answering.answer_turn(app, turn))
        await _settle(app, undo)
        if resident:
            app.jobs.start()
        logger.info("ready")
        yield app


async def _build_app(
    paths: Paths,
    settings: Settings,
    bus: EventBus,
    clock: Clock,
    store: Store,
    undo: contextlib.AsyncExitStack,
) -> App:
    """Make the long-lived objects and let them know each other."""
    from aigc_desktop.agent.rules import RuleBook
    from aigc_desktop.agent.sandbox import Sandbox
    from aigc_desktop.config.secrets import SecretStore
    from aigc_desktop.files.checkpoints import Checkpoints
    from aigc_desktop.ops.backup.process import Workers
    from aigc_desktop.server.control import HttpServer
    from aigc_desktop.services.app import App
    from aigc_desktop.services.connection import Connection
    from aigc_desktop.services.job_runner import JobRunner
    from aigc_desktop.services.learning import Learner
    from aigc_desktop.services.matching import Matching
    from aigc_desktop.services.revisions import SessionRevisions
    from aigc_desktop.services.runner import TurnRunner
    from aigc_desktop.services.tokens import SigningKey
    from aigc_desktop.store import rules

    secrets = SecretStore(paths)
    connection = Connection(settings, secrets, bus, clock)
    undo.push_async_callback(connection.close)
    runner = TurnRunner(bus)
    undo.push_async_callback(runner.close)
    jobs = JobRunner(bus, clock)
    undo.push_async_callback(jobs.close)
    http = HttpServer(settings, bus)
    undo.push_async_callback(http.stop)
    app = App(
        paths=paths,
        settings=settings,
        secrets=secrets,
        bus=bus,
        clock=clock,
        store=store,
        sandbox=await asyncio.to_thread(Sandbox.probe),
        connection=connection,
        runner=runner,
        revisions=SessionRevisions(bus),
        rules=RuleBook(await store.read(rules.all_rules)),
        checkpoints=Checkpoints(paths.checkpoints_dir),
        matching=Matching(),
        jobs=jobs,
        backups=Workers(),
        signing_key=SigningKey(secrets, clock),
        http=http,
        learner=Learner(),
    )
    jobs.bind(app)
    http.bind(app)
    return app


def _open_store(paths: Paths, settings: Settings, bus: EventBus, clock: Clock) -> Store:
    """Bring the database to the newest revision and open it; end the turns of a crash."""
    from aigc_desktop.services import migrations, owner
    from aigc_desktop.store import journal, migration, volume
    from aigc_desktop.store.store import Store

    if settings.damaged is not None:
        bus.publish(_notice("settings_damaged", {"path": str(settings.damaged)}))
    read_only = not volume.is_writable(paths.data_dir)
    if read_only:
        migration.check_read_only(paths)
        bus.publish(_notice("database_read_only", {"path": str(paths.data_dir)}))
    else:
        _finish_restore(paths, settings, bus)
        migrations.prepare(
            paths, settings, bus, lambda step: bus.publish(MigrationProgressed(step))
        )
    store = Store.open(
        paths,
        read_only=read_only,
        on_trouble=lambda code, params: bus.publish(_notice(code, params)),
        on_recovered=lambda code: bus.publish(NoticeCleared(code)),
    )
    if not read_only:
        journal.recover(store, owner.is_alive, clock.now_ms())
    return store


def _finish_restore(paths: Paths, settings: Settings, bus: EventBus) -> None:
    """Put in what a restore has prepared, before anything else opens the database."""
    from aigc_desktop.ops.backup import staging

    problems = staging.finish(paths)
    if problems is None:
        return
    settings.reload()
    done = NoticeRaised(NoticeLevel.INFO, "restore_done", {"count": len(problems)}, "restore_done")
    bus.publish(_notice("restore_left_files", {"path": problems[0]}) if problems else done)


async def _settle(app: App, undo: contextlib.AsyncExitStack) -> None:
    """Do what follows from what was left behind, before anything new begins."""
    from aigc_desktop.services import builtins, integrity, prices, statistics

    await builtins.refresh(app)
    await statistics.ensure_sound(app)
    await app.jobs.recover()
    try:
        await prices.load_own_prices(app)
    except UserError as error:
        app.bus.publish(_notice(error.code, error.params))
    for later in (app.matching.warm_up_later(app), integrity.check_later(app)):
        undo.callback(asyncio.create_task(later).cancel)


class Backend:
    """Thread 2: one asyncio loop with the whole program but the window.

    `start` returns at once; `ready` is done when the program is there, or holds what went wrong.
    """

    def __init__(
        self,
        paths: Paths,
        settings: Settings,
        bus: EventBus,
        on_crash: Callable[[BaseException], None] = lambda _error: None,
    ) -> None:
        self._paths = paths
        self._settings = settings
        self._bus = bus
        self._on_crash = on_crash
        self._thread = threading.Thread(target=self._run, name="backend", daemon=True)
        self._leave: asyncio.Event | None = None
        self.loop: asyncio.AbstractEventLoop | None = None
        self.ready: Future[App] = Future()

    @property
    def services(self) -> App:
        """The running program. Only after `ready`."""
        return self.ready.result(timeout=0)

    def start(self) -> None:
        """Begin to build in the background."""
        self._thread.start()

    def stop(self, timeout: float = STOP_TIMEOUT) -> bool:
        """Stop turns, write what is queued, end the thread; return whether that was in time."""
        if self.loop is not None and self._leave is not None:
            with contextlib.suppress(RuntimeError):
                self.loop.call_soon_threadsafe(self._leave.set)
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        with asyncio.Runner() as runner:
            self.loop = runner.get_loop()
            self.loop.set_exception_handler(loop_handler(self._on_crash))
            runner.run(self._serve())

    async def _serve(self) -> None:
        from aigc_desktop.services import http

        self._leave = asyncio.Event()
        try:
            async with open_app(self._paths, self._settings, self._bus, resident=True) as app:
                self.ready.set_result(app)
                await http.start_if_enabled(app)
                await self._leave.wait()
        except Exception as error:
            if self.ready.done():
                raise
            logger.exception("the program could not be started")
            self.ready.set_exception(error)


def _notice(code: str, params: dict[str, Any]) -> NoticeRaised:
    return NoticeRaised(NoticeLevel.WARNING, code, params, key=code)
