"""Jobs in real processes: killed while they run, and two processes that want the same one."""

from __future__ import annotations

import contextlib
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from aigc_desktop.config import settings as config
from aigc_desktop.config.paths import Paths
from aigc_desktop.core.bus import EventBus
from aigc_desktop.core.events import NoticeRaised
from aigc_desktop.core.jobs import JobCause, RunStatus
from aigc_desktop.services import job_list, jobs
from aigc_desktop.services.app import App
from aigc_desktop.store import jobs as rows
from tests.conftest import OpenApp
from tests.scripted_server import ScriptedServer, call, say
from tests.services.jobs_for_tests import make_job, use_jobs

KILLS = int(os.environ.get("AIGC_KILLS", "5"))
ROOT = Path(__file__).parents[2]

CHILD = """
import asyncio, os, sys, time
from pathlib import Path
from aigc_desktop.bootstrap import open_app, prepare
from aigc_desktop.config.paths import Paths
from aigc_desktop.ops.jobs import waker
from aigc_desktop.services import job_list
from aigc_desktop.store import jobs as rows
from tests.services.jobs_for_tests import make_job

log = Path(sys.argv[1], "ran.log")

async def work(app, progress, cause):
    with log.open("a") as file:
        file.write(f"begin {os.getpid()}\\n")
    await asyncio.sleep(float(sys.argv[2]))
    with log.open("a") as file:
        file.write(f"end {os.getpid()}\\n")
    return {"count": 1}

job_list._JOBS = (make_job(work),)
waker.WATCH_SECONDS = 0.3

async def main():
    paths = Paths(Path(sys.argv[1]))
    settings, bus, _ = prepare(paths)
    async with open_app(paths, settings, bus) as app:
        if sys.argv[3:] == ["due"]:
            now = app.clock.now_ms() - 1000
            await app.store.write(lambda db: rows.set_plan(db, "test", due_at=now))
        app.jobs.start(delay=0)
        print("ready", flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""


@pytest.fixture
def child(paths: Paths) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(paths.home), *arguments],
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def log_of(paths: Paths) -> list[str]:
    log = paths.home / "ran.log"
    return log.read_text().splitlines() if log.exists() else []


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


async def test_case_14_a_killed_job_is_aborted_and_there_is_no_storm(
    child: Callable[..., subprocess.Popen[str]],
    paths: Paths,
    open_app: OpenApp,
    bus: EventBus,
    allow_log: set[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    allow_log.add("was aborted")
    said: list[NoticeRaised] = []
    bus.subscribe(lambda event: said.append(event) if isinstance(event, NoticeRaised) else None)
    chance = random.Random(20261125)
    for number in range(KILLS):
        process = child("30", "due")
        until(lambda number=number: len(log_of(paths)) > number)  # type: ignore[misc]
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(chance.uniform(0, 0.1))
        process.kill()
        process.wait()
        use_jobs(monkeypatch, make_job(_never))
        async with open_app() as app:
            found = await jobs.history(app, "test")
            assert [run.status for run in found] == [RunStatus.ABORTED] * (number + 1)
            assert all(run.ended_at is not None for run in found)
            assert [each.code for each in said] == ["job_aborted"] * (number + 1)
            # Its next time is an hour ahead: a start after a crash does not begin it again.
            [view] = await jobs.list_jobs(app)
            assert view.due_at is not None
            assert view.due_at > app.clock.now_ms() + 3_000_000
            await app.jobs.look()
        job_list.all_jobs.cache_clear()


async def _never(app: App, progress: object, cause: object) -> dict[str, object]:
    raise AssertionError("must not run")


async def test_two_processes_run_a_due_job_once(
    child: Callable[..., subprocess.Popen[str]], paths: Paths, open_app: OpenApp
) -> None:
    first, second = child("1"), child("1")
    async with open_app() as app:
        for number in range(1, 4):
            now = app.clock.now_ms() - 1000
            # As if an hour had passed: neither process has looked at the new time yet.
            await app.store.write(lambda db, now=now: _make_due(db, now))  # type: ignore[misc]
            for process in (first, second):
                assert process.poll() is None
            until(lambda number=number: len(log_of(paths)) >= 2 * number)  # type: ignore[misc]
    begun = [line for line in log_of(paths) if line.startswith("begin")]
    assert len(begun) == 3


def _make_due(db: rows.Connection, now: int) -> None:
    db.exec_driver_sql("UPDATE job_runs SET started_at = started_at - 7200000")
    rows.set_plan(db, "test", due_at=now)


async def test_a_job_of_another_process_is_seen_and_not_begun(
    child: Callable[..., subprocess.Popen[str]],
    paths: Paths,
    open_app: OpenApp,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    child("30", "due")
    until(lambda: log_of(paths))
    use_jobs(monkeypatch, make_job(_never))
    async with open_app() as app:
        [view] = await jobs.list_jobs(app)
        assert view.running is not None
        with pytest.raises(Exception, match="job_running"):
            await jobs.run_job(app, "test")
        with pytest.raises(Exception, match="job_runs_elsewhere"):
            await jobs.stop_job(app, "test")
    job_list.all_jobs.cache_clear()


async def test_case_200_a_question_in_a_job_is_denied_and_logged(
    app: App, monkeypatch: pytest.MonkeyPatch, allow_log: set[str], caplog: pytest.LogCaptureFixture
) -> None:
    """A job that lets the agent work meets a question that nobody can answer."""
    from aigc_desktop.services import chat, sessions

    allow_log.add("nobody can be asked")
    async with ScriptedServer().running() as server:
        arguments = {"path": "made.txt", "content": "x"}
        server.queue(call(("c1", "write_file", arguments)), say("done"))
        app.settings.set(config.PROVIDER, "server")
        app.settings.set(config.BASE_URL, server.url)
        app.settings.set(config.MODEL, "claude-test")
        await app.connection.changed()

        async def work(app: App, progress: object, cause: object) -> dict[str, object]:
            session = await sessions.create_session(app)
            await chat.send_message(app, session.id, "write a file")
            await app.runner.wait(session.id)
            return {"count": 1}

        use_jobs(monkeypatch, make_job(work))
        run = await jobs.run_job(app, "test", JobCause.SCHEDULED)
    assert run.status is RunStatus.DONE
    assert "the job test wanted write_file: denied" in caplog.text
    assert not (app.paths.work_dir / "made.txt").exists()
    job_list.all_jobs.cache_clear()


def test_the_command_line_lists_runs_and_pauses(paths: Paths) -> None:
    def run(*arguments: str) -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, "-m", "aigc_desktop", "jobs", *arguments],
            check=False,
            capture_output=True,
            text=True,
            cwd=ROOT,
            env={**os.environ, "AIGC_HOME": str(paths.home)},
            timeout=60,
        )
        return done.returncode, done.stdout or done.stderr

    code, text = run("run", "prices", "--json")
    assert code == 0
    assert json.loads(text)["result"]["priced"] == 0
    code, text = run("pause", "prices")
    assert (code, text) == (0, "Paused\n")
    code, text = run("list", "--json")
    assert next(job for job in json.loads(text) if job["name"] == "prices")["paused"]
    code, text = run("list")
    assert "genai-prices" in text
    code, text = run("run", "nonsense")
    assert (code, "There is no job nonsense." in text) == (1, True)
