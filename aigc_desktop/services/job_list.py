"""The jobs, each declared once: name, words, schedule, what to do about missed runs, and the work.

A job is offered when the service that does its work is there.
"""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Protocol

from aigc_desktop.config.i18n import tr, tr_n
from aigc_desktop.core.jobs import MissedPolicy, Schedule
from aigc_desktop.ops.jobs.schedule import next_time

if TYPE_CHECKING:
    from aigc_desktop.services.app import App

Result = Mapping[str, Any]


class Progress(Protocol):
    """Says how far a job is: steps done, steps in all (0: unknown), and at what."""

    def __call__(self, done: int, total: int, text: str = "", /) -> None: ...


Work = Callable[..., Awaitable[Result]]
"""`work(app, progress)` returns what can be stored as JSON."""


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
    """The service that does the work."""

    def next_time(self, schedule: Schedule | None, after_ms: int) -> int:
        """Return when the job is due after `after_ms`, by its own or the given schedule."""
        return next_time(schedule or self.schedule, after_ms)


@functools.cache
def all_jobs() -> dict[str, Job]:
    """Return the jobs of this build by their names, in the order in which they are shown."""
    there = (job for job in _JOBS if find_spec(f"aigc_desktop.services.{job.module}"))
    return {job.name: job for job in there}


async def _prices(app: App, progress: Progress) -> Result:
    from aigc_desktop.services import prices

    return await prices.update_prices(app)


def _prices_words(result: Result) -> str:
    parts = [tr("The bundled price list is in use ({table}).", table=result["table"])]
    if result["own"]:
        parts.append(
            tr_n("{count} price of your own.", "{count} prices of your own.", result["own"])
        )
    if result["priced"]:
        parts.append(
            tr_n("{count} answer priced now.", "{count} answers priced now.", result["priced"])
        )
    return " ".join(parts)


_JOBS = (
    Job(
        "prices",
        lambda: tr("Usage prices"),
        lambda: tr(
            "Reads prices.json beside the settings again and prices answers that had none. "
            "The price list itself comes with the program; nothing is downloaded."
        ),
        Schedule(hour=4, minute=10),
        MissedPolicy.SKIP,
        _prices,
        _prices_words,
        "prices",
    ),
)
