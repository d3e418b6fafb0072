"""Runs Python where a folder is a disk of its own, as small as wanted."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


def run(disk: Path, size: int, *command: str, **env: str) -> Any:
    """Run `python command` with `disk` as a disk of `size` bytes; return the JSON it printed."""
    bwrap = shutil.which("bwrap")
    assert bwrap is not None, "scripts/test.sh installs bubblewrap"
    done = subprocess.run(
        [
            *(bwrap, "--dev-bind", "/", "/", "--size", str(size), "--tmpfs", str(disk), "--"),
            *(sys.executable, *command),
        ],
        cwd=ROOT,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])
