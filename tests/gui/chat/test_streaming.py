from __future__ import annotations

import random
from pathlib import Path

import pytest
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from aigc_desktop.core import events as ev
from aigc_desktop.core.content import TextBlock
from aigc_desktop.core.session import TurnStatus, Usage
from aigc_desktop.core.transcript import ItemKind, TranscriptSnapshot
from aigc_desktop.gui.chat import body
from aigc_desktop.gui.chat.transcript_view import TranscriptView
from tests.gui.chat import sample
from tests.gui.chat.driver import row, scene, shown_text

S = sample.SESSION


def running(*items: sample.TranscriptItem) -> TranscriptSnapshot:
    turn = sample.turn(1, "Go", status=TurnStatus.RUNNING, usage=Usage())
    return sample.snapshot(turn, items=items)


def texts(view: TranscriptView) -> list[str]:
    return [text.document.toPlainText() for text in scene(view, 1, 1000).texts]


def test_a_streamed_answer_ends_as_one_that_is_opened(view: TranscriptView) -> None:
    whole = sample.ANSWER * 3
    view.show_snapshot(running())
    view.apply(ev.BlockStarted(S, 1, 1000, "text"))
    rng, at = random.Random(5), 0
    while at < len(whole):
        step = rng.randint(1, 40)
        view.apply(ev.TextDelta(S, 1, 1000, whole[at : at + step]))
        view.flush_now()
        at += step
    view.apply(ev.BlockFinished(S, 1, 1000, TextBlock(whole)))
    view.flush_now()
    streamed, height = texts(view), scene(view, 1, 1000).height
    view.show_snapshot(sample.snapshot(sample.turn(1), items=(sample.item(1, 1000, ItemKind.TEXT, whole),)))  # fmt: skip  # noqa: E501
    assert streamed == texts(view)
    assert height == scene(view, 1, 1000).height


def test_only_the_last_block_is_made_anew(view: TranscriptView) -> None:
    view.show_snapshot(running())
    view.apply(ev.TextDelta(S, 1, 1000, "one\n\ntwo\n\nthr"))
    view.flush_now()
    before = [text.document for text in scene(view, 1, 1000).texts]
    view.apply(ev.TextDelta(S, 1, 1000, "ee"))
    view.flush_now()
    after = [text.document for text in scene(view, 1, 1000).texts]
    assert after[:2] == before[:2]
    assert after[2].toPlainText() == "three"


def test_code_grows_in_place(view: TranscriptView) -> None:
    view.show_snapshot(running())
    view.apply(ev.TextDelta(S, 1, 1000, "```python\nx = 1\n"))
    view.flush_now()
    document = scene(view, 1, 1000).texts[0].document
    view.apply(ev.TextDelta(S, 1, 1000, 'y = "two"\nz'))
    view.flush_now()
    assert scene(view, 1, 1000).texts[0].document is document
    assert document.toPlainText() == 'x = 1\ny = "two"\nz'
    assert document.findBlockByNumber(1).layout().formats(), "complete lines have colours"


@pytest.mark.parametrize("begin", ["", "```\n"], ids=["a line", "code"])
def test_of_a_block_without_end_only_the_newest_part_is_drawn(
    view: TranscriptView, begin: str
) -> None:
    view.show_snapshot(running())
    sent = begin
    view.apply(ev.TextDelta(S, 1, 1000, begin))
    for number in range(40):
        part = f"{number} ".ljust(10_000, "x")
        sent += part
        view.apply(ev.TextDelta(S, 1, 1000, part))
        view.flush_now()
    [shown] = texts(view)
    assert sent.endswith(shown.removeprefix("…"))
    assert 10_000 < len(shown) < 50_000
    view.apply(ev.BlockFinished(S, 1, 1000, TextBlock(sent)))
    view.flush_now()
    assert row(view, 1, 1000).text == sent
    assert texts(view)[0].startswith("0 xxx")


def test_the_timer_repaints(view: TranscriptView, qtbot: QtBot) -> None:
    view.show_snapshot(running())
    view.apply(ev.TextDelta(S, 1, 1000, "by and by"))
    qtbot.waitUntil(lambda: "by and by" in shown_text(view))


def test_a_session_opened_in_the_middle_goes_on(view: TranscriptView) -> None:
    view.show_snapshot(running(sample.item(1, 1000, ItemKind.TEXT, "Hel")))
    view.apply(ev.TextDelta(S, 1, 1000, "lo"))
    view.flush_now()
    assert texts(view) == ["Hello"]


def test_long_code_gets_its_colours_in_slices(
    view: TranscriptView, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(body, "COLOUR_SLICE", 0.0)
    lines = "\n".join(f"value_{n} = {n}  # note" for n in range(3000))
    view.show_snapshot(sample.simple(f"```python\n{lines}\n```"))
    document = scene(view, 1, 1000).texts[0].document
    qtbot.waitUntil(lambda: bool(document.lastBlock().layout().formats()))


def test_pictures_of_the_work_directory_and_no_others(
    view: TranscriptView, qtbot: QtBot, tmp_path: Path
) -> None:
    image = QImage(64, 48, QImage.Format.Format_RGB32)
    image.fill(0x3366AA)
    assert image.save(str(tmp_path / "chart.png"))
    view.set_work_dir(str(tmp_path))
    view.show_snapshot(
        sample.simple(
            "![mine](chart.png)\n\n![far](https://evil.example/b.png) ![x](file://h/s.png)"
        )
    )
    assert "[Picture not shown: far]" in shown_text(view)
    assert "[Picture not shown: x]" in shown_text(view)
    qtbot.waitUntil(lambda: "\ufffc" in texts(view)[0])
    assert scene(view, 1, 1000).texts[0].rect.height() >= 48
    assert row(view, 1, 1000).text is not None
