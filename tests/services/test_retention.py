"""Retention: off by default, previewed, by rule, and never what somebody still wants."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from aigc_desktop.config import settings as config
from aigc_desktop.core.errors import UserError
from aigc_desktop.core.events import Event, SessionChanged, SessionDeleted
from aigc_desktop.services import jobs, retention, sessions
from aigc_desktop.services.app import App
from aigc_desktop.store import retention as rows
from aigc_desktop.store.store import Db
from tests.fakes import FakeClock

DAY = 24 * 3600 * 1000


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def old_file(path: Path, size: int = 1000) -> Path:
    path.write_bytes(b"x" * size)
    os.utime(path, (0, 0))
    return path


async def titles(app: App, *, trashed: bool = False) -> set[str]:
    return {session.title for session in await sessions.list_sessions(app, trashed)}


async def named(app: App, title: str) -> int:
    session = await sessions.create_session(app)
    await sessions.rename_session(app, session.id, title)
    return session.id


async def test_off_by_default(app: App, clock: FakeClock) -> None:
    await named(app, "old")
    await sessions.trash_session(app, await named(app, "thrown away"))
    clock.now += 5000 * DAY
    plan = await retention.preview(app)
    assert (plan.enabled, plan.to_trash, plan.to_delete) == (False, (), ())
    report = await retention.tidy(app)
    assert (report.trashed, report.deleted) == (0, 0)
    assert await titles(app) == {"old"}
    assert await titles(app, trashed=True) == {"thrown away"}
    assert await retention.trash_days(app) is None


async def test_old_sessions_go_to_the_trash_and_old_trash_goes(
    app: App, clock: FakeClock, events: list[Event]
) -> None:
    app.settings.set(config.RETENTION, "on")
    await named(app, "old")
    await sessions.pin_session(app, await named(app, "pinned"), True)
    await sessions.save_draft(app, await named(app, "half written"), "text")
    await sessions.trash_session(app, await named(app, "thrown away"))
    clock.now += 181 * DAY
    await named(app, "new")
    await sessions.trash_session(app, await named(app, "thrown away now"))
    plan = await retention.preview(app)
    assert [session.title for session in plan.to_trash] == ["old"]
    assert [session.title for session in plan.to_delete] == ["thrown away"]
    assert await titles(app) == {"old", "pinned", "half written", "new"}, (
        "a preview changes nothing"
    )
    events.clear()
    report = await retention.tidy(app)
    assert (report.trashed, report.deleted) == (1, 1)
    assert await titles(app) == {"pinned", "half written", "new"}
    assert await titles(app, trashed=True) == {"old", "thrown away now"}
    assert {type(event) for event in events} == {SessionChanged, SessionDeleted}
    assert (await retention.tidy(app)).deleted == 0, "the trash keeps it for its own time"
    clock.now += 31 * DAY
    assert (await retention.tidy(app)).deleted == 2
    assert await retention.trash_days(app) == 30


async def test_orphan_files_go_and_nothing_else(app: App) -> None:
    await named(app, "kept")
    paths = app.paths
    orphan = old_file(paths.outputs_dir / "0123456789abcdef.txt")
    young = paths.outputs_dir / "young.txt"
    young.write_text("just written")
    partial = old_file(paths.data_dir / "sessions.db.part")
    before = old_file(paths.data_dir / "before-operations-20260101-000000.db")
    own = old_file(paths.work_dir / "mine.part")
    uploads = paths.work_dir / "uploads"
    uploads.mkdir()
    attached = old_file(uploads / "attached.txt")
    outside = old_file(paths.home.parent / "outside.txt")
    (paths.outputs_dir / "link.txt").symlink_to(outside)
    plan = await retention.preview(app)
    assert (plan.files, plan.file_bytes) == (2, 2000)
    report = await retention.tidy(app)
    assert report.files == 2
    assert not orphan.exists()
    assert not partial.exists()
    for path in (young, before, own, attached, outside, paths.outputs_dir / "link.txt"):
        assert path.exists(), path


async def test_an_output_that_a_message_names_stays_wherever_the_home_is(app: App) -> None:
    session = await named(app, "with output")
    output = old_file(app.paths.outputs_dir / "00112233445566aa.txt")
    await app.store.write(lambda db: _refer(db, session, f"/another/home/outputs/{output.name}"))
    await retention.tidy(app)
    assert output.exists()
    await sessions.trash_session(app, session)
    await sessions.delete_session(app, session)
    assert (await retention.tidy(app)).files == 1
    assert not output.exists()


def _refer(db: Db, session_id: int, path: str) -> None:
    db.exec_driver_sql(
        "INSERT INTO turns (session_id, status, created_at) VALUES (?, 'done', 0)", (session_id,)
    )
    db.exec_driver_sql(
        "INSERT INTO messages (turn_id, position, role, message_type, created_at, extra_data) "
        "SELECT max(id), 1, 'user', 'tool_result', 0, json_object('full_output', ?) FROM turns",
        (path,),
    )


async def test_rows_about_sessions_that_are_gone(app: App) -> None:
    await app.store.write(
        lambda db: db.exec_driver_sql(
            "INSERT INTO user_file_relationships (session_id, conversation_turn_id, file_name) "
            "VALUES ('gone', '1', 'x')"
        )
    )
    assert (await retention.preview(app)).rows == 1
    assert (await retention.tidy(app)).rows == 1
    assert (await retention.tidy(app)).rows == 0


async def _make_room(app: App, monkeypatch: pytest.MonkeyPatch) -> int:
    """Fill the database and empty it again; return the size of its file."""
    monkeypatch.setattr(rows, "WORTH_BYTES", 1_000_000)
    await app.store.write(lambda db: db.exec_driver_sql("CREATE TABLE ballast (x)"))
    await app.store.write(
        lambda db: db.exec_driver_sql("INSERT INTO ballast VALUES (zeroblob(5000000))")
    )
    await app.store.write(lambda db: db.exec_driver_sql("DROP TABLE ballast"))
    return (await app.store.read(rows.space)).size


async def test_unused_space_is_given_back(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    await named(app, "kept")
    size = await _make_room(app, monkeypatch)
    assert (await retention.preview(app)).space.worthwhile
    report = await retention.tidy(app)
    assert report.vacuumed
    assert report.freed > 4_000_000
    assert app.paths.database.stat().st_size < size - 4_000_000
    assert not (await retention.preview(app)).space.worthwhile
    assert await titles(app) == {"kept"}
    memory = await app.store.maintain(
        lambda db: db.cursor().execute("PRAGMA temp_store").fetchone()[0]
    )
    assert memory == 2


async def test_space_is_not_given_back_while_turns_run_or_without_room(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _make_room(app, monkeypatch)
    monkeypatch.setattr(type(app.runner), "running_sessions", lambda _: (1,))
    assert (await retention.tidy(app)).put_off == "busy"
    with pytest.raises(UserError, match="vacuum_busy"):
        await retention.vacuum(app)
    monkeypatch.undo()
    monkeypatch.setattr(rows, "WORTH_BYTES", 1_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10, 10, 0))
    report = await retention.tidy(app)
    assert (report.vacuumed, report.put_off) == (False, "space")


async def test_as_a_job_it_says_what_it_did(app: App, clock: FakeClock) -> None:
    app.settings.set(config.RETENTION, "on")
    await named(app, "old")
    clock.now += 400 * DAY
    run = await jobs.run_job(app, "retention")
    assert run.text == "1 chat moved to the trash."
    assert (await jobs.run_job(app, "retention")).text == "There was nothing to tidy away."
