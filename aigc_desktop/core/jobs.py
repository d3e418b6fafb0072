"""Scheduled work as values: when it runs, how it went, what is planned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from aigc_desktop.core.errors import UserError

WEEKDAYS = 7
MIN_MINUTES = 5
MAX_MINUTES = 7 * 24 * 60


@dataclass(frozen=True, slots=True)
class Schedule:
    """Every so many minutes, or at a local time of day (on one weekday, 0 being Monday)."""

    every_minutes: int | None = None
    hour: int = 0
    minute: int = 0
    weekday: int | None = None

    def to_json(self) -> dict[str, Any]:
        """Return what `from_json` reads."""
        if self.every_minutes is not None:
            return {"every_minutes": self.every_minutes}
        data: dict[str, Any] = {"at": f"{self.hour:02}:{self.minute:02}"}
        return data if self.weekday is None else {**data, "weekday": self.weekday}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Schedule:
        """Return the schedule that `data` describes. Raises UserError("schedule_invalid")."""
        try:
            if "every_minutes" in data:
                return cls(every_minutes=int(data["every_minutes"])).checked()
            hour, _, minute = str(data["at"]).partition(":")
            weekday = data.get("weekday")
            day = None if weekday is None else int(weekday)
            return cls(hour=int(hour), minute=int(minute), weekday=day).checked()
        except (KeyError, ValueError, TypeError) as error:
            raise UserError("schedule_invalid", schedule=str(data)[:80]) from error

    def checked(self) -> Schedule:
        """Return this schedule. Raises UserError("schedule_invalid") if there is no such time."""
        if self.every_minutes is not None:
            fits = MIN_MINUTES <= self.every_minutes <= MAX_MINUTES
        else:
            day = self.weekday is None or 0 <= self.weekday < WEEKDAYS
            fits = day and 0 <= self.hour < 24 and 0 <= self.minute < 60
        if not fits:
            raise UserError("schedule_invalid", schedule=str(self.to_json()))
        return self


class MissedPolicy(StrEnum):
    """What happens to a run that was due while the program did not run or the machine slept."""

    ONCE = "once"
    """It is made up for: once, however many were missed."""
    SKIP = "skip"
    """It is noted as missed; the next one comes at its time."""


class JobCause(StrEnum):
    SCHEDULED = "scheduled"
    MISSED = "missed"
    """Made up for after it was missed."""
    MANUAL = "manual"
    HTTP = "http"


class RunStatus(StrEnum):
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    """Stopped by the user, or by leaving the program."""
    ABORTED = "aborted"
    """The program ended while it ran."""
    MISSED = "missed"
    """It did not run."""


@dataclass(frozen=True, slots=True)
class JobRun:
    """One run. Times are milliseconds since the epoch; `error` is a code with its params."""

    id: int
    job: str
    cause: JobCause
    status: RunStatus
    started_at: int
    ended_at: int | None = None
    result: Mapping[str, Any] | None = None
    error: tuple[str, Mapping[str, Any]] | None = None
    text: str = ""
    """The result in the user's language."""

    @property
    def duration_ms(self) -> int | None:
        return None if self.ended_at is None else max(0, self.ended_at - self.started_at)


@dataclass(frozen=True, slots=True)
class JobProgress:
    """How far a running job is: `done` of `total` steps (0: unknown), and at what."""

    done: int = 0
    total: int = 0
    text: str = ""


@dataclass(frozen=True, slots=True)
class JobView:
    """A job as it stands, in the user's language."""

    name: str
    title: str
    help: str
    schedule: Schedule
    default_schedule: Schedule
    missed: MissedPolicy
    paused: bool
    due_at: int | None
    """When it runs next; None while it is paused."""
    last: JobRun | None
    """The newest run that did something (not one that was only missed)."""
    running: JobRun | None = None
    progress: JobProgress = JobProgress()
