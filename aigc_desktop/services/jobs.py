"""Jobs as the user deals with them: see, run now, stop, pause, plan, look back."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import Any

from aigc_desktop.config.i18n import sentences, tr
from aigc_desktop.config.messages import describe
from aigc_desktop.core.errors import UserError
from aigc_desktop.core.events import JobChanged
from aigc_desktop.core.jobs import JobCause, JobProgress, JobRun, JobView, RunStatus, Schedule
from aigc_desktop.services.app import App
from aigc_desktop.services.job_list import Job, all_jobs, next_due
from aigc_desktop.services.job_runner import known_job
from aigc_desktop.store import jobs as rows
from aigc_desktop.store.store import Db

logger = logging.getLogger(__name__)

HISTORY = 50


async def list_jobs(app: App) -> list[JobView]:
    """Return all jobs as they stand."""

    def read(db: Db) -> tuple[dict[str, rows.Plan], dict[str, JobRun], dict[str, JobRun]]:
        return rows.plans(db), rows.last_runs(db), rows.running(db)

    plans, last, running = await app.store.read(read)
    return [
        _view(app, job, plans.get(job.name, rows.Plan()), last.get(job.name), running.get(job.name))
        for job in all_jobs().values()
    ]


async def history(app: App, name: str, limit: int = HISTORY) -> list[JobRun]:
    """Return a job's newest runs, newest first. Raises UserError("job_unknown")."""
    job = known_job(name)
    found = await app.store.read(lambda db: rows.runs_of(db, name, limit))
    return [_with_words(job, run) for run in found]


async def start_job(app: App, name: str) -> JobRun:
    """Begin a run now and return it; it goes on in the background.

    Raises UserError: `job_unknown`, `job_running`.
    """
    return await app.jobs.begin(name, JobCause.MANUAL)


async def run_job(app: App, name: str, cause: JobCause = JobCause.MANUAL, **options: Any) -> JobRun:
    """Run the job now and return how it ended. Raises UserError: `job_unknown`, `job_running`."""
    await app.jobs.begin(name, cause, **options)
    run = await app.jobs.wait(name)
    if run is None:
        [run] = await app.store.read(lambda db: rows.runs_of(db, name, 1))
    return _with_words(known_job(name), run)


async def stop_job(app: App, name: str) -> None:
    """Stop a run of this process. Raises UserError("job_runs_elsewhere") for another's."""
    if app.jobs.is_running(name):
        await app.jobs.cancel(name)
    elif name in await app.store.read(rows.running):
        raise UserError("job_runs_elsewhere", job=known_job(name).title())


async def pause_job(app: App, name: str, paused: bool) -> None:
    """Do not run the job by its schedule any more, or do again from the next time on."""
    job = known_job(name)
    now = app.clock.now_ms()
    if job.switch is not None:
        await asyncio.to_thread(app.settings.set, job.switch, not paused)

    def write(db: Db) -> None:
        schedule = rows.plans(db).get(name, rows.Plan()).schedule
        due = next_due(job, app.settings, schedule, now)
        rows.set_plan(db, name, paused=paused and job.switch is None, due_at=due)

    await _change_plan(app, name, write)


async def set_schedule(app: App, name: str, schedule: Schedule | None) -> None:
    """Give the job another schedule; None: its default. Raises UserError("schedule_invalid")."""
    job = known_job(name)
    stored = None if schedule is None else schedule.checked().to_json()
    due = next_due(job, app.settings, schedule, app.clock.now_ms())
    await _change_plan(app, name, lambda db: rows.set_plan(db, name, schedule=stored, due_at=due))


async def _change_plan(app: App, name: str, write: Any) -> None:
    await app.store.write(write)
    app.jobs.replan()
    app.bus.publish(JobChanged(name, None))


def _view(
    app: App, job: Job, plan: rows.Plan, last: JobRun | None, running: JobRun | None
) -> JobView:
    here = app.jobs.running(job.name)
    run, progress = here or (running, JobProgress())
    paused = job.is_paused(app.settings, plan.paused)
    default = job.default_schedule(app.settings)
    planned = next_due(job, app.settings, plan.schedule, app.clock.now_ms())
    return JobView(
        name=job.name,
        title=job.title(),
        help=job.help(),
        schedule=plan.schedule or default,
        default_schedule=default,
        missed=job.missed,
        paused=paused,
        due_at=None if paused else plan.due_at or planned,
        last=None if last is None else _with_words(job, last),
        running=run,
        progress=progress,
    )


def _with_words(job: Job, run: JobRun) -> JobRun:
    return replace(run, text=_words(job, run))


def _words(job: Job, run: JobRun) -> str:
    if run.status is RunStatus.DONE and run.result is not None:
        try:
            return job.words(run.result)
        except (KeyError, TypeError, ValueError):
            logger.info("a result of the job %s is of another version", job.name)
            return ""
    if run.status is RunStatus.FAILED and run.error is not None:
        return sentences(*describe(*run.error))
    return {
        RunStatus.CANCELLED: tr("Stopped before it was done."),
        RunStatus.ABORTED: tr("The program ended while it ran."),
        RunStatus.MISSED: tr("Missed: the program did not run or the machine slept."),
    }.get(run.status, "")
