"""What a command in the sandbox can use up, and what it cannot see. Real commands."""

from __future__ import annotations

import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from aigc_desktop.agent import sandbox
from aigc_desktop.agent.sandbox import Kind, Sandbox


@pytest.fixture
def real() -> Sandbox:
    found = Sandbox.probe()
    assert found.kind is Kind.BUBBLEWRAP
    assert found.available, found.reason
    return found


@pytest.fixture
def landlock(monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """What a system without bubblewrap gets."""
    monkeypatch.setattr(sandbox.shutil, "which", lambda _name: None)
    found = Sandbox.probe()
    assert found.kind is Kind.LANDLOCK
    assert found.available, found.reason
    return found


def run(box: Sandbox, command: str, folder: Path, *prefix: str) -> subprocess.CompletedProcess[str]:
    argv = [*prefix, *box.wrap(command, folder)]
    return subprocess.run(
        argv,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd="/",
        env={"PATH": "/bin:/usr/bin", "HOME": str(folder)},
    )


def test_limits_are_set(real: Sandbox, tmp_path: Path) -> None:
    said = run(real, "ulimit -c; ulimit -n; ulimit -d; ulimit -f; ulimit -u", tmp_path).stdout
    assert said.split() == [
        "0",
        str(sandbox.MAX_OPEN_FILES),
        str(sandbox.MAX_MEMORY // 1024),
        str(sandbox.MAX_FILE // 1024),
        str(sandbox.MAX_PROCESSES),
    ]


def test_without_a_sandbox_there_are_limits_too(tmp_path: Path) -> None:
    said = run(Sandbox(None, "x"), "ulimit -c; ulimit -f", tmp_path).stdout
    assert said.split() == ["0", str(sandbox.MAX_FILE // 1024)]


def test_memory_is_capped(real: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "MAX_MEMORY", 200 * 1024 * 1024)
    done = run(real, "python3 -c 'x = bytearray(10**9)'; echo $?", tmp_path)
    assert "MemoryError" in done.stderr
    assert done.stdout == "1\n"


def test_a_file_cannot_grow_for_ever(
    real: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox, "MAX_FILE", 1024 * 1024)
    run(real, "head -c 50000000 /dev/zero > big", tmp_path)
    assert (tmp_path / "big").stat().st_size == 1024 * 1024


def test_the_temporary_folder_is_small_and_not_the_hosts(real: Sandbox, tmp_path: Path) -> None:
    done = run(real, "ls -A /tmp; df --output=size -B1 /tmp | tail -1", tmp_path)
    assert done.stdout.split()[-1] == str(sandbox.MAX_TMP)
    assert set(done.stdout.split()[:-1]) <= {"home", Path(tmp_path).parts[2]}


def test_a_fork_bomb_ends(real: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a plain user: root is never counted (getrlimit(2), RLIMIT_NPROC)."""
    monkeypatch.setattr(sandbox, "MAX_PROCESSES", 30)
    folder = tmp_path / "work"
    folder.mkdir()
    for place in (folder, *tmp_path.parents[:3], tmp_path):
        place.chmod(0o755)
    setpriv = shutil.which("setpriv")
    assert setpriv is not None
    prefix = (setpriv, "--reuid=65534", "--regid=65534", "--clear-groups")
    bomb = (
        "import os, time\nmade = 0\ntry:\n  while made < 100:\n    if os.fork() == 0:\n"
        "      time.sleep(30)\n    made += 1\nexcept BlockingIOError:\n  print('stopped at', made)"
    )
    done = run(real, f'exec python3 -c "{bomb}"', folder, *prefix)
    assert done.stdout.startswith("stopped at"), done


def test_the_text_of_a_command_is_passed_on_untouched(real: Sandbox, tmp_path: Path) -> None:
    text = "printf '%s|' \"a b\" 'c\"d' $'e\\nf' `echo g` \"$(echo h)\" *.none; true $1 $@"
    assert run(real, text, tmp_path).stdout == 'a b|c"d|e\nf|g|h|*.none|'


def test_landlock_confines_as_well(landlock: Sandbox, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("hidden")
    folder = tmp_path / "work"
    folder.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        port = server.getsockname()[1]
        text = (
            f"cat {secret}; echo x > {tmp_path}/evil; ls {tmp_path}; cat /etc/shadow;"
            f" cat /proc/$PPID/environ; exec 3<>/dev/tcp/127.0.0.1/{port}; echo out >&3;"
            " echo made > file; ulimit -c; exit 7"
        )
        done = run(landlock, text, folder)
        with pytest.raises(TimeoutError):
            server.accept()
    assert done.returncode == 7
    assert (folder / "file").read_text() == "made\n"
    assert "hidden" not in done.stdout
    assert done.stdout == "0\n"
    assert done.stderr.count("Permission denied") >= 4
    assert not (tmp_path / "evil").exists()


def test_what_does_not_work_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox.shutil, "which", lambda _name: None)
    monkeypatch.setattr(sandbox, "PROBE_PASSED", 0)
    found = Sandbox.probe()
    assert not found.available
    assert "bubblewrap is not installed; landlock: exit 42" in found.reason
    monkeypatch.setattr(sandbox.sys, "platform", "win32")
    assert Sandbox.probe().reason == "not available on this system"


def test_on_macos_the_profile_gets_the_folders_as_parameters(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """sandbox-exec itself is not here: a program that prints its arguments stands for it."""
    monkeypatch.setattr(sandbox.sys, "platform", "darwin")
    [candidate] = Sandbox._candidates()
    assert (candidate.program, candidate.kind) == (None, Kind.SEATBELT)
    box = Sandbox("/usr/bin/printf", kind=Kind.SEATBELT)
    argv = box.wrap("echo 'a b'", tmp_path / "with space")
    assert "(deny default)" in argv[4]
    assert "(deny network*)" in argv[4]
    monkeypatch.undo()
    shim = tmp_path / "sandbox-exec"
    shim.write_text('#!/bin/sh\nfor each in "$@"; do echo "[$each]"; done\n')
    shim.chmod(0o755)
    said = run(Sandbox(str(shim), kind=Kind.SEATBELT), "echo 'a b'", tmp_path).stdout
    assert f"[WORK={tmp_path}]" in said
    assert f"[HOME={tmp_path}]" in said
    assert said.endswith("[/bin/bash]\n[-c]\n[echo 'a b']\n")
