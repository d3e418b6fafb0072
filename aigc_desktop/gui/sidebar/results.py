"""What the search found: sessions by title, then messages by their words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
)
from PySide6.QtGui import QFont, QFontMetrics, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from aigc_desktop.config.i18n import tr
from aigc_desktop.core.session import Session
from aigc_desktop.gui import theme
from aigc_desktop.gui.chat.safe_text import one_line
from aigc_desktop.gui.sidebar.session_delegate import MARGIN, PADDING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aigc_desktop.services.sessions import SearchResult

ROOT = QModelIndex()
RESULT_ROLE = Qt.ItemDataRole.UserRole
MAX_TITLES = 30
Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True, slots=True)
class Result:
    """A row: a heading (no session), a session, or a message with its snippet."""

    title: str
    session_id: int | None = None
    turn_id: int | None = None
    snippet: str = ""


class ResultModel(QAbstractListModel):
    """Titles appear at once, messages when the store has answered."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._titles: list[Result] = []
        self._hits: list[Result] = []
        self._rows: list[Result] = []
        self.searching = False

    def show_titles(self, sessions: Sequence[Session]) -> None:
        """Show the sessions whose title matches; the messages are still looked for."""
        self._titles = [Result(one_line(s.title), s.id) for s in sessions]
        self._hits = []
        self.searching = True
        self._rebuild()

    def show_hits(self, found: SearchResult) -> None:
        """Add the messages that match, and titles that the list did not know."""
        known = {row.session_id for row in self._titles}
        self._titles += [
            Result(one_line(s.title), s.id) for s in found.sessions if s.id not in known
        ]
        self._hits = [
            Result(one_line(hit.title), hit.session_id, hit.turn_id, one_line(hit.snippet))
            for hit in found.hits
        ]
        self.searching = False
        self._rebuild()

    def stop_searching(self) -> None:
        """The store did not answer; show what is known."""
        self.searching = False
        self._rebuild()

    def result(self, index: Index) -> Result:
        return self._rows[index.row()]

    def first(self) -> QModelIndex:
        """Return the first row that can be opened; invalid if there is none."""
        for at, row in enumerate(self._rows):
            if row.session_id is not None:
                return self.index(at)
        return QModelIndex()

    def rowCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = self._rows[index.row()]
        if role == RESULT_ROLE:
            return row
        if role == Qt.ItemDataRole.DisplayRole:
            return f"{row.title}\n{row.snippet}" if row.snippet else row.title
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        if not index.isValid() or self._rows[index.row()].session_id is None:
            return Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable

    def _rebuild(self) -> None:
        self.beginResetModel()
        rows: list[Result] = []
        if self._titles:
            rows += [Result(tr("Chats")), *self._titles]
        if self._hits:
            rows += [Result(tr("In messages")), *self._hits]
        if not rows:
            rows = [Result(tr("Searching…") if self.searching else tr("Nothing found"))]
        self._rows = rows
        self.endResetModel()


class ResultDelegate(QStyledItemDelegate):
    """Draws a title, and beneath it the snippet of a message."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        row: Result = index.data(RESULT_ROLE)
        return QSize(120, 54 if row.snippet else 36)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row: Result = index.data(RESULT_ROLE)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = option.rect.adjusted(MARGIN, 1, -MARGIN, -1)
        chosen = option.state & (QStyle.StateFlag.State_Selected | QStyle.StateFlag.State_MouseOver)
        if row.session_id is not None and chosen:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("hover"))
            painter.drawRoundedRect(box, 8, 8)
        text = box.adjusted(PADDING, 0, -PADDING, 0)
        if row.session_id is None:
            bottom = Qt.AlignmentFlag.AlignBottom
            heading = theme.font(9, QFont.Weight.DemiBold)
            _line(painter, text.adjusted(0, 0, 0, -4), row.title, heading, "text_muted", bottom)
        elif row.snippet:
            text.adjust(0, 6, 0, -6)
            top, bottom = Qt.AlignmentFlag.AlignTop, Qt.AlignmentFlag.AlignBottom
            _line(painter, text, row.title, theme.font(10), "text", top)
            _line(painter, text, row.snippet, theme.font(9), "text_muted", bottom)
        else:
            _line(painter, text, row.title, theme.font(), "text", Qt.AlignmentFlag.AlignVCenter)
        painter.restore()


def _line(
    painter: QPainter, box: QRect, text: str, font: QFont, token: str, align: Qt.AlignmentFlag
) -> None:
    painter.setFont(font)
    painter.setPen(theme.color(token))
    short = QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, box.width())
    painter.drawText(box, align | Qt.AlignmentFlag.AlignLeft, short)
