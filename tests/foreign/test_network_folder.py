"""The data on a real network file system (CASES a21): warned of, without a WAL, and kept."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from aigc_desktop.store import volume
from tests import shared_folder
from tests.foreign.seaweed import Server

pytestmark = [
    pytest.mark.foreign,
    pytest.mark.timeout(300),
    pytest.mark.skipif(not os.access("/dev/fuse", os.W_OK), reason="there is no FUSE here"),
]


async def test_a_network_folder_is_warned_of_and_has_no_wal(server: Server, tmp_path: Path) -> None:
    folder = tmp_path / "share"
    folder.mkdir()
    with server.mounted(folder):
        assert volume.shared_by(folder) == "fuse.seaweedfs"
        assert "data_dir_shared" in await shared_folder.use(folder / "aigc")
