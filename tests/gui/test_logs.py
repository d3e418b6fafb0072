"""The logs pane with real keys and clicks: filters, detail, live tail, the way to a chat."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from aigc_desktop.config.log import about_turn
from aigc_desktop.config.paths import Paths
from aigc_desktop.gui.ops.logs_pane import LogsPane
from tests.gui.conftest import LEFT, Desk

OLD = "2026-01-31 10:00:01.000"
LINES = (
    f"{OLD} INFO loop [main] begins\n"
    f"{OLD} ERROR store [main] disk full\nTraceback (most recent call last):\n  deep down\n"
    f"{OLD} INFO ScenarioMatcher [main] three candidates\n"
    f"{OLD} WARNING loop [main] \x1b[31m<b>evil</b>\u202e sk-ant-CANARY-12345678\n"
)


@pytest.fixture
def logged(paths: Paths, new_desk: Callable[[], Desk]) -> Desk:
    """The program with a log in which there is something."""
    paths.settings_file.write_text('{"provider": "demo", "language": "en"}')
    (paths.logs_dir / "backend.log").write_text(LINES)
    desk = new_desk()
    desk.open()
    return desk


def pane(desk: Desk) -> LogsPane:
    desk.workspace.show_operations()
    shown = desk.workspace.operations_page.show_part("logs")
    assert isinstance(shown, LogsPane)
    desk.until(lambda: shown.overview is not None and shown.overview.complete)
    return shown


def only_sample(desk: Desk, shown: LogsPane) -> None:
    """Look for what only the lines above have; the program has written its own by now."""
    shown.filters.text.setFocus()
    desk.paste("[main]")
    desk.until(lambda: len(messages(shown)) == 4)


def messages(shown: LogsPane) -> list[str]:
    """Return what the rows say; nothing until all of them are there."""
    rows = shown.rows
    said = [rows.index(n, 4).data() for n in range(rows.rowCount())]
    return [] if None in said else said


def test_newest_first_and_everything_inert(logged: Desk) -> None:
    shown = pane(logged)
    only_sample(logged, shown)
    said = messages(shown)
    assert said[-1] == "begins"
    assert said[-2].startswith("disk full")
    assert "\x1b" not in said[0]
    assert "\u202e" not in said[0]
    assert "<b>evil</b>" in said[0]
    assert "CANARY" not in said[0]
    QTest.mouseClick(shown.order, LEFT)
    logged.until(lambda: messages(shown)[:1] == ["begins"])


def test_chips_and_text_filter(logged: Desk) -> None:
    shown = pane(logged)
    only_sample(logged, shown)
    logged.click("Scenario matching", shown)
    logged.until(lambda: messages(shown) == ["three candidates"])
    logged.click("Errors", shown)
    logged.until(lambda: messages(shown) == ["disk full  ↵"])
    assert not shown.filters.chips["matcher"].isChecked()
    logged.click("Errors", shown)
    logged.until(lambda: shown.rows.rowCount() == 4)
    shown.filters.text.selectAll()
    shown.filters.text.setFocus()
    logged.paste("DEEP")
    logged.until(lambda: messages(shown) == ["disk full  ↵"])
    logged.paste("nowhere")
    logged.until(lambda: "No record fits." in logged.everything_said())
    logged.click("Show everything", shown)
    logged.until(lambda: shown.rows.rowCount() > 4)


def test_showing_everything_takes_back_the_time_too(logged: Desk) -> None:
    shown = pane(logged)
    only_sample(logged, shown)
    shown.filters.time.setCurrentIndex(shown.filters.time.count() - 1)
    assert shown.filters.since.isVisible()
    logged.until(lambda: "No record fits." in logged.everything_said())
    logged.click("Show everything", shown)
    assert not shown.filters.since.isVisible()
    assert not shown.filters.until.isVisible()
    logged.until(lambda: shown.rows.rowCount() > 4)


def test_a_record_is_not_shown_among_others(logged: Desk) -> None:
    shown = pane(logged)
    only_sample(logged, shown)
    shown.table.selectRow(0)
    logged.until(shown.detail.isVisible)
    logged.click("Scenario matching", shown)
    logged.until(lambda: messages(shown) == ["three candidates"])
    assert not shown.detail.isVisible()


def test_a_broken_pattern_is_said_where_it_is_typed(logged: Desk) -> None:
    shown = pane(logged)
    shown.filters.regex.setFocus()
    logged.press(Qt.Key.Key_Space)
    shown.filters.text.setFocus()
    logged.paste("(a")
    logged.until(shown.filters.problem.isVisible)
    assert "not a regular expression" in shown.filters.problem.text()
    logged.paste("|begins)")
    logged.until(lambda: messages(shown) and not shown.filters.problem.isVisible())


def test_a_record_is_shown_whole_and_copied(logged: Desk) -> None:
    shown = pane(logged)
    only_sample(logged, shown)
    shown.table.setFocus()
    logged.press(Qt.Key.Key_Home, on=shown.table)
    for _ in range(2):
        logged.press(Qt.Key.Key_Down, on=shown.table)
    logged.until(lambda: "deep down" in shown.detail.body.toPlainText())
    assert shown.detail.title.text() == "ERROR · store"
    logged.click("Copy", shown)
    from PySide6.QtWidgets import QApplication

    assert "deep down" in QApplication.clipboard().text()
    logged.press(Qt.Key.Key_Up, on=shown.table)
    logged.press(Qt.Key.Key_Up, on=shown.table)
    logged.until(lambda: "evil" in shown.detail.body.toPlainText())
    assert "CANARY" not in shown.detail.body.toPlainText()
    assert "\x1b" not in shown.detail.body.toPlainText()
    QTest.mouseClick(shown.filters.text, LEFT)
    assert shown.detail.isVisible()


def test_what_is_written_comes_live_and_leads_to_its_chat(
    logged: Desk, allow_log: set[str]
) -> None:
    allow_log.add("tool went")
    logged.ask("hello")
    logged.until_idle()
    session = logged.workspace.chat.session_id
    turn = next(iter(logged.workspace.chat.state.turns))
    shown = pane(logged)
    logged.click("Live", shown)
    with about_turn(session, turn):
        logging.getLogger("aigc_desktop.agent.loop").warning("tool went wrong")
    logged.until(lambda: "tool went wrong" in messages(shown))
    logged.workspace.new_chat()
    logged.workspace.show_operations()
    shown.table.setFocus()
    logged.until(lambda: "tool went wrong" in messages(shown))
    shown.table.selectRow(messages(shown).index("tool went wrong"))
    logged.until(shown.detail.chat.isVisible)
    logged.click("Go to the chat", shown)
    logged.until(lambda: logged.workspace.chat.session_id == session)
    logged.until_shown("hello")


def test_an_export_holds_what_is_shown(logged: Desk, tmp_path: Path) -> None:
    shown = pane(logged)
    logged.click("Errors", shown)
    logged.until(lambda: shown.rows.rowCount() == 1)
    target = tmp_path / "out.log"
    shown.export(str(target))
    logged.until(target.exists)
    assert target.read_text().splitlines()[0].endswith("disk full")
    logged.until(lambda: "without keys and secrets" in logged.everything_said())


def test_an_empty_log_says_so(desk: Desk, paths: Paths) -> None:
    (paths.logs_dir / "backend.log").unlink()
    shown = pane(desk)
    desk.until(lambda: "Nothing has been written yet." in desk.everything_said())
    assert not shown.save.isEnabled()
