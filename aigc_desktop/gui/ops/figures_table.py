"""The exact figures as a table; columns sort."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHeaderView, QTableView, QWidget

from aigc_desktop.config.i18n import tr
from aigc_desktop.core.statistics import Figures, Measure
from aigc_desktop.gui.ops import figures_text as text
from aigc_desktop.gui.ops.headed_model import ROOT, HeadedModel, Index
from aigc_desktop.gui.widgets.table import only_read


@dataclass(frozen=True)
class Row:
    """A row: what it is about (with what it sorts by), and its figures."""

    name: str
    order: Any
    figures: Figures


@dataclass(frozen=True)
class _Column:
    title: str
    show: Callable[[Figures], str]
    order: Callable[[Figures], float]


def _measured(measure: Measure) -> _Column:
    return _Column(
        text.measure_name(measure),
        lambda figures: text.exact(figures, measure),
        lambda figures: figures.value(measure) or 0.0,
    )


def _counted(title: str, name: str) -> _Column:
    return _Column(
        title, lambda f: text.number(getattr(f, name)), lambda f: float(getattr(f, name))
    )


def _columns() -> tuple[_Column, ...]:
    return (
        _measured(Measure.CHATS),
        _measured(Measure.REQUESTS),
        _measured(Measure.MESSAGES),
        _counted(tr("Tokens in"), "input_tokens"),
        _counted(tr("Tokens out"), "output_tokens"),
        _counted(tr("From cache"), "cache_read_tokens"),
        _counted(tr("Into cache"), "cache_write_tokens"),
        _measured(Measure.COST),
        _measured(Measure.CACHE),
        _measured(Measure.LATENCY),
        _measured(Measure.FIRST_TOKEN),
        _measured(Measure.LIKES),
        _measured(Measure.DISLIKES),
    )


class FiguresModel(HeadedModel):
    """Rows of figures."""

    def __init__(self, parent: QWidget) -> None:
        columns = _columns()
        super().__init__(parent, ("", *(column.title for column in columns)), words=1)
        self._columns = columns
        self._rows: list[Row] = []
        self._sorted: tuple[int, Qt.SortOrder] | None = None

    def show_rows(self, heading: str, rows: list[Row]) -> None:
        """Show these; the order that was clicked stays, else it is as they come."""
        self.beginResetModel()
        self.headings = (heading, *self.headings[1:])
        self._rows = rows
        if self._sorted is not None:
            self._order(*self._sorted)
        self.endResetModel()

    def rowCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row, column = self._rows[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return self._columns[column - 1].show(row.figures) if column else row.name
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return self.alignment(column)
        if role == Qt.ItemDataRole.ToolTipRole and not column:
            return row.name
        return None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        self.layoutAboutToBeChanged.emit()
        self._sorted = (column, order)
        self._order(column, order)
        self.layoutChanged.emit()

    def _order(self, column: int, order: Qt.SortOrder) -> None:
        falling = order == Qt.SortOrder.DescendingOrder
        if column == 0:
            self._rows.sort(key=lambda row: row.order, reverse=falling)
        elif column > 0:
            value = self._columns[column - 1].order
            self._rows.sort(key=lambda row: value(row.figures), reverse=falling)


class FiguresTable(QTableView):
    """Shows the rows; whole rows are selected, and copied as a table."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows = FiguresModel(self)
        self.setModel(self.rows)
        only_read(self, tr("Exact figures"))
        self.setAlternatingRowColors(True)
        self.setWordWrap(False)
        self.verticalHeader().setDefaultSectionSize(30)
        header = self.horizontalHeader()
        header.setSortIndicatorClearable(True)
        header.setSortIndicator(-1, Qt.SortOrder.DescendingOrder)
        header.setResizeContentsPrecision(200)
        self.setSortingEnabled(True)

    def show_rows(self, heading: str, rows: list[Row]) -> None:
        """Show these rows."""
        self.rows.show_rows(heading, rows)
        header = self.horizontalHeader()
        self.resizeColumnsToContents()
        for column in range(1, self.rows.columnCount()):
            header.resizeSection(column, header.sectionSize(column) + 14)
        header.resizeSection(0, min(300, max(150, header.sectionSize(0) + 14)))
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
