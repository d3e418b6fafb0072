"""Walks through everything about learning in the real program and takes a picture of each screen.

    python scripts/learning_shots.py /tmp/shots en light 1.0 [small]

Feedback and lessons are put into the store of a fresh home; the window reads them as its own.
First the screens are empty, then filled, at last nothing works: a server that does not answer, no
key. With `small` the window and its dialogs are as small as they may be.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import screenshots

ROOT = Path(__file__).resolve().parents[1]
DAY = 86_400_000
Save = Callable[[str, Any], None]
Steps = Iterator[Any]
TEXTS = {
    "en": {
        "asks": (
            "How do I keep a changelog?",
            "What speaks for plain SQL, and what for an object-relational mapper?",
            "How do I say no politely?",
        ),
        "lessons": (
            "Keep answers short: at most ten lines unless more is asked for.",
            "Answer in British English.",
            "Put code first and the explanation after it.",
            "Do not begin with a compliment on the question.",
            "End reports with the three most important open points.",
            "Write long, detailed answers with background.",
            "Use tables for comparisons.",
        ),
        "when": "Comparisons",
        "typed": ("shorter please, I only need the gist", "too long", "no preamble"),
    },
    "zh_CN": {
        "asks": (
            "更新日志有什么用？",
            "原生 SQL 和 ORM 哪个更适合小团队？",
            "怎样礼貌地拒绝别人？",
        ),
        "lessons": (
            "回答要简短：除非另有要求，不超过十行。",
            "用简体中文回答，术语保留英文。",
            "先给代码，再作说明。",
            "开头不要称赞问题。",
            "报告末尾列出三个最重要的未决事项。",
            "回答要详尽，补充背景。",
            "比较时使用表格。",
        ),
        "when": "作比较时",
        "typed": ("短一点，我只要要点", "太长了", "不要开场白"),
    },
}


async def seed(app: Any, language: str, turns: list[int]) -> None:
    """Put feedback, lessons and a proof into the store."""
    from aigc_desktop.core.learning import (
        Evidence,
        Fault,
        FeedbackKind,
        Lesson,
        LessonKind,
        LessonState,
        Scope,
        Target,
    )
    from aigc_desktop.core.trial import Pair, Proof, Share, TrialVerdict
    from aigc_desktop.store import feedback as feedback_rows
    from aigc_desktop.store import lessons as rows

    texts: dict[str, Any] = TEXTS[language]
    now, words = app.clock.now_ms(), texts["lessons"]
    kinds = LessonKind
    states = LessonState
    plan = (
        (kinds.LENGTH, states.ACTIVE, Target(), "length", "long", 5, 40),
        (kinds.LENGTH, states.PROPOSED, Target(), "length", "short", 0, 0),
        (kinds.FORMAT, states.PROPOSED, Target(Scope.SESSION, session_id=1), "code", "first", 2, 0),
        (kinds.LANGUAGE, states.ACTIVE, Target(), "language", "x", 1, 12),
        (kinds.TONE, states.ACTIVE, Target(), "tone", "plain", 3, 0),
        (kinds.CONTENT, states.OFF, Target(Scope.SCENARIO, scenario_id=2), "end", "points", 4, 3),
        (kinds.FORMAT, states.EXPIRED, Target(), "table", "yes", 6, 1),
    )

    def write(db: Any) -> None:
        said = (
            (FeedbackKind.DISLIKE, Fault.LENGTH),
            (FeedbackKind.DISLIKE, Fault.FACT),
            (FeedbackKind.REGENERATE, None),
        )
        for n, (kind, fault) in enumerate(said):
            feedback_rows.put(
                db,
                feedback_rows.Signal(
                    kind=kind,
                    turn_id=turns[min(n, 1)],
                    at=now - n * DAY,
                    request=texts["asks"][min(n, 1)],
                    fault=fault,
                    note=texts["typed"][n],
                ),
            )
        found = feedback_rows.of_user(db, 1, 50)
        conflict = 0
        order = (5, 0, 2, 1, 3, 4, 6)
        for at, (kind, state, target, topic, value, _, uses) in enumerate(plan):
            lesson = Lesson(
                id=0,
                user_id=1,
                target=target,
                kind=kind,
                topic=topic,
                value=value,
                text=words[order[at]],
                when=texts["when"] if topic == "table" else "",
                state=state,
                evidence=tuple(
                    Evidence(each.id, 0.8, each.at, each.id, 1, each.turn_id) for each in found
                ),
                automatic=topic == "language",
                conflicts_with=conflict if value == "short" else None,
                expires_at=now + 180 * DAY if state is not states.EXPIRED else now - DAY,
            )
            saved = rows.save(db, lesson, "learned", now - (len(plan) - at) * 3 * DAY)
            conflict = conflict or saved.id
            for _ in range(uses):
                rows.count_use(db, [_use(saved)], now - DAY)
            if value == "short":
                pairs = tuple(
                    Pair(
                        texts["asks"][at % 3],
                        words[0],
                        " ".join(words * 6),
                        at > 3,
                        chosen,
                        words[0],
                    )
                    for at, chosen in enumerate(("with", "with", "without", "with", "tie", "tie"))
                )
                proof = Proof(
                    saved.line,
                    now - DAY,
                    TrialVerdict.HELPS,
                    Share(0.75, 0.55, 0.9, 12),
                    Share(0.1, 0.02, 0.35, 6),
                    pairs,
                    "0.0842",
                    54,
                )
                rows.add_proof(db, saved.id, proof)

    await app.store.write(write)
    from aigc_desktop.core.events import LessonsChanged

    app.bus.publish(LessonsChanged())


def _use(lesson: Any) -> Any:
    from aigc_desktop.core.learning import LessonUse

    return LessonUse(lesson.id, lesson.text, lesson.target.scope)


def walk(program: Any, language: str, save: Save) -> Steps:
    """Go from screen to screen; yields what to wait for."""
    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest

    chat = program.workspace.chat
    yield lambda: program.bridge.is_ready
    yield from _pause(0.5)
    yield from _empty(program, save)
    program.workspace.show_chat()
    for number, text in enumerate(TEXTS[language]["asks"], 1):
        chat.composer.set_text(text)
        QTest.keyClick(chat.composer.edit, Qt.Key.Key_Return)
        yield lambda number=number: len(chat.state.turns) == number and not chat.state.running
    done: list[Any] = []
    turns = list(chat.state.turns)
    program.bridge.call(program.window, seed, language, turns, on_done=done.append)
    yield lambda: done
    yield from _pause(1.0)
    yield from _chat(program, language, turns, save)
    yield from _inbox(program, save)
    yield from _lessons(program, save)
    yield from _state(program, save)
    yield from _settings(program, save)
    yield from _broken(program, language, save)


def _empty(program: Any, save: Save) -> Steps:
    workspace = program.workspace
    workspace.show_learning()
    yield from _pause(0.8)
    save("inbox-empty", program.window)
    lessons = workspace.learning_page.show_part("lessons")
    yield from _pause(0.8)
    save("lessons-empty", program.window)
    lessons._return()
    yield from _pause(0.5)
    save("return-empty", lessons.back)
    lessons.back.close()
    state = workspace.learning_page.show_part("state")
    yield from _pause(0.8)
    save("state-empty", program.window)
    state._learn()
    yield from _pause(0.8)
    save("state-empty-report", program.window)


def _chat(program: Any, language: str, turns: list[int], save: Save) -> Steps:
    chat, texts = program.workspace.chat, TEXTS[language]
    view, act, turn_id = chat.transcript, chat.transcript.feedback_requested.emit, turns[-1]
    act(turn_id, "why")
    yield lambda: hasattr(chat.answers, "why")
    yield from _pause(0.3)
    save("why-none", chat.answers.why)
    chat.answers.why.close()
    act(turn_id, "dislike")
    yield from _pause(0.6)
    chat.answers.popup.chips.chips[next(iter(chat.answers.popup.chips.chips))].setFocus()
    save("popup", program.window)
    chat.answers.popup.close()
    act(turn_id, "correct")
    yield lambda: hasattr(chat.answers, "editor")
    editor = chat.answers.editor
    yield from _pause(0.3)
    save("correct-untouched", editor)
    editor.editor.setPlainText(editor.text.replace("a", "e", 2) + "\n\n" + texts["asks"][0])
    editor.finder.field.setText("e")
    yield from _pause(0.6)
    save("correct", editor)
    editor.tabs.setCurrentIndex(1)
    yield from _pause(0.4)
    save("correct-changes", editor)
    editor.status.setText(" ".join(_described("correction_too_long", limit=200_000)))
    yield from _pause(0.2)
    save("correct-refused", editor)
    editor.save.click()
    yield lambda: chat.state.turns[turn_id].opinion.corrected
    yield from _pause(0.4)
    save("bar", program.window)
    act(turn_id, "corrected")
    yield lambda: hasattr(chat.answers, "correction")
    yield from _pause(0.3)
    save("correction", chat.answers.correction)
    chat.answers.correction.close()
    chat.composer.set_text(texts["asks"][0])
    view.setFocus()
    chat.composer.edit.setFocus()
    yield from _send(chat)
    act(list(chat.state.turns)[-1], "why")
    del chat.answers.why
    yield lambda: hasattr(chat.answers, "why")
    yield from _pause(0.3)
    save("why", chat.answers.why)
    from PySide6.QtWidgets import QPushButton

    number = len(chat.state.turns)
    buttons = [b for b in chat.answers.why.findChildren(QPushButton) if b.isCheckable()]
    buttons[0].click()
    yield from _pause(0.4)
    save("why-switched", chat.answers.why)
    buttons[0].click()
    yield from _pause(0.4)
    chat.answers.why._answer_without(chat.answers.why._why.lessons[0])
    yield lambda: list(chat.state.turns.values())[-1].siblings[1:] and not chat.state.running
    yield from _pause(0.5)
    save("answered-without", program.window)
    act(list(chat.state.turns)[-1], "why")
    del chat.answers.why
    yield lambda: hasattr(chat.answers, "why")
    yield from _pause(0.3)
    save("why-without", chat.answers.why)
    chat.answers.why.close()
    assert number


def _send(chat: Any) -> Steps:
    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest

    number = len(chat.state.turns)
    QTest.keyClick(chat.composer.edit, Qt.Key.Key_Return)
    yield lambda: len(chat.state.turns) > number and not chat.state.running


def _described(code: str, **params: object) -> tuple[str, str]:
    from aigc_desktop.config.messages import describe

    return describe(code, params)


def _inbox(program: Any, save: Save) -> Steps:
    program.workspace.show_inbox()
    inbox = program.workspace.learning_page.pane("inbox")
    yield from _pause(1.5)
    save("inbox", program.window)
    for fold in list(inbox._folds.values())[:2]:
        fold.head.click()
    yield from _pause(1.0)
    save("inbox-open", program.window)
    bar = inbox.cards.verticalScrollBar()
    bar.setValue(bar.maximum())
    yield from _pause(0.3)
    save("inbox-end", program.window)
    waiting = [each for each in inbox._book.lessons if each.state.value == "proposed"]
    inbox._edit(waiting[0])
    yield from _pause(0.6)
    inbox.dialog.text.setPlainText("See https://example.com/")
    inbox.dialog._save()
    yield lambda: inbox.dialog.problem.text().strip()
    yield from _pause(0.3)
    save("edit-refused", inbox.dialog)
    inbox.dialog.close()
    inbox._test(waiting[-1])
    yield from _pause(1.0)
    save("trial-plan", inbox.trial)
    inbox.trial._show_page(inbox.trial._running_page)
    inbox.trial.progress.setRange(0, 54)
    inbox.trial.progress.setValue(20)
    inbox.trial.step.setText(_tr("{done} of {total} calls of the model", done=20, total=54))
    yield from _pause(0.3)
    save("trial-running", inbox.trial)
    inbox.trial._show_page(inbox.trial._plan_page)
    inbox.trial.earlier.setCurrentIndex(1)
    yield from _pause(0.5)
    save("trial-result", inbox.trial)
    inbox.trial.earlier.setCurrentIndex(0)
    inbox.trial._start()
    yield lambda: inbox.trial._running is None
    yield from _pause(0.5)
    save("trial-finished", inbox.trial)
    inbox.trial.close()


def _tr(text: str, **params: object) -> str:
    from aigc_desktop.config.i18n import tr

    return tr(text, **params)


def _lessons(program: Any, save: Save) -> Steps:
    lessons = program.workspace.learning_page.show_part("lessons")
    yield from _pause(1.0)
    save("lessons", program.window)
    lessons.findChild(type(lessons.cards)).setFocus()
    from aigc_desktop.gui.learning.lesson_row import LessonRow

    row = next(each for each in lessons.findChildren(LessonRow) if each.isVisible())
    row._open_menu()
    yield from _pause(0.4)
    save("menu", row.menu)
    row.menu.close()
    lessons.search.setText("xyz")
    yield from _pause(0.3)
    save("lessons-none", program.window)
    lessons.search.clear()
    lessons._add()
    yield from _pause(0.6)
    save("add", lessons.dialog)
    lessons.dialog.scope.setCurrentIndex(1)
    yield from _pause(0.3)
    save("add-scenario", lessons.dialog)
    lessons.dialog.close()
    lessons._show_history(lessons._book.lessons[-1])
    yield from _pause(0.6)
    save("history", lessons.history)
    lessons.history.close()
    lessons._return()
    yield from _pause(1.0)
    lessons.back.days.setCurrentRow(3)
    yield from _pause(0.5)
    save("return", lessons.back)
    lessons.back.close()


def _state(program: Any, save: Save) -> Steps:
    state = program.workspace.learning_page.show_part("state")
    yield from _pause(1.0)
    save("state", program.window)
    state.report.setText(_tr("Asking the model…"))
    state._show_running(on=True)
    state.progress.setRange(0, 3)
    state.progress.setValue(1)
    yield from _pause(0.3)
    save("state-running", program.window)
    state._show_running(on=False)
    state._learn()
    yield from _pause(2.0)
    save("state-report", program.window)


def _settings(program: Any, save: Save) -> Steps:
    program.workspace.show_settings()
    page = program.workspace.settings_page
    page.nav.setCurrentRow(_row(page.nav, _tr("Learning")))
    yield from _pause(0.5)
    save("settings", program.window)


def _row(nav: Any, text: str) -> int:
    return next(row for row in range(nav.count()) if nav.item(row).text() == text)


def _broken(program: Any, language: str, save: Save) -> Steps:
    """Meet a server that is not there, then no model at all."""
    workspace, settings = program.workspace, program.workspace._settings
    chat = workspace.chat
    workspace.show_chat()
    for name, changes in (
        ("refused", {"base_url": "http://127.0.0.1:9", "provider": "server", "model": "x"}),
        ("no-model", {"provider": "anthropic"}),
    ):
        for key, value in changes.items():
            settings.set(next(each for each in _all_settings() if each.key == key), value)
        workspace.show_chat()
        chat.composer.set_text(TEXTS[language]["asks"][2])
        yield from _pause(0.3)
        from PySide6.QtCore import Qt
        from PySide6.QtTest import QTest

        QTest.keyClick(chat.composer.edit, Qt.Key.Key_Return)
        yield from _pause(4.0)
        save(f"chat-{name}", program.window)
        said = "like" if name == "refused" else "dislike"
        chat.transcript.feedback_requested.emit(next(iter(chat.state.turns)), said)
        yield from _pause(0.6)
        page = workspace.learning_page
        workspace.show_learning()
        state = page.show_part("state")
        yield from _pause(0.6)
        state._learn()
        yield lambda state=state: state._handle is None
        yield from _pause(0.8)
        save(f"state-{name}", program.window)
        inbox = page.show_part("inbox")
        yield from _pause(0.8)
        inbox._test(inbox._book.lessons[0])
        yield from _pause(0.8)
        save(f"trial-plan-{name}", inbox.trial)
        if inbox.trial.start.isEnabled():
            inbox.trial._start()
            yield lambda inbox=inbox: inbox.trial._running is None
            yield from _pause(0.5)
            save(f"trial-{name}", inbox.trial)
        inbox.trial.close()


def _all_settings() -> Any:
    from aigc_desktop.config import settings

    return settings.ALL


def _pause(seconds: float) -> Steps:
    until = time.monotonic() + seconds
    yield lambda: time.monotonic() > until


def take(language: str, theme: str, scale: str, folder: Path, *, small: bool) -> None:
    """Run the program and take all pictures."""
    from PySide6.QtWidgets import QDialog

    suffix = ("" if scale == "1.0" else f"-{scale}") + ("-small" if small else "")

    def save(name: str, widget: Any) -> None:
        if small and isinstance(widget, QDialog):
            widget.resize(widget.minimumSizeHint())
            widget.layout().activate()
        widget.grab().save(str(folder / f"{name}-{language}-{theme}{suffix}.png"))

    def plan(program: Any) -> Steps:
        if small:
            program.window.resize(program.window.minimumSize())
        yield from walk(program, language, save)

    screenshots.play(plan)


def main(folder: Path, language: str, theme: str, scale: str, *more: str) -> None:
    """Start a process that takes them."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        settings = {"language": language, "theme": theme, "provider": "demo", "when_unsure": "best"}
        Path(home, "settings.json").write_text(json.dumps(settings))
        subprocess.run(
            [sys.executable, __file__, "--take", language, theme, scale, str(folder), *more],
            env={
                **os.environ,
                "AIGC_HOME": home,
                "AIGC_DEMO_DELAY": "0",
                "PYTHONPATH": f"{ROOT}:{ROOT / 'scripts'}",
                "QT_SCALE_FACTOR": scale,
            },
            timeout=400,
            check=True,
        )


if __name__ == "__main__":
    if sys.argv[1] == "--take":
        take(*sys.argv[2:5], Path(sys.argv[5]), small="small" in sys.argv)
    else:
        main(Path(sys.argv[1]).resolve(), *sys.argv[2:])
