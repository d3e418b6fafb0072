"""Run in a home on a tiny disk: chats, fills the disk with so many KB left, makes room again."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

from aigc_desktop import bootstrap
from aigc_desktop.config.paths import Paths
from aigc_desktop.core.errors import UserError
from aigc_desktop.core.events import Event, NoticeCleared, NoticeRaised, TextDelta
from aigc_desktop.services import chat, connection, sessions

PATIENCE = 20.0


def fill(file: Path, leave: int) -> None:
    with file.open("wb") as out:
        while (room := os.statvfs(file).f_bavail * os.statvfs(file).f_frsize - leave) > 0:
            out.write(b"x" * min(room, 4096))
            out.flush()


async def main(leave_kb: int) -> None:
    paths = Paths.default()
    settings, bus, stop_logging = bootstrap.prepare(paths)
    loop = asyncio.get_running_loop()
    full, freed, streaming = asyncio.Event(), asyncio.Event(), asyncio.Event()

    def listen(event: Event) -> None:
        if isinstance(event, NoticeRaised) and event.code == "disk_full":
            loop.call_soon_threadsafe(full.set)
        elif isinstance(event, NoticeCleared) and event.key == "disk_full":
            loop.call_soon_threadsafe(freed.set)
        elif isinstance(event, TextDelta):
            loop.call_soon_threadsafe(streaming.set)

    bus.subscribe(listen)
    filler = paths.home / "filler"
    refused = ""
    async with bootstrap.open_app(paths, settings, bus) as app:
        await connection.use_demo(app)
        session = await sessions.create_session(app)
        await chat.send_message(app, session.id, "tell me something")
        await asyncio.wait_for(streaming.wait(), PATIENCE)
        fill(filler, leave_kb * 1024)
        await asyncio.wait_for(full.wait(), PATIENCE)
        try:
            await chat.send_message(app, session.id, "a second message")
        except UserError as error:
            refused = error.code
        filler.unlink()
        await asyncio.wait_for(freed.wait(), PATIENCE)
        await asyncio.wait_for(app.runner.wait(session.id), PATIENCE)
        snapshot = await chat.open_session(app, session.id)
    stop_logging()
    said = [item.text for item in snapshot.items]
    states = [turn.status.value for turn in snapshot.turns]
    print(json.dumps({"said": said, "states": states, "refused": refused}))


asyncio.run(main(int(sys.argv[1])))
