"""The backup before the database or the program becomes another one."""

from __future__ import annotations

import contextlib
import sys
import threading
from pathlib import Path

import pytest
from sqlcipher3 import dbapi2

from aigc_desktop import __version__, bootstrap
from aigc_desktop.config import settings as config
from aigc_desktop.config.paths import Paths
from aigc_desktop.config.secrets import SecretStore
from aigc_desktop.config.settings import Settings
from aigc_desktop.core.backup import Cause, Operation, Selection
from aigc_desktop.core.bus import EventBus
from aigc_desktop.core.errors import UserError
from aigc_desktop.core.events import (
    Event,
    MigrationProgressed,
    NoticeRaised,
    SafetyBackupDeclined,
)
from aigc_desktop.core.migration import Stage
from aigc_desktop.ops.backup import process
from aigc_desktop.ops.backup.job import Job
from aigc_desktop.services import backup, migrations, restore, safety_backup, sessions
from aigc_desktop.store import migration
from tests.conftest import OpenApp

OLD = "permission_rules"
OLD_VERSION = "0.0.1"


def old_database(paths: Paths, title: str = "an old chat", work_dir: str = "") -> None:
    """Leave a database as an older version of the program left it, with a file beside it."""
    migration.make_database(paths.database, OLD)
    with contextlib.closing(dbapi2.connect(str(paths.database))) as db:
        db.execute(
            "INSERT INTO sessions (session_id, user_id, title, created_at, last_activity, work_dir)"
            " VALUES ('s1', 1, ?, 1, 1, ?)",
            (title, work_dir or None),
        )
        db.commit()
    (paths.work_dir / "report.md").write_text("as it was")


def notices(events: list[Event]) -> list[str]:
    return [event.code for event in events if isinstance(event, NoticeRaised)]


def mark(paths: Paths, version: str) -> None:
    (paths.data_dir / "program-version").write_text(version)


async def test_everything_comes_back_from_the_backup_before_a_migration(
    paths: Paths, settings: Settings, bus: EventBus, events: list[Event]
) -> None:
    old_database(paths)
    async with bootstrap.open_app(paths, settings, bus) as app:
        (made,) = await backup.list_snapshots(app)
        assert (made.cause, made.revision, made.sessions) == (Cause.BEFORE_MIGRATION, OLD, 1)
        assert made.verified_at is not None and made.files == 1
        (paths.work_dir / "report.md").write_text("changed since")
        await sessions.rename_session(app, 1, "renamed since")
        assert (await restore.restore_snapshot(app, made.id)).restarts
    shares = [
        event.progress.share
        for event in events
        if isinstance(event, MigrationProgressed) and event.progress.stage is Stage.BACKUP
    ]
    assert shares == sorted(shares) and shares[0] == 0 and shares[-1] > 0
    assert not notices(events)
    async with bootstrap.open_app(paths, settings, bus) as app:
        assert [each.title for each in await sessions.list_sessions(app)] == ["an old chat"]
        assert (paths.work_dir / "report.md").read_text() == "as it was"


async def test_one_backup_before_another_version_of_the_program(
    open_app: OpenApp, paths: Paths, settings: Settings
) -> None:
    async with open_app():
        assert not backup.list_at(paths, settings), "nothing was known of another version"
    mark(paths, OLD_VERSION)
    for _ in range(2):
        async with open_app():
            (made,) = backup.list_at(paths, settings)
            assert (made.cause, made.version) == (Cause.BEFORE_UPDATE, __version__)


@pytest.mark.parametrize("encrypt", [False, True])
async def test_a_backup_that_cannot_be_made_is_said_and_keeps_nobody_out(
    paths: Paths,
    settings: Settings,
    bus: EventBus,
    events: list[Event],
    allow_log: set[str],
    encrypt: bool,
) -> None:
    allow_log.add("no backup was made")
    old_database(paths)
    if encrypt:
        settings.set(config.BACKUP_ENCRYPT, True)
    else:
        paths.backups_dir.write_text("a file where the folder should be")
    async with bootstrap.open_app(paths, settings, bus) as app:
        assert [each.title for each in await sessions.list_sessions(app)] == ["an old chat"]
    (notice,) = [each for each in events if isinstance(each, NoticeRaised)]
    assert notice.code == "safety_backup_failed"
    told = notice.params["reason"] + notice.params["remedy"]
    assert ("passphrase" in told) if encrypt else (str(paths.backups_dir) in told)


async def test_a_backup_that_is_not_waited_for_leaves_nothing(
    paths: Paths, settings: Settings, bus: EventBus, events: list[Event]
) -> None:
    old_database(paths)

    def decline(event: Event) -> None:
        if isinstance(event, MigrationProgressed) and event.progress.stage is Stage.BACKUP:
            thread = threading.Thread(target=bus.publish, args=(SafetyBackupDeclined(),))
            thread.start()
            thread.join()

    stop = bus.subscribe(decline)
    async with bootstrap.open_app(paths, settings, bus) as app:
        assert await backup.list_snapshots(app) == []
        stop()
        await backup.create_backup(app)
    assert not notices(events)


@pytest.mark.parametrize("last_word", ["", '{"progress": ["files", 1', "not JSON at all"])
def test_a_worker_that_dies_is_a_failed_backup(
    paths: Paths, last_word: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    dies = f"import sys; sys.stdin.readline(); sys.stdout.write({last_word!r}); sys.exit(9)"
    monkeypatch.setattr(process, "command", lambda: [sys.executable, "-c", dies])
    job = Job("create", str(paths.home), str(paths.backups_dir), str(paths.work_dir))
    with pytest.raises(UserError, match="backup_failed"):
        process.BlockingWorker().run(Operation.CREATE, job)


@pytest.mark.parametrize("problem", [OSError(24, "Too many open files"), ValueError("junk")])
async def test_whatever_keeps_the_worker_from_working_keeps_nobody_out(
    paths: Paths,
    settings: Settings,
    bus: EventBus,
    events: list[Event],
    allow_log: set[str],
    problem: Exception,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken() -> list[str]:
        raise problem

    allow_log.add("no backup was made")
    old_database(paths)
    monkeypatch.setattr(process, "command", broken)
    async with bootstrap.open_app(paths, settings, bus) as app:
        assert [each.title for each in await sessions.list_sessions(app)] == ["an old chat"]
    assert notices(events) == ["safety_backup_failed"]


async def test_the_keyring_is_not_asked_where_nothing_is_encrypted(
    paths: Paths, settings: Settings, bus: EventBus, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(SecretStore, "get", lambda _self, name: asked.append(name))
    old_database(paths)
    migrations.upgrade(paths, settings, bus, None, lambda _progress: None)
    assert asked == []


async def test_a_full_disk_where_the_version_is_noted_keeps_nobody_out(
    open_app: OpenApp, monkeypatch: pytest.MonkeyPatch, allow_log: set[str]
) -> None:
    def full(_path: Path, _data: bytes) -> None:
        raise OSError(28, "No space left on device")

    allow_log.add("version was not noted")
    monkeypatch.setattr(safety_backup, "write_atomically", full)
    async with open_app() as app:
        assert await sessions.list_sessions(app) == []


async def test_a_database_that_is_refused_is_not_backed_up(
    paths: Paths, settings: Settings, bus: EventBus
) -> None:
    old_database(paths)
    with contextlib.closing(dbapi2.connect(str(paths.database))) as db:
        db.execute("UPDATE alembic_version SET version_num = 'from_the_future'")
        db.commit()
    with pytest.raises(UserError, match="database_newer"):
        async with bootstrap.open_app(paths, settings, bus):
            pass
    assert not paths.backups_dir.exists()


async def test_folders_of_single_chats_of_an_old_database_are_in_it(
    paths: Paths, settings: Settings, bus: EventBus, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "plan.md").write_text("a plan")
    old_database(paths, work_dir=str(elsewhere))
    settings.set(config.BACKUP_WORK_DIRS, True)
    report = migrations.upgrade(paths, settings, bus, "lessons", lambda _progress: None)
    async with bootstrap.open_app(paths, settings, bus) as app:
        (elsewhere / "plan.md").unlink()
        seen = await restore.preview_restore(app, report.backup)
        (gone,) = [each.path for each in seen.files if each.path.endswith("plan.md")]
        await restore.restore_snapshot(app, report.backup, Selection(files=(gone,)))
        assert (elsewhere / "plan.md").read_text() == "a plan"
