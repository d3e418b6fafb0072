"""Commands: confined, clean, capped, and nothing of them survives (CASES c99–103, c144–151)."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import psutil
import pytest

from aigc_desktop.agent import command
from aigc_desktop.agent.command import MAX_KEPT, Finished, run_command
from aigc_desktop.agent.sandbox import Sandbox

BARE = Sandbox(None, "test")


@pytest.fixture(scope="module")
def sandbox() -> Sandbox:
    found = Sandbox.probe()
    assert found.available, found.reason
    return found


@pytest.fixture(params=["sandboxed", "bare"])
def either(request: pytest.FixtureRequest, sandbox: Sandbox) -> Sandbox:
    return sandbox if request.param == "sandboxed" else BARE


async def run(sandbox: Sandbox, folder: Path, command: str, timeout: float = 20) -> Finished:
    return await run_command(
        sandbox.wrap(command, folder), cwd=folder, timeout=timeout, on_output=lambda _: None
    )


async def test_runs_in_the_folder_and_tells_the_exit_code(either: Sandbox, tmp_path: Path) -> None:
    done = await run(either, tmp_path, "pwd; echo 中文 > f; echo err >&2; exit 3")
    assert done == Finished(3, f"{tmp_path}\nerr\n", 0, False)
    assert (tmp_path / "f").read_text() == "中文\n"


async def test_environment_is_built_from_nothing(
    either: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-CANARY")
    done = await run(either, tmp_path, "env; cat /proc/self/environ")
    assert "CANARY" not in done.output
    assert "HOME=/tmp/" in done.output


async def test_input_is_at_its_end(either: Sandbox, tmp_path: Path) -> None:
    assert (await run(either, tmp_path, "cat; read x; echo over")).output == "over\n"


async def test_home_app_data_and_other_processes_are_out_of_reach(
    sandbox: Sandbox, tmp_path: Path, home: Path
) -> None:
    (home / ".ssh").mkdir()
    (home / ".ssh/id_rsa").write_text("CANARY")
    work = home / "aigc/work_dir"
    work.mkdir(parents=True)
    (home / "aigc/sessions.db").write_text("CANARY")
    done = await run(
        sandbox,
        work,
        f"cat {home}/.ssh/id_rsa {home}/aigc/sessions.db ../sessions.db;"
        f"ls /root /home; cat /proc/1/root{home}/.ssh/id_rsa; ls /proc/*/root{home};"
        "cat /etc/shadow; ls /run /var; tail -c 100 /proc/$PPID/environ",
    )
    assert "CANARY" not in done.output
    assert "root:" not in done.output


async def test_no_network(sandbox: Sandbox, tmp_path: Path) -> None:
    server = await asyncio.start_server(lambda r, w: w.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    done = await run(sandbox, tmp_path, f"exec 3<>/dev/tcp/127.0.0.1/{port} && echo reached")
    server.close()
    assert "reached" not in done.output
    assert (await run(BARE, tmp_path, "echo ok")).output == "ok\n"


@pytest.mark.parametrize(
    "command",
    [
        "sleep 100",
        "trap '' TERM; while :; do sleep 1; done",
        "setsid sh -c 'trap \"\" TERM; sleep 100' & sleep 100",
        "(sleep 100 &) ; (setsid sleep 100 &) ; sleep 100",
    ],
)
async def test_time_limit_ends_everything(either: Sandbox, tmp_path: Path, command: str) -> None:
    began = time.monotonic()
    done = await run(either, tmp_path, command, timeout=0.5)
    assert done.timed_out
    assert time.monotonic() - began < 20
    await nobody_left(tmp_path)


async def test_a_daemon_does_not_outlive_its_command(sandbox: Sandbox, tmp_path: Path) -> None:
    await run(sandbox, tmp_path, "setsid sleep 98 >/dev/null 2>&1 & echo started")
    await nobody_left(tmp_path)


async def test_cancelling_ends_everything(either: Sandbox, tmp_path: Path) -> None:
    task = asyncio.ensure_future(run(either, tmp_path, "echo on > flag; sleep 97 & sleep 97"))
    while not (tmp_path / "flag").exists():
        await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.wait([task])
    await nobody_left(tmp_path)


async def nobody_left(folder: Path) -> None:
    """The kernel takes a moment to end what was in a process space."""
    deadline = time.monotonic() + 5
    while survivors(folder) and time.monotonic() < deadline:
        await asyncio.sleep(0.01)
    assert not survivors(folder)


def survivors(folder: Path) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        try:
            if process.status() != psutil.STATUS_ZOMBIE and process.cwd() == str(folder):
                found.append(process)
        except psutil.Error:
            continue
    return found


async def test_endless_output_is_capped(either: Sandbox, tmp_path: Path) -> None:
    seen = 0

    def count(text: str) -> None:
        nonlocal seen
        seen += len(text)

    done = await run_command(
        either.wrap("head -c 60000000 /dev/zero | tr '\\0' x; echo; echo the end", tmp_path),
        cwd=tmp_path,
        timeout=60,
        on_output=count,
    )
    assert len(done.output) <= MAX_KEPT
    assert done.output.endswith("the end\n")
    assert done.dropped > 50_000_000
    assert seen < 1_000_000


def test_works_in_a_loop_of_another_thread(tmp_path: Path) -> None:
    import threading

    results: list[Finished] = []
    thread = threading.Thread(
        target=lambda: results.append(asyncio.run(run(BARE, tmp_path, "echo hi")))
    )
    thread.start()
    thread.join()
    assert results[0].output == "hi\n"


async def test_many_files_cannot_fill_the_disk(
    either: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "MAX_WRITTEN", 20_000_000)
    loop = "i=0; while :; do i=$((i+1)); head -c 5000000 /dev/zero > f$i; sleep 0.05; done"
    done = await run(either, tmp_path, loop)
    assert done.disk_full
    assert not done.timed_out
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) < 200_000_000
