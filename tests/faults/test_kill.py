"""kill -9 at random moments of a turn: nothing acknowledged is lost, no tool runs twice.

A child process does the main job against the scripted server (a process too); it is killed while
it streams, runs its command, or commits (CASES a1–a4). AIGC_KILLS sets how often.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from sqlalchemy import text

from aigc_desktop import bootstrap
from aigc_desktop.config.paths import Paths
from aigc_desktop.config.settings import Settings
from aigc_desktop.core.bus import EventBus
from aigc_desktop.core.content import ToolResultBlock, ToolUseBlock
from aigc_desktop.core.session import TurnStatus
from aigc_desktop.services import chat, sessions
from aigc_desktop.store import messages, turns
from aigc_desktop.store.store import Db, Store
from tests.conftest import OpenApp

KILLS = int(os.environ.get("AIGC_KILLS", "10"))
ROOT = Path(__file__).parents[2]

CHILD = """
import asyncio, sys
from pathlib import Path
from aigc_desktop.bootstrap import open_app, prepare
from aigc_desktop.config import settings as config
from aigc_desktop.config.paths import Paths
from aigc_desktop.core.events import BlockStarted, ToolStarted
from aigc_desktop.services import chat, sessions

async def main():
    paths = Paths(Path(sys.argv[1]))
    settings, bus, _ = prepare(paths)
    async with open_app(paths, settings, bus) as app:
        settings.set(config.PROVIDER, "server")
        settings.set(config.BASE_URL, sys.argv[2])
        settings.set(config.MODEL, "claude-test")
        settings.set(config.PERMISSION_MODE, "auto")
        session = await sessions.create_session(app)
        turn = await chat.send_message(app, session.id, sys.argv[3])
        print("acknowledged", turn, flush=True)
        await app.runner.wait(session.id)
        print("done", flush=True)

asyncio.run(main())
"""


@pytest.fixture
def server() -> Iterator[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.scripted_server"],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert process.stdout is not None
    yield process.stdout.readline().strip()
    process.kill()
    process.wait()
    process.stdout.close()


def run_until_killed(paths: Paths, server: str, text: str, delay: float | None) -> float:
    """Run the child, kill it `delay` seconds after its message was acknowledged (None: let it
    finish); return how many seconds it ran after that."""
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(paths.home), server, text],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert child.stdout is not None
    assert child.stdout.readline().startswith("acknowledged")
    began = time.monotonic()
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(delay)
    taken = time.monotonic() - began
    family = psutil.Process(child.pid).children(recursive=True) if child.poll() is None else []
    child.kill()
    child.wait()
    child.stdout.close()
    _, alive = psutil.wait_procs(family, timeout=5)
    assert not alive, "a command outlived the program"
    return taken


def effects(paths: Paths) -> int:
    log = paths.work_dir / "effects.log"
    return log.read_text().count("ran") if log.exists() else 0


def check_turn(store: Store, turn_id: int, request: str, effects_now: int) -> str:
    turn = store.read_sync(lambda db: turns.get_turn(db, turn_id))
    assert turn.user_text == request
    assert turn.status in (TurnStatus.INTERRUPTED, TurnStatus.DONE)
    found = store.read_sync(lambda db: messages.messages_of(db, [turn_id]))
    calls = {m.block.id for m in found if isinstance(m.block, ToolUseBlock)}
    results = {
        m.block.tool_use_id: m.extra.get("state")
        for m in found
        if isinstance(m.block, ToolResultBlock)
    }
    assert set(results) == calls
    state = next(iter(results.values()), "none")
    assert effects_now <= 1
    if state in ("none", "not_run"):
        assert effects_now == 0
    if state == "done":
        assert effects_now == 1
    return str(state)


async def test_kill_campaign(
    server: str, open_app: OpenApp, paths: Paths, capsys: pytest.CaptureFixture[str]
) -> None:
    chance = random.Random(20261124)
    seen: dict[str, int] = {}
    began = time.monotonic()
    usual = run_until_killed(paths, server, "not killed", None)
    for number in range(KILLS):
        before = effects(paths)
        request = f"request {number} 请求"
        run_until_killed(paths, server, request, chance.uniform(0.0, 1.1 * usual))
        async with open_app() as app:
            newest = (await app.store.read(_newest_turn))[0]
            state = check_turn(app.store, newest, request, effects(paths) - before)
            seen[state] = seen.get(state, 0) + 1
            assert not app.runner.running_sessions()
    with capsys.disabled():
        print(json.dumps({"kills": KILLS, "states": seen, "s": round(time.monotonic() - began, 1)}))
    if KILLS >= 10:
        assert len(seen) >= 2


async def test_the_session_goes_on_after_a_kill(server: str, paths: Paths, bus: EventBus) -> None:
    usual = run_until_killed(paths, server, "not killed", None)
    run_until_killed(paths, server, "first", usual / 2)
    async with bootstrap.open_app(paths, Settings(paths, bus), bus) as app:
        session = (await sessions.list_sessions(app))[0]
        turn_id = await chat.send_message(app, session.id, "second")
        await app.runner.wait(session.id)
        turn = await app.store.read(lambda db: turns.get_turn(db, turn_id))
        assert turn.status is TurnStatus.DONE


def _newest_turn(db: Db) -> list[int]:
    return list(db.execute(text("SELECT max(id) FROM turns")).scalars())
