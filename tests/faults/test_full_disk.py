"""Case 16: a real disk that is full in the middle of a chat, and has room again later."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DISK_BYTES = 4 * 1024 * 1024


@pytest.mark.parametrize("left_kb", [0, 16])
def test_what_was_said_is_kept_in_memory_and_written_later(left_kb: int, home: Path) -> None:
    bwrap = shutil.which("bwrap")
    assert bwrap is not None, "scripts/test.sh installs bubblewrap"
    disk = home / "disk"
    disk.mkdir()
    done = subprocess.run(
        [
            *(bwrap, "--dev-bind", "/", "/", "--size", str(DISK_BYTES), "--tmpfs", str(disk)),
            *("--", sys.executable, "-m", "tests.faults.full_disk", str(left_kb)),
        ],
        cwd=ROOT,
        env={**os.environ, "AIGC_HOME": str(disk / "aigc"), "AIGC_DEMO_DELAY": "0.03"},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout)
    assert found["said"][0] == "tell me something"
    assert "demo model" in found["said"][-1]
    assert found["refused"] in ("", "disk_full")
    assert found["states"][0] == "done"
