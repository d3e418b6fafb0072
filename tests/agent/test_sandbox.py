"""What a command in the sandbox can use up, and what it cannot see. Real commands."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from aigc_desktop.agent import sandbox
from aigc_desktop.agent.sandbox import Sandbox


@pytest.fixture
def real() -> Sandbox:
    found = Sandbox.probe()
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
        env={"PATH": "/bin:/usr/bin"},
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
