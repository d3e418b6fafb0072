"""Which group a session is listed under, and in what order; no Qt."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

from aigc_desktop.config.i18n import tr
from aigc_desktop.core.session import Session


class Group(IntEnum):
    """The groups, from the top of the list to its end."""

    PINNED = 0
    TODAY = 1
    YESTERDAY = 2
    LAST_WEEK = 3
    EARLIER = 4


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the list: a session, or (session None) the heading of a group."""

    group: Group
    session: Session | None = None

    @property
    def key(self) -> int:
        """What makes this row the same row after a change: the session, or minus its group."""
        return self.session.id if self.session else -1 - int(self.group)


def group_title(group: Group) -> str:
    """Return the heading of `group` in the user's language."""
    return {
        Group.PINNED: tr("Pinned"),
        Group.TODAY: tr("Today"),
        Group.YESTERDAY: tr("Yesterday"),
        Group.LAST_WEEK: tr("Last 7 days"),
        Group.EARLIER: tr("Earlier"),
    }[group]


def day_starts(now: datetime.datetime) -> tuple[int, int, int]:
    """Return when today, yesterday and the last seven days began: local midnights, epoch ms."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)

    def start(days_ago: int) -> int:
        return int((midnight - datetime.timedelta(days=days_ago)).timestamp() * 1000)

    return start(0), start(1), start(7)


def rows_of(
    sessions: Iterable[Session], now: datetime.datetime, headings: bool = True
) -> list[Row]:
    """Return the list: pinned first, then by last activity, each group under its heading.

    `now` is local time. Activity in the future (a clock that was set back) counts as today.
    """
    today, yesterday, week = day_starts(now)

    def group_of(session: Session) -> Group:
        if session.pinned:
            return Group.PINNED
        at = session.last_activity
        if at >= today:
            return Group.TODAY
        if at >= yesterday:
            return Group.YESTERDAY
        return Group.LAST_WEEK if at >= week else Group.EARLIER

    ordered = sorted(sessions, key=lambda s: (not s.pinned, -s.last_activity, -s.id))
    rows: list[Row] = []
    group: Group | None = None
    for session in ordered:
        if (here := group_of(session)) is not group and headings:
            rows.append(Row(here))
        group = here
        rows.append(Row(here, session))
    return rows
