"""Where commands run: in bubblewrap, else under Landlock (Linux) or Seatbelt (macOS), else bare.

What confines is tried at the start; where nothing does it is said, and every command asks.
"""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from aigc_desktop.agent.gateway import Door

PROBE_TIMEOUT = 5.0
PROBE = "cat /etc/shadow /private/etc/master.passwd /root/.profile 2>/dev/null && exit 1; exit 42"
PROBE_PASSED = 42
"""The probe runs and cannot read what no command needs."""

_FROZEN = bool(getattr(sys, "frozen", False))
_LANDLOCK_STAGE = Path(__file__).with_name("landlock_stage.py")
_RELAY_STAGE = Path(__file__).with_name("relay_stage.py")

PROFILE = """\
(version 1)
(deny default)
(allow process-fork process-exec)
(allow signal (target same-sandbox))
(allow sysctl-read)
(allow file-read-metadata)
(allow file-read*
  (literal "/") (subpath "/usr") (subpath "/bin") (subpath "/sbin") (subpath "/System")
  (subpath "/Library/Developer") (subpath "/opt/homebrew") (subpath "/private/etc/ssl")
  (literal "/private/etc/passwd") (literal "/private/etc/localtime") (subpath "/dev")
  (subpath (param "WORK")) (subpath (param "HOME")))
(allow file-write*
  (subpath (param "WORK")) (subpath (param "HOME"))
  (literal "/dev/null") (literal "/dev/tty") (literal "/dev/stdout") (literal "/dev/stderr"))
(deny network*)
"""
"""For macOS' sandbox-exec: a read allow-list, no network, no Mach services (so no keychain)."""

DOOR = '(allow network-outbound (remote ip "localhost:{port}"))\n'
"""What a command with granted hosts may reach as well: the gateway."""

_SEATBELT_STAGE = (
    'profile=$1; work=$2; shift 2; exec "$0" -p "$profile" -D "WORK=$work" -D "HOME=$HOME" "$@"'
)
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


class Kind(StrEnum):
    """What confines commands."""

    BUBBLEWRAP = "bubblewrap"
    LANDLOCK = "landlock"
    SEATBELT = "seatbelt"


@dataclass(frozen=True, slots=True)
class Sandbox:
    """How commands are confined; `reason` says why they are not, if so."""

    program: str | None
    reason: str = ""
    kind: Kind = Kind.BUBBLEWRAP

    @property
    def available(self) -> bool:
        """Whether commands are confined."""
        return self.program is not None

    @property
    def door_by_socket(self) -> bool:
        """Whether a gateway is reached by a socket, as the sandbox has a network of its own."""
        return self.kind is Kind.BUBBLEWRAP

    @classmethod
    def probe(cls) -> Sandbox:
        """Try what this system has, best first; return what works, or why nothing does."""
        reasons = []
        for candidate in cls._candidates():
            if candidate.program is None:
                reasons.append(candidate.reason)
                continue
            trouble = candidate._trouble()
            if trouble is None:
                return candidate
            reasons.append(f"{candidate.kind.value}: {trouble}")
        return cls(None, "; ".join(reasons) or "not available on this system")

    @classmethod
    def _candidates(cls) -> Iterator[Sandbox]:
        if sys.platform.startswith("linux"):
            bwrap = shutil.which("bwrap")
            yield cls(bwrap, "" if bwrap else "bubblewrap is not installed")
            yield cls(sys.executable, kind=Kind.LANDLOCK)
        elif sys.platform == "darwin":
            yield cls(shutil.which("sandbox-exec"), "no sandbox-exec", Kind.SEATBELT)

    def _trouble(self) -> str | None:
        """Return what keeps the sandbox from working; None if it confines."""
        with tempfile.TemporaryDirectory() as folder:
            try:
                done = subprocess.run(  # noqa: S603
                    self.wrap(PROBE, Path(folder)),
                    capture_output=True,
                    timeout=PROBE_TIMEOUT,
                    check=False,
                    env={"HOME": folder, "PATH": "/usr/bin:/bin"},
                )
            except (OSError, subprocess.TimeoutExpired) as error:
                return type(error).__name__
        if done.returncode == PROBE_PASSED:
            return None
        return done.stderr.decode("utf-8", "replace").strip()[:200] or f"exit {done.returncode}"

    def wrap(self, command: str, work_dir: Path, door: Door | None = None) -> Sequence[str]:
        """Return the argv that runs shell text in `work_dir`; its only way out is `door`."""
        if self.program is None:
            return _limited(_shell(command), processes=False)
        if self.kind is Kind.LANDLOCK:
            port = str(door.port) if door else "0"
            confined = _limited(_shell(command), processes=False)
            stage = _own_stage("--confined", _LANDLOCK_STAGE)
            return [self.program, *stage[1:], str(work_dir), port, *confined]
        if self.kind is Kind.SEATBELT:
            profile = PROFILE + (DOOR.format(port=door.port) if door else "")
            confined = _limited(_shell(command), processes=False)
            stage = ["/bin/sh", "-c", _SEATBELT_STAGE, self.program, profile]
            return [*stage, str(work_dir), *confined]
        return [
            self.program,
            *_fixed_arguments(),
            *_work_arguments(work_dir),
            *(_relayed(door) if door else ()),
            *_limited(_shell(command), processes=True),
        ]


def _own_stage(flag: str, script: Path) -> list[str]:
    """Return the argv that starts a stage of ours, in the built program or from source."""
    return [sys.executable, flag] if _FROZEN else [sys.executable, "-I", str(script)]


def _relayed(door: Door) -> list[str]:
    """Return what makes a gateway's socket reachable in the sandbox, and the relay's argv."""
    program = Path(sys.executable).parent if _FROZEN else Path(sys.base_prefix)
    seen = [
        program,
        *(() if _FROZEN else (_RELAY_STAGE,)),
        *((door.socket,) if door.socket else ()),
    ]
    binds = [word for path in seen for word in ("--ro-bind", str(path), str(path))]
    stage = _own_stage("--relayed", _RELAY_STAGE)
    if not _FROZEN:
        stage[0] = str(Path(sys.executable).resolve())
    return [*binds, *stage, str(door.socket), str(door.port)]


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
