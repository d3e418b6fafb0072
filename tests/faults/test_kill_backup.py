"""kill -9 at random moments of backups and restores: old or new, never between (CASES a10, a11).

The work is done by a child process, as in the program. AIGC_KILLS_BACKUP and AIGC_KILLS_RESTORE
set how often it is killed.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from sqlcipher3 import dbapi2

from aigc_desktop.ops.backup import catalog, job, staging
from aigc_desktop.ops.backup import state as backup_state
from aigc_desktop.ops.backup.repository import Repository
from tests.ops.backup.conftest import Home, filled, make_home, tree

__all__ = ["filled", "make_home"]

BACKUP_KILLS = int(os.environ.get("AIGC_KILLS_BACKUP", "15"))
RESTORE_KILLS = int(os.environ.get("AIGC_KILLS_RESTORE", "15"))
ROOT = Path(__file__).parents[2]

CHILD = """
import sys
from pathlib import Path
from aigc_desktop.config.paths import Paths
from aigc_desktop.ops.backup import create, job, restore, staging, worker
given = job.load(sys.stdin.buffer.readline())
print("begun", flush=True)
answer = worker.do(given, lambda message: None)
assert "result" in answer, answer
if given.name == "stage":
    staging.finish(Paths(Path(given.home)))
print("done", flush=True)
"""


def run(home: Home, name: str, delay: float | None, **options: object) -> float | None:
    """Do a job in a child, to be killed `delay` seconds after it began.

    Return the seconds that it took, None if it was killed.
    """
    given = replace(home.job, name=name, options=dict(options))
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    )
    assert child.stdin is not None and child.stdout is not None
    child.stdin.write(job.dump(given))
    child.stdin.flush()
    assert child.stdout.readline() == b"begun\n"
    began = time.monotonic()
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(delay)
    took = time.monotonic() - began
    killed = child.poll() is None
    child.kill()
    child.wait()
    child.stdin.close()
    child.stdout.close()
    assert killed or child.returncode == 0
    return None if killed else took


def duration(home: Home, name: str, **options: object) -> float:
    took = run(home, name, None, **options)
    assert took is not None
    return took


def alter(home: Home, chance: random.Random) -> None:
    """Change what the next backup has to store."""
    home.write("changing.bin", chance.randbytes(1_500_000))
    home.write(f"notes/{chance.randrange(4)}/n.md", chance.randbytes(300))
    with contextlib.closing(dbapi2.connect(str(home.paths.database))) as db:
        db.execute("UPDATE sessions SET title = ?", (chance.randbytes(8).hex(),))
        db.commit()


@pytest.mark.timeout(3600)
def test_kills_while_backing_up(filled: Home, capsys: pytest.CaptureFixture[str]) -> None:
    chance = random.Random(10)
    filled.create()
    alter(filled, chance)
    usual = duration(filled, "create", label="", cause="manual")
    killed = made = 0
    for _ in range(BACKUP_KILLS):
        alter(filled, chance)
        before = set(Repository.open(filled.repository).snapshot_ids())
        moment = chance.uniform(0, usual * 1.1)
        killed += run(filled, "create", moment, label="", cause="manual") is None
        after = set(Repository.open(filled.repository).snapshot_ids())
        assert before <= after
        for snapshot_id in after - before:
            made += 1
            assert filled.do("verify", snapshot=snapshot_id)["ok"]
    last = filled.create()
    for each in catalog.snapshots(filled.repository, catalog.origin(filled.paths))[:5]:
        assert filled.do("verify", snapshot=each.id)["ok"]
    filled.do("prune")
    assert filled.do("verify", snapshot=last)["ok"]
    assert not list(filled.repository.rglob(".*.part"))
    with capsys.disabled():
        print(json.dumps({"backups": BACKUP_KILLS, "killed": killed, "whole": made}))


@pytest.mark.timeout(3600)
def test_kills_while_pruning(filled: Home) -> None:
    chance = random.Random(12)
    for _ in range(max(BACKUP_KILLS // 5, 3)):
        kept = filled.create()
        for _ in range(2):
            alter(filled, chance)
            filled.create()
        gone = Repository.open(filled.repository).snapshot_ids()[-2]
        run(filled, "delete", chance.uniform(0, 0.25), snapshot=gone)
        for snapshot_id in {kept, Repository.open(filled.repository).snapshot_ids()[-1]}:
            assert filled.do("verify", snapshot=snapshot_id)["ok"]


def state(home: Home) -> dict[str, object]:
    """Return all that a restore changes."""
    with contextlib.closing(dbapi2.connect(str(home.paths.database))) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        titles = db.execute("SELECT title FROM sessions ORDER BY id").fetchall()
        messages = db.execute("SELECT count(*) FROM messages").fetchone()
    return {
        "files": tree(home.paths.work_dir),
        "titles": titles,
        "messages": messages,
        "settings": home.paths.settings_file.read_bytes(),
    }


@pytest.mark.timeout(3600)
def test_kills_while_restoring(filled: Home, capsys: pytest.CaptureFixture[str]) -> None:
    chance = random.Random(11)
    snapshots = [filled.create("one")]
    states = [state(filled)]
    alter(filled, chance)
    filled.paths.settings_file.write_text('{"language": "zh_CN"}')
    (filled.paths.work_dir / "big.bin").unlink()
    (filled.paths.work_dir / "link").unlink()
    filled.write("link/inside.txt", b"a folder now")
    snapshots.append(filled.create("other"))
    states.append(state(filled))
    at, killed, new = 1, 0, 0
    for goal in (0, 1):
        usual = duration(filled, "stage", snapshot=snapshots[goal], replace=True, undo=False)
        assert state(filled) == states[goal]
    for _ in range(RESTORE_KILLS):
        goal = 1 - at
        moment = chance.uniform(0, usual * 1.1)
        options = {"snapshot": snapshots[goal], "replace": True, "undo": False}
        killed += run(filled, "stage", moment, **options) is None
        if chance.random() < 0.3:
            finish_killed(filled, chance)
        staging.finish(filled.paths)
        now = state(filled)
        assert now in states, "neither old nor new"
        at = states.index(now)
        new += at == goal
        if at == goal:
            safety = backup_state.read(filled.repository)["last_restore"]["safety_id"]
            assert safety in Repository.open(filled.repository).snapshot_ids()
            assert filled.do("verify", snapshot=safety)["ok"]
        assert not list(filled.paths.work_dir.glob(".aigc-restore-*"))
        assert not list(filled.paths.data_dir.glob("restored*"))
    with capsys.disabled():
        print(json.dumps({"restores": RESTORE_KILLS, "killed": killed, "new": new}))


def finish_killed(home: Home, chance: random.Random) -> None:
    """The next start is killed as well, while it puts the restore in."""
    code = (
        "import sys; from pathlib import Path; from aigc_desktop.config.paths import Paths\n"
        "from aigc_desktop.ops.backup import staging\n"
        "print('begun', flush=True); staging.finish(Paths(Path(sys.argv[1])))"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code, str(home.paths.home)], stdout=subprocess.PIPE, cwd=ROOT
    )
    assert child.stdout is not None and child.stdout.readline() == b"begun\n"
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(chance.uniform(0, 0.1))
    child.kill()
    child.wait()
    child.stdout.close()
