"""Parts of the self-test that need the services."""

from __future__ import annotations

import asyncio

from aigc_desktop.core.errors import UserError
from aigc_desktop.core.events import ApprovalRequested, Event
from aigc_desktop.core.ports import ApprovalAnswer
from aigc_desktop.core.session import TurnStatus
from aigc_desktop.services import chat, scenarios, sessions
from aigc_desktop.services.app import App
from aigc_desktop.store.engine import check_sqlite_version
from aigc_desktop.store.search import probe_full_text
from aigc_desktop.store.turns import get_turn

REQUEST = "Write a report to self-test.md"


def sqlite_with_full_text() -> str:
    """Return the SQLite version. Raises UserError when it is too old or has no FTS5."""
    check_sqlite_version()
    return probe_full_text()


async def main_job(app: App) -> str:
    """Let the demo model write a file, allowing what it asks; return what was done."""
    session = await sessions.create_session(app)
    await sessions.set_session_model(app, session.id, "demo")
    questions: list[ApprovalRequested] = []
    loop = asyncio.get_running_loop()

    def allow(event: Event) -> None:
        if isinstance(event, ApprovalRequested):
            questions.append(event)
            loop.call_soon(
                app.runner.answer,
                event.turn_id,
                event.tool_use_id,
                ApprovalAnswer.ONCE,
                event.fingerprint,
            )

    unsubscribe = app.bus.subscribe(allow)
    turn_id = await chat.send_message(app, session.id, REQUEST)
    await app.runner.wait(session.id)
    unsubscribe()
    turn = await app.store.read(lambda db: get_turn(db, turn_id))
    files = [file.path for file in await chat.changed_files(app, session.id)]
    if turn.status is not TurnStatus.DONE or not questions or files != ["self-test.md"]:
        raise UserError("internal_error", status=turn.status, files=files)
    return f"asked {len(questions)} time(s), wrote {files[0]}"


async def matching(app: App) -> str:
    """Match a request with the embedding. Raises UserError when that does not find its scenario."""
    await scenarios.settle_index(app)
    trial = await scenarios.try_request(app, "把这段话翻译成英文")
    if trial.match.scorer != "full" or trial.scenario.builtin != "translation":
        raise UserError("internal_error", match=trial.match)
    return f"{trial.scenario.name}, {trial.match.confidence:.0%}"


async def sessions_after_restart(app: App) -> str:
    """Return the titles that are there."""
    found = await sessions.list_sessions(app)
    if not found:
        raise UserError("session_not_found")
    snapshot = await chat.open_session(app, found[0].id)
    return f"{found[0].title!r} with {len(snapshot.items)} items"
