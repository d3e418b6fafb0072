"""The jobs, each declared once: name, words, schedule, what to do about missed runs, and the work.

A job is offered when the service that does its work is there.
"""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from importlib.util import find_spec

from aigc_desktop.config import settings as config
from aigc_desktop.config.i18n import tr
from aigc_desktop.config.setting import Setting
from aigc_desktop.config.settings import Settings
from aigc_desktop.core.jobs import MissedPolicy, Schedule
from aigc_desktop.ops.jobs.schedule import next_time
from aigc_desktop.services import job_work
from aigc_desktop.services.job_work import Result

Work = Callable[..., Awaitable[Result]]
"""`work(app, progress, cause, **options)` returns what can be stored as JSON."""


@dataclass(frozen=True)
class Job:
    """One job. `title`, `help` and `words` (of a result) answer in the user's language."""

    name: str
    title: Callable[[], str]
    help: Callable[[], str]
    schedule: Schedule
    missed: MissedPolicy
    run: Work
    words: Callable[[Result], str]
    module: str
    """The module that does the work, without the package."""

    switch: Setting[bool] | None = None
    """The setting that says whether it runs by itself; then that is what pausing changes."""

    planned: Callable[[Settings], Schedule] | None = None
    """The schedule that follows from settings, when there is one."""

    plan_settings: tuple[Setting[int], ...] = ()
    """The settings that `planned` looks at."""

    def default_schedule(self, settings: Settings) -> Schedule:
        """Return the schedule that holds while the user has given it no other one."""
        return self.schedule if self.planned is None else self.planned(settings)

    def is_paused(self, settings: Settings, paused: bool) -> bool:
        """Return whether it runs by hand only; `paused` is what the plan says."""
        return paused if self.switch is None else not settings.get(self.switch)


@functools.cache
def all_jobs() -> dict[str, Job]:
    """Return the jobs of this build by their names, in the order in which they are shown."""
    there = (job for job in _JOBS if find_spec(f"aigc_desktop.{job.module}"))
    return {job.name: job for job in there}


def next_due(job: Job, settings: Settings, schedule: Schedule | None, after_ms: int) -> int:
    """Return when the job is due after `after_ms`, by the given schedule or its default."""
    return next_time(schedule or job.default_schedule(settings), after_ms)


def _backup_schedule(settings: Settings) -> Schedule:
    hours = settings.get(config.BACKUP_INTERVAL)
    if hours == 24:
        return Schedule(hour=settings.get(config.BACKUP_HOUR))
    return Schedule(every_minutes=min(hours, 7 * 24) * 60)


_JOBS = (
    Job(
        "learning",
        lambda: tr("Learning"),
        lambda: tr("Learns from your feedback. A model is asked only when there is enough new."),
        Schedule(every_minutes=60),
        MissedPolicy.ONCE,
        job_work.learn,
        job_work.learn_words,
        "services.learning",
    ),
    Job(
        "backup",
        lambda: tr("Backup"),
        lambda: tr("Saves chats, files, skills, scenarios and settings; keys never."),
        Schedule(hour=12),
        MissedPolicy.ONCE,
        job_work.back_up,
        job_work.back_up_words,
        "ops.backup.create",
        switch=config.BACKUP_ENABLED,
        planned=_backup_schedule,
        plan_settings=(config.BACKUP_INTERVAL, config.BACKUP_HOUR),
    ),
    Job(
        "drill",
        lambda: tr("Restore drill"),
        lambda: tr("Restores the newest backup into a scratch place and checks it."),
        Schedule(hour=12, minute=30, weekday=2),
        MissedPolicy.ONCE,
        job_work.drill,
        job_work.drill_words,
        "ops.backup.drill",
    ),
    Job(
        "retention",
        lambda: tr("Tidying"),
        lambda: tr(
            "Removes files that nothing refers to, and unused space. "
            "Old chats only when that is turned on."
        ),
        Schedule(hour=13),
        MissedPolicy.ONCE,
        job_work.retain,
        job_work.retain_words,
        "services.retention",
    ),
    Job(
        "statistics",
        lambda: tr("Statistics"),
        lambda: tr("Counts everything anew and puts right what does not agree."),
        Schedule(hour=13, minute=20, weekday=0),
        MissedPolicy.SKIP,
        job_work.count_anew,
        job_work.count_words,
        "services.statistics",
    ),
    Job(
        "prices",
        lambda: tr("Usage prices"),
        lambda: tr(
            "Reads prices.json beside the settings again and prices answers that had none. "
            "The price list itself comes with the program; nothing is downloaded."
        ),
        Schedule(hour=13, minute=40),
        MissedPolicy.SKIP,
        job_work.update_prices,
        job_work.prices_words,
        "services.prices",
    ),
)
