"""Case 17: a real disk that is full in the middle of a backup or a restore."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults import tiny_disk

DISK_BYTES = 12 * 1024 * 1024


@pytest.mark.parametrize("preflight", ["preflight", "midway"])
@pytest.mark.parametrize("left_kb", [8, 200, 700])
@pytest.mark.parametrize("what", ["backup", "restore"])
def test_what_is_there_stays_and_nothing_is_left_over(
    what: str, left_kb: int, preflight: str, home: Path
) -> None:
    disk = home / "disk"
    disk.mkdir()
    command = ("-m", "tests.faults.full_disk_backup", what, str(left_kb), preflight)
    found = tiny_disk.run(disk, DISK_BYTES, *command, AIGC_HOME=str(disk / "aigc"))
    assert found["code"] == "disk_full"
    assert found["same"] and found["sound"] and found["again"]
    assert found["listed"] == 1
    assert found["residue"] == []
