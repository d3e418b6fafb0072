"""Log records as a table of any length: only what is looked at is fetched."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QBrush, QFont

from aigc_desktop.config.i18n import tr
from aigc_desktop.config.log import redact
from aigc_desktop.core.logs import LogLine, LogOverview
from aigc_desktop.gui import theme
from aigc_desktop.gui.chat.safe_text import one_line
from aigc_desktop.gui.ops.headed_model import ROOT, HeadedModel, Index

PAGE = 200
MAX_PAGES = 60
"""Pages that are kept: 12,000 records."""

SHOWN = 600
"""Characters of a record's first line."""

TIME, LEVEL, COMPONENT, CHAT, MESSAGE = range(5)

_COLORS = {
    "DEBUG": "text_muted",
    "WARNING": "warning",
    "ERROR": "danger",
    "CRITICAL": "danger",
}
_LOUD = ("WARNING", "ERROR", "CRITICAL")
_BACKS = {"ERROR": "danger_soft", "CRITICAL": "danger_soft"}


class LogModel(HeadedModel):
    """Rows are records in the wanted order; pages are kept by their place from the oldest on.

    `fetch(first, count)` is asked for what is missing; `supply` brings it.
    """

    def __init__(self, fetch: Callable[[int, int], None], parent: QObject) -> None:
        super().__init__(
            parent, (tr("Time"), tr("Level"), tr("Component"), tr("Chat"), tr("Message"))
        )
        self._fetch = fetch
        self._count = 0
        self._generation = -1
        self._pages: OrderedDict[int, list[LogLine]] = OrderedDict()
        self._asked: set[int] = set()
        self.newest_first = True
        self._mono = theme.mono_font(9.5)
        self._bold = theme.mono_font(9.5)
        self._bold.setWeight(QFont.Weight.DemiBold)

    def show_overview(self, overview: LogOverview) -> None:
        """Take in how many records there are now."""
        if overview.generation != self._generation or overview.count < self._count:
            self.beginResetModel()
            self._generation, self._count = overview.generation, overview.count
            self.forget()
            self.endResetModel()
            return
        self._forget_last()
        added = overview.count - self._count
        if added:
            first = 0 if self.newest_first else self._count
            self.beginInsertRows(ROOT, first, first + added - 1)
            self._count = overview.count
            self.endInsertRows()

    def turn_round(self) -> None:
        """Show the newest last instead of first, or the other way about."""
        self.beginResetModel()
        self.newest_first = not self.newest_first
        self.endResetModel()

    def forget(self) -> None:
        """Fetch everything anew."""
        self._pages.clear()
        self._asked.clear()

    def supply(self, generation: int, first: int, lines: list[LogLine]) -> None:
        """Take in what was fetched, unless it belongs to an earlier filter."""
        if generation != self._generation:
            return
        page = first // PAGE
        self._asked.discard(page)
        self._pages[page] = lines
        while len(self._pages) > MAX_PAGES:
            self._pages.popitem(last=False)
        rows = sorted((self._turned(first), self._turned(first + max(0, len(lines) - 1))))
        self.dataChanged.emit(self.index(rows[0], 0), self.index(rows[1], MESSAGE))

    @property
    def generation(self) -> int:
        return self._generation

    def line(self, row: int) -> LogLine | None:
        """Return the record of a row, if it is here; ask for it otherwise."""
        if not 0 <= row < self._count:
            return None
        place = self._turned(row)
        page = place // PAGE
        lines = self._pages.get(page)
        if lines is None:
            if page not in self._asked:
                self._asked.add(page)
                self._fetch(page * PAGE, PAGE)
            return None
        self._pages.move_to_end(page)
        at = place % PAGE
        return lines[at] if at < len(lines) else None

    def rowCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else self._count

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        line = self.line(index.row())
        if role == Qt.ItemDataRole.FontRole:
            loud = (
                line is not None
                and line.level != "DEBUG"
                and line.level in _COLORS
                and index.column() == LEVEL
            )
            return self._bold if loud else self._mono
        if line is None:
            return "…" if role == Qt.ItemDataRole.DisplayRole and index.column() == 0 else None
        if role == Qt.ItemDataRole.DisplayRole:
            return _shown(line, index.column())
        if role == Qt.ItemDataRole.ForegroundRole:
            return QBrush(theme.color(_color(line.level, index.column())))
        if role == Qt.ItemDataRole.BackgroundRole and index.column() == LEVEL:
            return QBrush(theme.color(_BACKS[line.level])) if line.level in _BACKS else None
        if role == Qt.ItemDataRole.ToolTipRole and index.column() == MESSAGE:
            return one_line(redact(line.message), 1000)
        if role == Qt.ItemDataRole.AccessibleTextRole and index.column() == MESSAGE:
            return f"{line.level} {line.component}: {one_line(redact(line.message), 300)}"
        return None

    def _turned(self, row: int) -> int:
        """Return the place from the oldest on of a row, or the other way about."""
        return self._count - 1 - row if self.newest_first else row

    def _forget_last(self) -> None:
        """The newest record may have grown, and its page may get more."""
        if self._count:
            last = (self._count - 1) // PAGE
            self._pages.pop(last, None)
            self._asked.discard(last)


def _color(level: str, column: int) -> str:
    if column == LEVEL:
        return _COLORS.get(level, "text_muted")
    return "text" if column == MESSAGE and level != "DEBUG" else "text_muted"


def _shown(line: LogLine, column: int) -> str:
    match column:
        case 0:
            return line.time
        case 1:
            return line.level
        case 2:
            return one_line(line.component, 60)
        case 3:
            return "" if line.session_id is None else str(line.session_id)
        case _:
            more = "  ↵" if line.more_lines else ""
            return one_line(redact(line.message), SHOWN) + more
