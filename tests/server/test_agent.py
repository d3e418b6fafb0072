"""Case 194: the agent calls our own port, in the mode that never asks."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from aigc_desktop.config import settings as config
from aigc_desktop.core import http
from aigc_desktop.core.transcript import ToolState
from aigc_desktop.server.guard import GuardedProtocol
from aigc_desktop.services import chat, sessions, tokens
from aigc_desktop.services.app import App
from tests import scripted_server as script
from tests.scripted_server import ScriptedServer


def calls(port: int, token: str) -> list[tuple[str, dict[str, Any]]]:
    """Return what is tried; the agent has even got hold of a token."""
    health = f"http://127.0.0.1:{port}{http.HEALTH}"
    stats = f"http://localhost:{port}{http.STATS}"
    bearer = f"-H 'Authorization: Bearer {token}'"
    connect = f"import socket; socket.create_connection(('127.0.0.1', {port}), 2)"
    commands = [
        f"curl -sm2 {health}",
        f"curl -sm2 {bearer} {stats}",
        f'python3 -c "{connect}; print(99)"',
        f"exec 3<>/dev/tcp/127.0.0.1/{port} && echo 99",
    ]
    return [
        *(("run_command", {"command": command, "timeout": 3}) for command in commands),
        ("run_command", {"command": commands[1], "timeout": 3, "hosts": ["localhost"]}),
        ("run_command", {"command": commands[0], "timeout": 3, "hosts": ["127.0.0.1"]}),
        ("web_fetch", {"url": health}),
        ("web_fetch", {"url": stats}),
    ]


async def test_case_194_the_agent_does_not_reach_us(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Any] = []
    connect = GuardedProtocol.connection_made

    def noted(self: GuardedProtocol, transport: asyncio.Transport) -> None:
        made.append(transport)
        connect(self, transport)

    monkeypatch.setattr(GuardedProtocol, "connection_made", noted)
    state = await app.http.start(0)
    token = (await tokens.create_token(app, 3600)).token
    async with ScriptedServer().running() as server:
        for number, (name, arguments) in enumerate(calls(state.port, token)):
            server.queue(script.call((f"c{number}", name, arguments)))
        server.queue(script.say("done"))
        for setting, value in (
            (config.PROVIDER, "server"),
            (config.BASE_URL, server.url),
            (config.MODEL, "claude-test"),
            (config.PERMISSION_MODE, "auto"),
        ):
            app.settings.set(setting, value)
        await app.connection.changed()
        session = await sessions.create_session(app)
        await chat.send_message(app, session.id, "look around")
        await app.runner.wait(session.id)
    snapshot = await chat.open_session(app, session.id)
    tools = [item.tool for item in snapshot.items if item.tool is not None]
    assert len(tools) == len(calls(0, ""))
    for tool in tools:
        assert '"status"' not in tool.result
        assert "total_sessions" not in tool.result
        assert "99" not in tool.result or tool.state is not ToolState.DONE
    assert made == [], "nothing of the agent's came to our port"
