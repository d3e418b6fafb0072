"""The bar that says what goes on."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from aigc_desktop.core.events import NoticeLevel
from aigc_desktop.gui.notices import Notice, NoticeBar


def test_every_notice_is_as_high_as_its_words_need_at_any_width(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    column = QVBoxLayout(window)
    bar = NoticeBar()
    column.addWidget(bar)
    column.addStretch(1)
    window.show()
    for key, words in (("long", 40), ("short", 20)):
        bar.show_notice(Notice(NoticeLevel.ERROR, "file_missing", {"path": "word " * words}, key))
    rows = list(bar._shown.values())

    def is_fit() -> bool:
        needed = [row.heightForWidth(row.width()) for row in rows]
        return [row.height() for row in rows] == needed and bar.height() == sum(needed)

    heights = set()
    for width in (760, 1180, 760, 1900):
        window.resize(width, 520)
        qtbot.waitUntil(is_fit)
        heights.add(bar.height())
    assert len(heights) > 1
