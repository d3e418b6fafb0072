"""Runs one command: own session, environment from nothing, streamed and capped, no survivors."""

from __future__ import annotations

import asyncio
import codecs
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

MAX_KEPT = 8 * 1024 * 1024
"""Bytes of output that are kept: the newest."""

MAX_STREAMED = 256 * 1024
"""Characters that are shown while it runs; the result follows whole."""

GRACE = 2.0
"""Seconds between TERM and KILL."""

MAX_WRITTEN = 8 * 1024 * 1024 * 1024
"""Bytes by which the free space may shrink while a command runs."""

MIN_FREE = 512 * 1024 * 1024
"""Bytes that stay free: for the program's own store, among others."""

DISK_CHECK = 0.25
"""Seconds between two looks at the free space."""

_CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True)
class Finished:
    """How a command ended. `dropped` counts output bytes that were not kept."""

    exit_code: int
    output: str
    dropped: int
    timed_out: bool
    disk_full: bool = False


async def run_command(
    argv: Sequence[str],
    *,
    cwd: Path,
    timeout: float,
    on_output: Callable[[str], None],
    extra: Mapping[str, str] | None = None,
) -> Finished:
    """Run `argv` and return how it ended; `on_output` gets the output as it comes.

    `extra` is added to the clean environment: where a gateway is found.
    Cancelling ends the process and everything it started.
    """
    with tempfile.TemporaryDirectory(prefix="aigc-home-", ignore_cleanup_errors=True) as home:
        # Not in a thread: a cancellation meanwhile would leave a process that nobody knows.
        process = _start(argv, cwd, {**clean_environment(home), **(extra or {})})
        reader = _Reader(process, on_output, asyncio.get_running_loop())
        reader.start()
        timed_out = disk_full = False
        try:
            async with asyncio.timeout(timeout):
                disk_full = await _until_end_or_full(reader.finished, cwd)
        except TimeoutError:
            timed_out = True
        finally:
            await asyncio.shield(asyncio.to_thread(_end, process, home))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GRACE):
                await reader.finished.wait()
        return Finished(process.wait(), reader.text(), reader.dropped, timed_out, disk_full)


async def _until_end_or_full(finished: asyncio.Event, cwd: Path) -> bool:
    """Wait for the end; return True as soon as the command has used up its share of the disk."""
    before = shutil.disk_usage(cwd).free
    least = max(before - MAX_WRITTEN, min(before // 2, MIN_FREE))
    while not finished.is_set():
        if shutil.disk_usage(cwd).free < least:
            return True
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(finished.wait(), DISK_CHECK)
    return False


def clean_environment(home: str) -> Mapping[str, str]:
    """Return the environment of a command: nothing is inherited but what a shell needs."""
    environment = {
        "HOME": home,
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "TERM": "dumb",
        "PYTHONIOENCODING": "utf-8",
        "PAGER": "cat",
        "GIT_TERMINAL_PROMPT": "0",
    }
    if sys.platform == "win32":
        for name in ("SYSTEMROOT", "COMSPEC", "PATHEXT", "PATH"):
            environment[name] = os.environ.get(name, "")
        environment |= {"USERPROFILE": home, "TEMP": home, "TMP": home}
    return environment


def _start(argv: Sequence[str], cwd: Path, env: dict[str, str]) -> subprocess.Popen[bytes]:
    flags = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
    return subprocess.Popen(  # noqa: S603 the argv is ours; the shell text in it was allowed
        list(argv),
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=sys.platform != "win32",
        creationflags=flags,
        close_fds=True,
    )


def _end(process: subprocess.Popen[bytes], home: str) -> None:
    """End the process and all that it started, also what moved to a session of its own."""
    family = _family(process, home)
    _signal(process, signal.SIGTERM, family)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(GRACE)
    family |= _family(process, home)
    _signal(process, getattr(signal, "SIGKILL", signal.SIGTERM), family)
    process.wait()


def _family(process: subprocess.Popen[bytes], home: str) -> set[psutil.Process]:
    """Return what the command started; a daemon that left is known by its home directory."""
    found: set[psutil.Process] = set()
    with contextlib.suppress(psutil.Error):
        found |= set(psutil.Process(process.pid).children(recursive=True))
    for candidate in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if candidate.environ().get("HOME") == home:
                found.add(candidate)
    return found


def _signal(
    process: subprocess.Popen[bytes], number: signal.Signals, family: set[psutil.Process]
) -> None:
    if sys.platform != "win32":
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, number)
    elif process.poll() is None:
        process.kill()
    for member in family:
        with contextlib.suppress(psutil.Error):
            member.send_signal(number)


class _Reader(threading.Thread):
    """Reads the output in a thread: works on every system and in any thread's loop."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        on_output: Callable[[str], None],
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        super().__init__(name="command-output", daemon=True)
        self.finished = asyncio.Event()
        self.dropped = 0
        self._process = process
        self._on_output = on_output
        self._loop = loop
        self._kept: deque[bytes] = deque()
        self._size = 0
        self._streamed = 0
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def run(self) -> None:
        pipe = self._process.stdout
        assert pipe is not None
        with contextlib.suppress(OSError, ValueError):
            while chunk := os.read(pipe.fileno(), _CHUNK):
                self._keep(chunk)
                text = self._decoder.decode(chunk)
                if text and self._streamed < MAX_STREAMED:
                    self._streamed += len(text)
                    self._call(self._on_output, text)
        with contextlib.suppress(OSError):
            pipe.close()
        self._process.wait()
        self._call(self.finished.set)

    def text(self) -> str:
        """Return what was kept of the output."""
        return b"".join(tuple(self._kept)).decode("utf-8", "replace")

    def _keep(self, chunk: bytes) -> None:
        self._kept.append(chunk)
        self._size += len(chunk)
        while self._size > MAX_KEPT:
            oldest = self._kept.popleft()
            self._size -= len(oldest)
            self.dropped += len(oldest)

    def _call(self, function: Callable[..., None], *args: str) -> None:
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(function, *args)
