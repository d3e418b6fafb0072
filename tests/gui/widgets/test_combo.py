"""A choice among names of any length."""

from __future__ import annotations

from PySide6.QtGui import QImage
from PySide6.QtWidgets import QComboBox
from pytestqt.qtbot import QtBot

from aigc_desktop.gui.widgets.combo import NameCombo

LONG = "a name that is far too long for the field it stands in"


def picture(qtbot: QtBot, combo: QComboBox, name: str) -> QImage:
    qtbot.addWidget(combo)
    combo.addItem(name)
    combo.resize(140, 32)
    combo.show()
    return combo.grab().toImage()


def test_a_name_without_room_ends_otherwise_than_cut(qtbot: QtBot) -> None:
    assert picture(qtbot, NameCombo(), "short") == picture(qtbot, QComboBox(), "short")
    assert picture(qtbot, NameCombo(), LONG) != picture(qtbot, QComboBox(), LONG)


def test_the_tool_tip_tells_it_in_whole(qtbot: QtBot) -> None:
    combo = NameCombo()
    qtbot.addWidget(combo)
    combo.addItem(LONG)
    assert combo.toolTip() == LONG
