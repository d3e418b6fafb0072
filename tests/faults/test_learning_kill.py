"""kill -9 while learning: no half lesson, and the next run makes it whole (CASES a13).

A child process learns from feedback that is there, against a real server; it is killed at a random
moment. AIGC_KILLS_LEARNING sets how often.
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

import pytest

from aigc_desktop.config import settings as config
from aigc_desktop.config.paths import Paths
from aigc_desktop.core.learning import FeedbackKind, LessonState, Outcome
from aigc_desktop.services import learning, lessons
from aigc_desktop.services.app import App
from aigc_desktop.store import behavior, turns
from aigc_desktop.store import feedback as feedback_rows
from aigc_desktop.store import sessions as session_rows
from aigc_desktop.store.feedback import Signal
from aigc_desktop.store.store import Db
from tests.conftest import OpenApp

KILLS = int(os.environ.get("AIGC_KILLS_LEARNING", "8"))
ROOT = Path(__file__).parents[2]
ENTRIES = 6

CHILD = """
import asyncio, sys
from pathlib import Path
from aigc_desktop.bootstrap import open_app, prepare
from aigc_desktop.config.paths import Paths
from aigc_desktop.services import learning

async def main():
    paths = Paths(Path(sys.argv[1]))
    settings, bus, _ = prepare(paths)
    async with open_app(paths, settings, bus) as app:
        print("ready", flush=True)
        await learning.learn_all(app)
        print("done", flush=True)

asyncio.run(main())
"""

SERVER = """
import asyncio, json
from collections import deque
from tests.scripted_server import ScriptedServer, call

async def handle(exchange):
    entries = json.loads(exchange.body["messages"][0]["content"][0]["text"])["feedback"]["entries"]
    ids = [entry["id"] for entry in entries]
    await asyncio.sleep(0.1)
    found = [
        {"kind": "tone", "topic": f"topic {n}", "value": "yes", "text": f"Be kind, part {n}.",
         "scope": "global", "evidence": ids}
        for n in range(8)
    ]
    await call(("toolu_1", "report_preferences", {"preferences": found}))(exchange)

async def main():
    async with ScriptedServer(deque([handle])).running() as server:
        print(server.url, flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.fixture
def server() -> Iterator[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", SERVER], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert process.stdout is not None
    yield process.stdout.readline().strip()
    process.kill()
    process.wait()
    process.stdout.close()


def dislike(db: Db, now: int) -> None:
    """Give one more answer in a session of its own, and a bad opinion of it."""
    session = session_rows.create(db, "s", now)
    turn = turns.add_turn(db, session.id, None, "a request", turns.TurnStatus.DONE, now)
    feedback_rows.put(db, Signal(FeedbackKind.DISLIKE, turn.id, now, request="a request"))
    behavior.count_feedback(db, 1)


def learn_until_killed(paths: Paths, delay: float | None) -> float:
    """Let a child learn and kill it `delay` seconds after its start (None: let it finish).

    Returns how long it took.
    """
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(paths.home)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    began = time.monotonic()
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(delay)
    taken = time.monotonic() - began
    child.kill()
    child.wait()
    child.stdout.close()
    return taken


async def check_whole(app: App) -> int:
    """Everything that a run brings is there, or nothing of it; return how many lessons."""
    found = await lessons.list_lessons(app)
    cached, _ = await app.store.read(lambda db: behavior.user_cache(db, 1))
    assert len(found) in (0, 8)
    assert bool(found) == (cached is not None)
    for lesson in found:
        assert lesson.state is LessonState.PROPOSED
        assert await lessons.history_of(app, lesson.id)
    return len(found)


@pytest.mark.timeout(600)
async def test_no_half_lesson_and_a_rerun_changes_nothing(
    server: str, open_app: OpenApp, paths: Paths, capsys: pytest.CaptureFixture[str]
) -> None:
    chance = random.Random(20261125)
    seen = {"before": 0, "after": 0}
    async with open_app() as app:
        app.settings.set(config.PROVIDER, "server")
        app.settings.set(config.BASE_URL, server)
        app.settings.set(config.MODEL, "claude-test")
        for _ in range(ENTRIES):
            await app.store.write(lambda db: dislike(db, app.clock.now_ms()))
    usual = learn_until_killed(paths, None)
    for _ in range(KILLS):
        learn_until_killed(paths, chance.uniform(0.0, 1.2 * usual))
        async with open_app() as app:
            before = await check_whole(app)
            seen["after" if before else "before"] += 1
            await learning.learn_all(app)
            assert await check_whole(app) == 8
            runs = (await learning.learn_all(app)).runs
            assert runs[0].outcome is Outcome.UNCHANGED
            evidence = {len(each.evidence) for each in await lessons.list_lessons(app)}
            assert len(evidence) == 1, "every lesson has the same evidence"
            await app.store.write(_forget)
            await app.store.write(lambda db: dislike(db, app.clock.now_ms()))
    with capsys.disabled():
        print(json.dumps({"kills": KILLS, "states": seen}))


def _forget(db: Db) -> None:
    """Let everything be learned anew by the next child."""
    for table in ("lesson_changes", "lessons", "user_preferences_cache", "learning_runs"):
        db.exec_driver_sql(f"DELETE FROM {table}")
    db.exec_driver_sql("UPDATE session_preferences SET data_summary_hash = NULL")
