"""Runs a job in a process of its own, of low priority: the window never waits for a backup.

The process also keeps SQLite's locks apart: closing a database file that was opened beside SQLite
drops the locks of the whole process (sqlite.org/howtocorrupt.html, 2.2).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from aigc_desktop.core.backup import Operation, Phase, Progress
from aigc_desktop.core.errors import Cancelled, UserError
from aigc_desktop.ops.backup import job as jobs
from aigc_desktop.ops.backup.job import Job

logger = logging.getLogger(__name__)

OnProgress = Callable[[Progress], None]

WORKER = "--backup-worker"
MAX_LINE = 64 * 1024 * 1024
"""Bytes of one answer of a worker (a preview names up to some thousand files)."""

GRACE = 5.0
"""Seconds that a worker has to end after its input was closed."""


class Workers:
    """One operation at a time; further ones wait for their turn. Belongs to one asyncio loop."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self.running: Operation | None = None

    async def run(self, operation: Operation, job: Job, on_progress: OnProgress) -> dict[str, Any]:
        """Do `job` and return its result. Cancelling ends the process; nothing is half done.

        Raises:
            UserError: what the worker reports; `backup_failed` if it ends without a word.
        """
        async with self._turn:
            self.running = operation
            try:
                return await _run(operation, job, on_progress)
            finally:
                self.running = None


async def _run(operation: Operation, job: Job, on_progress: OnProgress) -> dict[str, Any]:
    process = await asyncio.create_subprocess_exec(
        *command(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment(),
        limit=MAX_LINE,
    )
    try:
        return await _converse(process, operation, job, on_progress)
    finally:
        # Its input ends: a worker whose program is gone or has cancelled it leaves by itself.
        if process.stdin is not None:
            process.stdin.close()
        await asyncio.shield(_end(process))


async def _converse(
    process: asyncio.subprocess.Process, operation: Operation, job: Job, on_progress: OnProgress
) -> dict[str, Any]:
    assert process.stdin is not None
    assert process.stdout is not None
    with contextlib.suppress(ConnectionError):
        process.stdin.write(jobs.dump(job))
        await process.stdin.drain()
    async for line in process.stdout:
        result = _heard(line, operation, on_progress)
        if result is not None:
            return result
    logger.error("a backup worker ended without a word (job %s)", job.name)
    raise UserError("backup_failed", reason=f"worker: exit {await process.wait()}")


async def _end(process: asyncio.subprocess.Process) -> None:
    try:
        await asyncio.wait_for(process.wait(), GRACE)
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


class BlockingWorker:
    """One operation, for a thread without a loop (start-up, migrations)."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._stopped = False

    def run(
        self, operation: Operation, job: Job, on_progress: OnProgress = lambda _progress: None
    ) -> dict[str, Any]:
        """Do `job` in a worker, wait for it and return its result.

        Raises UserError as `Workers.run` does; Cancelled after `stop`.
        """
        with self._started() as process:
            assert process.stdin is not None
            assert process.stdout is not None
            with contextlib.suppress(BrokenPipeError):
                process.stdin.write(jobs.dump(job))
                process.stdin.flush()
            for line in process.stdout:
                result = _heard(line, operation, on_progress)
                if result is not None:
                    return result
        if self._stopped:
            raise Cancelled
        raise UserError("backup_failed", reason=f"worker: exit {process.returncode}")

    def stop(self) -> None:
        """End it, from any thread; nothing half done stays."""
        with self._lock:
            self._stopped = True
            if self._process is not None:
                self._process.kill()

    def _started(self) -> subprocess.Popen[bytes]:
        with self._lock:
            if self._stopped:
                raise Cancelled
            self._process = subprocess.Popen(  # noqa: S603 our own program
                command(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment()
            )
            return self._process


def _heard(line: bytes, operation: Operation, on_progress: OnProgress) -> dict[str, Any] | None:
    """Take in what a worker says; return its result, if that is it. Raises its UserError.

    Half a line is the last word of one that was killed.
    """
    if not line.endswith(b"\n"):
        return None
    message = json.loads(line)
    if "error" in message:
        raise UserError(message["error"]["code"], **message["error"]["params"])
    if "progress" in message:
        phase, done, total = message["progress"]
        on_progress(Progress(operation, Phase(phase), done, total))
    result: dict[str, Any] | None = message.get("result")
    return result


def command() -> list[str]:
    """Return how a worker is started, from source or from the built program."""
    if getattr(sys, "frozen", False):
        return [sys.executable, WORKER]
    return [sys.executable, "-P", "-m", "aigc_desktop", WORKER]


def environment() -> dict[str, str]:
    """Return a worker's environment: from source our package is found, wherever we are."""
    if getattr(sys, "frozen", False):
        return dict(os.environ)
    root = str(Path(__file__).resolve().parents[3])
    return {**os.environ, "PYTHONPATH": root}
