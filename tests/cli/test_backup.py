"""`aigc-desktop backup` where something is wrong: what it says, what it returns, what it leaves."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from aigc_desktop.ops.backup.repository import CONFIGS

ROOT = Path(__file__).parents[2]


def run(home: Path, *arguments: str, language: str = "en") -> subprocess.CompletedProcess[str]:
    settings = home / "aigc/settings.json"
    settings.parent.mkdir(exist_ok=True)
    settings.write_text(json.dumps({"language": language}))
    done = subprocess.run(
        [sys.executable, "-m", "aigc_desktop", *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
        cwd=ROOT,
        env={**os.environ, "AIGC_HOME": str(home / "aigc")},
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done


def made(home: Path, *arguments: str) -> str:
    done = run(home, "backup", "create", "--json", *arguments)
    assert done.returncode == 0, done.stderr
    return str(json.loads(done.stdout)["snapshot"])


def test_a_database_that_cannot_be_used_is_replaced(home: Path) -> None:
    """Without a window: the backups are listed, and one of them takes its place."""
    snapshot = made(home)
    (home / "aigc/work_dir/later.txt").write_text("later")
    database = home / "aigc/data/sessions.db"
    database.write_bytes(b"\xa5" * database.stat().st_size)
    assert run(home, "sessions").returncode == 1
    listed = json.loads(run(home, "backup", "list", "--json").stdout)
    assert [each["id"] for each in listed] == [snapshot]
    assert run(home, "backup", "restore", "20260101T000000Z-00000000").returncode == 1
    assert run(home, "backup", "restore", snapshot, "--preview").returncode == 1
    assert database.read_bytes()[:1] == b"\xa5"
    done = run(home, "backup", "restore", snapshot)
    assert done.returncode == 0, done.stderr
    assert run(home, "sessions").returncode == 0
    assert (home / "aigc/work_dir/later.txt").read_text() == "later"
    assert len(list(database.parent.glob("damaged-*.db"))) == 1


def test_what_the_snapshot_does_not_have_is_said(home: Path) -> None:
    (home / "aigc/work_dir").mkdir(parents=True)
    (home / "aigc/work_dir/a.txt").write_text("a")
    snapshot = made(home)
    for wrong in (["--file", "a.txt"], ["--session", "nothing"], ["--file", "settings.json"]):
        done = run(home, "backup", "restore", snapshot, *wrong, "--json")
        assert done.returncode == 1
        assert json.loads(done.stdout)["code"] == "not_in_snapshot"
    assert [each["id"] for each in json.loads(run(home, "backup", "list", "--json").stdout)] == [
        snapshot
    ]
    (home / "aigc/work_dir/a.txt").unlink()
    assert run(home, "backup", "restore", snapshot, "--file", "work_dir/").returncode == 0
    assert (home / "aigc/work_dir/a.txt").read_text() == "a"


def test_a_passphrase_that_is_given_encrypts(home: Path) -> None:
    secret = home / "secret"
    secret.write_text("correct horse\n")
    snapshot = made(home, "--passphrase-file", str(secret))
    (shown,) = json.loads(run(home, "backup", "list", "--json").stdout)
    assert shown["encrypted"]
    assert run(home, "backup", "verify", snapshot).returncode == 1
    given = ("--passphrase-file", str(secret))
    assert run(home, "backup", "verify", snapshot, *given).returncode == 0


def test_without_a_keyring_the_passphrase_can_be_asked_for_each_time(home: Path) -> None:
    secret = home / "secret"
    secret.write_text("correct horse\n")
    given = ("--passphrase-file", str(secret))
    assert run(home, "backup", "passphrase", "--ask-again", *given).returncode == 0
    assert json.loads((home / "aigc/settings.json").read_text())["backup_encrypt"] is True
    assert "correct" not in (home / "aigc/settings.json").read_text()


@pytest.mark.parametrize(
    "arguments",
    [
        ("create", "--passphrase-file", "/nowhere/secret"),
        ("import", "/nowhere/file"),
        ("import", "/"),
    ],
)
def test_what_cannot_be_read_is_named(home: Path, arguments: tuple[str, ...]) -> None:
    done = run(home, "backup", *arguments, "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["code"] == "file_not_readable"


def test_the_list_is_in_the_users_language_and_steers_no_terminal(home: Path) -> None:
    made(home, "--label", "a\x1b[2Jb")
    shown = run(home, "backup", "list", language="zh_CN").stdout
    assert "手动创建" in shown and "manual" not in shown
    assert "\x1b" not in shown


def test_a_repository_without_its_configuration_is_not_called_empty(home: Path) -> None:
    made(home)
    for name in CONFIGS:
        (home / "aigc/backups" / name).unlink()
    done = run(home, "backup", "list", "--json")
    assert done.returncode == 1 and json.loads(done.stdout)["code"] == "backup_damaged"


def test_a_file_in_the_place_of_the_repository(home: Path) -> None:
    (home / "aigc").mkdir()
    (home / "aigc/backups").write_text("no folder")
    done = run(home, "backup", "list", "--json")
    assert done.returncode == 1 and json.loads(done.stdout)["code"] == "file_not_readable"


def test_what_a_restore_could_not_put_back_is_said(home: Path) -> None:
    """Something was put where a file belongs, and may not be taken away."""
    work_dir = home / "aigc/work_dir"
    work_dir.mkdir(parents=True)
    (work_dir / "a.txt").write_text("a")
    snapshot = made(home)
    (work_dir / "a.txt").unlink()
    (work_dir / "a.txt").mkdir()
    os.mkfifo(work_dir / "a.txt/pipe")
    done = run(home, "backup", "restore", snapshot)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "a.txt" in done.stderr
