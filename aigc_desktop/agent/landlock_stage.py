"""Runs one command under Landlock and seccomp: the stage before the command, in its own process.

Started as a script (or by the built program with `--confined`), with the work directory, a
port and the command as arguments. It stands alone: nothing of ours is imported.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

READABLE = (
    *("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/proc", "/dev"),
    *("/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/alternatives", "/etc/ssl"),
    *("/etc/ca-certificates", "/etc/passwd", "/etc/group", "/etc/nsswitch.conf"),
    *("/etc/localtime", "/etc/mime.types"),
)
DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
MAX_PROCESSES = 512
FAILED = 125
"""Exit code when the sandbox could not be made; the command was not run then."""


def main(arguments: Sequence[str]) -> int:
    """Run `arguments[2:]` with `arguments[0]` and the home directory writable.

    `arguments[1]` is the one port of this machine that may be reached; 0: no network.
    """
    from sandlock import Sandbox
    from sandlock.exceptions import SandlockError

    work_dir, port, *command = arguments
    box = Sandbox(
        fs_readable=[path for path in READABLE if Path(path).exists()],
        fs_writable=[work_dir, os.environ["HOME"], *DEVICES],
        cwd=work_dir,
        max_processes=MAX_PROCESSES,
        net_allow=[f"127.0.0.1:{port}"] if port != "0" else [],
    )
    try:
        return int(box.run_interactive(command))
    except SandlockError as error:
        print(f"sandbox: {error}", file=sys.stderr)
        return FAILED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
