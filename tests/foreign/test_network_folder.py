"""The data on a real network file system (CASES a21): warned of, without a WAL, and kept."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from aigc_desktop import bootstrap
from aigc_desktop.config.paths import Paths
from aigc_desktop.config.settings import Settings
from aigc_desktop.core.bus import EventBus
from aigc_desktop.core.events import Event, NoticeRaised
from aigc_desktop.services import chat, sessions
from aigc_desktop.store import volume
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
        paths = Paths(folder / "aigc")
        paths.create()
        bus = EventBus()
        seen: list[Event] = []
        bus.subscribe(seen.append)
        async with bootstrap.open_app(paths, Settings(paths, bus), bus) as app:
            session = await sessions.create_session(app)
            await sessions.save_draft(app, session.id, "half")
            assert not Path(f"{paths.database}-wal").exists()
        async with bootstrap.open_app(paths, Settings(paths, bus), bus) as app:
            assert (await chat.open_session(app, session.id)).session.draft == "half"
    notices = [event.code for event in seen if isinstance(event, NoticeRaised)]
    assert "data_dir_shared" in notices
