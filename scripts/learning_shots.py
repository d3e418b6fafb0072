"""Walks through everything about learning in the real program and takes a picture of each screen.

    python scripts/learning_shots.py /tmp/shots en light 1.0

Feedback and lessons are put into the store of a fresh home; the window reads them as its own.
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
TEXTS = {
    "en": {
        "ask": "How do I keep a changelog?",
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
        "ask": "更新日志有什么用？",
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


async def seed(app: Any, language: str, turn_id: int) -> None:
    """Put feedback, lessons and a proof into the store."""
    from aigc_desktop.core.learning import (
        Evidence,
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
        signals = [
            feedback_rows.Signal(
                kind=kind,
                turn_id=turn_id,
                at=now - n * DAY,
                request=texts["ask"],
                answer="",
                scenario_id=None,
                fault=None,
                note=text,
            )
            for n, (kind, text) in enumerate(
                zip(
                    (FeedbackKind.DISLIKE, FeedbackKind.CORRECT, FeedbackKind.REGENERATE),
                    texts["typed"],
                    strict=True,
                )
            )
        ]
        for signal in signals:
            feedback_rows.put(db, signal)
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
                    Evidence(each.id, 0.8, each.at, each.id, 1, turn_id) for each in found
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
                    Pair(texts["ask"], "…" * 30, "… " * 300, at > 3, chosen, words[0])
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


def walk(program: Any, language: str, save: Callable[[str, Any], None]) -> Iterator[Any]:
    """Go from screen to screen; yields what to wait for."""
    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest

    workspace, bridge = program.workspace, program.bridge
    chat = workspace.chat
    yield lambda: bridge.is_ready
    yield from _pause(0.5)
    chat.composer.set_text(TEXTS[language]["ask"])
    QTest.keyClick(chat.composer.edit, Qt.Key.Key_Return)
    yield lambda: chat.state.turns and not chat.state.running
    turn_id = list(chat.state.turns)[-1]
    workspace.show_learning()
    yield from _pause(0.8)
    save("inbox-empty", program.window)
    workspace.learning_page.nav.setCurrentRow(2)
    yield from _pause(0.8)
    save("state-empty", program.window)
    workspace.show_chat()
    done: list[Any] = []
    bridge.call(program.window, seed, language, turn_id, on_done=done.append)
    yield lambda: done
    yield from _pause(1.0)
    view, act = chat.transcript, chat.transcript.feedback_requested.emit
    act(turn_id, "dislike")
    yield from _pause(0.6)
    save("popup", chat.answers.popup)
    chat.answers.popup.close()
    act(turn_id, "correct")
    yield lambda: hasattr(chat.answers, "editor")
    editor = chat.answers.editor
    editor.editor.setPlainText(editor.text.replace("a", "e", 2) + "\n\n" + TEXTS[language]["ask"])
    editor.finder.field.setText("e")
    yield from _pause(0.6)
    save("correct", editor)
    editor.tabs.setCurrentIndex(1)
    yield from _pause(0.4)
    save("correct-changes", editor)
    editor.save.click()
    yield lambda: chat.state.turns[turn_id].opinion.corrected
    yield from _pause(0.4)
    save("bar", program.window)
    view.feedback_requested.emit(turn_id, "corrected")
    yield lambda: hasattr(chat.answers, "correction")
    yield from _pause(0.3)
    save("correction", chat.answers.correction)
    chat.answers.correction.close()
    chat.composer.set_text(TEXTS[language]["ask"])
    QTest.keyClick(chat.composer.edit, Qt.Key.Key_Return)
    yield lambda: len(chat.state.turns) > 1 and not chat.state.running
    act(list(chat.state.turns)[-1], "why")
    yield lambda: hasattr(chat.answers, "why")
    yield from _pause(0.3)
    save("why", chat.answers.why)
    chat.answers.why.close()
    yield from _page(program, save)


def _page(program: Any, save: Callable[[str, Any], None]) -> Iterator[Any]:
    workspace = program.workspace
    workspace.show_inbox()
    page = workspace.learning_page
    yield from _pause(1.5)
    save("inbox", program.window)
    inbox = page.pane("inbox")
    for fold in list(inbox._folds.values())[:2]:
        fold.head.click()
    yield from _pause(1.0)
    save("inbox-open", program.window)
    waiting = [each for each in inbox._book.lessons if each.state.value == "proposed"]
    inbox._test(waiting[-1])
    yield from _pause(1.0)
    save("trial-plan", inbox.trial)
    if inbox.trial.earlier.count() > 1:
        inbox.trial.earlier.setCurrentIndex(1)
        yield from _pause(0.5)
        save("trial-result", inbox.trial)
    inbox.trial.close()
    page.nav.setCurrentRow(1)
    lessons = page.pane("lessons")
    yield from _pause(1.0)
    save("lessons", program.window)
    lessons._add()
    yield from _pause(0.6)
    save("add", lessons.dialog)
    lessons.dialog.close()
    lessons._show_history(lessons._book.lessons[0])
    yield from _pause(0.6)
    save("history", lessons.history)
    lessons.history.close()
    lessons._return()
    yield from _pause(1.0)
    save("return", lessons.back)
    lessons.back.close()
    page.nav.setCurrentRow(2)
    yield from _pause(1.0)
    save("state", program.window)
    page.pane("state")._learn()
    yield from _pause(2.0)
    save("state-report", program.window)


def _pause(seconds: float) -> Iterator[Any]:
    until = time.monotonic() + seconds
    yield lambda: time.monotonic() > until


def take(language: str, theme: str, scale: str, folder: Path) -> None:
    """Run the program and take all pictures."""

    def save(name: str, widget: Any) -> None:
        suffix = "" if scale == "1.0" else f"-{scale}"
        widget.grab().save(str(folder / f"{name}-{language}-{theme}{suffix}.png"))

    screenshots.steps = lambda _kind, _language, program: walk(program, language, save)
    screenshots.take("learning", language, theme, folder / f"end-{language}-{theme}.png")


def main(folder: Path, language: str, theme: str, scale: str) -> None:
    """Start a process that takes them."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        settings = {"language": language, "theme": theme, "provider": "demo", "when_unsure": "best"}
        Path(home, "settings.json").write_text(json.dumps(settings))
        subprocess.run(
            [sys.executable, __file__, "--take", language, theme, scale, str(folder)],
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
        take(*sys.argv[2:5], Path(sys.argv[5]))
    else:
        main(Path(sys.argv[1]).resolve(), *sys.argv[2:5])
