"""A whole program whose model is the scripted server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from aigc_desktop.config import settings as config
from aigc_desktop.core.bus import EventBus
from aigc_desktop.core.events import ApprovalRequested, Event
from aigc_desktop.core.ports import ApprovalAnswer
from aigc_desktop.services import chat, sessions
from aigc_desktop.services.app import App
from tests.scripted_server import ScriptedServer


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    async with ScriptedServer().running() as server:
        yield server


@pytest.fixture
async def connected(app: App, server: ScriptedServer) -> App:
    """The program, connected to the scripted server."""
    app.settings.set(config.PROVIDER, "server")
    app.settings.set(config.BASE_URL, server.url)
    app.settings.set(config.MODEL, "claude-test")
    await app.connection.changed()
    return app


@pytest.fixture
def events(bus: EventBus) -> list[Event]:
    """Every event that is published, in order."""
    seen: list[Event] = []
    bus.subscribe(seen.append)
    return seen


class Chat:
    """A session and the few things that tests do in it."""

    def __init__(self, app: App, session_id: int) -> None:
        self.app = app
        self.session_id = session_id

    async def send(self, text: str) -> int:
        turn_id = await chat.send_message(self.app, self.session_id, text)
        await self.app.runner.wait(self.session_id)
        return turn_id

    def answer_all(self, answer: str) -> list[ApprovalRequested]:
        """Answer every question from now on; returns the list that they gather in."""
        asked: list[ApprovalRequested] = []
        loop = asyncio.get_running_loop()

        def listen(event: Event) -> None:
            if isinstance(event, ApprovalRequested):
                asked.append(event)
                loop.call_soon(
                    self.app.runner.answer,
                    event.turn_id,
                    event.tool_use_id,
                    ApprovalAnswer(answer),
                    event.fingerprint,
                )

        self.app.bus.subscribe(listen)
        return asked


@pytest.fixture
def new_chat(connected: App) -> Callable[[], object]:
    async def make() -> Chat:
        return Chat(connected, (await sessions.create_session(connected)).id)

    return make
