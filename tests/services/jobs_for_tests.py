"""A job that tests put in the place of the program's own."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from aigc_desktop.core.jobs import MissedPolicy, Schedule
from aigc_desktop.services import job_list
from aigc_desktop.services.job_list import Job, Work

HOURLY = Schedule(every_minutes=60)


def make_job(
    work: Work,
    name: str = "test",
    missed: MissedPolicy = MissedPolicy.ONCE,
    schedule: Schedule = HOURLY,
) -> Job:
    return Job(name, name.title, lambda: "", schedule, missed, work, words, module="services.jobs")


def words(result: Mapping[str, Any]) -> str:
    return f"{result['count']} counted"


def use_jobs(monkeypatch: pytest.MonkeyPatch, *jobs: Job) -> None:
    """Let these be all jobs."""
    monkeypatch.setattr(job_list, "_JOBS", jobs)
    job_list.all_jobs.cache_clear()


class Counter:
    """Work that counts its runs; `gate` keeps it running until it is set."""

    def __init__(self, *, waits: bool = False) -> None:
        self.runs = 0
        self.gate = asyncio.Event()
        self.begun = asyncio.Event()
        if not waits:
            self.gate.set()

    async def __call__(self, app: Any, progress: Any, cause: Any, **options: Any) -> dict[str, Any]:
        self.runs += 1
        self.begun.set()
        progress(1, 2, "half")
        await self.gate.wait()
        return {"count": self.runs, **options}
