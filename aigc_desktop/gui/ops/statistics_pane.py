"""Statistics: tiles that choose what is looked at, a plot over time, the exact figures below."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from PySide6.QtCore import QDate, Qt, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QComboBox,
    QDateEdit,
    QGridLayout,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from aigc_desktop.config.i18n import tr
from aigc_desktop.core.events import NoticeLevel
from aigc_desktop.core.statistics import By, Measure, Series, Split
from aigc_desktop.gui import calls, notices
from aigc_desktop.gui.bridge import Handle
from aigc_desktop.gui.ops import figures_text as text
from aigc_desktop.gui.ops.figures_table import FiguresTable, Row
from aigc_desktop.gui.ops.measure_tile import MeasureTile
from aigc_desktop.gui.ops.plot import Plot
from aigc_desktop.gui.ops.statistics_pictures import part_name, picture
from aigc_desktop.gui.widgets.area_page import AreaPage
from aigc_desktop.gui.widgets.build import button, icon_button, label, scrolled
from aigc_desktop.gui.widgets.empty_note import EmptyNote
from aigc_desktop.gui.widgets.file_dialogs import ask_where_to_save
from aigc_desktop.gui.widgets.flow import FlowLayout, together
from aigc_desktop.gui.widgets.segments import Segments

TILES = (
    Measure.REQUESTS,
    Measure.CHATS,
    Measure.MESSAGES,
    Measure.TOKENS,
    Measure.COST,
    Measure.CACHE,
    Measure.LATENCY,
    Measure.LIKES,
)
COLUMNS = 8
WIDE = 900
"""Pixels from which the tiles stand in one row."""

HANDLE = 8
PLOT_HEIGHT, TABLE_HEIGHT = 170, 132
"""Pixels; in a lower window one scrolls."""

EVER = "ever"
CUSTOM = "custom"
DEFAULT_DAYS = "30"


class StatisticsPane(QWidget):
    """How much was done, what it used and cost, how fast it was, how it was liked."""

    def __init__(self, page: AreaPage) -> None:
        super().__init__(page)
        self._bridge = page.bridge
        self._series: Series | None = None
        self._asked: Handle | None = None
        self.measure = Measure.REQUESTS
        self.range = _range_box()
        self.since, self.until = _date_edit(tr("First day"), 29), _date_edit(tr("Last day"), 0)
        self.by = Segments(
            tr("Period"), [(By.DAY, tr("Day")), (By.WEEK, tr("Week")), (By.MONTH, tr("Month"))]
        )
        self.split = QComboBox()
        self.split.setAccessibleName(tr("Told apart by"))
        for split in Split:
            self.split.addItem(text.split_name(split), split.value)
        self.tiles = {measure: MeasureTile(measure, _tile_title(measure)) for measure in TILES}
        self.plot = Plot()
        self.table = FiguresTable()
        self.heading = label("", "heading")
        self.note = label("", "small")
        self._stack = QStackedWidget()
        self._build()
        self._connect()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange_tiles()

    @Slot()
    def reload(self) -> None:
        """Ask for the figures; what is shown stays until they are there."""
        since, until = self._bounds()
        if self._asked is not None:
            self._asked.cancel()
        self._asked = self._bridge.call(
            self,
            calls.statistics.series,
            By(self.by.value),
            Split(self.split.currentData()),
            since,
            until,
            self.measure,
            on_done=self._take,
        )

    @property
    def series(self) -> Series | None:
        """What is shown."""
        return self._series

    def export(self, path: str) -> None:
        """Write the exact figures into a file for spreadsheets."""
        since, until = self._bounds()

        def done(_size: Any) -> None:
            notices.say(NoticeLevel.INFO, "table_written", path=path, key="table_written")

        self._bridge.call(
            self,
            calls.statistics.export_csv,
            path,
            By(self.by.value),
            Split(self.split.currentData()),
            since,
            until,
            on_done=done,
        )

    def _bounds(self) -> tuple[date | None, date | None]:
        chosen = self.range.currentData()
        if chosen == EVER:
            return None, None
        if chosen == CUSTOM:
            return _python(self.since.date()), _python(self.until.date())
        return _today() - timedelta(days=int(chosen) - 1), None

    def _build(self) -> None:
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        self._grid = QGridLayout()
        self._grid.setSpacing(8)
        column.addLayout(self._grid)
        self._arrange_tiles()
        self.tiles[self.measure].setChecked(True)
        column.addWidget(self._split_view(), 1)
        scroll = scrolled(body)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._stack.addWidget(scroll)
        self._stack.addWidget(
            EmptyNote(
                "chart",
                tr("Nothing to count yet"),
                tr("As soon as you have asked something, its use, cost and speed are seen here."),
            )
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(12)
        layout.addLayout(self._toolbar())
        layout.addWidget(self._stack, 1)

    def _arrange_tiles(self) -> None:
        columns = COLUMNS if self.width() >= WIDE else COLUMNS // 2
        for place, tile in enumerate(self.tiles.values()):
            self._grid.addWidget(tile, place // columns, place % columns)

    def _toolbar(self) -> FlowLayout:
        self.export_button = button("CSV…", self._choose_export, icon="download")
        self.export_button.setAccessibleName(tr("Export CSV…"))
        self.export_button.setToolTip(tr("Export CSV…"))
        row = FlowLayout()
        for widget in (self.range, self.since, self.until, self.by, self.split):
            row.addWidget(widget)
        row.addStretch()
        again = icon_button("refresh", tr("Load again"), self.reload)
        row.addWidget(together(again, self.export_button))
        return row

    def _split_view(self) -> QSplitter:
        upper = QWidget()
        top = QVBoxLayout(upper)
        top.setContentsMargins(0, 4, 0, 6)
        top.setSpacing(2)
        head = FlowLayout()
        head.addWidget(self.heading)
        head.addStretch()
        head.addWidget(self.note)
        top.addLayout(head)
        top.addWidget(self.plot, 1)
        view = QSplitter(Qt.Orientation.Vertical)
        view.setChildrenCollapsible(False)
        view.setHandleWidth(HANDLE)
        view.addWidget(upper)
        view.addWidget(self.table)
        view.setStretchFactor(0, 3)
        view.setStretchFactor(1, 2)
        view.setSizes([330, 200])
        self.plot.setMinimumHeight(PLOT_HEIGHT)
        self.table.setMinimumHeight(TABLE_HEIGHT)
        return view

    def _connect(self) -> None:
        self.range.activated.connect(self._range_chosen)
        self.since.dateChanged.connect(self._dates_changed)
        self.until.dateChanged.connect(self._dates_changed)
        self.by.chosen.connect(self.reload)
        self.split.activated.connect(self.reload)
        for tile in self.tiles.values():
            tile.toggled.connect(self._tile_toggled)
        self._show_dates()

    @Slot()
    def _range_chosen(self) -> None:
        days = self.range.currentData()
        if days not in (EVER, CUSTOM):
            self.by.choose(By.DAY if int(days) <= 92 else By.MONTH)
        elif days == EVER:
            self.by.choose(By.MONTH)
        self._show_dates()
        self.reload()

    @Slot()
    def _dates_changed(self) -> None:
        if self.range.currentData() == CUSTOM:
            self.reload()

    def _show_dates(self) -> None:
        custom = self.range.currentData() == CUSTOM
        for edit in (self.since, self.until):
            edit.setVisible(custom)

    @Slot(bool)
    def _tile_toggled(self, on: bool) -> None:
        tile = self.sender()
        if not on or not isinstance(tile, MeasureTile):
            return
        self.measure = tile.measure
        if self._series is not None and self._series.split is not Split.NONE:
            self.reload()  # Another order of the parts, and other figures of each.
        else:
            self._show_picture()

    @Slot(object)
    def _take(self, series: Series) -> None:
        self._series = series
        never = series.total.turns == 0 and self.range.currentData() == EVER
        if series.total.turns == 0 and not never:
            self._bridge.call(self, calls.statistics.summary, on_done=self._take_summary)
        self._stack.setCurrentIndex(1 if never else 0)
        self.export_button.setEnabled(series.total.turns > 0)
        self._show_tiles(series)
        self._show_picture()
        self._show_table(series)

    @Slot(object)
    def _take_summary(self, figures: Any) -> None:
        self._stack.setCurrentIndex(0 if figures.turns else 1)

    def _show_tiles(self, series: Series) -> None:
        before = series.before
        for measure, tile in self.tiles.items():
            value = series.total.value(measure)
            shown = text.short(value, measure)
            change = text.change(value, before.value(measure)) if before else ""
            if measure is Measure.LIKES:
                shown = (
                    f"{text.compact(series.total.likes)} / {text.compact(series.total.dislikes)}"
                )
            tile.show_value(shown, change, tuple(f.value(measure) for f in series.totals))

    def _show_picture(self) -> None:
        if self._series is None:
            return
        made = picture(self._series, self.measure)
        self.heading.setText(made.title)
        self.plot.show_picture(made)
        note = text.explain(self.measure)
        if self._series.before is not None and self._series.before.turns:
            against = tr("▲▼ against the {days} days before", days=self._series.days)
            note = f"{note} · {against}"
        self.note.setText(note)

    def _show_table(self, series: Series) -> None:
        if series.split is Split.NONE:
            rows = [
                Row(text.full_date(start, series.by), start, figures)
                for start, figures in zip(series.periods, series.totals, strict=True)
                if figures.turns
            ]
            heading = tr("Period")
            rows.reverse()
        else:
            rows = [
                Row(name, name.casefold(), part.total)
                for part in series.parts
                for name in (part_name(series, part),)
            ]
            heading = {
                Split.MODEL: tr("Model"),
                Split.SCENARIO: tr("Scenario"),
                Split.SESSION: tr("Chat"),
            }[series.split]
        self.table.show_rows(heading, rows)

    @Slot()
    def _choose_export(self) -> None:
        ask_where_to_save(self, tr("Export figures"), "*.csv", "statistics.csv", self.export, "csv")


def _range_box() -> QComboBox:
    box = QComboBox()
    box.setAccessibleName(tr("Time"))
    for value, name in (
        ("7", tr("Last 7 days")),
        (DEFAULT_DAYS, tr("Last 30 days")),
        ("90", tr("Last 90 days")),
        ("365", tr("Last 12 months")),
        (EVER, tr("All time")),
        (CUSTOM, tr("From … to …")),
    ):
        box.addItem(name, value)
    box.setCurrentIndex(box.findData(DEFAULT_DAYS))
    return box


def _date_edit(name: str, days_ago: int) -> QDateEdit:
    edit = QDateEdit()
    edit.setAccessibleName(name)
    edit.setToolTip(name)
    edit.setCalendarPopup(True)
    edit.setDisplayFormat("yyyy-MM-dd")
    edit.setKeyboardTracking(False)
    edit.setDate(QDate.currentDate().addDays(-days_ago))
    return edit


def _tile_title(measure: Measure) -> str:
    return tr("Liked / disliked") if measure is Measure.LIKES else text.measure_name(measure)


def _today() -> date:
    return _python(QDate.currentDate())


def _python(day: QDate) -> date:
    return date(day.year(), day.month(), day.day())
