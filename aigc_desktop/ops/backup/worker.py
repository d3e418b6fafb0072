"""The worker process: reads a job from its standard input, says how it goes, leaves.

It leaves at once when its input ends: the program that started it is gone, or has cancelled it.
Whatever moment that is, nothing half done stays.
"""

from __future__ import annotations

import contextlib
import errno
import importlib
import json
import logging
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from aigc_desktop.config.paths import Paths
from aigc_desktop.core.backup import Phase
from aigc_desktop.core.errors import UserError
from aigc_desktop.ops.backup import job as jobs
from aigc_desktop.ops.backup.job import Job

NICENESS = 10
PROGRESS_EVERY = 0.1
"""Seconds between two words about the progress."""

_JOBS = {
    "create": "create",
    "verify": "verify",
    "prune": "prune",
    "delete": "prune",
    "preview": "preview",
    "list_files": "preview",
    "stage": "restore",
    "stage_database": "restore",
    "restore_some": "restore",
    "plan_undo": "undo",
    "undo_some": "undo",
    "discard": "restore",
    "drill": "drill",
    "export": "portable",
    "import": "portable",
    "upload": "remote",
    "fetch": "remote",
    "test_bucket": "remote",
}
"""Each job and the module of this package that has it, as `run_NAME(work)`."""

_AWAITED = {"preview", "list_files", "stage", "restore_some", "plan_undo", "undo_some", "discard"}
"""Jobs that somebody sits and waits for; all others give way to everything else."""


class Work:
    """A job in a worker: where things are, and how to say how far it is."""

    def __init__(self, job: Job, say: Callable[[dict[str, Any]], None]) -> None:
        self.job = job
        self.paths = Paths(Path(job.home))
        self.root = Path(job.repository)
        self._say = say
        self._phase = Phase.PREPARING
        self._done = 0
        self._total = 0
        self._said = 0.0
        self._lock = threading.Lock()

    def for_job(self, job: Job) -> Work:
        """Return the same work with another job."""
        return Work(job, self._say)

    def begin(self, phase: Phase, total: int) -> None:
        """Enter a phase with so much to do."""
        with self._lock:
            self._phase, self._done, self._total = phase, 0, total
            self._said = time.monotonic()
        self._say({"progress": [phase.value, 0, total]})

    def advance(self, amount: int) -> None:
        """So much more is done. Any thread may call it."""
        with self._lock:
            self._done += amount
            now = time.monotonic()
            if now - self._said < PROGRESS_EVERY:
                return
            self._said = now
            progress = [self._phase.value, min(self._done, self._total), self._total]
            self._say({"progress": progress})


def main() -> NoReturn:
    """Do the job that comes in; end the process."""
    job = jobs.load(sys.stdin.buffer.readline())
    threading.Thread(target=_leave_with_parent, name="parent-watch", daemon=True).start()
    if job.name not in _AWAITED:
        _be_modest()
    _say(do(job, _say))
    os._exit(0)


def do(job: Job, say: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """Do a job in this process; return `{"result": …}` or `{"error": …}`."""
    try:
        if job.name not in _JOBS:
            raise UserError("backup_failed", reason=f"unknown job {job.name[:40]}")
        module = importlib.import_module(f"aigc_desktop.ops.backup.{_JOBS[job.name]}")
        return {"result": getattr(module, f"run_{job.name}")(Work(job, say))}
    except UserError as error:
        return _error(error)
    except OSError as error:
        return _error(os_error(error, job.repository))
    except Exception as error:
        logging.getLogger(__name__).exception("job %s", job.name)
        reason = f"{type(error).__name__}: {error}"[:200]
        return _error(UserError("backup_failed", reason=reason))


def os_error(error: OSError, place: str) -> UserError:
    """Return what the user can do about an error of the system."""
    path = str(error.filename or place)
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return UserError("disk_full", path=path, reason="")
    return UserError("folder_unwritable", path=path, reason=error.strerror or str(error))


def _error(error: UserError) -> dict[str, Any]:
    params = {key: value if isinstance(value, int) else str(value) for key, value in
              error.params.items()}  # fmt: skip
    return {"error": {"code": error.code, "params": params}}


def _say(message: dict[str, Any]) -> None:
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.buffer.write(json.dumps(message).encode() + b"\n")
        sys.stdout.buffer.flush()


def _be_modest() -> None:
    """Let everything else on the machine come first."""
    import psutil

    with contextlib.suppress(OSError, AttributeError, psutil.Error, ValueError):
        if sys.platform == "win32":
            psutil.Process().nice(psutil.BELOW_NORMAL_PRIORITY_CLASS)
        else:
            os.nice(NICENESS)
    with contextlib.suppress(OSError, AttributeError, psutil.Error, ValueError):
        if sys.platform.startswith("linux"):
            psutil.Process().ionice(psutil.IOPRIO_CLASS_BE, 7)


def _leave_with_parent() -> None:
    while os.read(0, 65536):
        pass
    os._exit(3)
