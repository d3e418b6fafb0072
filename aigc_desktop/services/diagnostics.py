"""Diagnostics: run the checks, mend what can be mended, take that back, make a support bundle.

Everything works on a `Place`, with or without the running program: a database that cannot be
opened is no reason not to look at the rest.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TYPE_CHECKING

from aigc_desktop.config.i18n import tr
from aigc_desktop.config.messages import describe
from aigc_desktop.core.diagnostics import CheckResult, CheckTitle, Report, State, WindowFacts
from aigc_desktop.core.errors import UserError
from aigc_desktop.core.events import CheckFinished
from aigc_desktop.ops import bundle
from aigc_desktop.services.checks import mended, registry
from aigc_desktop.services.checks.check import Check, Finding, NoDatabase, Place, blocking
from aigc_desktop.store import health, migration

if TYPE_CHECKING:
    from aigc_desktop.config.paths import Paths
    from aigc_desktop.config.settings import Settings
    from aigc_desktop.services.app import App

logger = logging.getLogger(__name__)

AT_ONCE = 4
"""Checks that run side by side; they are to find faults, not to be one."""

OnResult = Callable[[CheckResult], object]


async def list_checks(app: App) -> tuple[CheckTitle, ...]:
    """Return the checks, in the order of the report."""
    return tuple(CheckTitle(check.name, check.group, tr(check.text)) for check in registry.ALL)


async def run_checks(app: App, facts: WindowFacts | None = None) -> Report:
    """Run all checks; each result is also published when it is there (`CheckFinished`)."""
    async with _inside(app, facts) as place:
        return await examine(place, lambda result: app.bus.publish(CheckFinished(result)))


async def mend(app: App, name: str, facts: WindowFacts | None = None) -> CheckResult:
    """Mend what the check `name` found; return how it is now. Raises UserError."""
    async with _inside(app, facts) as place:
        return await mend_at(place, name)


async def undo_mend(app: App, name: str, facts: WindowFacts | None = None) -> CheckResult:
    """Take the mend of `name` back; return how it is now. Raises UserError."""
    async with _inside(app, facts) as place:
        return await undo_at(place, name)


async def write_bundle(app: App, path: str | Path, facts: WindowFacts | None = None) -> None:
    """Write a support bundle without secrets and without messages. Raises UserError."""
    async with _inside(app, facts) as place:
        await bundle_at(place, Path(path))


def without_app(paths: Paths, settings: Settings) -> Place:
    """Return the place of a program that is not, or cannot be, opened."""
    from aigc_desktop.config.secrets import SecretStore
    from aigc_desktop.core.clock import SystemClock

    return Place(paths, settings, SecretStore(paths), SystemClock())


async def examine(place: Place, on_result: OnResult = lambda _result: None) -> Report:
    """Run all checks at `place`, some side by side; none can stop the others."""
    undoable = set(mended.read(place.paths))
    turns = asyncio.Semaphore(AT_ONCE)

    async def one(check: Check) -> CheckResult:
        async with turns:
            result = await _run(check, place, undoable)
        on_result(result)
        return result

    results = await asyncio.gather(*(one(check) for check in registry.ALL))
    return Report(place.clock.now_ms(), tuple(results))


async def mend_at(place: Place, name: str) -> CheckResult:
    """Mend, remember how to undo it, look again.

    Raises UserError: `no_mend`, or what went wrong.
    """
    check = registry.find(name)
    if check is None or check.mend is None:
        raise UserError("no_mend", name=name)
    needed = await check.mend.apply(place)
    logger.info("mended: %s", name)
    if check.mend.undo is not None and needed:
        await _keep(lambda: mended.remember(place.paths, name, needed))
    return await _run(check, place, set(mended.read(place.paths)))


async def undo_at(place: Place, name: str) -> CheckResult:
    """Take a mend back, look again. Raises UserError: `no_mend`."""
    check = registry.find(name)
    needed = mended.read(place.paths).get(name)
    if check is None or check.mend is None or check.mend.undo is None or needed is None:
        raise UserError("no_mend", name=name)
    await check.mend.undo(place, needed)
    logger.info("mend taken back: %s", name)
    await _keep(lambda: mended.forget(place.paths, name))
    return await _run(check, place, set(mended.read(place.paths)))


async def bundle_at(place: Place, path: Path) -> None:
    """Examine, and write everything that helps others to help. Raises UserError."""
    report = await examine(place)
    try:
        revision = await blocking(lambda: migration.current(place.paths.database))
        rows = await blocking(lambda: health.row_counts(place.paths))
    except Exception as error:  # noqa: BLE001 a damaged database is no reason not to report it
        revision, rows = type(error).__name__, {}
    await blocking(
        lambda: bundle.write(path, place.paths, place.settings, report, revision or "", rows)
    )


@contextlib.asynccontextmanager
async def _inside(app: App, facts: WindowFacts | None) -> AsyncIterator[Place]:
    place = Place(app.paths, app.settings, app.secrets, app.clock, app, facts)
    try:
        yield place
    finally:
        await place.close()


async def _run(check: Check, place: Place, undoable: set[str]) -> CheckResult:
    began = time.monotonic()
    try:
        async with asyncio.timeout(check.limit):
            finding = await check.run(place)
    except TimeoutError:
        finding = Finding(
            State.UNKNOWN, tr("It took longer than {seconds} s.", seconds=round(check.limit))
        )
    except NoDatabase:
        finding = Finding(State.NOT_APPLICABLE, tr("There is no database yet."))
    except UserError as error:
        title, remedy = describe(error.code, error.params)
        finding = Finding(State.UNKNOWN, title, remedy)
    except Exception as error:
        logger.info("check %s failed", check.name, exc_info=error)
        reason = f"{type(error).__name__}: {error}"[:200]
        finding = Finding(State.UNKNOWN, tr("It could not be checked."), detail=reason)
    offered = check.mend if finding.mendable else None
    return CheckResult(
        name=check.name,
        group=check.group,
        title=tr(check.text),
        state=finding.state,
        reason=finding.reason,
        remedy=finding.remedy,
        detail=finding.detail,
        seconds=time.monotonic() - began,
        mend=tr(offered.text) if offered else "",
        mend_explained=tr(offered.description) if offered else "",
        undo=check.name in undoable and offered is None,
        place=finding.place,
    )


async def _keep(write: Callable[[], None]) -> None:
    try:
        await blocking(write)
    except OSError as error:
        logger.warning("how to undo it could not be kept: %s", error)
