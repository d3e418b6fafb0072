"""`aigc-desktop migrate` on a database that an older version left."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from aigc_desktop.config.paths import Paths
from aigc_desktop.store import migration
from tests.cli.test_backup import run

OLD = "permission_rules"


@pytest.fixture
def old(paths: Paths) -> Path:
    migration.make_database(paths.database, OLD)
    return paths.database


def test_a_trial_changes_nothing_then_an_upgrade_goes_behind_a_backup_and_back(
    home: Path, old: Path
) -> None:
    before = old.read_bytes()
    trial = run(home, "migrate", "--dry-run")
    assert trial.returncode == 0 and "Nothing was changed" in trial.stdout
    assert old.read_bytes() == before
    done = run(home, "migrate", "--to", "lessons")
    assert done.returncode == 0 and "A backup was made first: " in done.stdout
    assert done.stderr.count("Making a backup first") == 1
    report = json.loads(run(home, "migrate", "--json").stdout)
    listed = json.loads(run(home, "backup", "list", "--json").stdout)
    assert (listed[0]["id"], listed[0]["revision"]) == (report["backup"], "lessons")
    assert {each["cause"] for each in listed} == {"before_migration"}
    assert migration.current(old) == migration.HEAD
    assert "数据库已回到" in run(home, "migrate", "--back", language="zh_CN").stdout
    assert migration.current(old) == "lessons"


def test_without_a_backup_the_upgrade_is_done_and_it_says_so(
    home: Path, old: Path, paths: Paths
) -> None:
    paths.backups_dir.write_text("a file where the folder should be")
    done = run(home, "migrate")
    assert done.returncode == 0
    assert "No backup was made before the upgrade." in done.stderr
    assert "A backup was made first" not in done.stdout
    assert migration.current(old) == migration.HEAD
