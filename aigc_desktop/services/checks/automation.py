"""What runs by itself: scheduled jobs, backups, and the proof that they can be restored."""

from __future__ import annotations

import time
from typing import Any

from aigc_desktop.config import settings as config
from aigc_desktop.config.i18n import sentences, tr
from aigc_desktop.config.messages import describe
from aigc_desktop.core.diagnostics import Group, State
from aigc_desktop.core.errors import UserError
from aigc_desktop.core.jobs import JobRun, RunStatus
from aigc_desktop.ops.backup import catalog
from aigc_desktop.services import backup
from aigc_desktop.services.checks.check import Check, Finding, Mend, Place, blocking
from aigc_desktop.services.checks.spans import span
from aigc_desktop.services.job_list import all_jobs
from aigc_desktop.store import jobs as rows
from aigc_desktop.store.store import Db

OVERDUE_MS = 15 * 60 * 1000
"""Milliseconds that a job may be late: others run first, and the start is left to the user."""

DRILL_DAYS = 14
"""A drill is due every week; one may be missed."""

BACKUP_LIMIT = 30.0
JOBS, BACKUP = "jobs", "backup"


async def scheduler(place: Place) -> Finding:
    """Do scheduled jobs run, and did they work?"""

    def read(db: Db) -> tuple[dict[str, rows.Plan], dict[str, JobRun]]:
        return rows.plans(db), rows.last_runs(db)

    try:
        plans, last = await place.read(read)
    except UserError as error:
        title, remedy = describe(error.code, error.params)
        return Finding(State.UNKNOWN, title, remedy)
    jobs = all_jobs()
    now = place.clock.now_ms()
    failed = [run for name, run in last.items() if name in jobs and _broke(run)]
    if failed:
        names = ", ".join(jobs[run.job].title() for run in failed)
        said = tr("Ended badly the last time: {names}.", names=names)
        return Finding(State.PROBLEM, said, _why(failed[0]), place=JOBS)
    late = [
        name
        for name, plan in plans.items()
        if name in jobs and not plan.paused and 0 < (plan.due_at or 0) < now - OVERDUE_MS
    ]
    if late:
        return _late(place, [jobs[name].title() for name in late])
    paused = [name for name, plan in plans.items() if name in jobs and plan.paused]
    if paused:
        names = ", ".join(jobs[name].title() for name in paused)
        return Finding(
            State.WARNING, tr("Paused: {names}.", names=names), mendable=True, place=JOBS
        )
    if place.app is not None and not place.app.jobs.is_scheduling:
        return Finding(State.WARNING, tr("This process runs no jobs by schedule."), place=JOBS)
    return Finding(
        State.OK, tr("Jobs planned: {count}. None is late, none failed.", count=len(plans))
    )


async def backup_age(place: Place) -> Finding:
    """Is there a backup that is young enough and whole?"""
    found = await _overview(place)
    newest = found["newest"]
    able = place.app is not None
    remedy = tr("Back up now.") if able else "aigc-desktop backup create"
    if newest is None:
        return Finding(
            State.WARNING, tr("There is no backup yet."), remedy, mendable=able, place=BACKUP
        )
    age = time.time() - newest.created_at / 1000
    when = tr("The newest backup is {age} old.", age=span(age))
    if newest.damaged:
        return Finding(
            State.PROBLEM, tr("The newest backup is damaged."), remedy, mendable=able, place=BACKUP
        )
    hours = place.settings.get(config.BACKUP_INTERVAL)
    if age > 2 * hours * 3600 + 3600:
        return Finding(State.PROBLEM, when, remedy, mendable=able, place=BACKUP)
    if not place.settings.get(config.BACKUP_ENABLED):
        said = tr("Backups are not made by themselves.")
        return Finding(State.WARNING, sentences(when, said), place=BACKUP)
    if newest.verified_at is None:
        return Finding(State.WARNING, sentences(when, tr("It was not verified.")), place=BACKUP)
    said = tr("What was new in it was read back; the drill reads all of it.")
    return Finding(State.OK, sentences(when, said))


async def drill(place: Place) -> Finding:
    """Was a backup brought back, as a trial, not long ago?"""
    found = await _overview(place)
    last, proven = found["last_drill"], found["last_proven"]
    able = place.app is not None and found["newest"] is not None
    if last is not None and not last.ok:
        which = {"what": last.snapshot_id, "reason": last.snapshot_id}
        title, remedy = describe(last.problem or "drill_failed", which)
        return Finding(State.PROBLEM, title, remedy, mendable=able, place=BACKUP)
    if proven is None:
        if found["newest"] is None:
            return Finding(State.NOT_APPLICABLE, tr("There is no backup yet."))
        said = tr("No backup was ever brought back as a trial.")
        return Finding(State.WARNING, said, mendable=able, place=BACKUP)
    age = time.time() - proven.started_at / 1000
    said = tr(
        "Last proven restorable {age} ago: sessions {sessions}, files {files}.",
        age=span(age),
        sessions=proven.sessions,
        files=proven.files,
    )
    late = age > DRILL_DAYS * 24 * 3600
    state = State.WARNING if late else State.OK
    return Finding(state, said, mendable=late and able, place=BACKUP)


async def _overview(place: Place) -> dict[str, Any]:
    repository = catalog.repository(place.paths, place.settings)
    return await blocking(lambda: catalog.overview(repository, catalog.origin(place.paths)))


def _broke(run: JobRun) -> bool:
    return run.status in (RunStatus.FAILED, RunStatus.ABORTED)


def _why(run: JobRun) -> str:
    if run.error is None:
        return tr("The program ended while it ran.")
    return sentences(*describe(*run.error))


def _late(place: Place, titles: list[str]) -> Finding:
    said = tr("Overdue: {names}.", names=", ".join(titles))
    if place.app is None:
        remedy = tr("Jobs run while the window is open, or “aigc-desktop serve”.")
        return Finding(State.WARNING, said, remedy)
    return Finding(State.PROBLEM, said, tr("Run it by hand, and look at the log."), place=JOBS)


async def _resume(place: Place) -> list[str]:
    def write(db: Db) -> list[str]:
        paused = [name for name, plan in rows.plans(db).items() if plan.paused]
        for name in paused:
            rows.set_plan(db, name, paused=False)
        return paused

    names = await place.write(write)
    _replan(place)
    return names


async def _pause_again(place: Place, names: Any) -> None:
    def write(db: Db) -> None:
        for name in names:
            rows.set_plan(db, str(name), paused=True)

    await place.write(write)
    _replan(place)


def _replan(place: Place) -> None:
    if place.app is not None:
        place.app.jobs.replan()


async def _back_up(place: Place) -> None:
    if place.app is None:
        raise UserError("no_mend", name="backup")
    await backup.create_backup(place.app)


async def _prove(place: Place) -> None:
    if place.app is None:
        raise UserError("no_mend", name="drill")
    await backup.run_drill(place.app)


CHECKS = (
    Check(
        "jobs",
        Group.AUTOMATION,
        "Scheduled jobs",
        scheduler,
        mend=Mend("Resume them", "They run again from their next time on.", _resume, _pause_again),
    ),
    Check(
        "backup",
        Group.AUTOMATION,
        "Backup",
        backup_age,
        limit=BACKUP_LIMIT,
        mend=Mend("Back up now", "A snapshot is made and verified; it may take a while.", _back_up),
    ),
    Check(
        "drill",
        Group.AUTOMATION,
        "Restore drill",
        drill,
        limit=BACKUP_LIMIT,
        mend=Mend(
            "Prove it now",
            "The newest backup is restored into a scratch folder and checked.",
            _prove,
        ),
    ),
)
