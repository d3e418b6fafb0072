"""A damaged database: set aside, what can be read is rescued, a sound snapshot is restored."""

from __future__ import annotations

import contextlib
import random
import shutil
from pathlib import Path

import pytest
from sqlcipher3 import dbapi2

from aigc_desktop.config.paths import Paths
from aigc_desktop.core.errors import UserError
from aigc_desktop.store import migration, rescue
from benchmarks.data import fill

PAGE = 4096


@pytest.fixture
def damaged(paths: Paths) -> Paths:
    """A database of 400 messages of which a page in the middle is noise."""
    fill(paths, sessions=4, messages=400)
    with contextlib.closing(dbapi2.connect(str(paths.database))) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        db.execute("PRAGMA journal_mode=DELETE")
        (root,) = db.execute("SELECT rootpage FROM sqlite_master WHERE name='messages'").fetchone()
    data = bytearray(paths.database.read_bytes())
    leaf = _leaf_of(data, root)
    data[(leaf - 1) * PAGE : leaf * PAGE] = random.Random(5).randbytes(PAGE)
    paths.database.write_bytes(data)
    with pytest.raises(UserError, match="database_corrupt"):
        migration.prepare(paths)
    return paths


def _leaf_of(data: bytearray, root: int) -> int:
    """Return the number of a leaf page in the middle of the tree at page `root`."""
    page = data[(root - 1) * PAGE : root * PAGE]
    assert page[0] == 5, "the table must have more than one page"
    cells = int.from_bytes(page[3:5], "big")
    at = 12 + 2 * (cells // 2)
    cell = int.from_bytes(page[at : at + 2], "big")
    return int.from_bytes(page[cell : cell + 4], "big")


def kept(paths: Paths) -> list[Path]:
    return sorted(paths.data_dir.glob("damaged-*.db"))


def count(paths: Paths, table: str) -> int:
    with contextlib.closing(dbapi2.connect(str(paths.database))) as db:
        return int(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def test_rows_before_and_after_the_damage_are_rescued(damaged: Paths) -> None:
    before = damaged.database.read_bytes()
    found = rescue.rescue(damaged)
    assert found.damaged_tables == 1
    assert migration.prepare(damaged) == migration.HEAD
    assert count(damaged, "sessions") == 4
    assert 300 < count(damaged, "messages") < 400
    assert [path.read_bytes() for path in kept(damaged)] == [before]


def test_nothing_readable_leaves_everything_as_it_was(paths: Paths) -> None:
    paths.database.write_bytes(b"junk" * 5000)
    with pytest.raises(UserError, match="nothing_to_rescue"):
        rescue.rescue(paths)
    assert paths.database.read_bytes() == b"junk" * 5000
    assert [path.name for path in paths.data_dir.glob("*.db*")] == ["sessions.db"]


def test_the_newest_sound_snapshot_is_restored(damaged: Paths) -> None:
    fill_home = Paths(damaged.home.parent / "other")
    fill_home.create()
    fill(fill_home, sessions=2, messages=10)
    snapshot = damaged.data_dir / "before-desktop_turn_tree-20260101-000000.db"
    shutil.copy(fill_home.database, snapshot)
    (damaged.data_dir / "before-later-20260201-000000.db").write_bytes(b"broken")
    assert rescue.newest_snapshot(damaged) == snapshot
    rescue.restore(damaged, snapshot)
    assert migration.prepare(damaged) == migration.HEAD
    assert count(damaged, "sessions") == 2
    assert snapshot.exists()
    assert len(kept(damaged)) == 1


def test_starting_empty_keeps_the_file_and_its_wal(damaged: Paths) -> None:
    Path(f"{damaged.database}-wal").write_bytes(b"wal")
    rescue.start_empty(damaged)
    assert migration.prepare(damaged) == migration.HEAD
    assert count(damaged, "sessions") == 0
    [file] = kept(damaged)
    assert Path(f"{file}-wal").read_bytes() == b"wal"
