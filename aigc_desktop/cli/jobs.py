"""`aigc-desktop jobs`."""

from __future__ import annotations

import argparse
import dataclasses
import sys
from datetime import datetime
from functools import partial
from typing import Any

from aigc_desktop.cli.exits import FAILED, OK
from aigc_desktop.cli.running import in_app, print_json
from aigc_desktop.config.i18n import tr
from aigc_desktop.config.operation_words import duration_text, schedule_text, status_text
from aigc_desktop.core.events import Event, JobChanged
from aigc_desktop.core.jobs import JobRun, JobView, RunStatus
from aigc_desktop.services import jobs
from aigc_desktop.services.app import App


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the actions and their options."""
    actions = parser.add_subparsers(dest="action", metavar="action", required=True)
    listing = actions.add_parser("list", help="list the jobs: schedule, last and next run")
    listing.set_defaults(run=in_app(_list))
    running = actions.add_parser("run", help="run a job now and wait for it")
    running.set_defaults(run=in_app(_run))
    pausing = actions.add_parser("pause", help="run a job by hand only")
    pausing.set_defaults(run=in_app(partial(_pause, paused=True)))
    resuming = actions.add_parser("resume", help="run a job by its schedule again")
    resuming.set_defaults(run=in_app(partial(_pause, paused=False)))
    for action in (running, pausing, resuming):
        action.add_argument("name")
    for action in (listing, running, pausing, resuming):
        action.add_argument("--json", action="store_true", help="print one JSON value")


async def _list(app: App, options: argparse.Namespace) -> int:
    found = await jobs.list_jobs(app)
    if options.json:
        print_json([_plain(job) for job in found])
        return OK
    for job in found:
        print(f"{job.name:<12} {job.title} · {schedule_text(job.schedule)}")
        if job.running is not None:
            print(" " * 13 + tr("Running since {time}", time=_time(job.running.started_at)))
        last = tr("Never run") if job.last is None else _line(job.last)
        print(f"{'':<12} {last}")
        if job.paused:
            print(f"{'':<12} {tr('Paused')}")
        elif job.due_at is not None:
            print(" " * 13 + tr("Next: {time}", time=_time(job.due_at)))
    return OK


async def _run(app: App, options: argparse.Namespace) -> int:
    def show(event: Event) -> None:
        progress = event.progress if isinstance(event, JobChanged) else None
        if progress is not None and progress.text:
            print(progress.text, file=sys.stderr)

    unsubscribe = app.bus.subscribe(show)
    try:
        run = await jobs.run_job(app, options.name)
    finally:
        unsubscribe()
    if options.json:
        print_json(_plain(run))
    else:
        print(_line(run))
    return OK if run.status is RunStatus.DONE else FAILED


async def _pause(app: App, options: argparse.Namespace, *, paused: bool) -> int:
    await jobs.pause_job(app, options.name, paused)
    found = await jobs.list_jobs(app)
    job = next(job for job in found if job.name == options.name)
    if options.json:
        print_json(_plain(job))
    else:
        print(tr("Paused") if paused else tr("Next: {time}", time=_time(job.due_at or 0)))
    return OK


def _line(run: JobRun) -> str:
    parts = [_time(run.started_at), status_text(run.status)]
    if run.duration_ms is not None:
        parts.append(duration_text(run.duration_ms))
    return " · ".join([*parts, run.text] if run.text else parts)


def _time(milliseconds: int) -> str:
    return f"{datetime.fromtimestamp(milliseconds / 1000).astimezone():%Y-%m-%d %H:%M}"


def _plain(value: JobView | JobRun) -> dict[str, Any]:
    return dataclasses.asdict(value)
