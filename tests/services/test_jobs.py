"""Jobs: run by hand and by schedule, once and not twice, whatever the clock and the user do."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from aigc_desktop import bootstrap
from aigc_desktop.config import settings as config
from aigc_desktop.config.paths import Paths
from aigc_desktop.config.settings import Settings
from aigc_desktop.core.backup import Cause
from aigc_desktop.core.bus import EventBus
from aigc_desktop.core.errors import UserError
from aigc_desktop.core.events import Event, JobChanged, NoticeCleared, NoticeRaised
from aigc_desktop.core.jobs import (
    JobCause,
    JobRun,
    JobView,
    MissedPolicy,
    RunStatus,
    Schedule,
)
from aigc_desktop.ops.jobs.schedule import next_time
from aigc_desktop.services import backup, job_list, jobs
from aigc_desktop.services.app import App
from aigc_desktop.store import jobs as rows
from tests.fakes import FakeClock
from tests.services.jobs_for_tests import Counter, make_job, use_jobs

HOUR = 3_600_000
DAY = 24 * HOUR


@pytest.fixture(autouse=True)
def own_jobs_again() -> Iterator[None]:
    yield
    job_list.all_jobs.cache_clear()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


async def runs(app: App, name: str = "test") -> list[JobRun]:
    return await jobs.history(app, name)


class Watch:
    """Looks at the jobs as the long-running program does, every so often on the fake clock."""

    def __init__(self, app: App, clock: FakeClock) -> None:
        self._app = app
        self._clock = clock
        app.jobs._watching_since = app.jobs._looked_at = clock.now

    async def run(self, milliseconds: int, step: int = 60_000) -> None:
        for _ in range(milliseconds // step):
            self._clock.now += step
            await self._app.jobs.look()

    async def jump(self, milliseconds: int) -> None:
        """The machine slept, or its clock was set."""
        self._clock.now += milliseconds
        await self._app.jobs.look()


async def test_a_run_by_hand_keeps_result_and_duration(
    app: App, monkeypatch: pytest.MonkeyPatch, events: list[Event]
) -> None:
    use_jobs(monkeypatch, make_job(Counter()))
    run = await jobs.run_job(app, "test")
    assert (run.status, run.result, run.text) == (RunStatus.DONE, {"count": 1}, "1 counted")
    assert run.cause is JobCause.MANUAL
    [view] = await jobs.list_jobs(app)
    assert view.last == run
    said = [event for event in events if isinstance(event, JobChanged)]
    assert [e.run.status for e in said if e.run] == ["running", "running", "done"]
    assert [e.progress.text for e in said if e.progress] == ["half"]


@pytest.mark.parametrize("cause", list(JobCause))
async def test_a_backup_says_whether_it_was_made_by_hand(app: App, cause: JobCause) -> None:
    assert (await jobs.run_job(app, "backup", cause)).status is RunStatus.DONE
    (made,) = await backup.list_snapshots(app)
    assert made.cause is (Cause.MANUAL if cause is JobCause.MANUAL else Cause.SCHEDULED)


async def test_two_runs_at_once_are_refused_and_one_can_be_stopped(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = Counter(waits=True)
    use_jobs(monkeypatch, make_job(work))
    await jobs.start_job(app, "test")
    with pytest.raises(UserError, match="job_running"):
        await jobs.start_job(app, "test")
    await work.begun.wait()
    await jobs.stop_job(app, "test")
    [run] = await runs(app)
    assert (run.status, work.runs) == (RunStatus.CANCELLED, 1)
    work.gate.set()
    assert (await jobs.run_job(app, "test")).status is RunStatus.DONE


async def test_a_failure_is_said_with_what_to_do_until_it_works_again(
    app: App, monkeypatch: pytest.MonkeyPatch, events: list[Event], allow_log: set[str]
) -> None:
    allow_log.add("the job test failed")
    problems: Iterator[Exception | None] = iter([UserError("disk_full"), ValueError("bug"), None])

    async def work(app: App, progress: Any, cause: Any) -> dict[str, Any]:
        if (problem := next(problems)) is not None:
            raise problem
        return {"count": 1}

    use_jobs(monkeypatch, make_job(work))
    first = await jobs.run_job(app, "test")
    assert first.error == ("disk_full", {})
    assert "full" in first.text
    [notice] = [event for event in events if isinstance(event, NoticeRaised)]
    assert notice.code == "job_failed"
    assert notice.params["job"] == "Test"
    assert notice.params["remedy"]
    assert (await jobs.run_job(app, "test")).error == ("internal_error", {})
    await jobs.run_job(app, "test")
    assert NoticeCleared(notice.key) in events


async def test_hourly_runs_once_an_hour(
    app: App, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = Counter()
    use_jobs(monkeypatch, make_job(work))
    await Watch(app, clock).run(5 * HOUR + 10 * 60_000)
    assert work.runs in (4, 5)
    assert {run.cause for run in await runs(app)} == {JobCause.SCHEDULED}


@pytest.mark.parametrize("policy", list(MissedPolicy))
async def test_after_sleep_a_missed_run_follows_its_policy(
    app: App, clock: FakeClock, monkeypatch: pytest.MonkeyPatch, policy: MissedPolicy
) -> None:
    work = Counter()
    use_jobs(monkeypatch, make_job(work, missed=policy))
    watch = Watch(app, clock)
    await watch.run(10 * 60_000)
    await watch.jump(8 * HOUR)
    await watch.run(10 * 60_000)
    assert work.runs == (1 if policy is MissedPolicy.ONCE else 0)
    [run] = await runs(app)
    if policy is MissedPolicy.ONCE:
        assert run.cause is JobCause.MISSED
    else:
        assert run.status is RunStatus.MISSED
        assert "slept" in run.text


async def test_missed_while_the_program_did_not_run(
    paths: Paths,
    settings: Settings,
    bus: EventBus,
    clock: FakeClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    work = Counter()
    use_jobs(monkeypatch, make_job(work))
    async with bootstrap.open_app(paths, settings, bus, clock) as app:
        await Watch(app, clock).run(10 * 60_000)
    clock.now += 3 * DAY
    for _ in range(3):
        async with bootstrap.open_app(paths, settings, bus, clock) as app:
            await Watch(app, clock).run(5 * 60_000)
            found = await runs(app)
    assert work.runs == 1
    assert [run.cause for run in found] == [JobCause.MISSED]


@pytest.mark.parametrize("jump", [-DAY, 3652 * DAY])
async def test_case_33_clock_set_and_set_back_runs_jobs_once(
    app: App, clock: FakeClock, monkeypatch: pytest.MonkeyPatch, jump: int
) -> None:
    work = Counter()
    daily = Schedule(hour=12)
    use_jobs(monkeypatch, make_job(work, schedule=daily))
    clock.now = daily_noon(clock.now) - 30 * 60_000
    watch = Watch(app, clock)
    await watch.run(HOUR)
    assert work.runs == 1
    await watch.jump(jump)
    await watch.run(10 * 60_000)
    before = work.runs
    assert before <= 2, "10 years are made up for once"
    await watch.jump(-jump)
    await watch.run(HOUR)
    assert work.runs == before
    await watch.run(24 * HOUR)
    assert work.runs == before + 1, "it goes on daily"


async def test_an_hourly_job_does_not_wait_for_a_date_far_ahead(
    app: App, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = Counter()
    use_jobs(monkeypatch, make_job(work))
    watch = Watch(app, clock)
    await watch.run(10 * 60_000)
    await watch.jump(-DAY)
    await watch.run(2 * HOUR)
    assert work.runs in (1, 2)


def daily_noon(now: int) -> int:
    return next_time(Schedule(hour=12), now)


async def test_paused_jobs_wait_and_own_schedules_hold(
    app: App, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = Counter()
    use_jobs(monkeypatch, make_job(work))
    watch = Watch(app, clock)
    await jobs.pause_job(app, "test", True)
    await watch.run(3 * HOUR)
    assert work.runs == 0
    [view] = await jobs.list_jobs(app)
    assert view.paused
    assert view.due_at is None
    await jobs.pause_job(app, "test", False)
    await watch.run(10 * 60_000)
    assert work.runs == 0, "what was left out while paused is not made up for"
    await jobs.set_schedule(app, "test", Schedule(every_minutes=10))
    await watch.run(HOUR)
    assert work.runs in (5, 6)
    await jobs.set_schedule(app, "test", None)
    [view] = await jobs.list_jobs(app)
    assert view.schedule == view.default_schedule
    with pytest.raises(UserError, match="schedule_invalid"):
        await jobs.set_schedule(app, "test", Schedule(every_minutes=1))


async def test_old_runs_are_forgotten(
    app: App, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "KEPT_RUNS", 3)
    use_jobs(monkeypatch, make_job(Counter()))
    for _ in range(6):
        await jobs.run_job(app, "test")
    found = await jobs.history(app, "test", 100)
    assert [run.result for run in found] == [{"count": 6}, {"count": 5}, {"count": 4}]


async def test_the_real_scheduler_runs_what_is_due(
    app: App, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = Counter()
    use_jobs(monkeypatch, make_job(work))
    await app.store.write(lambda db: rows.set_plan(db, "test", due_at=clock.now - 1))
    app.jobs.start(delay=0)
    async with asyncio.timeout(20):
        await work.begun.wait()
    assert app.jobs.is_scheduling


async def test_leaving_stops_what_runs(
    paths: Paths, settings: Settings, bus: EventBus, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = Counter(waits=True)
    use_jobs(monkeypatch, make_job(work))
    async with bootstrap.open_app(paths, settings, bus, resident=True) as app:
        await jobs.start_job(app, "test")
        await work.begun.wait()
    async with bootstrap.open_app(paths, settings, bus) as app:
        [run] = await runs(app)
        assert run.status is RunStatus.CANCELLED


async def test_unknown_jobs(app: App) -> None:
    with pytest.raises(UserError, match="job_unknown"):
        await jobs.run_job(app, "no such")


async def test_every_job_of_the_program_says_what_it_is(app: App) -> None:
    for view in await jobs.list_jobs(app):
        assert view.title
        assert view.help
        first = next_time(view.schedule, 0)
        assert 0 < first < next_time(view.schedule, first)


async def test_the_programs_own_jobs_do_their_work(app: App) -> None:
    """Each of them, for real, in a program that was just installed."""
    for view in await jobs.list_jobs(app):
        run = await jobs.run_job(app, view.name)
        assert (view.name, run.status) == (view.name, RunStatus.DONE), run.text
        assert run.text


async def test_a_drill_before_the_first_backup_is_no_failure(app: App) -> None:
    run = await jobs.run_job(app, "drill")
    assert (run.status, run.text) == (
        RunStatus.DONE,
        "There is no backup yet that could be tried.",
    )


async def test_backup_follows_its_settings(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    def backup(views: list[JobView]) -> JobView:
        [view] = views
        return view

    [job] = (job for job in job_list._JOBS if job.name == "backup")
    use_jobs(monkeypatch, replace(job, run=Counter(), words=lambda _: "", module="services.jobs"))

    app.jobs.start(delay=0)
    app.settings.set(config.BACKUP_HOUR, 3)
    assert backup(await jobs.list_jobs(app)).schedule == Schedule(hour=3)
    app.settings.set(config.BACKUP_INTERVAL, 6)
    assert backup(await jobs.list_jobs(app)).schedule == Schedule(every_minutes=360)
    await jobs.set_schedule(app, "backup", Schedule(hour=5))
    assert backup(await jobs.list_jobs(app)).schedule == Schedule(hour=5)
    app.settings.set(config.BACKUP_INTERVAL, 24)
    async with asyncio.timeout(20):
        while backup(await jobs.list_jobs(app)).schedule != Schedule(hour=3):
            await asyncio.sleep(0.05)
    await jobs.pause_job(app, "backup", True)
    assert not app.settings.get(config.BACKUP_ENABLED)
    assert backup(await jobs.list_jobs(app)).paused
    app.settings.set(config.BACKUP_ENABLED, True)
    assert not backup(await jobs.list_jobs(app)).paused
