"""Rows of `jobs` and `job_runs`: what is planned, what runs, how it went."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from aigc_desktop.core.jobs import JobCause, JobRun, RunStatus, Schedule
from aigc_desktop.store.tables import job_runs, jobs

Busy = Callable[[str, str], bool]
"""Whether a run of this job is still worked on by its owner."""

KEPT_RUNS = 200
"""Runs of one job that are kept."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is stored about a job's plan; None: the default, or not planned yet."""

    paused: bool = False
    schedule: Schedule | None = None
    due_at: int | None = None


def plans(db: Connection) -> dict[str, Plan]:
    """Return the stored plans by the jobs' names."""
    return {
        row.name: Plan(
            row.paused,
            None if row.schedule is None else Schedule.from_json(row.schedule),
            row.due_at,
        )
        for row in db.execute(select(jobs))
    }


def set_plan(db: Connection, name: str, **values: Any) -> None:
    """Store some of `paused`, `schedule` (JSON) and `due_at`."""
    row = upsert(jobs).values(name=name, **values)
    db.execute(row.on_conflict_do_update(index_elements=[jobs.c.name], set_=values))


def claim(
    db: Connection, name: str, cause: JobCause, now: int, owner: str, busy: Busy
) -> JobRun | None:
    """Begin a run, unless one is running.

    Two processes that try at the same time: the transaction lets one of them.
    """
    abort_dead(db, now, busy, name)
    running = select(job_runs.c.id).where(
        job_runs.c.job == name, job_runs.c.status == RunStatus.RUNNING
    )
    if db.execute(running).first() is not None:
        return None
    added = db.execute(
        insert(job_runs)
        .values(job=name, cause=cause, status=RunStatus.RUNNING, started_at=now, owner=owner)
        .returning(job_runs.c.id)
    )
    return JobRun(added.scalar_one(), name, cause, RunStatus.RUNNING, now)


def claim_due(
    db: Connection,
    name: str,
    cause: JobCause,
    now: int,
    owner: str,
    busy: Busy,
    next_due: int,
) -> JobRun | None:
    """As `claim`, if the job is still due; the next time is stored with it."""
    plan = plans(db).get(name, Plan())
    if plan.due_at is None or plan.due_at > now:
        return None
    set_plan(db, name, due_at=next_due)
    if _served(db, name, plan.due_at, now):
        return None
    return claim(db, name, cause, now, owner, busy)


def note_missed(db: Connection, name: str, now: int, next_due: int) -> bool:
    """Note that a run was missed, if it is still due; return whether it was."""
    plan = plans(db).get(name, Plan())
    if plan.due_at is None or plan.due_at > now:
        return False
    set_plan(db, name, due_at=next_due)
    if _served(db, name, plan.due_at, now):
        return False
    db.execute(
        insert(job_runs).values(
            job=name,
            cause=JobCause.SCHEDULED,
            status=RunStatus.MISSED,
            started_at=plan.due_at,
            ended_at=plan.due_at,
        )
    )
    return True


def _served(db: Connection, name: str, due_at: int, now: int) -> bool:
    """Return whether the job has run for this time already (the clock was set back and forth)."""
    found = select(job_runs.c.id).where(
        job_runs.c.job == name,
        job_runs.c.cause.in_((JobCause.SCHEDULED, JobCause.MISSED)),
        job_runs.c.status != RunStatus.MISSED,
        job_runs.c.started_at.between(due_at, now),
    )
    return db.execute(found).first() is not None


def finish(
    db: Connection,
    run_id: int,
    status: RunStatus,
    now: int,
    result: Mapping[str, Any] | None = None,
    error: tuple[str, Mapping[str, Any]] | None = None,
) -> JobRun:
    """Note how a run ended; forget the oldest runs of its job beyond KEPT_RUNS."""
    db.execute(
        update(job_runs)
        .where(job_runs.c.id == run_id)
        .values(
            status=status,
            ended_at=now,
            result=None if result is None else dict(result),
            error=None if error is None else [error[0], dict(error[1])],
        )
    )
    run = get_run(db, run_id)
    limit = (
        select(job_runs.c.id)
        .where(job_runs.c.job == run.job)
        .order_by(job_runs.c.id.desc())
        .offset(KEPT_RUNS)
        .limit(1)
        .scalar_subquery()
    )
    db.execute(delete(job_runs).where(job_runs.c.job == run.job, job_runs.c.id <= limit))
    return run


def has_dead(db: Connection, busy: Busy) -> bool:
    """Return whether a run is left over whose process is gone."""
    return bool(_dead(db, busy))


def abort_dead(db: Connection, now: int, busy: Busy, name: str | None = None) -> list[JobRun]:
    """Mark the runs whose process is gone as aborted; return them."""
    gone = _dead(db, busy, name)
    for run_id in gone:
        db.execute(
            update(job_runs)
            .where(job_runs.c.id == run_id)
            .values(status=RunStatus.ABORTED, ended_at=now)
        )
    return [get_run(db, run_id) for run_id in gone]


def _dead(db: Connection, busy: Busy, name: str | None = None) -> list[int]:
    wanted = select(job_runs.c.id, job_runs.c.job, job_runs.c.owner).where(
        job_runs.c.status == RunStatus.RUNNING
    )
    if name is not None:
        wanted = wanted.where(job_runs.c.job == name)
    return [row.id for row in db.execute(wanted) if not busy(row.job, row.owner)]


def get_run(db: Connection, run_id: int) -> JobRun:
    """Return one run."""
    return _run(db.execute(select(job_runs).where(job_runs.c.id == run_id)).one())


def runs_of(db: Connection, name: str, limit: int) -> list[JobRun]:
    """Return a job's newest runs, newest first."""
    rows = db.execute(
        select(job_runs).where(job_runs.c.job == name).order_by(job_runs.c.id.desc()).limit(limit)
    )
    return [_run(row) for row in rows]


def last_runs(db: Connection) -> dict[str, JobRun]:
    """Return each job's newest run that has ended and did something."""
    return _newest(db, job_runs.c.status.not_in((RunStatus.RUNNING, RunStatus.MISSED)))


def running(db: Connection) -> dict[str, JobRun]:
    """Return the runs that go on, by job."""
    return _newest(db, job_runs.c.status == RunStatus.RUNNING)


def _newest(db: Connection, condition: Any) -> dict[str, JobRun]:
    newest = select(func.max(job_runs.c.id)).where(condition).group_by(job_runs.c.job)
    rows = db.execute(select(job_runs).where(job_runs.c.id.in_(newest)))
    return {row.job: _run(row) for row in rows}


def _run(row: Any) -> JobRun:
    error = (str(row.error[0]), dict(row.error[1])) if row.error else None
    return JobRun(
        row.id,
        row.job,
        JobCause(row.cause),
        RunStatus(row.status),
        row.started_at,
        row.ended_at,
        row.result,
        error,
    )
