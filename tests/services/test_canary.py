"""A key goes to the server and nowhere else; nothing outside our folder changes; nobody stays."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import psutil

from aigc_desktop.services.app import App
from tests import scripted_server as script
from tests.scripted_server import ScriptedServer
from tests.services.conftest import Chat

CANARY = "sk-ant-CANARY-0123456789abcdef"
LOOK = "env; tr '\\0' '\\n' </proc/$PPID/environ; cat ~/.bashrc; sleep 60 & true"


def files(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


async def test_the_key_stays_where_it_belongs(
    connected: App,
    new_chat: Callable[[], Awaitable[Chat]],
    server: ScriptedServer,
    home: Path,
    allow_log: set[str],
) -> None:
    allow_log.add("api_key_invalid")
    (home / ".bashrc").write_text("# mine\n")
    before = {path: data for path, data in files(home).items() if "/aigc/" not in path}
    connected.secrets.set_for_this_session("server_api_key", CANARY)
    await connected.connection.changed()
    server.queue(
        script.call(("t1", "run_command", {"command": LOOK})),
        script.say("done"),
        script.fail(401, "authentication_error", f"bad key {CANARY}"),
    )
    talk = await new_chat()
    talk.answer_all("once")
    await talk.send("look around")
    await talk.send("again")
    assert server.requests[0].headers["x-api-key"] == CANARY
    assert len(server.requests) == 3
    after = files(home)
    assert [path for path, data in after.items() if CANARY.encode() in data] == []
    assert {path: data for path, data in after.items() if "/aigc/" not in path} == before
    assert [child.cmdline() for child in psutil.Process().children(recursive=True)] == []
