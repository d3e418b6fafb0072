"""The frozen program: built, started without any Python in sight, and put through its self-test."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from aigc_desktop import __version__

pytestmark = [pytest.mark.packaging, pytest.mark.timeout(900)]
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("bundle")
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "PyInstaller",
            "--noconfirm",
            "--log-level=WARN",
            f"--distpath={out / 'dist'}",
            f"--workpath={out / 'build'}",
            str(ROOT / "build.spec"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return out / "dist" / "aigc-desktop" / "aigc-desktop"


def environment(home: Path) -> dict[str, str]:
    return {
        "PATH": "/nowhere",
        "HOME": str(home),
        "AIGC_HOME": str(home / "aigc"),
        "QT_QPA_PLATFORM": "offscreen",
        "LANG": "C.UTF-8",
        "AIGC_DEMO_DELAY": "0",
    }


def run(program: Path, home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(program), *arguments],
        env=environment(home),
        cwd=home,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_version(program: Path, home: Path) -> None:
    assert run(program, home, "--version").stdout.strip() == f"aigc-desktop {__version__}"


def test_self_test(program: Path, home: Path) -> None:
    done = run(program, home, "--self-test")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("ok ") == 6
    assert "keyring.backends.SecretService" in done.stdout or sys.platform != "linux"


def test_ask(program: Path, home: Path) -> None:
    done = run(program, home, "ask", "write a report to r.md", "--model", "demo", "--yes")
    assert done.returncode == 0, done.stderr
    assert (home / "aigc/work_dir/r.md").exists()


def test_operations(program: Path, home: Path) -> None:
    jobs = json.loads(run(program, home, "jobs", "list", "--json").stdout)
    assert {job["name"] for job in jobs} >= {"learning", "backup", "drill", "retention", "prices"}
    made = run(program, home, "backup", "create", "--json")
    assert made.returncode == 0, made.stderr
    proven = run(program, home, "backup", "drill", "--json")
    assert proven.returncode == 0, proven.stderr
    checked = json.loads(run(program, home, "doctor", "--json").stdout)
    assert checked["results"]
    with subprocess.Popen(
        [str(program), "serve", "--port", "0"],
        env=environment(home),
        cwd=home,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stdout is not None
        assert "127.0.0.1" in server.stdout.readline()
        server.terminate()


def test_size(program: Path) -> None:
    total = sum(file.lstat().st_size for file in program.parent.rglob("*"))
    # Qt and Python 190 MB, the matcher 75 MB: embedding 32, numpy with its linear algebra 43.
    assert total < 275 * 1024 * 1024
