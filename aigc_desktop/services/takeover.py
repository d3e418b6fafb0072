"""Take over from the web version: its `sessions.db` at any of its steps, with its work_dir."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import logging
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from aigc_desktop.config import settings as config
from aigc_desktop.core.errors import Cancelled, UserError
from aigc_desktop.core.events import ScenariosChanged, SessionsArrived, TakeOverProgressed
from aigc_desktop.core.takeover import FilesReport, Step, TakeOverProgress, TakeOverReport
from aigc_desktop.files.adopt import adopt
from aigc_desktop.services.app import App
from aigc_desktop.store import takeovers
from aigc_desktop.store.takeover import run

logger = logging.getLogger(__name__)

SCRATCH = "takeover-"
NOTICE_EVERY = 0.1
"""Seconds between two events about progress inside one step."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be taken over. `user`: whose data becomes the local user's (None: the one with
    the most chats). With `dry` nothing is changed.
    """

    database: str
    work_dir: str | None = None
    user: str | None = None
    dry: bool = False


async def take_over(app: App, wish: Wish) -> TakeOverReport:
    """Take everything over that fits, and say what does not. The source is not touched.

    Cancelling leaves our database as it was; files that were copied stay.

    Raises UserError: `takeover_unreadable`, `takeover_busy`, `takeover_not_web`,
    `takeover_ours`, `takeover_damaged`, `takeover_running`, `takeover_no_user`,
    `takeover_overlap`, `no_room`, `disk_full`, `database_read_only`, `database_locked`.
    """
    if app.store.read_only:
        raise UserError("database_read_only", path=str(app.paths.database))
    cancelled = threading.Event()
    work = asyncio.create_task(asyncio.to_thread(_run, app, wish, cancelled))
    try:
        report = await asyncio.shield(work)
    except asyncio.CancelledError:
        cancelled.set()
        while not work.done():
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait({work})
        if not work.cancelled():
            work.exception()
        raise
    if report.changed and not wish.dry:
        app.bus.publish(SessionsArrived(next(a.came for a in report.arrived)))
        app.bus.publish(ScenariosChanged())
    return report


async def take_over_files(
    app: App, database: str, work_dir: str | None, user: str | None, dry: bool
) -> TakeOverReport:
    """The same, as the window calls it."""
    return await take_over(app, Wish(database, work_dir, user, dry))


async def is_folder(app: App, path: str) -> bool:
    """Return whether there is a folder."""
    return await asyncio.to_thread(Path(path).is_dir)


async def past_take_overs(app: App) -> list[TakeOverReport]:
    """Return the reports of all take-overs, the newest first."""
    return await app.store.read(takeovers.all_reports)


def _run(app: App, wish: Wish, cancelled: threading.Event) -> TakeOverReport:
    def stop() -> None:
        if cancelled.is_set():
            raise Cancelled

    began = time.monotonic()
    tell = _Teller(app, stop)
    with _scratch(app.paths.data_dir) as folder:
        report = run.take_over(
            app.paths,
            Path(wish.database).expanduser().absolute(),
            folder,
            run.Options(wish.user, wish.dry, app.clock.now_ms()),
            tell.step,
            stop,
        )
        files = _adopt(app, wish, tell, stop)
        ms = int((time.monotonic() - began) * 1000)
        report = dataclasses.replace(report, files=files, ms=ms)
    if report.changed and not wish.dry:
        app.store.write_sync(lambda db: takeovers.note(db, report))
    logger.info("taken over from %s (%s): %s", wish.database, report.step, report.arrived)
    return report


def _adopt(app: App, wish: Wish, tell: _Teller, stop: run.Stop) -> FilesReport | None:
    if not wish.work_dir:
        return None
    chosen = app.settings.get(config.WORK_DIR)
    target = Path(chosen).expanduser() if chosen else app.paths.work_dir
    return adopt(
        Path(wish.work_dir).expanduser().absolute(),
        target,
        dry=wish.dry,
        on_file=lambda path, _count: tell.step(Step.FILES, path, 0.0),
        stop=stop,
    )


class _Teller:
    """Publishes progress: every new step, and not too often inside one.

    It is also where a step that is short in itself notices that it is not wanted any more.
    """

    def __init__(self, app: App, stop: run.Stop) -> None:
        self._bus = app.bus
        self._stop = stop
        self._last: tuple[Step | None, float] = (None, 0.0)

    def step(self, step: Step, detail: str, share: float) -> None:
        now = time.monotonic()
        if step is not self._last[0] or now - self._last[1] >= NOTICE_EVERY:
            self._last = (step, now)
            self._bus.publish(TakeOverProgressed(TakeOverProgress(step, detail, share)))
        self._stop()


@contextlib.contextmanager
def _scratch(data_dir: Path) -> Iterator[Path]:
    """Give a folder of its own to one take-over at a time; remove what a killed one left."""
    from filelock import FileLock, Timeout

    try:
        lock = FileLock(data_dir / "takeover.lock", timeout=0.5)
        lock.acquire()
    except Timeout as error:
        raise UserError("takeover_running") from error
    try:
        for leftover in data_dir.glob(f"{SCRATCH}*.tmp"):
            shutil.rmtree(leftover, ignore_errors=True)
        folder = Path(tempfile.mkdtemp(".tmp", SCRATCH, data_dir))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    finally:
        lock.release()
