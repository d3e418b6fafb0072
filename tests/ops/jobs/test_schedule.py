"""When jobs are due: time of day, weekday, intervals, and the nights when clocks change."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from aigc_desktop.core.errors import UserError
from aigc_desktop.core.jobs import Schedule
from aigc_desktop.ops.jobs.schedule import next_time

BERLIN = ZoneInfo("Europe/Berlin")


def ms(text: str, fold: int = 0) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=BERLIN, fold=fold).timestamp() * 1000)


def local(milliseconds: int) -> str:
    return f"{datetime.fromtimestamp(milliseconds / 1000, BERLIN):%Y-%m-%d %H:%M}"


def times(schedule: Schedule, after: int, count: int) -> list[str]:
    found = []
    for _ in range(count):
        after = next_time(schedule, after, BERLIN)
        found.append(local(after))
    return found


def test_daily_and_weekly() -> None:
    daily = Schedule(hour=2, minute=30)
    assert times(daily, ms("2026-11-25 01:00"), 2) == ["2026-11-25 02:30", "2026-11-26 02:30"]
    assert times(daily, ms("2026-11-25 02:30"), 1) == ["2026-11-26 02:30"]
    weekly = Schedule(hour=3, weekday=6)
    assert times(weekly, ms("2026-11-25 01:00"), 2) == ["2026-11-29 03:00", "2026-12-06 03:00"]
    assert times(weekly, ms("2026-11-29 03:00"), 1) == ["2026-12-06 03:00"]


def test_case_33_an_hour_that_comes_twice_counts_once() -> None:
    daily = Schedule(hour=2, minute=30)
    assert times(daily, ms("2026-10-24 12:00"), 3) == [
        "2026-10-25 02:30",
        "2026-10-26 02:30",
        "2026-10-27 02:30",
    ]
    second = ms("2026-10-25 02:10", fold=1)
    assert local(next_time(daily, second, BERLIN)) == "2026-10-26 02:30"


def test_case_33_a_time_that_is_left_out_comes_once() -> None:
    daily = Schedule(hour=2, minute=30)
    assert times(daily, ms("2026-03-28 12:00"), 3) == [
        "2026-03-29 03:30",
        "2026-03-30 02:30",
        "2026-03-31 02:30",
    ]


def test_intervals_do_not_know_local_time() -> None:
    hourly = Schedule(every_minutes=60)
    start = ms("2026-10-25 01:30")
    assert next_time(hourly, start, BERLIN) == start + 3_600_000


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"every_minutes": 0},
        {"every_minutes": 10**9},
        {"every_minutes": "x"},
        {"at": "25:00"},
        {"at": "10"},
        {"at": "10:00", "weekday": 7},
        {"at": None},
    ],
)
def test_what_is_no_schedule_is_refused(data: dict[str, object]) -> None:
    with pytest.raises(UserError, match="schedule_invalid"):
        Schedule.from_json(data)


@pytest.mark.parametrize(
    "schedule",
    [Schedule(every_minutes=5), Schedule(hour=23, minute=59), Schedule(hour=4, weekday=0)],
)
def test_json_and_back(schedule: Schedule) -> None:
    assert Schedule.from_json(schedule.to_json()) == schedule
