"""The migrations page, the way back, a newer database, and taking over from the web version."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from sqlcipher3 import dbapi2

from aigc_desktop.config.paths import Paths
from aigc_desktop.gui.app import REOPEN_MS
from aigc_desktop.gui.migration_strip import PARTS
from aigc_desktop.gui.ops.migrations_pane import MigrationsPane
from aigc_desktop.gui.ops.takeover_pane import TakeoverPane
from aigc_desktop.ops.backup import process
from aigc_desktop.store import migration, snapshots
from tests import web_version
from tests.gui.conftest import Desk

BACKUP_THAT_LASTS = """
import sys
sys.stdin.readline()
print('{"progress": ["files", 50, 100]}', flush=True)
sys.stdin.read()
"""


def old_database(paths: Paths) -> None:
    """Leave a database as an older version of the program left it."""
    snapshots.discard(paths.database)
    migration.make_database(paths.database, "permission_rules")


def show(desk: Desk, part: str) -> MigrationsPane | TakeoverPane:
    desk.workspace.show_operations()
    found = desk.workspace.operations_page.show_part(part)
    assert isinstance(found, MigrationsPane | TakeoverPane)
    return found


def test_an_old_database_is_upgraded_and_one_click_returns(
    paths: Paths, new_desk: Callable[[], Desk]
) -> None:
    old_database(paths)
    paths.settings_file.write_text('{"provider": "demo", "language": "en"}')
    desk = new_desk()
    desk.open()
    assert desk.workspace.migration.isHidden()
    assert "The state before is kept" in desk.workspace.migration.step.text()
    pane = show(desk, "migrations")
    assert isinstance(pane, MigrationsPane)
    desk.until(lambda: "The database is up to date." in desk.everything_said())
    assert "Permission rules" in desk.everything_said()
    desk.click("Return to this version…")
    desk.until(lambda: "Return to this version?" in desk.everything_said())
    desk.click("Return", pane.question)
    desk.until(lambda: "The database is as it was:" in desk.everything_said())
    assert migration.current(paths.database) == "permission_rules"
    [aside] = paths.data_dir.glob("after-*.db")
    assert migration.current(aside) == migration.HEAD
    desk.click("Bring it up to date again")
    desk.until(lambda: desk.program.bridge.is_ready and desk.workspace.sidebar.isEnabled())
    assert migration.current(paths.database) == migration.HEAD
    desk.close()
    QTest.qWait(2 * REOPEN_MS)


def test_the_backup_before_an_upgrade_is_shown_and_need_not_be_waited_for(
    paths: Paths, new_desk: Callable[[], Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    old_database(paths)
    paths.settings_file.write_text('{"provider": "demo", "language": "en"}')
    monkeypatch.setattr(process, "command", lambda: [sys.executable, "-c", BACKUP_THAT_LASTS])
    desk = new_desk()
    desk.opening.show()
    desk.window.activateWindow()
    desk.until(lambda: "A backup is made before the upgrade" in desk.everything_said())
    strip = desk.workspace.migration
    desk.until(lambda: strip.bar.value() == PARTS * 0.6)
    assert migration.current(paths.database) == "permission_rules"
    strip.decline.setFocus()
    desk.press(Qt.Key.Key_Space)
    desk.until(lambda: desk.program.bridge.is_ready)
    assert strip.isHidden() and desk.composer.hasFocus()
    assert migration.current(paths.database) == migration.HEAD
    assert "No backup was made" not in desk.everything_said()


def test_a_backup_before_an_upgrade_that_fails_is_said(
    paths: Paths, new_desk: Callable[[], Desk], allow_log: set[str]
) -> None:
    allow_log.add("no backup was made")
    old_database(paths)
    paths.settings_file.write_text('{"provider": "demo", "language": "en"}')
    paths.backups_dir.write_text("a file where the folder should be")
    desk = new_desk()
    desk.open()
    desk.until(lambda: "No backup was made before the upgrade." in desk.everything_said())
    assert migration.current(paths.database) == migration.HEAD


def test_a_newer_database_is_left_alone_and_one_can_go_back(
    paths: Paths, new_desk: Callable[[], Desk], allow_log: set[str]
) -> None:
    allow_log.add("could not")
    old_database(paths)
    migration.prepare(paths)
    with contextlib.closing(dbapi2.connect(str(paths.database))) as db:
        db.execute("UPDATE alembic_version SET version_num = 'from_the_future'")
        db.commit()
    before = paths.database.read_bytes()
    paths.settings_file.write_text('{"provider": "demo", "language": "en"}')
    desk = new_desk()
    desk.opening.show()
    desk.until(lambda: "made by a newer version" in desk.everything_said())
    assert paths.database.read_bytes() == before
    desk.until(lambda: "Go back to the copy of" in desk.everything_said())
    assert "Start with an empty database" not in desk.everything_said()
    [choice] = [t for t in desk.everything_said().splitlines() if "Go back to the copy of" in t]
    desk.click(choice)
    desk.until(lambda: desk.program.bridge.is_ready)
    assert migration.current(paths.database) == migration.HEAD
    [aside] = paths.data_dir.glob("after-*.db")
    assert aside.read_bytes() == before


def test_a_database_that_is_gone_is_not_made_anew(
    paths: Paths, new_desk: Callable[[], Desk], allow_log: set[str]
) -> None:
    allow_log.add("could not")
    old_database(paths)
    migration.prepare(paths)
    snapshots.discard(paths.database)
    paths.settings_file.write_text('{"provider": "demo", "language": "en"}')
    desk = new_desk()
    desk.opening.show()
    desk.until(lambda: "is gone, but there are copies of it" in desk.everything_said())
    assert not paths.database.exists()
    assert "Rescue what can be read" not in desk.everything_said()
    desk.until(lambda: "Go back to the copy of" in desk.everything_said())


def test_the_web_version_is_found_on_the_welcome_page_and_taken_over(
    paths: Paths, new_desk: Callable[[], Desk], tmp_path: Path
) -> None:
    folder = tmp_path / "web"
    (folder / "data").mkdir(parents=True)
    (folder / "work_dir").mkdir()
    (folder / "work_dir" / "chart.png").write_bytes(b"png")
    source = web_version.build(folder / "data" / "sessions.db", web_version.STEPS[2])
    paths.settings_file.write_text('{"language": "en"}')
    desk = new_desk()
    desk.open()
    desk.click("Used the web version before? Take over your chats…")
    pane = desk.workspace.operations_page.show_part("takeover")
    assert isinstance(pane, TakeoverPane)
    assert not pane.take.isEnabled()
    pane.database.setText(str(source))
    desk.until(lambda: pane.work_dir.text() == str(folder / "work_dir"))
    desk.click("Look first")
    desk.until(lambda: "This would come over" in desk.everything_said())
    assert not (paths.work_dir / "chart.png").exists()
    pane.take.setFocus()
    QTest.keyClick(pane.take, Qt.Key.Key_Space)
    desk.until(lambda: "What came over" in desk.everything_said())
    said = desk.everything_said()
    assert "Chats: 3" in said
    assert "Passwords: 3" in said
    assert (paths.work_dir / "chart.png").read_bytes() == b"png"
    desk.until(lambda: any("other chat" in title for title in desk.titles()))
    pane.database.setText(str(paths.database))
    desk.click("Take over")
    desk.until(lambda: "not of the web version" in desk.everything_said())
