"""Tables that are only read are no trap for the keyboard."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton, QTableWidgetItem, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from aigc_desktop.gui.widgets.table import make_table


def test_tab_leads_into_a_table_and_out_of_it(qtbot: QtBot) -> None:
    window = QWidget()
    before, after = QPushButton("before"), QPushButton("after")
    table = make_table(2, ["One", "Two"], "Numbers")
    for row in range(2):
        for column in range(2):
            table.setItem(row, column, QTableWidgetItem("1"))
    layout = QVBoxLayout(window)
    for each in (before, table, after):
        layout.addWidget(each)
    qtbot.addWidget(window)
    window.show()
    window.activateWindow()
    before.setFocus()
    qtbot.waitUntil(before.hasFocus)
    QTest.keyClick(before, Qt.Key.Key_Tab)
    assert table.hasFocus()
    QTest.keyClick(table, Qt.Key.Key_Tab)
    assert after.hasFocus()
    QTest.keyClick(after, Qt.Key.Key_Backtab)
    QTest.keyClick(table, Qt.Key.Key_Backtab)
    assert before.hasFocus()
