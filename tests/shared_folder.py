"""Uses a data directory that other computers can reach, as a person would."""

from __future__ import annotations

from pathlib import Path

from aigc_desktop import bootstrap
from aigc_desktop.config.paths import Paths
from aigc_desktop.config.settings import Settings
from aigc_desktop.core.bus import EventBus
from aigc_desktop.core.events import Event, NoticeRaised
from aigc_desktop.services import chat, sessions


async def use(home: Path) -> list[str]:
    """Write a draft in `home`, leave, come back for it; return the codes of all notices.

    There is never a write-ahead log: its shared memory works on one computer only.
    """
    paths = Paths(home)
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
    return [event.code for event in seen if isinstance(event, NoticeRaised)]
