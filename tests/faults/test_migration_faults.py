"""Migrations and take-overs killed, on a full disk, on damaged files, with others in the way.

AIGC_KILLS_MIGRATE sets how often a child is killed (CASES a7, a17, a23, a25, a27).
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlcipher3 import dbapi2

from aigc_desktop.config.paths import Paths
from aigc_desktop.config.settings import Settings
from aigc_desktop.core.backup import Cause, Operation
from aigc_desktop.core.errors import UserError
from aigc_desktop.ops.backup.process import BlockingWorker
from aigc_desktop.services import backup
from aigc_desktop.store import migration, migration_status, rescue, snapshots
from benchmarks.data import fill
from tests import web_version
from tests.faults import tiny_disk

KILLS = int(os.environ.get("AIGC_KILLS_MIGRATE", "12"))
ROOT = Path(__file__).parents[2]
SLOWER = 1.6
"""How much longer than the first a migration may take: the backup takes up what was left behind."""

OLD = "permission_rules"
PAGE = 4096

MIGRATE = """
import sys
from pathlib import Path
from aigc_desktop import bootstrap
from aigc_desktop.config.paths import Paths
from aigc_desktop.services import migrations
import alembic.command, sqlalchemy, filelock
paths = Paths(Path(sys.argv[1]))
settings, bus, _ = bootstrap.prepare(paths)
print("go", flush=True)
migrations.prepare(paths, settings, bus, lambda _progress: None)
print("done", flush=True)
"""

TAKE_OVER = """
import asyncio, sys
from pathlib import Path
from aigc_desktop import bootstrap
from aigc_desktop.config.paths import Paths
from aigc_desktop.services import takeover
async def main():
    paths = Paths(Path(sys.argv[1]))
    settings, bus, _ = bootstrap.prepare(paths)
    async with bootstrap.open_app(paths, settings, bus) as app:
        print("go", flush=True)
        await takeover.take_over(app, takeover.Wish(sys.argv[2]))
        print("done", flush=True)
asyncio.run(main())
"""


def execute(database: Path, statement: str) -> list[tuple[object, ...]]:
    with contextlib.closing(dbapi2.connect(str(database), isolation_level=None)) as db:
        return list(db.execute(statement).fetchall())


def old_database(paths: Paths) -> Path:
    """Make a database of an older version with some rows; return a copy to begin anew from."""
    migration.make_database(paths.database, OLD)
    with contextlib.closing(dbapi2.connect(str(paths.database))) as db:
        for n in range(40):
            db.execute(
                "INSERT INTO sessions (session_id, created_at, last_activity) VALUES (?, 1, 1)",
                (f"s{n}",),
            )
            db.execute(
                "INSERT INTO turns (session_id, status, user_text, created_at)"
                " VALUES (?, 'done', ?, 1)",
                (n + 1, "请 text " * 400),
            )
        db.commit()
    kept = paths.home / "old.db"
    shutil.copy(paths.database, kept)
    return kept


def kill_after(code: str, *arguments: str, delay: float) -> bool:
    """Run a child, kill it `delay` seconds after it says go; return whether it was killed."""
    child = subprocess.Popen(
        [sys.executable, "-c", code, *arguments], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "go\n"
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(delay)
    child.kill()
    child.wait()
    child.stdout.close()
    return child.returncode != 0


def how_long(code: str, *arguments: str) -> float:
    """Return the seconds that the child works when it is left alone."""
    child = subprocess.Popen(
        [sys.executable, "-c", code, *arguments], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert child.stdout is not None
    child.stdout.readline()
    began = time.monotonic()
    assert child.stdout.readline() == "done\n"
    took = time.monotonic() - began
    child.wait()
    child.stdout.close()
    return took


def test_killed_migrations_leave_old_or_new(
    paths: Paths, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the backup that comes first, killed too: what it says it has can be restored."""
    kept = old_database(paths)
    took = how_long(MIGRATE, str(paths.home))
    seen: dict[str, int] = {}
    chance = random.Random(20261125)
    killed = 0
    for _ in range(KILLS):
        for leftover in paths.data_dir.glob("*.db*"):
            leftover.unlink()
        shutil.copy(kept, paths.database)
        delay = chance.uniform(0, took * SLOWER)
        killed += kill_after(MIGRATE, str(paths.home), delay=delay)
        revision = migration.current(paths.database)
        assert revision in (OLD, migration.HEAD)
        seen[str(revision)] = seen.get(str(revision), 0) + 1
        assert execute(paths.database, "PRAGMA integrity_check") == [("ok",)]
        assert execute(paths.database, "SELECT count(*) FROM turns") == [(40,)]
        for found in snapshots.all_snapshots(paths):
            assert snapshots.is_sound_file(Path(found.path))
            assert found.revision == OLD
    assert migration.prepare(paths) in (OLD, migration.HEAD)
    assert not list(paths.data_dir.glob("*.part*"))
    assert not list(paths.data_dir.glob("*.new*"))
    backups = backup.list_at(paths, settings)
    assert backups
    for made in backups:
        assert (made.cause, made.revision, made.damaged) == (Cause.BEFORE_MIGRATION, OLD, False)
        job = backup.local_job(paths, settings, "verify", {"snapshot": made.id}, passphrase=None)
        assert BlockingWorker().run(Operation.VERIFY, job)["ok"]
    with capsys.disabled():
        print(json.dumps({"kills": KILLS, "killed": killed, "revisions": seen}))


@pytest.mark.parametrize("kills", [max(2, KILLS // 4)])
def test_killed_take_overs_bring_all_or_nothing(
    paths: Paths, tmp_path: Path, kills: int, capsys: pytest.CaptureFixture[str]
) -> None:
    source = web_version.build(tmp_path / "web.db", web_version.STEPS[-1])
    digest = source.read_bytes()
    migration.make_database(paths.database)
    kept = tmp_path / "ours.db"
    shutil.copy(paths.database, kept)
    took = how_long(TAKE_OVER, str(paths.home), str(source))
    chance = random.Random(7)
    seen: dict[int, int] = {}
    for _ in range(kills):
        for leftover in paths.data_dir.glob("*.db*"):
            leftover.unlink()
        shutil.copy(kept, paths.database)
        kill_after(TAKE_OVER, str(paths.home), str(source), delay=chance.uniform(0, took))
        [(count,)] = execute(paths.database, "SELECT count(*) FROM sessions")
        [(messages,)] = execute(paths.database, "SELECT count(*) FROM messages")
        assert (count, messages) in ((0, 0), (3, 14))
        seen[int(str(count))] = seen.get(int(str(count)), 0) + 1
        assert execute(paths.database, "PRAGMA integrity_check") == [("ok",)]
        assert source.read_bytes() == digest
    how_long(TAKE_OVER, str(paths.home), str(source))
    assert execute(paths.database, "SELECT count(*) FROM sessions") == [(3,)]
    assert not list(paths.data_dir.glob("takeover-*.tmp"))
    with capsys.disabled():
        print(json.dumps({"take-over kills": kills, "sessions": seen}))


@pytest.mark.parametrize("spare_kb", [0, 300, 700, 1500])
def test_a_full_disk_leaves_the_old_database(home: Path, spare_kb: int) -> None:
    """With preflight the migration does not begin; without room in between it is undone."""
    disk = home / "disk"
    disk.mkdir()
    made = Paths(home / "made")
    made.create()
    old_database(made)
    size = made.database.stat().st_size
    script = (
        "import hashlib, shutil, sys, json\n"
        "from pathlib import Path\n"
        "from aigc_desktop.config.paths import Paths\n"
        "from aigc_desktop.core.errors import UserError\n"
        "from aigc_desktop.store import migration, snapshots\n"
        "paths = Paths(Path(sys.argv[2]) / 'aigc'); paths.create()\n"
        "shutil.copy(sys.argv[1], paths.database)\n"
        "if sys.argv[3] == 'blind': snapshots.require_space = lambda *_: None\n"
        "before = hashlib.sha256(paths.database.read_bytes()).hexdigest(); code = ''\n"
        "try: migration.prepare(paths)\n"
        "except UserError as error: code = error.code\n"
        "same = hashlib.sha256(paths.database.read_bytes()).hexdigest() == before\n"
        "left = sorted(p.name for p in paths.data_dir.iterdir() if p.is_file())\n"
        "print(json.dumps([code, same, left, migration.current(paths.database)]))\n"
    )
    for how in ("blind", "careful"):
        total = size + spare_kb * 1024 + 64 * 1024
        command = ("-c", script, str(made.database), str(disk), how)
        code, same, left, revision = tiny_disk.run(disk, total, *command)
        assert code in ("disk_full", "no_room") or (revision == migration.HEAD and not code)
        if code:
            assert same
            assert revision == OLD
            assert left == ["migration.lock", "sessions.db"]


def test_every_damaged_page_is_found_set_aside_and_a_copy_offered(
    paths: Paths, allow_log: set[str]
) -> None:
    """Each page of a database with tables, indexes and overflow pages, one after the other."""
    allow_log.add("integrity check")
    migration.prepare(paths)
    with contextlib.closing(dbapi2.connect(str(paths.database), isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode=DELETE")
        db.execute(
            "INSERT INTO sessions (session_id, created_at, last_activity) VALUES ('x', 1, 1)"
        )
        for n in range(20):
            db.execute(
                "INSERT INTO turns (session_id, status, user_text, created_at)"
                " VALUES (1, 'done', ?, 1)",
                (f"{n}{'text ' * (300 if n else 3000)}",),
            )
        db.execute("VACUUM")
    snapshot = snapshots.take(paths, "test")
    sound = paths.database.read_bytes()
    for page in range(len(sound) // PAGE):
        damaged = bytearray(sound)
        damaged[page * PAGE : (page + 1) * PAGE] = random.Random(page).randbytes(PAGE)
        paths.database.write_bytes(damaged)
        with pytest.raises(UserError, match="database_corrupt"):
            migration.prepare(paths)
        assert paths.database.read_bytes() == damaged, page
        assert rescue.newest_snapshot(paths) == snapshot
    rescue.restore(paths, snapshot)
    assert migration.prepare(paths) == migration.HEAD
    [aside] = paths.data_dir.glob("damaged-*.db")
    assert aside.read_bytes() == damaged


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_truncated_database_is_found(paths: Paths, share: float, allow_log: set[str]) -> None:
    allow_log.add("integrity check")
    fill(paths, sessions=4, messages=200)
    with contextlib.closing(dbapi2.connect(str(paths.database), isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode=DELETE")
    data = paths.database.read_bytes()
    cut = data[: int(len(data) * share)]
    paths.database.write_bytes(cut)
    with pytest.raises(UserError, match="database_corrupt"):
        migration.prepare(paths)
    assert paths.database.read_bytes() == cut


def test_a_newer_database_with_a_wal_stays_byte_for_byte(paths: Paths) -> None:
    migration.prepare(paths)
    db = dbapi2.connect(str(paths.database), isolation_level=None)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("UPDATE alembic_version SET version_num = 'from_the_future'")
    copy = paths.home / "copy"
    copy.mkdir()
    for suffix in ("", "-wal"):
        shutil.copy(f"{paths.database}{suffix}", copy)
    db.close()
    for suffix in ("", "-wal"):
        shutil.copy(copy / f"sessions.db{suffix}", f"{paths.database}{suffix}")
    before = [Path(f"{paths.database}{suffix}").read_bytes() for suffix in ("", "-wal")]
    with pytest.raises(UserError, match="database_newer"):
        migration.prepare(paths)
    assert [Path(f"{paths.database}{s}").read_bytes() for s in ("", "-wal")] == before
    assert migration_status.status(paths).problem == "database_newer"


def test_nobody_else_may_have_it_open(paths: Paths) -> None:
    old_database(paths)
    before = migration.current(paths.database)
    with contextlib.closing(dbapi2.connect(str(paths.database), isolation_level=None)) as other:
        other.execute("PRAGMA journal_mode=WAL")
        other.execute("SELECT count(*) FROM turns").fetchone()
        with pytest.raises(UserError, match="database_in_use"):
            migration.prepare(paths)
        with pytest.raises(UserError, match="no_way_back"):
            migration_status.go_back(paths)
    assert migration.current(paths.database) == before
    assert not list(paths.data_dir.glob("before-*"))
    assert migration.prepare(paths) == OLD


def test_going_back_keeps_the_newer_and_can_be_undone(paths: Paths) -> None:
    old_database(paths)
    migration.prepare(paths)
    execute(paths.database, "UPDATE sessions SET title = 'newer'")
    returned = migration_status.go_back(paths)
    assert returned.revision == OLD == migration.current(paths.database)
    assert execute(Path(returned.kept), "SELECT DISTINCT title FROM sessions") == [("newer",)]
    again = migration_status.go_back(paths, returned.kept)
    assert again.revision == migration.HEAD
    assert execute(paths.database, "SELECT DISTINCT title FROM sessions") == [("newer",)]


def test_a_copy_that_is_damaged_is_not_gone_back_to(paths: Paths) -> None:
    old_database(paths)
    migration.prepare(paths)
    [copy] = paths.data_dir.glob("before-*.db")
    data = bytearray(copy.read_bytes())
    data[PAGE * 5 : PAGE * 6] = bytes(PAGE)
    copy.write_bytes(data)
    before = paths.database.read_bytes()
    with pytest.raises(UserError, match="copy_unsound"):
        migration_status.go_back(paths)
    assert paths.database.read_bytes() == before


def test_a_trial_says_what_would_happen_and_leaves_nothing(paths: Paths) -> None:
    old_database(paths)
    before = {path.name: path.read_bytes() for path in paths.data_dir.iterdir() if path.is_file()}
    report = migration.dry_run(paths)
    assert (report.before, report.after, report.dry) == (OLD, migration.HEAD, True)
    assert report.rows_before["turns"] == report.rows_after["turns"] == 40
    assert [step.revision for step in report.steps] == list(migration.pending(paths.database))
    names = {path.name: path.read_bytes() for path in paths.data_dir.iterdir() if path.is_file()}
    assert {n: b for n, b in names.items() if n != "migration.lock"} == before


def test_an_upgrade_stops_where_it_is_told(paths: Paths) -> None:
    old_database(paths)
    assert migration.upgrade(paths, "lessons").after == "lessons"
    with pytest.raises(UserError, match="revision_behind"):
        migration.upgrade(paths, OLD)
    with pytest.raises(UserError, match="revision_unknown"):
        migration.upgrade(paths, "nope")
    status = migration_status.status(paths)
    assert status.pending == migration.REVISIONS[migration.REVISIONS.index("lessons") + 1 :]
    assert all(r.applied_at for r in status.revisions if r.applied)
    assert [s.revision for s in status.snapshots] == [OLD]


def test_only_some_copies_are_kept(paths: Paths) -> None:
    kept = old_database(paths)
    for number in range(snapshots.KEPT + 2):
        shutil.copy(kept, paths.database)
        execute(paths.database, f"UPDATE sessions SET title = 'run {number}'")
        migration.prepare(paths)
    assert len(snapshots.all_snapshots(paths)) == snapshots.KEPT
