"""Takes pictures of the real program for the README: demo model, real window, real input.

    xvfb-run -s "-screen 0 1280x800x24" python scripts/screenshots.py docs/images

Each picture is made by a process of its own, in a home of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
SIZE = (1180, 760)
STEP_MS = 60
REQUESTS = {
    "en": "Write a quarterly sales report into report.md",
    "zh_CN": "把季度销售分析写成报告，保存为 report.md",
}
TRIED = {
    "en": "compare the two contracts in this folder and list the risks",
    "zh_CN": "帮我 review 一下 src 里的代码，看看有没有 bug",
}
PARTS = {"scenarios-prompts": 1, "scenarios-mine": 2, "scenarios-labels": 3}
Step = Callable[[], object]


def steps(kind: str, language: str, program: Any) -> Iterator[Step]:
    """Yield conditions to wait for; what is between them is done when they hold."""
    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest
    from PySide6.QtWidgets import QDialog

    workspace = program.workspace
    chat = workspace.chat
    yield lambda: program.bridge.is_ready
    if kind == "welcome":
        return
    if kind == "settings":
        workspace.show_settings()
        return
    if kind.startswith(("migrations", "takeover")):
        yield from _takeover(kind, program)
        return
    if kind.startswith("backup"):
        yield from backup_steps(kind, program)
        return
    if kind.startswith("diagnostics"):
        workspace.show_operations()
        pane = workspace.operations_page.show_part("diagnostics")
        yield lambda: pane.rows and all(row.result for row in pane.rows.values())
        yield pane.again.isEnabled
        return
    if kind.startswith("ops-"):
        yield from _operations(kind.removeprefix("ops-"), program)
        return
    if kind.startswith("scenarios"):
        workspace.show_scenarios()
        page = workspace.scenarios_page
        yield lambda: page.manager.list.count() > 1
        if kind == "scenarios-try":
            page.manager.tabs.setCurrentIndex(1)
            page.manager.trial.request.setText(TRIED[language])
            yield page.manager.trial.prompt.toPlainText
        if kind in PARTS:
            page.nav.setCurrentRow(PARTS[kind])
            yield lambda: page.available.list.count() > 1 or page.nav.currentRow() != 2
        return

    if kind.startswith(("statistics", "logs")):
        yield from operations_steps(kind, workspace)
        return

    def send(text: str) -> None:
        chat.composer.set_text(text)
        QTest.keyClick(chat.composer.edit, Qt.Key.Key_Return)

    send(REQUESTS[language])
    yield lambda: chat.transcript.visible_question() is not None
    if kind == "approval":
        return
    chat.transcript.focus_question()
    yield lambda: chat.transcript.takes_answers
    QTest.keyClick(chat.transcript, Qt.Key.Key_Return)
    yield lambda: chat.state.turns and not chat.state.running
    if kind == "receipt":
        chat.transcript.receipt_requested.emit(1)
        yield lambda: program.window.findChildren(QDialog)
        chat_dialog = program.window.findChildren(QDialog)[0]
        chat_dialog.setModal(False)
        yield chat_dialog.diff.toPlainText
        program.window.picture = chat_dialog
    if kind == "files":
        chat.toggle_files()
        yield lambda: chat.files.findChild(object, "filesList").count() > 0
        chat.files.findChild(object, "filesList").setCurrentRow(0)
        chat.files.findChild(object, "filesList").itemActivated.emit(
            chat.files.findChild(object, "filesList").item(0)
        )


def _takeover(kind: str, program: Any) -> Iterator[Step]:
    """Show `takeover`, `takeover-report` or, after a take-over, `migrations`, `migrations-back`."""
    from tests import web_version

    workspace = program.workspace
    workspace.show_take_over()
    pane = workspace.operations_page.show_part("takeover")
    folder = Path(os.environ["AIGC_HOME"], "web", "data")
    (folder.parent / "work_dir" / "reports").mkdir(parents=True)
    (folder.parent / "work_dir" / "reports" / "报告.md").write_text("# 报告")
    (folder.parent / "work_dir" / "old-link").symlink_to("/etc/passwd")
    folder.mkdir()
    source = web_version.build(
        folder / "sessions.db", "add_phase3_evolution_tables", nasty=kind != "migrations"
    )
    if kind == "takeover":
        return
    pane.database.setText(str(source))
    yield pane.work_dir.text
    pane.take.click()
    yield lambda: pane.cards.has_cards
    if kind == "takeover-report":
        return
    migrations = workspace.operations_page.show_part("migrations")
    yield lambda: migrations.list.has_cards
    if kind == "migrations-back":
        workspace.return_wanted.emit(str(next(folder.parent.parent.glob("data/before-*"))))
        yield (
            lambda: (
                getattr(workspace._problem, "leave", None) and workspace._problem.leave.isVisible()
            )
        )


def _operations(kind: str, program: Any) -> Iterator[Step]:
    """Show a part of the operations page: `jobs`, `jobs-schedule`, `http`, `http-token`, …."""
    workspace = program.workspace
    workspace.show_operations()
    name, _, more = kind.partition("-")
    pane = workspace.operations_page.show_part(name)
    if name == "jobs":
        yield lambda: pane.cards
        if more != "new":
            for card in pane.cards.values():
                if more == "running" or card.job.name in ("prices", "retention", "statistics"):
                    card.run_wanted.emit()
            yield lambda: any(card.job.last for card in pane.cards.values())
        if more in ("schedule", "history"):
            card = list(pane.cards.values())[-1]
            (card.schedule_wanted if more == "schedule" else card.history_wanted).emit()
            program.window.picture = pane.dialog if more == "schedule" else pane.history
            program.window.picture.setModal(False)
        if more == "rules":
            pane.cards["retention"].rules_wanted.emit()
            pane.rules.setModal(False)
            yield pane.rules.preview.toPlainText
            program.window.picture = pane.rules
    if name == "http":
        yield pane.port.text
        if more:
            pane.port.setText("18431")
            pane._set_port()
            yield lambda: pane._state.port == 18431
            pane._switch(True)
            yield lambda: pane._state.running
            pane._ask_token()
            pane.dialog.name.setText("nightly")
            pane.dialog.setModal(False)
            if more == "question":
                program.window.picture = pane.dialog
                return
            pane.dialog._make()
            yield pane.dialog.token.toPlainText
            if more == "token":
                program.window.picture = pane.dialog
                return
            pane.dialog.accept()


def operations_steps(kind: str, workspace: Any) -> Iterator[Step]:
    """Show statistics or logs with what was prepared."""
    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest

    workspace.show_operations()
    page = workspace.operations_page
    pane = page.show_part(kind.partition("-")[0])
    if kind.startswith("statistics"):
        yield lambda: pane.series is not None
        if kind == "statistics-empty":
            pane.range.setCurrentIndex(4)
            pane.range.activated.emit(4)
            return
        wanted = {
            "statistics-model": ("model", "cost"),
            "statistics-tokens": ("none", "tokens"),
            "statistics-chat": ("session", "tokens"),
            "statistics-likes": ("none", "likes"),
            "statistics-latency": ("model", "latency"),
            "statistics-scenario": ("scenario", "requests"),
            "statistics-year": ("model", "requests"),
            "statistics-custom": ("none", "cost"),
        }.get(kind, ("none", "requests"))
        if kind in ("statistics-year", "statistics-custom"):
            number = 3 if kind == "statistics-year" else 5
            pane.range.setCurrentIndex(number)
            pane.range.activated.emit(number)
        for measure, tile in pane.tiles.items():
            if measure == wanted[1]:
                tile.click()
        pane.split.setCurrentIndex(pane.split.findData(wanted[0]))
        pane.split.activated.emit(0)
        yield lambda: pane.series.split == wanted[0]
        if kind not in ("statistics", "statistics-custom"):
            pane.plot.setFocus()
            for key in (Qt.Key.Key_End, *[Qt.Key.Key_Left] * 5):
                QTest.keyClick(pane.plot, key)
        return
    yield lambda: pane.overview is not None and pane.overview.complete
    if kind == "logs-detail":
        pane.filters.chips["errors"].click()
        yield lambda: pane.rows.line(3) is not None and pane.rows.line(3).level == "ERROR"
        pane.table.selectRow(3)
        yield lambda: "Traceback" in pane.detail.body.toPlainText()
    if kind == "logs-none":
        pane.filters.chips["matcher"].click()
        yield lambda: pane.overview.count == 0
    if kind == "logs-regex":
        pane.filters.regex.setChecked(True)
        pane.filters.text.setText("retry (after")
        yield pane.filters.problem.isVisible


def prepare_home(kind: str, home: Path) -> None:
    """Fill a home with what a picture of statistics or logs needs."""
    import time

    sys.path.insert(0, str(ROOT))
    from aigc_desktop.config.paths import Paths
    from benchmarks.data import fill, spread_usage
    from benchmarks.logs_panel import write_logs

    paths = Paths(home)
    paths.create()
    if kind.startswith("statistics") and kind != "statistics-empty":
        fill(paths, 160, 8000)
        spread_usage(paths, time.time_ns() // 1_000_000, 400)
    if kind.startswith("logs") and kind != "logs-empty":
        write_logs(paths.logs_dir, 20_000)


def backup_steps(kind: str, program: Any) -> Iterator[Step]:
    """Show the backups: none, their settings, two snapshots, a restore that is looked at."""
    workspace = program.workspace
    workspace.show_operations()
    pane = workspace.operations_page.show_part("backup")
    yield pane.summary.title.text
    if kind == "backup-settings":
        pane.tabs.setCurrentIndex(1)
    if kind in ("backup", "backup-restore"):
        pane.back_up("before the merger / 合并之前")
        yield lambda: len(pane.snapshots) == 1 and pane._work is None
    if kind == "backup":
        pane.drill()
        yield lambda: pane._work is None
        pane.back_up("")
        yield lambda: len(pane.snapshots) == 2 and pane._work is None
    if kind == "backup-restore":
        pane.show_restore(pane.snapshots[0])
        yield lambda: pane.restore_dialog.preview is not None
        program.window.picture = pane.restore_dialog


def take(kind: str, language: str, theme: str, target: Path) -> int:
    """Run the program, take one picture, leave."""
    import gc

    gc.disable()
    from PySide6.QtCore import QTimer

    from aigc_desktop.__main__ import main
    from aigc_desktop.gui import opening

    def opened(program: Any) -> None:
        program.window.resize(*SIZE)
        plan = steps(kind, language, program)
        waiting = [next(plan)]
        settled = [0]

        def step() -> None:
            if waiting[0] is not None and not waiting[0]():
                return
            waiting[0] = next(plan, None)  # type: ignore[call-overload]
            if waiting[0] is None:
                settled[0] += 1
            if settled[0] == 14:
                getattr(program.window, "picture", program.window).grab().save(str(target))
                program.window.close()

        timer = QTimer(program)
        timer.timeout.connect(step)
        timer.start(STEP_MS)

    show = opening.Opening.show

    def watched(self: opening.Opening) -> None:
        self.opened.connect(opened)
        show(self)

    opening.Opening.show = watched  # type: ignore[method-assign]
    return main([])


def shoot(kind: str, language: str, theme: str, scale: float, target: Path) -> None:
    """Start a process that takes the picture."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        provider = "" if kind == "welcome" else "demo"
        settings = {"language": language, "theme": theme, "provider": provider}
        Path(home, "settings.json").write_text(json.dumps(settings))
        if kind.startswith(("statistics", "logs")):
            prepare_home(kind, Path(home))
        subprocess.run(
            [sys.executable, __file__, "--take", kind, language, theme, str(target)],
            env={
                **os.environ,
                "AIGC_HOME": home,
                "AIGC_DEMO_DELAY": "0",
                "PYTHONPATH": str(ROOT),
                "QT_SCALE_FACTOR": str(scale),
            },
            timeout=180,
            check=True,
        )


def main_all(folder: Path, *, everything: bool) -> None:
    """Take the README's pictures, or every screen in every language, theme and scale."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = [
        ("chat", "en", "light", 1.0),
        ("approval", "en", "dark", 1.0),
        ("chat", "zh_CN", "light", 1.0),
        ("approval", "zh_CN", "dark", 1.0),
        ("scenarios-try", "en", "light", 1.0),
        ("scenarios-try", "zh_CN", "dark", 1.0),
    ]
    if everything:
        wanted = [
            (kind, language, theme, scale)
            for kind in (
                "welcome",
                "settings",
                "approval",
                "chat",
                "files",
                "scenarios",
                "scenarios-try",
            )
            for language in ("en", "zh_CN")
            for theme in ("light", "dark")
            for scale in (1.0, 1.5)
        ]
    for kind, language, theme, scale in wanted:
        suffix = f"-{scale:g}" if scale != 1 else ""
        shoot(kind, language, theme, scale, folder / f"{kind}-{language}-{theme}{suffix}.png")


if __name__ == "__main__":
    if sys.argv[1] == "--take":
        sys.exit(take(*sys.argv[2:5], Path(sys.argv[5])))  # type: ignore[arg-type]
    main_all(Path(sys.argv[1]).resolve(), everything="--all" in sys.argv)
