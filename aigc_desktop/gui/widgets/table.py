"""Tables that are only read."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractItemView, QTableView, QTableWidget


def make_table(rows: int, headings: Sequence[str], name: str) -> QTableWidget:
    """Return a table that is only read, with so many empty rows."""
    table = QTableWidget(rows, len(headings))
    table.setHorizontalHeaderLabels(list(headings))
    only_read(table, name)
    return table


def only_read(table: QTableView, name: str) -> None:
    """Let whole rows be selected and nothing be edited; Tab leads out of the table."""
    table.setAccessibleName(name)
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setTabKeyNavigation(False)
    table.setShowGrid(False)
    table.setCornerButtonEnabled(False)
    table.verticalHeader().hide()
    header = table.horizontalHeader()
    header.setHighlightSections(False)
    header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
