"""Which snapshots are kept: the newest of so many days, weeks and months. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from aigc_desktop.core.backup import Cause, Snapshot
from aigc_desktop.ops.backup.job import Keep

RECENT_MS = 24 * 3600 * 1000
"""Whatever was made in the last day is kept: an hour's mistake is undone from there."""

_PROTECTED = {Cause.BEFORE_MIGRATION, Cause.BEFORE_RESTORE, Cause.BEFORE_UPDATE, Cause.IMPORTED}
PROTECTED_MS = 14 * RECENT_MS
"""Safety snapshots and imports are kept for two weeks, and damaged ones, for what is in them."""

Period = Callable[[datetime], tuple[int, ...]]

_PERIODS: tuple[tuple[str, Period], ...] = (
    ("daily", lambda at: (at.year, at.month, at.day)),
    ("weekly", lambda at: at.isocalendar()[:2]),
    ("monthly", lambda at: (at.year, at.month)),
)


def kept(snapshots: Sequence[Snapshot], keep: Keep, now_ms: int) -> dict[str, tuple[str, ...]]:
    """Return the ids that are kept, each with the reasons.

    The newest sound verified snapshot is always kept, and so is every labelled one: a label says
    that somebody wants it. Days are those of the local time zone. Damaged ones fill no place, and
    those of other installations take none from our own.
    """
    own = _kept([each for each in snapshots if not each.foreign], keep, now_ms)
    return own | _kept([each for each in snapshots if each.foreign], keep, now_ms)


def _kept(snapshots: Sequence[Snapshot], keep: Keep, now_ms: int) -> dict[str, tuple[str, ...]]:
    reasons: dict[str, list[str]] = {}
    newest_first = sorted(snapshots, key=lambda each: (each.created_at, each.id), reverse=True)
    sound = [each for each in newest_first if not each.damaged]
    for name, period in _PERIODS:
        seen: set[tuple[int, ...]] = set()
        for each in sound:
            when = period(datetime.fromtimestamp(each.created_at / 1000).astimezone())
            if when not in seen and len(seen) < getattr(keep, name):
                seen.add(when)
                reasons.setdefault(each.id, []).append(name)
    verified = next((each for each in sound if each.verified_at is not None), None)
    for each in newest_first:
        age = now_ms - each.created_at
        also = [
            ("last_verified", each is verified),
            ("labelled", bool(each.label)),
            ("recent", age < RECENT_MS and not each.damaged),
            ("safety", each.cause in _PROTECTED and age < PROTECTED_MS),
            ("damaged", each.damaged and age < PROTECTED_MS),
        ]
        for reason, holds in also:
            if holds:
                reasons.setdefault(each.id, []).append(reason)
    return {snapshot_id: tuple(found) for snapshot_id, found in reasons.items()}
