from __future__ import annotations

import time

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from aigc_desktop.config import i18n
from aigc_desktop.core import events as ev
from aigc_desktop.core.session import TurnStatus, Usage
from aigc_desktop.core.transcript import ItemKind, TranscriptItem, TranscriptSnapshot
from aigc_desktop.gui import theme
from aigc_desktop.gui.chat.loading import CHUNK
from aigc_desktop.gui.chat.stage import MAX_VIEWS
from aigc_desktop.gui.chat.transcript_view import TranscriptView
from tests.gui.chat import sample
from tests.gui.chat.driver import LEFT, click, picture, row, scene, shown_text, text_point

S = sample.SESSION


def long_session(turns: int = 200, light: bool = False) -> TranscriptSnapshot:
    items = []
    for number in range(1, turns + 1):
        text = f"Answer {number}. " + "word " * 60
        items.append(
            TranscriptItem(number, 1000, ItemKind.TEXT, len(text), None if light else text)
        )
    return sample.snapshot(
        *(sample.turn(number, f"Question {number}") for number in range(1, turns + 1)),
        items=tuple(items),
    )


def test_shows_everything_there_is(view: TranscriptView) -> None:
    view.resize(900, 2600)
    view.show_snapshot(sample.rich())
    text = shown_text(view)
    for part in (
        "Summarise the reports", "Thought for 3 seconds", "Read file", "reports/sales-2026.csv",
        "Done · 38 ms", "Failed · 2.1 s", "What I found", "☑", "def revenue", "python", "华东",
        "claude-sonnet-5-5 · 1,545 tokens · $0.0123", "1,545 tokens · unpriced", "1/2",
        "The model is overloaded.", "Try again", "Copy",
    ):  # fmt: skip
        assert part in text, part


def test_opens_at_the_end_and_lays_out_only_what_is_seen(view: TranscriptView) -> None:
    view.show_snapshot(long_session(2000))
    assert view.stage.at_end
    assert "Question 2000" in shown_text(view)
    assert sum(row.view is not None for row in view.rows.rows) < 40
    assert view.verticalScrollBar().value() == view.verticalScrollBar().maximum()


def test_keys_scroll(view: TranscriptView) -> None:
    view.show_snapshot(long_session())
    QTest.keyClick(view, Qt.Key.Key_PageUp)
    assert not view.stage.at_end
    first = view.stage.value
    QTest.keyClick(view, Qt.Key.Key_Up)
    assert view.stage.value < first
    QTest.keyClick(view, Qt.Key.Key_Down)
    QTest.keyClick(view, Qt.Key.Key_PageDown)
    assert view.stage.at_end
    QTest.keyClick(view, Qt.Key.Key_Home)
    assert "Question 1" in shown_text(view).splitlines()
    assert view.verticalScrollBar().value() == 0
    QTest.keyClick(view, Qt.Key.Key_End)
    assert "Question 200" in shown_text(view)


def test_what_is_read_stays_where_it_is_while_heights_become_known(view: TranscriptView) -> None:
    view.show_snapshot(long_session())
    bar = view.verticalScrollBar()
    for _ in range(60):
        before = {place.index: place.y for place in view.stage.placed}
        bar.setValue(bar.value() - 150)
        after = {place.index: place.y for place in view.stage.placed}
        common = before.keys() & after.keys()
        assert common
        assert all(after[index] - before[index] == 150 for index in common)


def test_keeps_few_documents(view: TranscriptView) -> None:
    view.show_snapshot(long_session(300))
    QTest.keyClick(view, Qt.Key.Key_Home)
    for _ in range(200):
        QTest.keyClick(view, Qt.Key.Key_PageDown)
    assert sum(row.view is not None for row in view.rows.rows) <= MAX_VIEWS


def test_follows_only_while_the_reader_is_at_the_end(view: TranscriptView) -> None:
    view.show_snapshot(long_session(30))
    running = sample.turn(31, "More", status=TurnStatus.RUNNING, parent_id=30)
    view.apply(ev.TurnStarted(S, 31, running))
    view.apply(ev.TextDelta(S, 31, 1000, "line\n\n" * 50))
    view.flush_now()
    assert view.stage.at_end
    QTest.keyClick(view, Qt.Key.Key_PageUp)
    before = [(place.index, place.y) for place in view.stage.placed]
    assert view._end_button.isVisible()
    view.apply(ev.TextDelta(S, 31, 1000, "line\n\n" * 50))
    view.flush_now()
    assert [(place.index, place.y) for place in view.stage.placed] == before
    QTest.mouseClick(view._end_button, LEFT)
    assert view.stage.at_end
    assert not view._end_button.isVisible()


def test_asks_for_what_is_seen_first_then_for_the_rest_in_chunks(
    view: TranscriptView, qtbot: QtBot
) -> None:
    snapshot = long_session(1300, light=True)
    wanted: list[tuple[tuple[int, int], ...]] = []

    def answer(keys: tuple[tuple[int, int], ...]) -> None:
        wanted.append(keys)
        texts = [
            sample.item(turn_id, position, ItemKind.TEXT, f"Text {turn_id}")
            for turn_id, position in keys
        ]
        view.supply_items(tuple(texts))

    view.items_needed.connect(answer, Qt.ConnectionType.QueuedConnection)
    view.show_snapshot(snapshot)
    qtbot.waitUntil(lambda: all(row.loaded for row in view.rows.rows))
    assert (1300, 1000) in wanted[0]
    assert len(wanted[0]) < 20
    assert max(len(keys) for keys in wanted) == CHUNK
    asked = [key for keys in wanted for key in keys]
    assert len(asked) == len(set(asked))
    assert "Text 1300" in shown_text(view)


def test_events_of_another_session_are_passed_over(view: TranscriptView) -> None:
    view.show_snapshot(sample.rich())
    count = len(view.rows)
    view.apply(ev.TextDelta(S + 1, 3, 3000, "stranger"))
    view.apply(ev.TurnStarted(S + 1, 9, sample.turn(9)))
    assert len(view.rows) == count
    view.apply(ev.SessionOpened(sample.simple("another")))
    assert "another" in shown_text(view)
    view.clear()
    assert shown_text(view) == ""


def test_what_went_wrong_is_said_and_can_be_tried_again(view: TranscriptView, qtbot: QtBot) -> None:
    for status, text in (
        (TurnStatus.FAILED, "The model is overloaded."),
        (TurnStatus.INTERRUPTED, "This answer was interrupted."),
        (TurnStatus.STOPPED, "You stopped this answer."),
    ):
        error = ("overloaded", {}) if status is TurnStatus.FAILED else None
        view.show_snapshot(sample.snapshot(sample.turn(1, status=status, error=error)))
        assert text in shown_text(view)
        with qtbot.waitSignal(view.resume_requested) as heard:
            click(view, view.rows.rows[-1], "resume")
        assert heard.args == [1]


def test_the_countdown_of_a_retry(view: TranscriptView, qtbot: QtBot) -> None:
    turn = sample.turn(1, status=TurnStatus.RUNNING, usage=Usage())
    view.show_snapshot(sample.snapshot(turn))
    assert "Working…" in shown_text(view)
    view.apply(ev.RetryScheduled(S, 1, "overloaded", 2.0, 1, 3))
    view.flush_now()
    assert "The model is overloaded. Trying again in 2 s (1 of 3)" in shown_text(view)
    view.rows.turns[1].retry_at -= 1
    qtbot.waitUntil(lambda: "again in 1 s" in shown_text(view))
    view.apply(ev.TextDelta(S, 1, 1000, "here"))
    view.flush_now()
    assert "Trying again" not in shown_text(view)


def test_a_queued_message_can_be_taken_back(view: TranscriptView, qtbot: QtBot) -> None:
    view.show_snapshot(sample.snapshot(sample.turn(1, status=TurnStatus.RUNNING)))
    view.apply(ev.TurnQueued(S, 2, sample.turn(2, "Later", status=TurnStatus.QUEUED)))
    view.flush_now()
    assert "Queued" in shown_text(view)
    assert scene(view, 2, 0).opacity < 1
    with qtbot.waitSignal(view.unqueue_requested) as heard:
        click(view, row(view, 2, 0), "unqueue")
    assert heard.args == [2]
    view.apply(ev.TurnUnqueued(S, 2))
    view.flush_now()
    assert "Later" not in shown_text(view)


def test_footer_buttons(view: TranscriptView, qtbot: QtBot) -> None:
    view.show_snapshot(sample.snapshot(
        sample.turn(2, parent_id=None, siblings=(1, 2, 3)),
        items=(sample.item(2, 1000, ItemKind.TEXT, "The **answer**"),),
    ))  # fmt: skip
    footer = view.rows.rows[-1]
    assert "2/3" in shown_text(view)
    for action, signal, value in (
        ("edit", view.edit_requested, 2),
        ("regenerate", view.regenerate_requested, 2),
        ("branch:1", view.branch_requested, 1),
        ("branch:3", view.branch_requested, 3),
    ):
        with qtbot.waitSignal(signal) as heard:
            click(view, footer, action)
        assert heard.args == [value]
    with qtbot.waitSignal(view.copied):
        click(view, footer, "copy:turn")
    assert QApplication.clipboard().text() == "The **answer**"


def test_links(view: TranscriptView, qtbot: QtBot) -> None:
    view.show_snapshot(sample.simple("[good](https://a.example/x) and [bad](javascript:x)"))
    answer = row(view, 1, 1000)
    with qtbot.waitSignal(view.link_activated) as heard:
        QTest.mouseClick(view.viewport(), LEFT, pos=text_point(view, answer, "good"))
    assert heard.args == ["https://a.example/x"]
    with qtbot.assertNotEmitted(view.link_activated):
        QTest.mouseClick(view.viewport(), LEFT, pos=text_point(view, answer, "bad"))


def test_thoughts_unfold(view: TranscriptView) -> None:
    view.resize(900, 2600)
    view.show_snapshot(sample.rich())
    thoughts = row(view, 1, 1000)
    assert "First the files" not in shown_text(view)
    click(view, thoughts, "toggle")
    assert "First the files" in shown_text(view)
    click(view, thoughts, "toggle")
    assert "First the files" not in shown_text(view)


@pytest.mark.parametrize("mode", [theme.DARK, theme.LIGHT])
def test_the_theme_is_followed(view: TranscriptView, mode: str) -> None:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    view.show_snapshot(sample.rich())
    theme.apply(app, mode)
    assert picture(view).pixelColor(3, 3).name() == theme.current().bg


def test_the_language_is_followed(view: TranscriptView) -> None:
    view.show_snapshot(sample.rich())
    i18n.set_language("zh_CN")
    view.retranslate()
    assert "重试" in shown_text(view)
    assert "Try again" not in shown_text(view)


def test_a_narrow_and_a_wide_window(view: TranscriptView) -> None:
    view.show_snapshot(sample.rich())
    for width in (320, 1600):
        view.resize(width, 500)
        assert view.stage.at_end
        for place in view.stage.placed:
            assert all(text.rect.right() <= place.scene.width + 1 for text in place.scene.texts)


@pytest.mark.parametrize(
    "text",
    [
        "x" * 10_000_000,
        "> " * 100_000 + "deep",
        "| a | b |\n|---|---|\n" + "| 1 | 2 |\n" * 50_000,
        "line\n" * 1_000_000,
    ],
    ids=["10 MB line", "nested quotes", "50,000 rows", "1,000,000 lines"],
)
def test_monsters_are_shown_in_part_and_copied_whole(view: TranscriptView, text: str) -> None:
    began = time.process_time()
    view.show_snapshot(sample.simple(text))
    picture(view)
    assert time.process_time() - began < 10, "a freeze, not a matter of a slow machine"
    if len(text) > 300_000:
        answer = row(view, 1, 1000)
        assert "characters shown" in shown_text(view)
        click(view, answer, "copy:all")
        assert len(QApplication.clipboard().text()) == len(text)
        click(view, answer, "show_more")
        assert "160,000 of" in shown_text(view) or "159,99" in shown_text(view)


def test_literal_text_stays_literal(view: TranscriptView) -> None:
    odd = "100 %s {0} {} '\" \\ <b>x</b> &amp; \u202e"
    view.show_snapshot(sample.simple(odd, question=odd))
    text = shown_text(view)
    assert "100 %s {0} {} '\" \\ <b>x</b> &amp; ⟨U+202E⟩" in text
    assert "<b>x</b>" in scene(view, 1, 1000).texts[0].document.toPlainText()
