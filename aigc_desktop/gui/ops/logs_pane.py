"""The program's log: filters, a table of any length, live tail, one record whole."""

from __future__ import annotations

from functools import partial
from typing import Any

from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtGui import QFontMetrics, QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QSplitter,
    QStackedWidget,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from aigc_desktop.config.i18n import sentences, tr, tr_n
from aigc_desktop.config.messages import describe_error
from aigc_desktop.core.events import NoticeLevel
from aigc_desktop.core.logs import LogLine, LogOverview
from aigc_desktop.gui import calls, icons, notices, theme
from aigc_desktop.gui.bridge import Handle
from aigc_desktop.gui.ops.log_detail import LogDetail
from aigc_desktop.gui.ops.log_filters import LogFilters
from aigc_desktop.gui.ops.log_model import CHAT, COMPONENT, LEVEL, TIME, LogModel
from aigc_desktop.gui.widgets.area_page import AreaPage
from aigc_desktop.gui.widgets.build import button, icon_button, label, pill
from aigc_desktop.gui.widgets.file_dialogs import ask_where_to_save
from aigc_desktop.gui.widgets.flow import together
from aigc_desktop.gui.widgets.table import only_read

TAIL_MS = 1000
ROW = 26
HANDLE = 8
ALL_COLUMNS_FROM = 760
"""Pixels of width; with less, component and chat are seen with the whole record only."""

_WIDEST = {TIME: 23, LEVEL: 9, COMPONENT: 17, CHAT: 6}
"""Characters for which the columns have room."""


class LogsPane(QWidget):
    """Shows what the program wrote, newest first."""

    def __init__(self, page: AreaPage) -> None:
        super().__init__(page)
        self._page = page
        self._bridge = page.bridge
        self._book: Any = None
        self._opening = False
        self._busy: Handle | None = None
        self.overview: LogOverview | None = None
        self.filters = LogFilters()
        self.rows = LogModel(self._fetch, self)
        self.table = QTableView()
        self.detail = LogDetail()
        self.count = label("", "small")
        self.live = button(tr("Live"), self._live_toggled, icon="pulse")
        self.live.setCheckable(True)
        self.live.setProperty("kind", "chip")
        self.live.setToolTip(tr("Follow what is written, as it comes"))
        self._tail = QTimer(self)
        self._tail.setInterval(TAIL_MS)
        self._stack = QStackedWidget()
        self._build()
        self._connect()

    @Slot()
    def reload(self) -> None:
        """Take in what was written since; the first time open the log."""
        if self._book is not None:
            self._refresh()
        elif not self._opening:
            self._opening = True
            self._bridge.call(
                self, calls.logs.open_book, self.filters.wanted(), on_done=self._opened
            )

    def export(self, path: str) -> None:
        """Write the records that fit into a file, without secrets."""

        def done(_size: int) -> None:
            notices.say(NoticeLevel.INFO, "log_written", path=path, key="log_written")

        if self._book is not None:
            self._bridge.call(self, calls.logs.export, self._book, path, on_done=done)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self.live.isChecked():
            self._tail.start()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        for column in (COMPONENT, CHAT):
            self.table.setColumnHidden(column, self.width() < ALL_COLUMNS_FROM)

    def hideEvent(self, event: QHideEvent) -> None:
        self._tail.stop()
        super().hideEvent(event)

    def _build(self) -> None:
        self.order = pill("chevron-down", "")
        self.order.clicked.connect(self._turn_round)
        self._show_order()
        self.save = icon_button("download", tr("Export what is shown…"), self._choose_export)
        self.filters.chip_row.addWidget(together(self.count, self.order, self.save, self.live))
        self._build_table()
        self._stack.addWidget(self.table)
        self._stack.addWidget(self._empty_page())
        self.split = QSplitter(Qt.Orientation.Vertical)
        self.split.setChildrenCollapsible(False)
        self.split.setHandleWidth(HANDLE)
        self.split.addWidget(self._stack)
        self.split.addWidget(self.detail)
        self.split.setStretchFactor(0, 3)
        self.split.setStretchFactor(1, 2)
        self.split.setSizes([400, 200])
        self.detail.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(10)
        layout.addWidget(self.filters)
        layout.addWidget(self.split, 1)

    def _build_table(self) -> None:
        table = self.table
        table.setModel(self.rows)
        only_read(table, tr("Log records"))
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setWordWrap(False)
        table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        rows = table.verticalHeader()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setMinimumSectionSize(ROW)
        rows.setDefaultSectionSize(ROW)
        header = table.horizontalHeader()
        header.setStretchLastSection(True)
        digit = QFontMetrics(theme.mono_font(9.5)).horizontalAdvance("0")
        for column, characters in _WIDEST.items():
            header.resizeSection(column, characters * digit + 24)

    def _empty_page(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setSpacing(10)
        self.empty = label("", "heading")
        self.clear = button(tr("Show everything"), self.filters.clear)
        column.addStretch(2)
        column.addWidget(self.empty, 0, Qt.AlignmentFlag.AlignCenter)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(self.clear)
        row.addStretch(1)
        column.addLayout(row)
        column.addStretch(3)
        return page

    def _connect(self) -> None:
        self.filters.changed.connect(self._use_filter)
        self.table.selectionModel().currentRowChanged.connect(self._row_chosen)
        self.table.activated.connect(self._go_to_chat)
        self.rows.dataChanged.connect(self._row_chosen)
        self.detail.closed.connect(self._close_detail)
        self.detail.chat_wanted.connect(self._go_to_chat)
        self._tail.timeout.connect(self._refresh)

    @Slot(object)
    def _opened(self, found: Any) -> None:
        self._opening = False
        self._book, overview = found
        self._show(overview)
        self._refresh()

    @Slot()
    def _refresh(self) -> None:
        if self._book is not None and self._busy is None:
            self._ask(calls.logs.refresh)

    @Slot()
    def _use_filter(self) -> None:
        if self._book is None:
            return
        if self._busy is not None:
            self._busy.cancel()
        self._hide_detail()
        self._ask(calls.logs.use_filter, self.filters.wanted())

    def _ask(self, service: Any, *arguments: Any) -> None:
        self._busy = self._bridge.call(
            self, service, self._book, *arguments, on_done=self._show, on_error=self._failed
        )

    @Slot(object)
    def _show(self, overview: LogOverview) -> None:
        self._busy = None
        self.filters.show_problem("")
        self.filters.show_components(overview.components)
        at_end = self._is_at_end()
        self.overview = overview
        self.rows.show_overview(overview)
        if at_end and not self.rows.newest_first:
            self.table.scrollToBottom()
        self.count.setText(_count_text(overview))
        empty = overview.count == 0 and overview.complete
        self._stack.setCurrentIndex(1 if empty else 0)
        self.empty.setText(
            tr("No record fits.") if overview.total else tr("Nothing has been written yet.")
        )
        self.clear.setVisible(overview.total > 0)
        self.save.setEnabled(overview.count > 0)

    def _failed(self, error: BaseException) -> None:
        self._busy = None
        self.filters.show_problem(sentences(*describe_error(error)))
        for said in (self.count, self.empty):
            said.setText("")  # It is about another search.

    def _fetch(self, first: int, count: int) -> None:
        generation = self.rows.generation
        self._bridge.call(
            self,
            calls.logs.page,
            self._book,
            first,
            count,
            on_done=lambda lines: self.rows.supply(generation, first, lines),
        )

    def _is_at_end(self) -> bool:
        bar = self.table.verticalScrollBar()
        return bar.value() >= bar.maximum()

    @property
    def line(self) -> LogLine | None:
        """The chosen record."""
        index = self.table.currentIndex()
        return self.rows.line(index.row()) if index.isValid() else None

    @Slot()
    def _row_chosen(self) -> None:
        line = self.line
        if line is None or line == self.detail.property("line"):
            return
        self.detail.setProperty("line", line)
        self.detail.show_line(line)
        self.detail.show()
        self._bridge.call(
            self,
            calls.logs.record,
            self._book,
            line,
            on_done=partial(self._show_record, line),
        )

    def _show_record(self, line: LogLine, text: str) -> None:
        if line == self.detail.property("line"):
            self.detail.show_text(text, line.size)

    @Slot()
    def _close_detail(self) -> None:
        self._hide_detail()
        self.table.selectionModel().clear()
        self.table.setFocus()

    @Slot()
    def _go_to_chat(self) -> None:
        line = self.line
        if line is None or line.session_id is None:
            return
        if line.turn_id is None:
            self._page.session_wanted.emit(line.session_id)
        else:
            self._page.turn_wanted.emit(line.session_id, line.turn_id)

    @Slot()
    def _turn_round(self) -> None:
        place = self.line
        self.rows.turn_round()
        self._show_order()
        if place is None:
            self.table.scrollToTop()
        self._hide_detail()

    def _hide_detail(self) -> None:
        self.detail.hide()
        self.detail.setProperty("line", None)

    def _show_order(self) -> None:
        newest = self.rows.newest_first
        tip = tr("Newest first") if newest else tr("Oldest first")
        icons.bind(self.order, "chevron-down" if newest else "chevron-up")
        self.order.setText(tip)
        self.order.setAccessibleName(tip)

    @Slot()
    def _live_toggled(self) -> None:
        if self.live.isChecked():
            self._tail.start()
            self._refresh()
            if self.rows.newest_first:
                self.table.scrollToTop()
            else:
                self.table.scrollToBottom()
        else:
            self._tail.stop()

    @Slot()
    def _choose_export(self) -> None:
        ask_where_to_save(
            self, tr("Export the log"), "*.log", "aigc-desktop.log", self.export, "log"
        )


def _count_text(overview: LogOverview) -> str:
    if not overview.complete:
        return tr("Looking through older records…")
    count, total = f"{overview.count:,}", f"{overview.total:,}"
    if overview.count == overview.total:
        parts = [tr_n("{count} record", "{number} records", overview.total, number=total)]
    else:
        parts = [tr("{count} of {total} records", count=count, total=total)]
    if overview.slow:
        parts.append(tr("{count} took too long for this pattern", count=overview.slow))
    return " · ".join(parts)
