"""Whether this work was begun by the schedule: then nobody can be asked anything."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar

_job: ContextVar[str | None] = ContextVar("job", default=None)


@contextlib.contextmanager
def unattended(job: str) -> Iterator[None]:
    """Mark what is done inside, and every task begun inside, as the work of this job."""
    token = _job.set(job)
    try:
        yield
    finally:
        _job.reset(token)


def current_job() -> str | None:
    """Return the job that the current task works for, or None for the user's own work."""
    return _job.get()
