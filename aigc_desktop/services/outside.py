"""What programs outside ask for over the local HTTP server."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aigc_desktop
from aigc_desktop.core.errors import UserError
from aigc_desktop.core.jobs import JobCause, JobRun, JobView
from aigc_desktop.services import jobs, statistics
from aigc_desktop.services.app import App
from aigc_desktop.store import jobs as job_rows
from aigc_desktop.store.store import Db

LEARNING = "learning"
LEARNING_WAIT = 25.0
"""Seconds that a request waits for the run to end."""


@dataclass(frozen=True, slots=True)
class LearningRun:
    """A run of the learner; `joined`: it was running already when it was asked for."""

    run: JobRun
    joined: bool


@dataclass(frozen=True, slots=True)
class Figures:
    """What the metrics are made of."""

    version: str
    totals: Mapping[str, Any]
    jobs: tuple[JobView, ...]


async def session_stats(app: App) -> dict[str, Any]:
    """Return sessions, messages, tokens, cost and feedback of everything that is stored."""
    return await statistics.totals(app)


async def figures(app: App) -> Figures:
    """Return what a monitoring system wants to see."""
    return Figures(
        version=aigc_desktop.__version__,
        totals=await session_stats(app),
        jobs=tuple(await jobs.list_jobs(app)),
    )


async def batch_learn(
    app: App, min_feedback: int, user_ids: tuple[int, ...] | None, max_users: int | None
) -> LearningRun:
    """Learn preferences now, or join the run that goes on; wait a while for its end.

    Raises UserError("job_unknown") when there is no learner.
    """
    joined = False
    try:
        run = await app.jobs.begin(
            LEARNING,
            JobCause.HTTP,
            min_feedback=min_feedback,
            user_ids=user_ids,
            max_users=max_users,
        )
    except UserError as error:
        if error.code != "job_running":
            raise
        joined = True
        here = app.jobs.running(LEARNING)
        [run] = [here[0]] if here else await app.store.read(_newest_run)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(LEARNING_WAIT):
            run = await app.jobs.wait(LEARNING) or run
    return LearningRun(run, joined)


def _newest_run(db: Db) -> list[JobRun]:
    return job_rows.runs_of(db, LEARNING, 1)
