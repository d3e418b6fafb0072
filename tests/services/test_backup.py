"""Backup and restore as the window and the command line do them, in real worker processes."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from aigc_desktop.config import settings as config
from aigc_desktop.core.backup import Cause, Phase, Selection
from aigc_desktop.core.errors import UserError
from aigc_desktop.core.events import BackupProgressed, BackupsChanged, Event, RestoreStaged
from aigc_desktop.services import backup, restore, sessions
from aigc_desktop.services.app import App
from tests.conftest import OpenApp

CANARY = "sk-ant-CANARY"


async def test_back_up_change_restore_and_undo(open_app: OpenApp, events: list[Event]) -> None:
    async with open_app() as app:
        session = await sessions.create_session(app)
        await sessions.rename_session(app, session.id, "before")
        (app.paths.work_dir / "report.md").write_text("before")
        made = await backup.create_backup(app, "a label")
        json.dumps(made)
        (shown,) = await backup.list_snapshots(app)
        assert (shown.id, shown.label, shown.sessions) == (made["snapshot"], "a label", 1)
        await sessions.rename_session(app, session.id, "after")
        (app.paths.work_dir / "report.md").write_text("after")
        seen = await restore.preview_restore(app, shown.id)
        assert [file.path for file in seen.files] == ["work_dir/report.md"]
        assert [each.state for each in seen.sessions] == ["changed"]
        result = await restore.restore_snapshot(app, shown.id)
        assert result.restarts
    assert any(isinstance(event, RestoreStaged) for event in events)
    phases = {e.progress.phase for e in events if isinstance(e, BackupProgressed)}
    assert {Phase.DATABASE, Phase.FILES, Phase.VERIFYING} <= phases
    assert any(isinstance(event, BackupsChanged) for event in events)
    async with open_app() as app:
        assert [each.title for each in await sessions.list_sessions(app)] == ["before"]
        assert (app.paths.work_dir / "report.md").read_text() == "before"
        overview = await backup.get_overview(app)
        assert overview.last_restore is not None and overview.last_restore.everything
        listed = await backup.list_snapshots(app)
        assert listed[0].cause is Cause.BEFORE_RESTORE
        assert (await restore.undo_restore(app)).restarts
    async with open_app() as app:
        assert [each.title for each in await sessions.list_sessions(app)] == ["after"]
        assert (app.paths.work_dir / "report.md").read_text() == "after"


async def test_a_chosen_session_and_file_come_back_at_once(app: App) -> None:
    session = await sessions.create_session(app)
    await sessions.rename_session(app, session.id, "wanted")
    (app.paths.work_dir / "a.txt").write_text("wanted")
    made = await backup.create_backup(app)
    uid = (await restore.preview_restore(app, made["snapshot"])).sessions[0].uid
    await sessions.delete_session(app, session.id)
    (app.paths.work_dir / "a.txt").unlink()
    chosen = Selection((uid,), ("work_dir/a.txt",))
    result = await restore.restore_snapshot(app, made["snapshot"], chosen)
    assert (result.sessions, result.files, result.restarts) == (1, 1, False)
    assert [each.title for each in await sessions.list_sessions(app)] == ["wanted"]
    await restore.undo_restore(app)
    assert await sessions.list_sessions(app) == []
    assert not (app.paths.work_dir / "a.txt").exists()


async def test_cancelling_ends_the_worker_and_leaves_nothing(app: App, events: list[Event]) -> None:
    (app.paths.work_dir / "big").write_bytes(b"\1" + bytes(range(256)) * 400_000)
    task = asyncio.create_task(backup.create_backup(app))
    while not any(isinstance(event, BackupProgressed) for event in events):
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not psutil.Process().children(recursive=True)
    assert await backup.list_snapshots(app) == []
    assert app.backups.running is None
    await backup.create_backup(app)


async def test_encryption_and_the_key_that_is_never_in_a_backup(app: App) -> None:
    app.secrets.allow_file("anthropic", CANARY)
    with pytest.raises(UserError, match="passphrase_short"):
        await backup.set_passphrase(app, "short")
    await backup.set_passphrase(app, "correct horse")
    (app.paths.work_dir / "secret.txt").write_text("very secret" * 100)
    made = await backup.create_backup(app)
    for file in (app.paths.home / "backups").rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            assert CANARY.encode() not in content and b"correct horse" not in content
            assert b"very secret" not in content
    assert (await backup.verify_snapshot(app, made["snapshot"])).ok
    with pytest.raises(UserError, match="passphrase_wrong"):
        await backup.set_passphrase(app, "another horse")
    await backup.change_passphrase(app, "correct horse", "another horse")
    assert (await backup.run_drill(app))["ok"]


async def test_what_is_missing_is_said(app: App) -> None:
    with pytest.raises(UserError, match="no_repository"):
        await backup.run_drill(app)
    with pytest.raises(UserError, match="no_restore_to_undo"):
        await restore.undo_restore(app)
    app.settings.set(config.BACKUP_TARGET, "bucket")
    with pytest.raises(UserError, match="bucket_incomplete"):
        await backup.create_backup(app)


async def test_what_is_here_is_read_without_the_bucket(app: App) -> None:
    made = await backup.create_backup(app)
    app.settings.set(config.BACKUP_TARGET, "bucket")
    assert (await backup.verify_snapshot(app, made["snapshot"])).ok
    await restore.preview_restore(app, made["snapshot"])


def run_cli(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "aigc_desktop", "backup", *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def test_the_command_line(home: Path) -> None:
    made = json.loads(run_cli("create", "--json").stdout)["snapshot"]
    assert [each["id"] for each in json.loads(run_cli("list", "--json").stdout)] == [made]
    assert json.loads(run_cli("verify", "--json").stdout)["ok"]
    (home / "aigc/work_dir/new.txt").write_text("new")
    assert run_cli("restore", made).returncode == 0
    assert not (home / "aigc/work_dir/new.txt").exists()
    assert run_cli("undo").returncode == 0
    assert (home / "aigc/work_dir/new.txt").read_text() == "new"
    exported = str(home / "out.aigc")
    done = run_cli("export", made, exported, "--passphrase-file", "-", stdin="correct horse\n")
    assert done.returncode == 0, done.stderr
    wrong = run_cli("import", exported, "--passphrase-file", "-", "--json", stdin="wrong\n")
    assert wrong.returncode == 1 and json.loads(wrong.stdout)["code"] == "passphrase_wrong"
    assert (
        run_cli("import", exported, "--passphrase-file", "-", stdin="correct horse\n").returncode
        == 0
    )
    assert run_cli("verify", "nothing").returncode == 1
