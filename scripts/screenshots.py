"""Takes pictures of the real program for the README: demo model, real window, real input.

    xvfb-run -s "-screen 0 1280x800x24" python scripts/screenshots.py docs/images

With `--all` every screen is taken, in both languages, both themes and at 100 and 150 %; those of
learning and of the operations pages by scripts of their own.
Each picture is made by a process of its own, in a home of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
SIZE = (1180, 760)
STEP_MS = 60
SETTLE_S = 0.8
REFIT_S = 6.0
"""Seconds after which requests are matched as they are once the program has run for a while."""

TIMEOUT_S = 600
KINDS = ("welcome", "settings", "approval", "chat", "files", "scenarios", "scenarios-try")
README = (
    ("chat", "en", "light"),
    ("approval", "en", "dark"),
    ("chat", "zh_CN", "light"),
    ("approval", "zh_CN", "dark"),
    ("scenarios-try", "en", "light"),
    ("scenarios-try", "zh_CN", "dark"),
)
REQUESTS = {
    "en": "Draft an announcement of our new product into post.md",
    "zh_CN": "写一篇介绍新产品的文章，保存为 article.md",
}
TRIED = {
    "en": "review the changes in src and find the bug that breaks the tests",
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
    yield lambda: program.backend.services.matching.encoder.is_ready
    yield from pause(REFIT_S)
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


def pause(seconds: float) -> Iterator[Step]:
    """Yield once: go on when the time has passed."""
    until = time.monotonic() + seconds
    yield lambda: time.monotonic() > until


def play(plan: Callable[[Any], Iterator[Step]]) -> int:
    """Run the program, go through the plan for it, leave."""
    import gc

    gc.disable()
    from PySide6.QtCore import QTimer

    from aigc_desktop.__main__ import main
    from aigc_desktop.gui import opening

    def opened(program: Any) -> None:
        program.window.resize(*SIZE)
        going = plan(program)
        waiting = next(going, None)

        def step() -> None:
            nonlocal waiting
            if waiting is None:
                timer.stop()
                program.window.close()
            elif waiting():
                waiting = next(going, None)

        timer = QTimer(program)
        timer.timeout.connect(step)
        timer.start(STEP_MS)

    show = opening.Opening.show

    def watched(self: opening.Opening) -> None:
        self.opened.connect(opened)
        show(self)

    opening.Opening.show = watched  # type: ignore[method-assign]
    return main([])


def take(kind: str, language: str, target: Path) -> int:
    """Run the program, take one picture, leave."""

    def plan(program: Any) -> Iterator[Step]:
        yield from steps(kind, language, program)
        yield from pause(SETTLE_S)
        getattr(program.window, "picture", program.window).grab().save(str(target))

    return play(plan)


def run(script: str, arguments: Sequence[str], home: Path, scale: float) -> None:
    """Start a process that takes pictures with what is in `home`."""
    subprocess.run(
        [sys.executable, script, "--take", *arguments],
        env={
            **os.environ,
            "AIGC_HOME": str(home),
            "AIGC_DEMO_DELAY": "0",
            "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'scripts'}",
            "QT_SCALE_FACTOR": str(scale),
        },
        timeout=TIMEOUT_S,
        check=True,
    )


def ending(language: str, theme: str, scale: float) -> str:
    """Return how the names of such pictures end."""
    suffix = f"-{scale:g}" if scale != 1 else ""
    return f"-{language}-{theme}{suffix}.png"


def shoot(kind: str, language: str, theme: str, scale: float, target: Path) -> None:
    """Take one picture, in a fresh home."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        provider = "" if kind == "welcome" else "demo"
        settings = {"language": language, "theme": theme, "provider": provider}
        Path(home, "settings.json").write_text(json.dumps(settings))
        run(__file__, (kind, language, str(target)), Path(home), scale)


def main_readme(folder: Path) -> None:
    """Take the README's pictures."""
    for kind, language, theme in README:
        shoot(kind, language, theme, 1.0, folder / f"{kind}{ending(language, theme, 1.0)}")


def main_all(folder: Path) -> None:
    """Take every screen in every language, theme and scale."""
    import learning_shots
    import operations_shots

    for language, theme, scale in product(("en", "zh_CN"), ("light", "dark"), (1.0, 1.5)):
        for kind in KINDS:
            shoot(kind, language, theme, scale, folder / f"{kind}{ending(language, theme, scale)}")
        learning_shots.main(folder, language, theme, str(scale))
        operations_shots.shoot(folder, language, theme, scale)


if __name__ == "__main__":
    if sys.argv[1] == "--take":
        sys.exit(take(*sys.argv[2:4], Path(sys.argv[4])))
    wanted = Path(sys.argv[1]).resolve()
    wanted.mkdir(parents=True, exist_ok=True)
    (main_all if "--all" in sys.argv else main_readme)(wanted)
