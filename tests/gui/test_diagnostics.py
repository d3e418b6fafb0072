"""Diagnostics at the window: verdict, reasons, mends that can be taken back, report, bundle."""

from __future__ import annotations

import json
import stat
import zipfile
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QFileDialog

from aigc_desktop.config import settings as config
from aigc_desktop.core.diagnostics import State
from aigc_desktop.gui.ops.check_row import CheckRow
from aigc_desktop.gui.ops.diagnostics_pane import DiagnosticsPane
from tests.gui.conftest import Desk
from tests.scripted_server import ScriptedServer, fail


def diagnostics(desk: Desk) -> DiagnosticsPane:
    """Open the operations with their keys; wait until all checks have run."""
    control_shift = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    desk.press(Qt.Key.Key_O, control_shift)
    pane = desk.workspace.operations_page.show_part("diagnostics")
    assert isinstance(pane, DiagnosticsPane)
    wait(desk, pane)
    return pane


def wait(desk: Desk, pane: DiagnosticsPane) -> None:
    desk.until(lambda: pane.rows and all(row.result for row in pane.rows.values()))
    desk.until(pane.again.isEnabled)


def state(row: CheckRow) -> State:
    assert row.result is not None
    return row.result.state


def test_every_check_says_how_it_is_and_why(desk: Desk) -> None:
    pane = diagnostics(desk)
    said = desk.everything_said()
    assert "Every page is sound" in said
    assert "to look at" in pane._verdict.text()
    assert state(pane.rows["versions"]) is State.OK
    assert "Qt 6." in pane.rows["versions"].accessibleName()
    for row in pane.rows.values():
        assert row.accessibleName().count(":") >= 1
    desk.click("Copy the report")
    copied = QApplication.clipboard().text()
    assert "[fine] Database: Every page is sound" in copied


def test_a_mend_is_applied_and_taken_back(desk: Desk) -> None:
    desk.paths.home.chmod(0o755)
    pane = diagnostics(desk)
    row = pane.rows["rights"]
    assert state(row) is State.WARNING
    desk.click("Access rights: Make them mine alone")
    desk.until(lambda: state(row) is State.OK)
    assert stat.S_IMODE(desk.paths.home.stat().st_mode) == 0o700
    desk.click("Access rights: Undo")
    desk.until(lambda: state(row) is State.WARNING)
    assert stat.S_IMODE(desk.paths.home.stat().st_mode) == 0o755


def test_a_refused_key_is_named_and_leads_to_the_settings(
    served_desk: Desk, server: ScriptedServer
) -> None:
    server.on_models = fail(401, "authentication_error")
    pane = diagnostics(served_desk)
    assert state(pane.rows["key"]) is State.PROBLEM
    assert "API key" in pane._names.text()
    served_desk.click("API key: Open the settings")
    served_desk.until(lambda: served_desk.workspace.shows_settings)


def test_what_was_mended_elsewhere_is_seen_when_run_again(desk: Desk) -> None:
    desk.settings.set(config.WORK_DIR, str(desk.paths.home / "gone"))
    pane = diagnostics(desk)
    assert state(pane.rows["work_dir"]) is State.PROBLEM
    (desk.paths.home / "gone").mkdir()
    desk.settings.set(config.WORK_DIR, "")
    desk.click("Run again")
    desk.until(lambda: not pane.again.isEnabled())
    wait(desk, pane)
    assert state(pane.rows["work_dir"]) is State.OK


def test_the_support_bundle_is_written_where_it_was_chosen(desk: Desk, tmp_path: Path) -> None:
    diagnostics(desk)
    desk.click("Support bundle…")
    [dialog] = desk.window.findChildren(QFileDialog)
    target = tmp_path / "support.zip"
    dialog.fileSelected.emit(str(target))
    dialog.close()
    desk.until(target.exists)
    desk.until(lambda: "support bundle is" in desk.everything_said() or target.stat().st_size)
    with zipfile.ZipFile(target) as archive:
        assert json.loads(archive.read("doctor.json"))["results"]
