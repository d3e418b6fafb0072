"""Jobs, their schedules and rules, and the HTTP server at the window."""

from __future__ import annotations

import json
import socket
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QWidget

from aigc_desktop.config import settings as config
from aigc_desktop.core.http import STATS
from aigc_desktop.services import job_list
from tests.gui.conftest import LEFT, Desk
from tests.services.jobs_for_tests import make_job, use_jobs


@pytest.fixture(autouse=True)
def own_jobs_again() -> Iterator[None]:
    yield
    job_list.all_jobs.cache_clear()


def pane(desk: Desk, name: str) -> Any:
    """Go to a part of the operations page."""
    desk.workspace.show_operations()
    shown = desk.workspace.operations_page.show_part(name)
    desk.until(shown.isVisible)
    return shown


def press(name: str, within: QWidget) -> None:
    """Click the visible button with that accessible name or text."""
    found = [b for b in within.findChildren(QAbstractButton) if b.isVisible()]
    [button] = [b for b in found if name in (b.accessibleName(), b.text())]
    QTest.mouseClick(button, LEFT)


def turn(desk: Desk, http: Any) -> None:
    """Turn the server on or off with the keyboard."""
    desk.press(Qt.Key.Key_Space, on=http.switch)


def test_a_job_is_run_paused_and_planned(desk: Desk) -> None:
    jobs = pane(desk, "jobs")
    desk.until(lambda: "prices" in jobs.cards)
    assert {"learning", "backup", "drill", "retention", "statistics"} <= set(jobs.cards)
    card = jobs.cards["prices"]
    assert card.last.text() == "Never run"
    press("Run Usage prices now", card)
    desk.until(lambda: "done" in card.last.text() and "by hand" in card.last.text())
    assert "genai-prices" in card.result.text()
    press("Pause Usage prices", card)
    desk.until(lambda: card.mark.text() == "paused")
    press("Resume Usage prices", card)
    desk.until(lambda: "next:" in card.plan.text())
    press("Change the schedule of Usage prices…", card)
    dialog = jobs.dialog
    dialog.how.setCurrentIndex(dialog.how.findText("Every week"))
    assert dialog.day.isVisibleTo(dialog)
    dialog.day.setCurrentIndex(4)
    dialog.time.clear()
    QTest.keyClicks(dialog.time, "18:")
    assert not dialog.save.isEnabled()
    QTest.keyClicks(dialog.time, "05")
    assert dialog.time.text() == "18:05"
    press("Save", dialog)
    desk.until(lambda: card.plan.text().startswith("Every Friday at 18:05 · next:"))
    press("Past runs of Usage prices…", card)
    desk.until(lambda: jobs.history.table.rowCount() == 1)
    assert jobs.history.table.item(0, 2).text() == "done"
    press("Close", jobs.history)


def test_progress_a_stop_and_a_failure(
    new_desk: Callable[[], Desk], monkeypatch: pytest.MonkeyPatch, paths: Any, allow_log: set[str]
) -> None:
    import asyncio

    allow_log.add("the job test failed")
    runs = iter([asyncio.Event(), None])

    async def work(app: Any, progress: Any, cause: Any) -> dict[str, Any]:
        gate = next(runs)
        progress(1, 3, "reading things")
        if gate is None:
            raise ValueError("a bug")
        await gate.wait()
        return {"count": 1}

    use_jobs(monkeypatch, make_job(work))
    paths.settings_file.write_text('{"provider": "demo", "language": "en"}')
    desk = new_desk()
    desk.open()
    jobs = pane(desk, "jobs")
    desk.until(lambda: "test" in jobs.cards)
    card = jobs.cards["test"]
    desk.until(card.run.isVisible)
    press("Run Test now", card)
    desk.until(lambda: card.at.text() == "reading things" and card.bar.value() == 1)
    assert card.bar.maximum() == 3
    desk.until(lambda: card.run.accessibleName() == "Stop Test")
    press("Stop Test", card)
    desk.until(lambda: "stopped" in card.last.text() and not card.bar.isVisible())
    assert card.run.text() == "Run now"
    press("Run Test now", card)
    desk.until(lambda: "failed" in card.last.text())
    desk.until(lambda: "The job “Test” failed." in desk.everything_said())


def test_rules_for_tidying_show_what_would_go(desk: Desk) -> None:
    jobs = pane(desk, "jobs")
    desk.until(lambda: "retention" in jobs.cards)
    assert not jobs.cards["prices"].rules.isVisible()
    press("Rules and preview of Tidying…", jobs.cards["retention"])
    rules = jobs.rules
    desk.until(lambda: "the rules are off" in rules.preview.toPlainText())
    field = rules.fields["retention"].control
    field.setCurrentIndex(field.findData("on"))
    desk.until(lambda: rules.preview.toPlainText() == "There is nothing to tidy away.")
    assert desk.settings.get(config.RETENTION) == "on"
    press("Tidy now", rules)
    desk.until(lambda: "done" in jobs.cards["retention"].last.text())


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_the_server_is_turned_on_asked_and_turned_off(desk: Desk) -> None:
    port = free_port()
    desk.settings.set(config.HTTP_PORT, port)
    http = pane(desk, "http")
    desk.until(lambda: http.port.text() == str(port))
    assert http.where.text() == "Off"
    turn(desk, http)
    desk.until(lambda: http.where.text() == f"It listens at http://127.0.0.1:{port}")
    press("New token…", http)
    dialog = http.dialog
    QTest.keyClicks(dialog.name, "nightly")
    press("Make the token", dialog)
    desk.until(dialog.token.toPlainText)
    press("Copy the command line", dialog)
    line = QApplication.clipboard().text()
    token = dialog.token.toPlainText()
    assert line.startswith(f"curl -X POST 'http://127.0.0.1:{port}/api/v1/platform/cron/")
    assert token in line
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{STATS}", headers={"Authorization": f"Bearer {token}"}
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert json.load(answer)["total_sessions"] == 0
    press("Close", dialog)
    desk.until(lambda: "nightly" in desk.everything_said())
    press("Revoke nightly", http)
    desk.until(lambda: "revoked" in desk.everything_said())
    with pytest.raises(urllib.error.HTTPError, match="401"):
        urllib.request.urlopen(request, timeout=10)
    turn(desk, http)
    desk.until(lambda: http.where.text() == "Off")
    assert desk.settings.get(config.HTTP_SERVER) == "off"
    with pytest.raises(OSError):
        urllib.request.urlopen(request, timeout=10)


def test_a_taken_port_is_said_and_another_offered(desk: Desk) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        desk.settings.set(config.HTTP_PORT, port)
        http = pane(desk, "http")
        desk.until(lambda: http.port.text() == str(port))
        turn(desk, http)
        desk.until(lambda: f"Port {port} is used" in http.problem.text())
        desk.until(lambda: not http.switch.isChecked())
        desk.until(http.other_port.isVisible)
        QTest.mouseClick(http.other_port, LEFT)
        desk.until(lambda: http.where.text().startswith("It listens at"))
        assert http.port.text() != str(port)
        assert http.problem.text() == ""
    http.port.setFocus()
    http.port.setText("70000")
    desk.press(Qt.Key.Key_Return)
    desk.until(http.problem.text)
    assert http.where.text().startswith("It listens at")


def test_a_server_that_was_on_is_on_again(new_desk: Callable[[], Desk], paths: Any) -> None:
    port = free_port()
    stored = {"provider": "demo", "language": "en", "http_server": "on", "http_port": port}
    paths.settings_file.write_text(json.dumps(stored))
    desk = new_desk()
    desk.open()
    http = pane(desk, "http")
    desk.until(lambda: http.where.text() == f"It listens at http://127.0.0.1:{port}")
    assert http.switch.isChecked()
