"""Walks through the operations pages of the real program and takes a picture of each screen.

    python scripts/operations_shots.py /tmp/shots en light 1.0 [fresh|used|damaged]

Each walk has a home of its own: a fresh one, one that is in use, one whose database is damaged.
Pages are shown at the window's usual size and, as `NAME-small`, at the smallest.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import screenshots
from screenshots import Step, pause

WALKS = ("fresh", "used", "damaged")
SMALLEST = (760, 520)
SETTLE_S = 0.5
LABELS = {"en": "before the merger", "zh_CN": "合并之前"}
PORT = 18431
Save = Callable[[str, Any], None]


class Camera:
    """Takes pictures of the program's pages and dialogs."""

    def __init__(self, program: Any, language: str, save: Save) -> None:
        self.program = program
        self.window = program.window
        self.workspace = program.workspace
        self.language = language
        self._save = save

    def part(self, name: str) -> Any:
        """Go to a part of the operations page; return its pane."""
        self.workspace.show_operations()
        return self.workspace.operations_page.show_part(name)

    def page(self, name: str) -> Iterator[Step]:
        """Take the window as it is, and once more as small as it can be."""
        usual = self.window.size()
        yield from pause(SETTLE_S)
        self._save(name, self.window)
        self.window.resize(*SMALLEST)
        yield from pause(SETTLE_S)
        self._save(f"{name}-small", self.window)
        self.window.resize(usual)
        yield from pause(0.1)

    def dialog(self, name: str, shown: Any) -> Iterator[Step]:
        """Take an open dialog, then close it."""
        shown.setModal(False)
        yield from pause(SETTLE_S)
        self._save(name, shown)
        shown.close()


def fresh(camera: Camera) -> Iterator[Step]:
    """Where nothing has been done yet."""
    pane = camera.part("diagnostics")
    yield lambda: pane.rows and pane.again.isEnabled()
    yield from camera.page("diagnostics-fresh")
    pane = camera.part("backup")
    yield pane.summary.title.text
    yield from camera.page("backup-none")
    pane = camera.part("jobs")
    yield lambda: pane.cards
    yield from camera.page("jobs-new")
    pane._show_history("statistics")
    yield from camera.dialog("jobs-history-none", pane.history)
    pane._show_rules()
    yield pane.rules.preview.toPlainText
    yield from camera.dialog("retention-off", pane.rules)
    pane = camera.part("statistics")
    yield lambda: pane.series is not None
    yield from camera.page("statistics-none")
    pane = camera.part("http")
    yield pane.port.text
    yield from camera.page("http-off")
    pane = camera.part("migrations")
    yield lambda: pane.list.has_cards
    yield from camera.page("migrations-none")
    camera.part("takeover")
    yield from camera.page("takeover")


def used(camera: Camera) -> Iterator[Step]:
    """Where everything has something to show."""
    for part in (_statistics, _logs, _jobs, _http, _backup, _take_over, _diagnostics):
        yield from part(camera)


def damaged(camera: Camera) -> Iterator[Step]:
    """Where the database could not be opened: what is offered instead."""
    yield from pause(2)
    yield from camera.page("damaged")


def _statistics(camera: Camera) -> Iterator[Step]:
    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest

    pane = camera.part("statistics")
    yield lambda: pane.series is not None
    yield from camera.page("statistics")
    for name, split, measure in (
        ("model", "model", "cost"),
        ("tokens", "none", "tokens"),
        ("chat", "session", "messages"),
        ("likes", "none", "likes"),
        ("latency", "none", "latency"),
        ("cache", "model", "cache"),
        ("scenario", "scenario", "requests"),
    ):
        next(t for m, t in pane.tiles.items() if m.value == measure).click()
        pane.split.setCurrentIndex(pane.split.findData(split))
        pane.split.activated.emit(0)
        yield lambda split=split: pane.series.split == split
        pane.plot.setFocus()
        for key in (Qt.Key.Key_End, *[Qt.Key.Key_Left] * 5):
            QTest.keyClick(pane.plot, key)
        yield from camera.page(f"statistics-{name}")
    for name, number in (("year", 3), ("ever", 4), ("custom", 5)):
        pane.range.setCurrentIndex(number)
        pane.range.activated.emit(number)
        yield from camera.page(f"statistics-{name}")


def _logs(camera: Camera) -> Iterator[Step]:
    pane = camera.part("logs")
    yield lambda: pane.overview is not None and pane.overview.complete
    yield from camera.page("logs")
    pane.filters.chips["errors"].click()
    yield lambda: pane.rows.line(3) is not None and pane.rows.line(3).level == "ERROR"
    pane.table.selectRow(3)
    yield lambda: "Traceback" in pane.detail.body.toPlainText()
    yield from camera.page("logs-detail")
    pane.filters.clear()
    pane.filters.time.setCurrentIndex(pane.filters.time.count() - 1)
    yield from camera.page("logs-custom")
    pane.filters.clear()
    pane.filters.text.setText("no such words")
    yield lambda: pane.overview.count == 0
    yield from camera.page("logs-none")
    pane.filters.regex.setChecked(True)
    pane.filters.text.setText("retry (after")
    yield pane.filters.problem.isVisible
    yield from camera.page("logs-regex")
    pane.filters.clear()


def _jobs(camera: Camera) -> Iterator[Step]:
    pane = camera.part("jobs")
    yield lambda: pane.cards
    pane._show_rules()
    yield pane.rules.preview.toPlainText
    yield from camera.dialog("retention", pane.rules)
    (Path(os.environ["AIGC_HOME"]) / "prices.json").write_text('{"some-model": {"input": "dear"}}')
    for name in ("prices", "retention", "statistics", "drill"):
        pane.cards[name].run_wanted.emit()
        yield lambda name=name: pane.cards[name].job.last is not None
    pane.cards["learning"].pause_wanted.emit(True)
    pane.cards["backup"].run_wanted.emit()
    yield lambda: pane.cards["backup"].is_running
    yield from camera.page("jobs")
    yield lambda: not pane.cards["backup"].is_running
    scroll = pane.list.verticalScrollBar()
    scroll.setValue(scroll.maximum())
    yield from camera.page("jobs-end")
    pane._ask_schedule("drill")
    yield from camera.dialog("jobs-schedule", pane.dialog)
    pane._show_history("prices")
    yield from camera.dialog("jobs-history", pane.history)
    camera.workspace.show_chat()
    sidebar = camera.workspace.sidebar
    sidebar.show_trash()
    yield from camera.page("trash")
    sidebar.show_sessions()


def _http(camera: Camera) -> Iterator[Step]:
    pane = camera.part("http")
    yield pane.port.text
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", PORT))
        taken.listen()
        pane.port.setText(str(PORT))
        pane._set_port()
        yield lambda: pane._state.port == PORT
        pane._switch(True)
        yield pane.problem.isVisible
        yield from camera.page("http-port-used")
    pane._switch(True)
    yield lambda: pane._state.running
    for name in ("nightly", "grafana", "x"):
        pane._ask_token()
        dialog = pane.dialog
        dialog.name.setText(name)
        if name == "nightly":
            dialog.setModal(False)
            yield from pause(SETTLE_S)
            camera._save("http-token-question", dialog)
        dialog._make()
        yield dialog.token.toPlainText
        if name == "nightly":
            yield from camera.dialog("http-token", dialog)
        else:
            dialog.accept()
    yield lambda: len(pane._cards) == 3
    from PySide6.QtWidgets import QPushButton

    pane._cards[1].findChild(QPushButton).click()
    yield from camera.page("http")
    pane._ask_rotate()
    yield from camera.dialog("http-rotate", pane.question)


def _backup(camera: Camera) -> Iterator[Step]:
    pane = camera.part("backup")
    yield lambda: pane.snapshots and pane._work is None
    pane.back_up(LABELS[camera.language])
    yield from pause(0.3)
    yield from camera.page("backup-working")
    yield lambda: pane._work is None and len(pane.snapshots) > 1
    pane.drill()
    yield lambda: pane._work is None
    Path(os.environ["AIGC_HOME"], "work_dir", "notes.md").write_text("# notes")
    pane.back_up("")
    yield lambda: pane._work is None and len(pane.snapshots) > 2
    yield from camera.page("backup")
    pane.show_restore(pane.snapshots[1])
    dialog = pane.restore_dialog
    yield lambda: dialog.preview is not None
    dialog.setModal(False)
    yield from pause(SETTLE_S)
    camera._save("restore", dialog)
    dialog.some.setChecked(True)
    dialog.sessions.item(0).setCheckState(dialog.sessions.item(0).checkState().Checked)
    yield from pause(SETTLE_S)
    camera._save("restore-some", dialog)
    dialog._accept()
    yield lambda: pane._work is None and pane.summary.undo.isVisible()
    yield from camera.page("backup-restored")
    for name, ask in (
        ("backup-label", lambda: pane._ask_label(pane.snapshots[0])),
        ("backup-delete", lambda: pane._ask_delete(pane.snapshots[0])),
        ("backup-export", lambda: pane._choose_export(pane.snapshots[0])),
        ("backup-passphrase", pane.settings._ask_passphrase),
        ("backup-secret", pane.settings._ask_secret),
    ):
        ask()
        yield from pause(0.2)
        yield from camera.dialog(name, _open_dialog(camera.window))
    pane.tabs.setCurrentIndex(1)
    yield from camera.page("backup-settings")
    pane.settings.fields["backup_target"].control.setCurrentIndex(1)
    yield pane.settings._bucket.isVisible
    pane.settings._test()
    yield lambda: pane.settings.outcome.property("role") == "error"
    yield from camera.page("backup-bucket")
    pane.settings.verticalScrollBar().setValue(9999)
    yield from camera.page("backup-settings-end")
    pane.tabs.setCurrentIndex(0)
    _spoil_backups()
    pane.verify(pane.snapshots[0])
    yield lambda: pane._work is None
    yield from camera.page("backup-damaged")


def _spoil_backups() -> None:
    for pack in Path(os.environ["AIGC_HOME"]).glob("backups/packs/*/*"):
        content = bytearray(pack.read_bytes())
        content[len(content) // 2] ^= 255
        pack.chmod(0o600)
        pack.write_bytes(content)


def _take_over(camera: Camera) -> Iterator[Step]:
    from tests import web_version

    folder = Path(os.environ["AIGC_HOME"], "web", "data")
    (folder.parent / "work_dir" / "reports").mkdir(parents=True)
    (folder.parent / "work_dir" / "reports" / "报告.md").write_text("# 报告")
    (folder.parent / "work_dir" / "old-link").symlink_to("/etc/passwd")
    folder.mkdir()
    pane = camera.part("takeover")
    pane.database.setText(str(folder / "not-there.db"))
    pane.look.click()
    yield pane.problem.isVisible
    yield from camera.page("takeover-problem")
    source = web_version.build(folder / "sessions.db", "add_phase3_evolution_tables", nasty=True)
    pane.database.setText(str(source))
    yield pane.work_dir.text
    pane.take.click()
    yield lambda: pane.cards.has_cards
    yield from camera.page("takeover-report")
    pane = camera.part("migrations")
    yield lambda: pane.list.has_cards
    yield from camera.page("migrations")


def _diagnostics(camera: Camera) -> Iterator[Step]:
    from PySide6.QtWidgets import QScrollArea

    pane = camera.part("diagnostics")
    pane.run()
    yield from pause(0.1)
    yield lambda: pane.rows and pane.again.isEnabled()
    yield from camera.page("diagnostics")
    scroll = pane.findChild(QScrollArea).verticalScrollBar()
    scroll.setValue(scroll.maximum())
    yield from camera.page("diagnostics-end")
    row = next(r for r in pane.rows.values() if r.name == "jobs")
    row.mend.click()
    yield row.undo.isVisible
    yield from camera.page("diagnostics-mended")


def _open_dialog(window: Any) -> Any:
    from PySide6.QtWidgets import QDialog

    return next(d for d in window.findChildren(QDialog) if d.isVisible())


def prepare(walk: str, home: Path) -> None:
    """Fill a home with what the walk wants to see."""
    sys.path.insert(0, str(screenshots.ROOT))
    from aigc_desktop.config.paths import Paths
    from benchmarks.data import fill, spread_usage
    from benchmarks.logs_panel import write_logs

    paths = Paths(home)
    paths.create()
    if walk == "fresh":
        return
    fill(paths, 160, 8000)
    if walk == "damaged":
        content = bytearray(paths.database.read_bytes())
        content[8192:40960] = b"\xff" * 32768
        paths.database.write_bytes(content)
        return
    spread_usage(paths, time.time_ns() // 1_000_000, 400)
    write_logs(paths.logs_dir, 20_000)


def take(walk: str, language: str, theme: str, scale: float, folder: Path) -> int:
    """Run the program and take all pictures of a walk."""

    def save(name: str, widget: Any) -> None:
        widget.grab().save(str(folder / f"{name}{screenshots.ending(language, theme, scale)}"))

    def plan(program: Any) -> Iterator[Step]:
        yield lambda: walk == "damaged" or program.bridge.is_ready
        yield from globals()[walk](Camera(program, language, save))

    return screenshots.play(plan)


def shoot(
    folder: Path, language: str, theme: str, scale: float, walks: tuple[str, ...] = WALKS
) -> None:
    """Take the walks, each in a process and a home of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    for walk in walks:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as made:
            home = Path(made)
            settings = {"language": language, "theme": theme, "provider": "demo"}
            if walk == "used":
                settings |= {"retention": "on"}
            (home / "settings.json").write_text(json.dumps(settings))
            prepare(walk, home)
            arguments = (walk, language, theme, str(scale), str(folder))
            screenshots.run(__file__, arguments, home, scale)


if __name__ == "__main__":
    if sys.argv[1] == "--take":
        sys.exit(take(*sys.argv[2:5], float(sys.argv[5]), Path(sys.argv[6])))
    chosen = tuple(sys.argv[5:]) or WALKS
    shoot(Path(sys.argv[1]).resolve(), *sys.argv[2:4], float(sys.argv[4]), chosen)
