"""Case 16: a real disk that is full in the middle of a chat, and has room again later."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults import tiny_disk

DISK_BYTES = 4 * 1024 * 1024


@pytest.mark.parametrize("left_kb", [0, 16])
def test_what_was_said_is_kept_in_memory_and_written_later(left_kb: int, home: Path) -> None:
    disk = home / "disk"
    disk.mkdir()
    command = ("-m", "tests.faults.full_disk", str(left_kb))
    env = {"AIGC_HOME": str(disk / "aigc"), "AIGC_DEMO_DELAY": "0.03"}
    found = tiny_disk.run(disk, DISK_BYTES, *command, **env)
    assert found["said"][0] == "tell me something"
    assert "demo model" in found["said"][-1]
    assert found["refused"] in ("", "disk_full")
    assert found["states"][0] == "done"
