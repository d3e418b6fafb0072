"""Where commands run: in bubblewrap where the system has it, else bare, and said so."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

PROBE_TIMEOUT = 5.0
_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
_ETC = (
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/alternatives",
    "/etc/ssl",
    "/etc/ca-certificates",
    "/etc/passwd",
    "/etc/group",
    "/etc/nsswitch.conf",
    "/etc/localtime",
    "/etc/mime.types",
)
MAX_PROCESSES = 512
MAX_MEMORY = 4 * 1024 * 1024 * 1024
"""Bytes of data that one process may have; address space alone is not counted (V8 and Go reserve
much more than they use)."""

MAX_FILE = 2 * 1024 * 1024 * 1024
MAX_TMP = 512 * 1024 * 1024
MAX_OPEN_FILES = 4096

_HOME = "/tmp/home"  # noqa: S108 inside the sandbox's own /tmp


@dataclass(frozen=True, slots=True)
class Sandbox:
    """How commands are confined; `reason` says why they are not, if so."""

    program: str | None
    reason: str = ""

    @property
    def available(self) -> bool:
        """Whether commands are confined."""
        return self.program is not None

    @classmethod
    def probe(cls) -> Sandbox:
        """Try the sandbox once and return what can be used."""
        if not sys.platform.startswith("linux"):
            return cls(None, "not available on this system")
        program = shutil.which("bwrap")
        if program is None:
            return cls(None, "bubblewrap is not installed")
        sandbox = cls(program)
        try:
            done = subprocess.run(  # noqa: S603
                sandbox.wrap("exit 42", Path("/usr")),
                capture_output=True,
                timeout=PROBE_TIMEOUT,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return cls(None, type(error).__name__)
        if done.returncode != 42:
            return cls(None, done.stderr.decode("utf-8", "replace").strip()[:200])
        return sandbox

    def wrap(self, command: str, work_dir: Path) -> Sequence[str]:
        """Return the argv that runs shell text in `work_dir`."""
        if self.program is None:
            return _limited(_shell(command), processes=False)
        return [
            self.program,
            *_fixed_arguments(),
            *_work_arguments(work_dir),
            *_limited(_shell(command), processes=True),
        ]


def _shell(command: str) -> list[str]:
    if sys.platform == "win32":
        return [os.environ.get("COMSPEC", "cmd.exe"), "/d", "/s", "/c", command]
    bash = "/bin/bash"
    return [bash if Path(bash).exists() else "/bin/sh", "-c", command]


def _limited(argv: list[str], *, processes: bool) -> list[str]:
    """Return an argv that sets limits first; the text of the command is passed on, not parsed.

    The number of processes is limited where they are counted apart: in a user namespace.
    """
    if sys.platform == "win32":
        return argv
    limits = {"c": 0, "n": MAX_OPEN_FILES, "d": MAX_MEMORY // 1024, "f": MAX_FILE // 1024}
    if processes and argv[0].endswith("bash"):
        limits["u"] = MAX_PROCESSES
    stage = "; ".join(f"ulimit -{flag} {value} 2>/dev/null" for flag, value in limits.items())
    return [argv[0], "-c", f'{stage}; exec "$@"', "limits", *argv]


@functools.cache
def _fixed_arguments() -> tuple[str, ...]:
    """A read allow-list, an empty home, no network, a process space of its own."""
    arguments = ["--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
    for path in _SYSTEM:
        if Path(path).is_symlink():
            arguments += ["--symlink", str(Path(path).readlink()), path]
        elif Path(path).exists():
            arguments += ["--ro-bind", path, path]
    for path in _ETC:
        arguments += ["--ro-bind-try", path, path]
    return (
        *arguments,
        "--dev",
        "/dev",
        "--proc",
        "/proc",
        "--size",
        str(MAX_TMP),
        "--tmpfs",
        "/tmp",  # noqa: S108
        "--dir",
        _HOME,
        "--setenv",
        "HOME",
        _HOME,
    )


def _work_arguments(work_dir: Path) -> list[str]:
    return ["--bind", str(work_dir), str(work_dir), "--chdir", str(work_dir)]
