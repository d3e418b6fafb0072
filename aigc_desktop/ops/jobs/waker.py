"""Wakes the backend when jobs are due. APScheduler's thread submits and does nothing else."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime

logger = logging.getLogger(__name__)

WATCH_SECONDS = 30
"""How often is looked whether the machine slept or its clock was set; a wait does not see that."""

_MAX_WAIT_MS = 365 * 24 * 3600 * 1000
_WATCH = "watch"


class Waker:
    """Calls `wake` in its own thread: at the times given to `set`, and every WATCH_SECONDS.

    Which job runs is decided by the database (see `store.jobs.claim`), so that waking twice, or in
    two processes, or after a change of the clock, does no harm.
    """

    def __init__(self, wake: Callable[[], None]) -> None:
        from apscheduler.executors.pool import ThreadPoolExecutor
        from apscheduler.schedulers.background import BackgroundScheduler

        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        self._wake = wake
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            executors={"default": ThreadPoolExecutor(1)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )

    def start(self) -> None:
        """Begin to watch."""
        self._scheduler.add_job(self._wake, "interval", seconds=WATCH_SECONDS, id=_WATCH)
        self._scheduler.start()

    def set(self, name: str, due_ms: int | None, now_ms: int) -> None:
        """Wake at `due_ms` for the job `name`; None: no more."""
        if due_ms is None:
            if self._scheduler.get_job(name) is not None:
                self._scheduler.remove_job(name)
            return
        # A clock that is years off makes no date that cannot be reckoned with.
        when = datetime.fromtimestamp(min(due_ms, now_ms + _MAX_WAIT_MS) / 1000, UTC)
        self._scheduler.add_job(self._wake, "date", run_date=when, id=name, replace_existing=True)

    def close(self) -> None:
        """End the thread."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)
