"""Jobs, schedules, tokens, times and sizes in the user's language."""

from __future__ import annotations

from datetime import datetime

from aigc_desktop.config.i18n import tr
from aigc_desktop.core.http import TokenState
from aigc_desktop.core.jobs import JobCause, MissedPolicy, RunStatus, Schedule

_UNITS = ("B", "KB", "MB", "GB", "TB")


def schedule_text(schedule: Schedule) -> str:
    """Return a schedule in the user's language."""
    if schedule.every_minutes is not None:
        minutes = schedule.every_minutes
        if minutes == 60:
            return tr("Every hour")
        if minutes % 60 == 0:
            return tr("Every {hours} hours", hours=minutes // 60)
        return tr("Every {minutes} minutes", minutes=minutes)
    at = f"{schedule.hour:02}:{schedule.minute:02}"
    if schedule.weekday is None:
        return tr("Every day at {time}", time=at)
    return tr("Every {day} at {time}", day=weekday_name(schedule.weekday), time=at)


def weekday_name(day: int) -> str:
    """Return the name of a weekday, 0 being Monday."""
    return (
        tr("Monday"),
        tr("Tuesday"),
        tr("Wednesday"),
        tr("Thursday"),
        tr("Friday"),
        tr("Saturday"),
        tr("Sunday"),
    )[day]


def moment_text(milliseconds: int, now: datetime | None = None) -> str:
    """Return a time as people say it: the day by its name when it is near."""
    at = datetime.fromtimestamp(milliseconds / 1000).astimezone()
    today = (now or datetime.now().astimezone()).date()
    time = f"{at:%H:%M}"
    near = {
        -1: tr("yesterday {time}", time=time),
        0: tr("today {time}", time=time),
        1: tr("tomorrow {time}", time=time),
    }
    return near.get((at.date() - today).days, f"{at:%Y-%m-%d %H:%M}")


def cause_text(cause: JobCause) -> str:
    """Return why a job ran."""
    return {
        JobCause.SCHEDULED: tr("by schedule"),
        JobCause.MISSED: tr("made up for a missed run"),
        JobCause.MANUAL: tr("by hand"),
        JobCause.HTTP: tr("over HTTP"),
    }[cause]


def status_text(status: RunStatus) -> str:
    """Return how a run stands or ended, in a word or two."""
    return {
        RunStatus.RUNNING: tr("running"),
        RunStatus.DONE: tr("done"),
        RunStatus.FAILED: tr("failed"),
        RunStatus.CANCELLED: tr("stopped"),
        RunStatus.ABORTED: tr("broken off"),
        RunStatus.MISSED: tr("missed"),
    }[status]


def missed_text(policy: MissedPolicy) -> str:
    """Return what happens to missed runs."""
    return {
        MissedPolicy.ONCE: tr("A missed run is made up for once, at the next start."),
        MissedPolicy.SKIP: tr("A missed run is left out."),
    }[policy]


def duration_text(milliseconds: int) -> str:
    """Return how long something took."""
    seconds = milliseconds / 1000
    if seconds < 0.1:
        return tr("under 0.1 s")
    if seconds < 60:
        return tr("{seconds} s", seconds=f"{seconds:.1f}" if seconds < 10 else f"{seconds:.0f}")
    minutes, rest = divmod(round(seconds), 60)
    return tr("{minutes} min {seconds} s", minutes=minutes, seconds=rest)


def token_state_text(state: TokenState) -> str:
    """Return whether a token holds."""
    return {
        TokenState.VALID: tr("valid"),
        TokenState.EXPIRED: tr("expired"),
        TokenState.REVOKED: tr("revoked"),
        TokenState.OLD_KEY: tr("signed with an old key"),
    }[state]


def size_text(size: int) -> str:
    """Return a number of bytes in the unit that fits, counted in thousands as file managers do."""
    value, unit = float(size), 0
    while value >= 999.5 and unit < len(_UNITS) - 1:
        value, unit = value / 1000, unit + 1
    decimals = 0 if unit == 0 or value >= 100 else 1
    return f"{value:,.{decimals}f} {_UNITS[unit]}"
