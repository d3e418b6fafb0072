from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from aigc_desktop.core.transcript import ItemKind, TranscriptItem
from aigc_desktop.gui.chat.transcript_view import TranscriptView
from tests.gui.chat import sample
from tests.gui.chat.driver import LEFT, clipboard, drag, picture, row, text_point

CTRL = Qt.KeyboardModifier.ControlModifier


def two_turns() -> object:
    return sample.snapshot(
        sample.turn(1, "First question"),
        sample.turn(2, "Second question"),
        items=(
            sample.item(1, 1000, ItemKind.TEXT, "Some **bold** words\n\n- one\n- two"),
            sample.item(2, 1000, ItemKind.TEXT, "The end 😀 really"),
        ),
    )


def copied(view: TranscriptView) -> str:
    QApplication.clipboard().clear()
    QTest.keyClick(view, Qt.Key.Key_C, CTRL)
    return clipboard()


def test_part_of_a_paragraph_is_copied_as_plain_text(view: TranscriptView) -> None:
    view.show_snapshot(two_turns())  # type: ignore[arg-type]
    answer = row(view, 1, 1000)
    before = picture(view)
    drag(view, text_point(view, answer, "bold"), text_point(view, answer, "words"))
    assert copied(view) == "bold "
    assert picture(view) != before, "the selection is seen"


def test_across_messages_whole_ones_are_copied_as_markdown(view: TranscriptView) -> None:
    view.show_snapshot(two_turns())  # type: ignore[arg-type]
    start = text_point(view, row(view, 1, 0), "question")
    end = text_point(view, row(view, 2, 1000), "really")
    drag(view, start, end)
    assert copied(view) == (
        "question\n\nSome **bold** words\n\n- one\n- two\n\nSecond question\n\nThe end 😀 "
    )
    drag(view, end, start)
    assert copied(view).startswith("question\n\nSome **bold**"), "backwards too"


def test_all(view: TranscriptView, qtbot: QtBot) -> None:
    view.show_snapshot(two_turns())  # type: ignore[arg-type]
    QTest.keyClick(view, Qt.Key.Key_A, CTRL)
    with qtbot.waitSignal(view.copied):
        text = copied(view)
    assert text == (
        "First question\n\nSome **bold** words\n\n- one\n- two\n\n"
        "Second question\n\nThe end 😀 really"
    )
    QTest.keyClick(view, Qt.Key.Key_Escape)
    assert view.selection.range is None


def test_all_waits_for_texts_that_are_not_loaded(view: TranscriptView) -> None:
    light = TranscriptItem(1, 1000, ItemKind.TEXT, 4)
    view.show_snapshot(sample.snapshot(sample.turn(1, "Q"), items=(light,)))
    QTest.keyClick(view, Qt.Key.Key_A, CTRL)
    assert copied(view) == ""
    view.supply_items((sample.item(1, 1000, ItemKind.TEXT, "late"),))
    assert clipboard() == "Q\n\nlate"


def test_double_click_selects_a_word(view: TranscriptView) -> None:
    view.show_snapshot(two_turns())  # type: ignore[arg-type]
    point = text_point(view, row(view, 1, 1000), "words")
    QTest.mouseClick(view.viewport(), LEFT, pos=point)
    QTest.mouseDClick(view.viewport(), LEFT, pos=point + QPoint(6, 0))
    assert copied(view) == "words"


def test_shift_click_extends(view: TranscriptView) -> None:
    view.show_snapshot(two_turns())  # type: ignore[arg-type]
    answer = row(view, 1, 1000)
    QTest.mouseClick(view.viewport(), LEFT, pos=text_point(view, answer, "Some"))
    shift = Qt.KeyboardModifier.ShiftModifier
    QTest.mouseClick(view.viewport(), LEFT, shift, text_point(view, answer, "words"))
    assert copied(view) == "Some bold "


def test_dragging_out_scrolls(view: TranscriptView, qtbot: QtBot) -> None:
    view.show_snapshot(sample.simple("\n\n".join(f"paragraph {n}" for n in range(200))))
    QTest.keyClick(view, Qt.Key.Key_Home)
    port = view.viewport()
    QTest.mousePress(port, LEFT, pos=text_point(view, row(view, 1, 1000), "paragraph 2"))
    QTest.mouseMove(port, QPoint(200, 400))
    QTest.mouseMove(port, QPoint(200, port.height() + 60))
    qtbot.waitUntil(lambda: view.stage.value > 200)
    QTest.mouseRelease(port, LEFT, pos=QPoint(200, port.height() + 60))
    assert "paragraph 20" in copied(view)


def test_a_code_block_selected_whole_among_others_keeps_its_fence(view: TranscriptView) -> None:
    view.show_snapshot(sample.simple("before\n\n```py\nx = 1\n```\n\nafter it all"))
    answer = row(view, 1, 1000)
    drag(view, text_point(view, answer, "before"), text_point(view, answer, "all"))
    assert copied(view) == "before\n\n```py\nx = 1\n```\n\nafter it "


def test_the_copy_button_of_code(view: TranscriptView) -> None:
    view.show_snapshot(sample.simple("a\n\n```py\nx = '\u202e'\n\ny = 2\n```\n\n~~~\nsecond\n~~~"))
    view.activate(row(view, 1, 1000), "copy:1")
    assert clipboard() == "x = '\u202e'\n\ny = 2"
    view.activate(row(view, 1, 1000), "copy:2")
    assert clipboard() == "second"
