"""Case 17: a real disk that is full in the middle of a backup or a restore."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DISK_BYTES = 12 * 1024 * 1024


@pytest.mark.parametrize("preflight", ["preflight", "midway"])
@pytest.mark.parametrize("left_kb", [8, 200, 700])
@pytest.mark.parametrize("what", ["backup", "restore"])
def test_what_is_there_stays_and_nothing_is_left_over(
    what: str, left_kb: int, preflight: str, home: Path
) -> None:
    bwrap = shutil.which("bwrap")
    assert bwrap is not None, "scripts/test.sh installs bubblewrap"
    disk = home / "disk"
    disk.mkdir()
    done = subprocess.run(
        [
            *(bwrap, "--dev-bind", "/", "/", "--size", str(DISK_BYTES), "--tmpfs", str(disk)),
            *("--", sys.executable, "-m", "tests.faults.full_disk_backup"),
            *(what, str(left_kb), preflight),
        ],
        cwd=ROOT,
        env={**os.environ, "AIGC_HOME": str(disk / "aigc")},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout)
    assert found["code"] == "disk_full"
    assert found["same"] and found["sound"] and found["again"]
    assert found["listed"] == 1
    assert found["residue"] == []
