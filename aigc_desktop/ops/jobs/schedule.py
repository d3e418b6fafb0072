"""When a job is due next. Local times of day stand still when the clocks are changed."""

from __future__ import annotations

from datetime import datetime, time, timedelta, tzinfo

from aigc_desktop.core.jobs import WEEKDAYS, Schedule


def next_time(schedule: Schedule, after_ms: int, zone: tzinfo | None = None) -> int:
    """Return the first time after `after_ms` (both epoch milliseconds).

    At most one per local day: an hour that comes twice in autumn counts once, a time that spring
    leaves out comes as much later as the clocks were put forward. `zone` None is the system's.
    """
    if schedule.every_minutes is not None:
        return after_ms + schedule.every_minutes * 60_000
    day = datetime.fromtimestamp(after_ms / 1000, zone).date()
    at = time(schedule.hour, schedule.minute, tzinfo=zone)
    for ahead in range(WEEKDAYS + 1):
        wanted = day + timedelta(days=ahead)
        if schedule.weekday is not None and wanted.weekday() != schedule.weekday:
            continue
        # fold=0: of a local time that comes twice the first; one that is left out counts on.
        found = round(datetime.combine(wanted, at).timestamp() * 1000)
        if found > after_ms:
            return found
    raise AssertionError("a week has every weekday")
