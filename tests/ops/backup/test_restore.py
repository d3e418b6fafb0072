"""Restoring everything and single things, undo, what differs, what is another's (b83, b84)."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from sqlcipher3 import dbapi2

from aigc_desktop.core.errors import UserError
from aigc_desktop.ops.backup import catalog, staging
from tests.ops.backup.conftest import Home, MakeHome, tree


def rows(home: Home, sql: str) -> list[tuple[Any, ...]]:
    db = dbapi2.connect(str(home.paths.database))
    try:
        return list(db.execute(sql).fetchall())
    finally:
        db.close()


def change(home: Home, sql: str) -> None:
    db = dbapi2.connect(str(home.paths.database), isolation_level=None)
    db.execute("PRAGMA foreign_keys=ON")
    db.execute(sql)
    db.close()


def everything(home: Home, snapshot: str, **options: Any) -> dict[str, Any]:
    found = home.do("stage", **{"snapshot": snapshot, "replace": True, "undo": False, **options})
    staging.finish(home.paths)
    return found


def test_everything_comes_back_as_it_was(filled: Home) -> None:
    before = tree(filled.paths.work_dir)
    snapshot = filled.create()
    filled.write("notes/0/n3.md", b"overwritten")
    filled.write("extra/new.txt", b"new")
    (filled.paths.work_dir / "run.sh").unlink()
    (filled.paths.work_dir / "hollow").rmdir()
    (filled.paths.work_dir / "link").unlink()
    filled.write("link/now/a/folder.txt", b"x")
    (filled.paths.work_dir / "empty").unlink()
    (filled.paths.work_dir / "empty").mkdir()
    change(filled, "DELETE FROM sessions WHERE id = 3")
    filled.paths.settings_file.write_text('{"language": "zh_CN"}')
    result = everything(filled, snapshot)
    assert result["restarts"] and not result["problems"]
    assert tree(filled.paths.work_dir) == before
    assert rows(filled, "SELECT count(*) FROM messages") == [(200,)]
    assert json.loads(filled.paths.settings_file.read_text())["language"] == "en"
    assert not (filled.paths.data_dir / "restore.json").exists()


def test_a_restore_of_everything_is_undone(filled: Home) -> None:
    snapshot = filled.create()
    filled.write("since.txt", b"written since")
    change(filled, "UPDATE sessions SET title = 'renamed since' WHERE id = 1")
    changed = tree(filled.paths.work_dir)
    everything(filled, snapshot)
    assert rows(filled, "SELECT title FROM sessions WHERE id = 1") != [("renamed since",)]
    plan = filled.do("plan_undo")
    assert plan["everything"]
    everything(filled, plan["safety_id"], undo=True)
    assert tree(filled.paths.work_dir) == changed
    assert rows(filled, "SELECT title FROM sessions WHERE id = 1") == [("renamed since",)]
    with pytest.raises(UserError, match="no_restore_to_undo"):
        filled.do("plan_undo")


def test_single_sessions_come_back_beside_what_is_there(filled: Home) -> None:
    snapshot = filled.create()
    change(filled, "DELETE FROM sessions WHERE id = 2")
    change(filled, "UPDATE sessions SET title = 'mine now' WHERE id = 3")
    done = filled.do("restore_some", snapshot=snapshot, sessions=["s2", "s3"], files=[])
    assert done["sessions"] == 2 and not done["restarts"]
    assert rows(filled, "SELECT title FROM sessions WHERE id = 3") == [("mine now",)]
    assert rows(filled, "SELECT count(*) FROM sessions") == [(11,)]
    assert rows(filled, "SELECT count(*) FROM sessions WHERE session_id = 's2'") == [(1,)]
    assert rows(filled, "PRAGMA foreign_key_check") == []
    for session in done["created"]:
        assert rows(
            filled,
            "SELECT count(*) FROM messages m JOIN turns t ON t.id = m.turn_id"
            f" WHERE t.session_id = {session}",
        ) == [(20,)]
        (leaf,) = rows(filled, f"SELECT current_turn_id FROM sessions WHERE id = {session}")[0]
        assert rows(filled, f"SELECT session_id FROM turns WHERE id = {leaf}") == [(session,)]
    undone = filled.do("undo_some")
    assert sorted(undone["deleted"]) == sorted(done["created"])
    assert rows(filled, "SELECT count(*) FROM sessions") == [(9,)]


def test_single_files_come_back_and_nothing_else_changes(filled: Home) -> None:
    snapshot = filled.create()
    filled.write("notes/0/n3.md", b"overwritten")
    filled.write("notes/1/n13.md", b"overwritten too")
    (filled.paths.work_dir / "notes/2/n25.md").unlink()
    filled.write("extra.txt", b"extra")
    changed = tree(filled.paths.work_dir)
    done = filled.do(
        "restore_some",
        snapshot=snapshot,
        sessions=[],
        files=["work_dir/notes/0/n3.md", "work_dir/notes/2"],
    )
    assert done["files"] == 2
    assert (filled.paths.work_dir / "notes/0/n3.md").read_text().startswith("note 3")
    assert (filled.paths.work_dir / "notes/1/n13.md").read_bytes() == b"overwritten too"
    assert (filled.paths.work_dir / "notes/2/n25.md").exists()
    assert (filled.paths.work_dir / "extra.txt").exists()
    filled.do("undo_some")
    assert tree(filled.paths.work_dir) == changed


def test_merging_removes_nothing(filled: Home) -> None:
    snapshot = filled.create()
    change(filled, "DELETE FROM sessions WHERE id = 4")
    filled.write("since.txt", b"since")
    (filled.paths.work_dir / "run.sh").unlink()
    done = filled.do("stage", snapshot=snapshot, replace=False, undo=False)
    assert not done["restarts"] and done["sessions"] == 1
    assert (filled.paths.work_dir / "since.txt").exists()
    assert (filled.paths.work_dir / "run.sh").stat().st_mode & 0o777 == 0o755


def test_what_is_written_never_leaves_through_a_link(filled: Home, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "n3.md").write_text("not ours")
    snapshot = filled.create()
    for file in (filled.paths.work_dir / "notes/0").iterdir():
        file.unlink()
    (filled.paths.work_dir / "notes/0").rmdir()
    (filled.paths.work_dir / "notes/0").symlink_to(outside)
    everything(filled, snapshot)
    assert (outside / "n3.md").read_text() == "not ours"
    assert [file.name for file in outside.iterdir()] == ["n3.md"]
    assert not (filled.paths.work_dir / "notes/0").is_symlink()
    assert (filled.paths.work_dir / "notes/0/n3.md").read_text().startswith("note 3")


def test_the_preview_says_what_differs(filled: Home) -> None:
    snapshot = filled.create()
    filled.write("notes/0/n3.md", b"overwritten")
    filled.write("extra.txt", b"extra")
    (filled.paths.work_dir / "run.sh").unlink()
    change(filled, "DELETE FROM sessions WHERE id = 2")
    change(filled, "UPDATE sessions SET last_activity = 999 WHERE id = 3")
    filled.paths.settings_file.write_text('{"language": "zh_CN", "model": "opus"}')
    seen = filled.do("preview", snapshot=snapshot)
    files = {path: how for path, _, _, how in seen["files"]}
    assert files == {
        "work_dir/notes/0/n3.md": "changed",
        "work_dir/extra.txt": "newer",
        "work_dir/run.sh": "missing",
    }
    sessions = {uid: how for uid, _, _, how in seen["sessions"] if how != "same"}
    assert sessions == {"s2": "missing", "s3": "changed"}
    assert seen["settings"] == ["language"] and seen["inert"] == []
    inside = filled.do("list_files", snapshot=snapshot, folder="work_dir/notes/")["files"]
    assert inside[0][0] == "work_dir/notes/0/"


def test_anothers_rules_come_in_off(filled: Home, make_home: MakeHome) -> None:
    change(
        filled,
        "INSERT INTO permission_rules (effect, area, match, resource, folder, created_at)"
        " VALUES ('allow', 'run', 'any', '', '/', 1), ('deny', 'read', 'any', '', '/', 1)",
    )
    change(
        filled,
        "INSERT INTO business_scenarios (name, custom_tools, permission_mode) VALUES"
        " ('s', '[{\"command\": \"evil\"}]', 'auto')",
    )
    change(filled, "UPDATE sessions SET permission_mode = 'auto', work_dir = '/etc' WHERE id = 1")
    change(
        filled,
        "INSERT INTO api_tokens (id, created_at, expires_at) VALUES ('t', 1, 9999999999999)",
    )
    filled.paths.settings_file.write_text(
        '{"language": "en", "permission_mode": "auto", "base_url": "https://evil.example"}'
    )
    snapshot = filled.create()
    other = make_home("other")
    other.write("mine.txt", b"mine")
    object.__setattr__(other.job, "repository", filled.job.repository)
    other.paths.settings_file.write_text('{"language": "zh_CN"}')
    assert catalog.snapshots(other.repository, catalog.origin(other.paths))[0].foreign
    assert "rules" in other.do("preview", snapshot=snapshot)["inert"]
    result = everything(other, snapshot)
    assert set(result["inert"]) == {"rules", "servers", "modes", "folders", "tokens"}
    assert rows(other, "SELECT effect FROM permission_rules ORDER BY id") == [("ask",), ("deny",)]
    assert rows(other, "SELECT custom_tools, permission_mode FROM business_scenarios") == [
        (None, None)
    ]
    assert rows(other, "SELECT work_dir, permission_mode FROM sessions WHERE id = 1") == [
        (None, None)
    ]
    assert rows(other, "SELECT count(*) FROM api_tokens") == [(0,)]
    assert json.loads(other.paths.settings_file.read_text()) == {"language": "en"}


def test_revoked_tokens_do_not_come_back(filled: Home) -> None:
    insert = "INSERT INTO api_tokens (id, created_at, expires_at) VALUES "
    change(filled, insert + "('a', 1, 9), ('b', 1, 9)")
    snapshot = filled.create()
    change(filled, "UPDATE api_tokens SET revoked_at = 5 WHERE id = 'a'")
    everything(filled, snapshot)
    assert rows(filled, "SELECT id FROM api_tokens") == [("b",)]


def test_an_older_revision_is_restored_and_a_newer_one_refused(
    filled: Home, make_home: MakeHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    from aigc_desktop.store import migration

    old = make_home("old")
    migration.make_database(old.paths.database, "permission_rules")
    snapshot = old.create()
    everything(old, snapshot)
    migration.prepare(old.paths)
    assert old.do("drill")["ok"]
    newest = filled.create()
    monkeypatch.setattr(migration, "REVISIONS", migration.REVISIONS[:-1])
    with pytest.raises(UserError, match="backup_newer"):
        filled.do("stage", snapshot=newest, replace=True, undo=False)


def test_while_somebody_has_the_database_open_the_restore_waits(filled: Home) -> None:
    snapshot = filled.create()
    filled.do("stage", snapshot=snapshot, replace=True, undo=False)
    db = dbapi2.connect(str(filled.paths.database))
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("SELECT count(*) FROM sessions").fetchone()
    with pytest.raises(UserError, match="restore_waits"):
        staging.finish(filled.paths)
    assert db.execute("SELECT count(*) FROM sessions").fetchone() == (10,)
    db.close()
    assert staging.finish(filled.paths) == []


def test_a_restore_that_waits_can_be_given_up(filled: Home) -> None:
    snapshot = filled.create()
    filled.write("since.txt", b"since")
    filled.paths.search_database.write_bytes(b"in use")
    filled.do("stage", snapshot=snapshot, replace=True, undo=False)
    with contextlib.closing(dbapi2.connect(str(filled.paths.database))) as db:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("SELECT count(*) FROM sessions").fetchone()
        with pytest.raises(UserError, match="restore_waits"):
            staging.finish(filled.paths)
        assert filled.paths.search_database.exists(), "another program works with it"
        assert staging.forget_waiting(filled.paths)
    assert not staging.forget_waiting(filled.paths)
    assert staging.finish(filled.paths) is None
    assert (filled.paths.work_dir / "since.txt").exists()
    assert not list(filled.paths.work_dir.glob(".aigc-restore-*"))


def test_a_damaged_journal_is_set_aside(filled: Home, allow_log: set[str]) -> None:
    """It must not keep the program from starting."""
    allow_log.add("journal of a restore is damaged")
    for content in (b"", b"{", b"[]", b'{"areas": [{}]}'):
        staging.journal_file(filled.paths).write_bytes(content)
        assert staging.finish(filled.paths) is None
        assert not staging.journal_file(filled.paths).exists()
    assert len(list(filled.paths.data_dir.glob("restore.damaged-*"))) == 4


def test_a_damaged_database_is_replaced_and_kept(filled: Home, allow_log: set[str]) -> None:
    snapshot = filled.create()
    with filled.paths.database.open("r+b") as file:
        file.write(b"junk" * 2000)
    result = everything(filled, snapshot)
    assert result["safety"] == ""
    assert rows(filled, "SELECT count(*) FROM messages") == [(200,)]
    assert list(filled.paths.data_dir.glob("damaged-*.db"))


def test_a_staged_restore_can_be_forgotten(filled: Home) -> None:
    snapshot = filled.create()
    filled.write("since.txt", b"since")
    filled.do("stage", snapshot=snapshot, replace=True, undo=False)
    assert filled.do("discard") == {"discarded": True}
    assert staging.finish(filled.paths) is None
    assert (filled.paths.work_dir / "since.txt").exists()
    assert not list(filled.paths.work_dir.glob(".aigc*"))
