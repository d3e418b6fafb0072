from __future__ import annotations

from pytestqt.qtbot import QtBot

from aigc_desktop.core.transcript import ItemKind
from aigc_desktop.gui.chat.transcript_view import TranscriptView
from tests.gui.chat import sample
from tests.gui.chat.driver import picture, shown_text


def test_finds_and_goes_round(view: TranscriptView, qtbot: QtBot) -> None:
    view.show_snapshot(
        sample.snapshot(
            *(sample.turn(n, f"Question {n}") for n in range(1, 61)),
            items=tuple(
                sample.item(n, 1000, ItemKind.TEXT, f"Answer {n}: Needle **in** the hay\n\n" * 3)
                for n in range(1, 61)
            ),
        )
    )
    plain = picture(view)
    with qtbot.waitSignal(view.find_changed) as heard:
        assert view.find("needle") == 180
    assert heard.args == [0, 180]
    assert picture(view) != plain, "matches are marked"
    first = view.find_next()
    assert first > 160, "begins with what is on the screen"
    assert view.find_next() == first + 1
    assert view.find_prev() == first
    view.finder.current = 179
    assert view.find_next() == 1
    assert "Question 1" in shown_text(view).splitlines()
    assert view.find_prev() == 180
    assert view.stage.at_end
    assert view.selection.range is not None


def test_markdown_that_is_not_seen_is_not_in_the_way(view: TranscriptView) -> None:
    view.show_snapshot(sample.simple("A **bold** word and [a link](https://secret.example/needle)"))
    assert view.find("bold word") == 1
    assert view.find_next() == 1
    assert view.find("needle") == 0
    assert view.find_next() == 0


def test_case_chinese_and_nothing(view: TranscriptView) -> None:
    view.show_snapshot(sample.rich())
    assert view.find("华东") >= 2
    assert view.find("SUMMARY.MD") == view.find("summary.md") > 0
    assert view.find("") == 0
    assert view.find("no such words anywhere") == 0


def test_what_is_folded_is_unfolded(view: TranscriptView) -> None:
    view.show_snapshot(sample.rich())
    assert view.find("pandas") == 1
    view.find_next()
    assert "no module named 'pandas'" in shown_text(view)


def test_texts_that_arrive_later_are_searched_too(view: TranscriptView) -> None:
    light = sample.TranscriptItem(1, 1000, ItemKind.TEXT, 6)
    view.show_snapshot(sample.snapshot(sample.turn(1), items=(light,)))
    assert view.find("needle") == 0
    view.supply_items((sample.item(1, 1000, ItemKind.TEXT, "needle"),))
    assert len(view.finder.matches) == 1
