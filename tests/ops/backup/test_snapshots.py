"""Snapshots: what is in them, what they cost, what is kept, who may work at a time."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aigc_desktop.core.backup import Cause, Snapshot
from aigc_desktop.core.errors import UserError
from aigc_desktop.ops.backup import catalog, manifest, retention, state
from aigc_desktop.ops.backup.job import Keep
from aigc_desktop.ops.backup.manifest import DATABASE, Manifest
from aigc_desktop.ops.backup.repository import Repository
from tests.ops.backup.conftest import Home, MakeHome

CANARY = b"sk-ant-CANARY"
DAY = 24 * 3600 * 1000


def load(home: Home, snapshot_id: str) -> Manifest:
    return manifest.load(Repository.open(home.repository), snapshot_id)


def listed(home: Home) -> list[Snapshot]:
    return catalog.snapshots(home.repository, catalog.origin(home.paths))


def test_what_is_in_a_snapshot_and_what_never_is(filled: Home) -> None:
    home = filled.paths.home
    (home / "keys.json").write_bytes(b'{"k": "' + CANARY + b'"}')
    (home / "keys-in-keyring.json").write_bytes(b'["' + CANARY + b'"]')
    (home / ".env").write_bytes(b"ANTHROPIC_API_KEY=" + CANARY)
    (filled.paths.logs_dir / "x.log").write_bytes(CANARY)
    filled.paths.search_database.write_bytes(CANARY)
    made = load(filled, filled.create("first"))
    names = {entry.path for entry in made.files}
    assert {DATABASE, "settings.json", "work_dir/big.bin", "data/outputs/out.txt"} <= names
    assert ("work_dir/link", "notes") in made.links
    assert not any(path.startswith("work_dir/link/") for path in names)
    assert ("work_dir/hollow", 0o755) in made.folders
    assert made.counts["messages"] == 200 and len(made.sessions) == 10
    stored = [file for file in filled.repository.rglob("*") if file.is_file()]
    assert not any(CANARY in file.read_bytes() for file in stored)
    assert all(file.stat().st_mode & 0o077 == 0 for file in stored if file.parent.name != "backups")
    shown = listed(filled)[0]
    assert (shown.label, shown.sessions, shown.messages, shown.changes) == ("first", 10, 200, None)
    assert shown.verified_at is not None and not shown.foreign


def test_only_what_changed_is_stored(filled: Home) -> None:
    filled.create()
    again = filled.do("create", label="", cause="manual")
    assert again["added"] == 0
    with (filled.paths.work_dir / "big.bin").open("r+b") as file:
        file.seek(2_000_000)
        file.write(b"changed")
    filled.write("new.txt", b"new")
    (filled.paths.work_dir / "notes/1/n11.md").unlink()
    third = filled.do("create", label="", cause="manual")
    assert third["added"] < 2 * manifest.FILE_CHUNK
    changes = listed(filled)[0].changes
    assert changes is not None
    assert (changes.files_added, changes.files_changed, changes.files_removed) == (1, 1, 1)


def test_a_change_that_keeps_size_and_time_is_seen(filled: Home) -> None:
    file = filled.write("same.txt", b"before")
    filled.create()
    stamp = file.stat().st_mtime_ns
    file.write_bytes(b"after.")
    os.utime(file, ns=(stamp, stamp))
    entry = next(e for e in load(filled, filled.create()).files if e.path == "work_dir/same.txt")
    assert entry.chunks == [hashlib.sha256(b"after.").digest()]


def test_special_files_are_named_and_not_waited_for(filled: Home) -> None:
    os.mkfifo(filled.paths.work_dir / "pipe")
    assert load(filled, filled.create()).skipped == ["work_dir/pipe"]


def test_the_repository_may_be_inside_the_work_directory(filled: Home) -> None:
    inside = Home(filled.paths, filled.job)
    object.__setattr__(inside.job, "repository", str(filled.paths.work_dir / "backups"))
    inside.create()
    names = {entry.path for entry in load(inside, inside.create()).files}
    assert not any(path.startswith("work_dir/backups") for path in names)


def test_encrypted(filled: Home, make_home: MakeHome) -> None:
    filled.write("secret.txt", b"very secret text " * 1000)
    first = filled.create()
    locked = filled.locked_with("correct horse")
    second = locked.create()
    assert listed(filled)[0].encrypted
    assert locked.do("verify", snapshot=second)["ok"]
    assert filled.do("verify", snapshot=first)["ok"]
    with pytest.raises(UserError, match="passphrase_missing"):
        filled.do("preview", snapshot=second)
    with pytest.raises(UserError, match="passphrase_wrong"):
        filled.locked_with("wrong horse").do("verify", snapshot=second)
    # A repository that was encrypted from the start has nothing readable in it.
    fresh = make_home("fresh").locked_with("correct horse")
    fresh.write("secret.txt", b"very secret text " * 1000)
    fresh.write("name-that-tells.txt", b"x")
    fresh.create()
    for file in (f for f in fresh.repository.rglob("*") if f.is_file()):
        assert b"very secret" not in file.read_bytes()
        assert b"name-that-tells" not in file.read_bytes()


def test_the_passphrase_can_be_changed(filled: Home) -> None:
    snapshot = filled.locked_with("correct horse").create()
    with pytest.raises(UserError, match="passphrase_wrong"):
        catalog.change_passphrase(filled.repository, "wrong horse", "another horse")
    catalog.change_passphrase(filled.repository, "correct horse", "another horse")
    assert filled.locked_with("another horse").do("verify", snapshot=snapshot)["ok"]


def test_a_second_process_at_work_is_waited_for_and_then_named(
    filled: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled.create()
    monkeypatch.setattr("aigc_desktop.ops.backup.repository.LOCK_TIMEOUT", 0.2)
    hold = (
        "import sys, time; from filelock import FileLock\n"
        "with FileLock(sys.argv[1]): print('held', flush=True); time.sleep(60)"
    )
    lock = str(filled.repository / "repository.lock")
    with subprocess.Popen(
        [sys.executable, "-c", hold, lock], stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None and other.stdout.readline() == "held\n"
        with pytest.raises(UserError, match="backup_locked"):
            filled.create()
        other.kill()
        other.wait()
        filled.create()


def test_pruning_frees_what_only_old_snapshots_needed(filled: Home) -> None:
    for number in range(4):
        filled.write("changing.bin", os.urandom(3_000_000))
        filled.create("keep" if number == 0 else "")
    before = sum(file.stat().st_size for file in filled.repository.rglob("*") if file.is_file())
    ids = [each.id for each in listed(filled)]
    gone = filled.do("delete", snapshot=ids[1])
    assert gone["freed"] > 2_900_000
    filled.do("delete", snapshot=ids[2])
    after = sum(file.stat().st_size for file in filled.repository.rglob("*") if file.is_file())
    assert before - after > 5_900_000
    for each in listed(filled):
        assert filled.do("verify", snapshot=each.id)["ok"]


def test_the_last_verified_snapshot_is_not_deleted(filled: Home) -> None:
    only = filled.create()
    with pytest.raises(UserError, match="snapshot_is_last"):
        filled.do("delete", snapshot=only)
    filled.create()
    filled.do("delete", snapshot=only)


def test_a_clock_that_goes_back_hides_no_snapshot(
    filled: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = filled.create()
    real = time.time_ns()
    monkeypatch.setattr(time, "time_ns", lambda: real - 10**9 * 3600 * 24)
    assert filled.create() > first


def test_an_unreadable_state_loses_no_snapshot(filled: Home) -> None:
    snapshot = filled.create()
    (filled.repository / "state.json").write_text("{")
    assert [each.id for each in listed(filled)] == [snapshot]
    state.note(filled.repository, snapshot, label="again")
    assert listed(filled)[0].label == "again"
    (kept,) = filled.repository.glob("state.json.damaged-*")
    assert kept.read_text() == "{"


def test_a_state_that_cannot_be_read_now_is_not_overwritten(
    filled: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshot = filled.create("wanted")
    before = (filled.repository / "state.json").read_bytes()
    real = Path.read_bytes

    def read_bytes(path: Path) -> bytes:
        if path.name == "state.json":
            raise OSError(5, "Input/output error", str(path))
        return real(path)

    with monkeypatch.context() as broken:
        broken.setattr(Path, "read_bytes", read_bytes)
        with pytest.raises(OSError, match="Input/output"):
            state.note(filled.repository, snapshot, label="other")
    assert (filled.repository / "state.json").read_bytes() == before


def snapshot_at(stamp: int, **facts: object) -> Snapshot:
    values: dict[str, object] = {
        "id": f"{stamp}", "label": "", "cause": Cause.SCHEDULED, "created_at": stamp,
        "version": "", "revision": "", "sessions": 0, "messages": 0, "files": 0, "size": 0,
        "added": 0, "changes": None, "encrypted": False, "foreign": False, "skipped": 0,
        "verified_at": stamp,
    }  # fmt: skip
    return Snapshot(**{**values, **facts})  # type: ignore[arg-type]


def test_seven_daily_four_weekly_six_monthly() -> None:
    now = 400 * DAY
    made = [snapshot_at(now - n * DAY // 2) for n in range(1, 700)]
    kept = retention.kept(made, Keep(), now)
    reasons = [reason for found in kept.values() for reason in found]
    assert {name: reasons.count(name) for name in ("daily", "weekly", "monthly")} == {
        "daily": 7, "weekly": 4, "monthly": 6,
    }  # fmt: skip


@given(
    st.lists(
        st.tuples(st.integers(0, 500 * DAY), st.booleans(), st.booleans()), min_size=1, max_size=40
    )
)
def test_the_newest_sound_verified_snapshot_always_stays(
    made: list[tuple[int, bool, bool]],
) -> None:
    found = [
        snapshot_at(at, id=f"{n}", damaged=damaged, verified_at=at if verified else None)
        for n, (at, damaged, verified) in enumerate(made)
    ]
    kept = retention.kept(found, Keep(0, 0, 0), 1000 * DAY)
    sound = [each for each in found if not each.damaged and each.verified_at is not None]
    if sound:
        newest = max(sound, key=lambda each: (each.created_at, each.id))
        assert "last_verified" in kept[newest.id]


def test_what_was_imported_takes_no_place_from_our_own() -> None:
    now = 400 * DAY
    ours = snapshot_at(now - 2 * DAY)
    theirs = snapshot_at(now - 2 * DAY + 1, foreign=True)
    kept = retention.kept([ours, theirs], Keep(1, 0, 0), now)
    assert kept[ours.id] == kept[theirs.id] == ("daily", "last_verified")
    assert catalog.newest_own([theirs, ours]) == ours
    assert catalog.newest_own([theirs]) == theirs
    assert catalog.newest_own([]) is None


def test_damage_is_said_of_the_snapshot(filled: Home, allow_log: set[str]) -> None:
    allow_log.add("is set aside")
    snapshot = filled.create()
    pack = max(filled.repository.glob("packs/*/*"), key=lambda file: file.stat().st_size)
    data = bytearray(pack.read_bytes())
    data[len(data) // 2] ^= 1
    pack.write_bytes(data)
    found = filled.do("verify", snapshot=snapshot)
    assert not found["ok"] and found["problems"]
    assert listed(filled)[0].damaged
    with pytest.raises(UserError, match="backup_damaged"):
        filled.do("drill")


def test_the_drill_proves_the_newest_snapshot(filled: Home) -> None:
    snapshot = filled.create()
    result = filled.do("drill")
    assert (result["ok"], result["sessions"], result["messages"]) == (True, 10, 200)
    assert result["searched"]
    seen = catalog.overview(filled.repository, catalog.origin(filled.paths))
    assert seen["last_proven"].snapshot_id == snapshot
    assert listed(filled)[0].proven_at == result["started_at"]
    assert not list(filled.paths.data_dir.glob(".drill-*"))


def test_a_missing_repository_is_no_error_to_list(tmp_path: Path) -> None:
    assert catalog.snapshots(tmp_path / "none", "x") == []
