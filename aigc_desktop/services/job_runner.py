"""Runs jobs: by schedule in the long-running program, by hand anywhere; never one job twice."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from aigc_desktop.config.messages import describe
from aigc_desktop.core.bus import EventBus
from aigc_desktop.core.clock import Clock
from aigc_desktop.core.errors import Cancelled, UserError
from aigc_desktop.core.events import (
    Event,
    JobChanged,
    NoticeCleared,
    NoticeLevel,
    NoticeRaised,
    SettingChanged,
)
from aigc_desktop.core.jobs import JobCause, JobProgress, JobRun, MissedPolicy, RunStatus
from aigc_desktop.services import owner
from aigc_desktop.services.job_list import Job, all_jobs, next_due
from aigc_desktop.services.unattended import unattended
from aigc_desktop.store import jobs as rows

if TYPE_CHECKING:
    from aigc_desktop.ops.jobs.waker import Waker
    from aigc_desktop.services.app import App
    from aigc_desktop.store.store import Db

logger = logging.getLogger(__name__)

START_DELAY = 20.0
"""Seconds after the start before anything scheduled runs: the user comes first."""

GAP_MS = 150_000
"""Milliseconds without a look at the clock after which the machine must have slept."""

PROGRESS_SECONDS = 0.2
LEAVE_SECONDS = 2.0


@dataclass(slots=True)
class _Running:
    run: JobRun
    progress: JobProgress = field(default_factory=JobProgress)
    shown_at: float = 0.0
    task: asyncio.Task[JobRun] | None = None


class JobRunner:
    """All methods belong to the backend's loop."""

    def __init__(self, bus: EventBus, clock: Clock) -> None:
        self._bus = bus
        self._clock = clock
        self._app: App | None = None
        self._running: dict[str, _Running] = {}
        self._waker: Waker | None = None
        self._loop = asyncio.get_running_loop()
        self._unsubscribe: Callable[[], None] = lambda: None
        self._claims = asyncio.Lock()
        """From the claim in the database until the run is known here, nobody else may claim."""
        self._wake = asyncio.Event()
        self._loop_task: asyncio.Task[None] | None = None
        self._watching_since = 0
        self._looked_at = 0

    def bind(self, app: App) -> None:
        """Say what the jobs work on."""
        self._app = app

    @property
    def is_scheduling(self) -> bool:
        """Whether this process runs jobs by their schedules."""
        return self._loop_task is not None and not self._loop_task.done()

    async def recover(self) -> None:
        """Mark the runs of processes that are gone as aborted. They are not run again at once."""
        store = self.app.store
        if store.read_only or not await store.read(lambda db: rows.has_dead(db, self._is_busy)):
            return
        now = self._clock.now_ms()
        for run in await store.write(lambda db: rows.abort_dead(db, now, self._is_busy)):
            logger.warning("the job %s was aborted: the program ended while it ran", run.job)
            self._say_ended(run)

    def _follow_settings(self, event: Event) -> None:
        """A schedule that is set where the job's other settings are takes the place of one here."""
        if not isinstance(event, SettingChanged):
            return
        for job in all_jobs().values():
            if event.key in {setting.key for setting in job.plan_settings}:
                asyncio.run_coroutine_threadsafe(self._forget_plan(job.name), self._loop)
            elif job.switch is not None and event.key == job.switch.key:
                self._loop.call_soon_threadsafe(self.replan)

    async def _forget_plan(self, name: str) -> None:
        await self.app.store.write(lambda db: rows.set_plan(db, name, schedule=None, due_at=None))
        self.replan()
        self._bus.publish(JobChanged(name, None))

    def start(self, delay: float = START_DELAY) -> None:
        """Run jobs by their schedules from now on."""
        if not self.app.store.read_only:
            self._unsubscribe = self._bus.subscribe(self._follow_settings)
            self._loop_task = asyncio.create_task(self._serve(delay), name="jobs")

    async def close(self) -> None:
        """Stop scheduling, and what runs."""
        self._unsubscribe()
        if self._loop_task is not None:
            self._loop_task.cancel()
            await asyncio.wait([self._loop_task])
        if self._waker is not None:
            await asyncio.to_thread(self._waker.close)
        tasks = [each.task for each in self._running.values() if each.task is not None]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=LEAVE_SECONDS)

    def running(self, name: str) -> tuple[JobRun, JobProgress] | None:
        """Return the job's run in this process and how far it is."""
        found = self._running.get(name)
        return None if found is None else (found.run, found.progress)

    def is_running(self, name: str) -> bool:
        """Return whether this process runs the job."""
        return name in self._running

    async def begin(self, name: str, cause: JobCause, **options: Any) -> JobRun:
        """Begin a run now; return it while it runs. `options` go to the job's function.

        Raises:
            UserError: `job_unknown`; `job_running` (here or in another process).
        """
        job = known_job(name)
        async with self._claims:
            run = None if name in self._running else await self._claim(name, cause)
            if run is None:
                raise UserError("job_running", job=job.title())
            self._spawn(job, run, options)
        return run

    async def wait(self, name: str) -> JobRun | None:
        """Wait for the job's run in this process; return how it ended, None if there is none."""
        found = self._running.get(name)
        if found is None or found.task is None:
            return None
        return await asyncio.shield(found.task)

    async def cancel(self, name: str) -> None:
        """Stop the job's run, if this process runs it."""
        found = self._running.get(name)
        if found is not None and found.task is not None:
            found.task.cancel()
            await asyncio.wait([found.task], timeout=LEAVE_SECONDS)

    def replan(self) -> None:
        """Look at the plans again: they were changed."""
        self._wake.set()

    @property
    def app(self) -> App:
        assert self._app is not None
        return self._app

    async def _claim(self, name: str, cause: JobCause) -> JobRun | None:
        now, me = self._clock.now_ms(), owner.this_process()
        return await self.app.store.write(
            lambda db: rows.claim(db, name, cause, now, me, self._is_busy)
        )

    def _is_busy(self, job: str, process: str) -> bool:
        if process == owner.this_process():
            return job in self._running
        return owner.is_alive(process)

    def _spawn(self, job: Job, run: JobRun, options: Mapping[str, Any]) -> asyncio.Task[JobRun]:
        running = _Running(run)
        self._running[job.name] = running
        with unattended(job.name):
            running.task = asyncio.create_task(
                self._run(job, running, options), name=f"job-{job.name}"
            )
        logger.info("the job %s begins (%s)", job.name, run.cause)
        self._bus.publish(JobChanged(job.name, run))
        return running.task

    async def _run(self, job: Job, running: _Running, options: Mapping[str, Any]) -> JobRun:
        status, result, error = RunStatus.DONE, None, None
        try:
            result = await job.run(
                self.app,
                lambda *at: self._show_progress(running, *at),
                running.run.cause,
                **options,
            )
        except (asyncio.CancelledError, Cancelled):
            status = RunStatus.CANCELLED
        except UserError as known:
            status, error = RunStatus.FAILED, (known.code, known.params)
        except Exception:
            logger.exception("the job %s failed", job.name)
            status, error = RunStatus.FAILED, ("internal_error", {})
        run_id, now = running.run.id, self._clock.now_ms()

        def finish(db: Db) -> JobRun:
            return rows.finish(db, run_id, status, now, _plain(result), _plain_error(error))

        try:
            run = await asyncio.shield(self.app.store.write(finish))
        except UserError as trouble:
            logger.warning("how the job %s ended could not be stored: %s", job.name, trouble)
            run = replace(running.run, status=status, ended_at=now, error=_plain_error(error))
        finally:
            del self._running[job.name]
        self._say_ended(run)
        return run

    def _say_ended(self, run: JobRun) -> None:
        logger.info("the job %s ended: %s in %s ms", run.job, run.status, run.duration_ms)
        self._bus.publish(JobChanged(run.job, run))
        key = f"job_failed_{run.job}"
        job = all_jobs().get(run.job)
        title = run.job if job is None else job.title()
        if run.status is RunStatus.FAILED and run.error is not None:
            reason, remedy = describe(*run.error)
            params = {"job": title, "reason": reason, "remedy": remedy}
            self._bus.publish(NoticeRaised(NoticeLevel.ERROR, "job_failed", params, key))
        elif run.status is RunStatus.ABORTED:
            aborted = {"job": title}
            self._bus.publish(NoticeRaised(NoticeLevel.WARNING, "job_aborted", aborted, key))
        elif run.status is RunStatus.DONE:
            self._bus.publish(NoticeCleared(key))

    def _show_progress(self, running: _Running, done: int, total: int, text: str = "") -> None:
        running.progress = JobProgress(done, total, text)
        now = self._clock.monotonic()
        if now - running.shown_at >= PROGRESS_SECONDS or done == total:
            running.shown_at = now
            self._bus.publish(JobChanged(running.run.job, running.run, running.progress))

    async def _serve(self, delay: float) -> None:
        from aigc_desktop.ops.jobs.waker import Waker

        await asyncio.sleep(delay)
        self._watching_since = self._looked_at = self._clock.now_ms()
        loop = asyncio.get_running_loop()

        def wake() -> None:
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(self._wake.set)

        self._waker = await asyncio.to_thread(Waker, wake)
        self._waker.start()
        self._wake.set()
        while True:
            await self._wake.wait()
            self._wake.clear()
            try:
                await self.look()
            except UserError as error:
                logger.warning("the jobs could not be looked at: %s", error)
            except Exception:
                logger.exception("the jobs could not be looked at")

    async def look(self) -> None:
        """Run what is due, one job after another, and plan the next times."""
        now = self._clock.now_ms()
        if not 0 <= now - self._looked_at <= GAP_MS:
            gap = (now - self._looked_at) // 1000
            logger.info("the clock is %s s on: jobs due meanwhile count as missed", gap)
            self._watching_since = now
        for job in all_jobs().values():
            await self._look_at(job)
        self._looked_at = self._clock.now_ms()

    async def _look_at(self, job: Job) -> None:
        now = self._clock.now_ms()
        plan = (await self.app.store.read(rows.plans)).get(job.name, rows.Plan())
        following = next_due(job, self.app.settings, plan.schedule, now)
        paused = job.is_paused(self.app.settings, plan.paused)
        due = plan.due_at
        if due is None or due > following + 1000:
            # Never planned, or the clock was set back: it must not wait for a date far ahead.
            due = following
            await self.app.store.write(lambda db: rows.set_plan(db, job.name, due_at=following))
        if not paused and due <= now:
            await self._do_due(job, due, now, following)
            due = following
        if self._waker is not None:
            self._waker.set(job.name, None if paused else due, now)

    async def _do_due(self, job: Job, due: int, now: int, following: int) -> None:
        store = self.app.store
        missed = due < self._watching_since
        if missed and job.missed is MissedPolicy.SKIP:
            if await store.write(lambda db: rows.note_missed(db, job.name, now, following)):
                logger.info("the job %s was missed", job.name)
                self._bus.publish(JobChanged(job.name, None))
            return
        cause = JobCause.MISSED if missed else JobCause.SCHEDULED
        me = owner.this_process()
        async with self._claims:
            run = await store.write(
                lambda db: rows.claim_due(db, job.name, cause, now, me, self._is_busy, following)
            )
            task = None if run is None else self._spawn(job, run, {})
        if task is not None:
            await asyncio.wait([task])


def known_job(name: str) -> Job:
    """Return the job. Raises UserError("job_unknown")."""
    found = all_jobs().get(name)
    if found is None:
        raise UserError("job_unknown", name=name[:50], known=", ".join(all_jobs()))
    return found


def _plain(value: Any) -> Any:
    return None if value is None else json.loads(json.dumps(value, default=str))


def _plain_error(error: tuple[str, Mapping[str, Any]] | None) -> tuple[str, Any] | None:
    return None if error is None else (error[0], _plain(dict(error[1])))
