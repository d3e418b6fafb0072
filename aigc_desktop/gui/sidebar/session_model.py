"""The list of sessions as a Qt model: ten thousand rows, changed row by row."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
)

from aigc_desktop.config.i18n import tr
from aigc_desktop.core.session import Session
from aigc_desktop.gui.sidebar.grouping import Group, Row, group_title, rows_of

Index = QModelIndex | QPersistentModelIndex
ROOT = QModelIndex()
SESSION_ROLE = Qt.ItemDataRole.UserRole
HEADING_ROLE = Qt.ItemDataRole.UserRole + 1
ACTIVITY_ROLE = Qt.ItemDataRole.UserRole + 2


class SessionModel(QAbstractListModel):
    """Sessions under headings; `trash` shows a plain list of what was thrown away."""

    renamed = Signal(int, str)
    """The user typed another title: (session id, title)."""

    def __init__(self, trash: bool = False, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._trash = trash
        self._sessions: dict[int, Session] = {}
        self._rows: list[Row] = []
        self._running: set[int] = set()

    def set_sessions(self, sessions: Iterable[Session]) -> None:
        """Show these sessions and no others."""
        self._sessions = {session.id: session for session in sessions}
        self.beginResetModel()
        self._rows = self._arrange()
        self.endResetModel()

    def put(self, session: Session) -> None:
        """Show a session that is new or has changed; one of the other list disappears."""
        if (session.trashed_at is not None) is not self._trash:
            self.remove(session.id)
            return
        before = self._sessions.get(session.id)
        if before == session:
            return
        self._sessions[session.id] = session
        self._rearrange()
        row = self.row_of(session.id)
        self._rows[row] = Row(self._rows[row].group, session)
        self.dataChanged.emit(self.index(row), self.index(row))

    def remove(self, session_id: int) -> None:
        """Take a session off the list."""
        if self._sessions.pop(session_id, None) is not None:
            self._rearrange()

    def set_running(self, session_id: int, running: bool) -> None:
        """Mark a session in which the agent works."""
        (self._running.add if running else self._running.discard)(session_id)
        row = self.row_of(session_id)
        if row >= 0:
            self.dataChanged.emit(self.index(row), self.index(row), [ACTIVITY_ROLE])

    def refresh_groups(self) -> None:
        """Arrange again, e.g. after midnight."""
        self._rearrange()

    def session(self, index: Index) -> Session | None:
        """Return the session at `index`; None on a heading."""
        return self._rows[index.row()].session if index.isValid() else None

    def get(self, session_id: int) -> Session | None:
        """Return the listed session of that id."""
        return self._sessions.get(session_id)

    def matching(self, text: str, limit: int) -> list[Session]:
        """Return the sessions whose title contains `text`, in the order of the list."""
        wanted = text.casefold()
        found = (
            r.session for r in self._rows if r.session and wanted in r.session.title.casefold()
        )
        return [session for session, _ in zip(found, range(limit), strict=False)]

    def row_of(self, session_id: int) -> int:
        """Return the row of a session, or -1."""
        if session_id not in self._sessions:
            return -1
        return next(at for at, row in enumerate(self._rows) if row.key == session_id)

    def neighbour(self, session_id: int) -> int | None:
        """Return the session to show when this one goes: the one after it, else before it."""
        row = self.row_of(session_id)
        after = (r.session for r in self._rows[row + 1 :] if r.session)
        before = (r.session for r in reversed(self._rows[: max(row, 0)]) if r.session)
        found = next(after, None) or next(before, None)
        return found.id if found else None

    def __len__(self) -> int:
        return len(self._sessions)

    def rowCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = self._rows[index.row()]
        session = row.session
        if role == SESSION_ROLE:
            return session
        if role == HEADING_ROLE:
            return None if session else group_title(row.group)
        if role == ACTIVITY_ROLE:
            return session is not None and session.id in self._running
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return session.title if session else group_title(row.group)
        if role == Qt.ItemDataRole.AccessibleTextRole and session:
            return tr("{title}, pinned", title=session.title) if session.pinned else session.title
        return None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        session = self.session(index)
        title = " ".join(str(value).split())
        if session is None or not title or title == session.title:
            return False
        self.renamed.emit(session.id, title)
        return True

    def flags(self, index: Index) -> Qt.ItemFlag:
        if not index.isValid() or self._rows[index.row()].session is None:
            return Qt.ItemFlag.NoItemFlags
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        return flags if self._trash else flags | Qt.ItemFlag.ItemIsEditable

    def _arrange(self) -> list[Row]:
        if self._trash:
            newest_first = sorted(
                self._sessions.values(), key=lambda s: (-(s.trashed_at or 0), -s.id)
            )
            return [Row(Group.EARLIER, session) for session in newest_first]
        return rows_of(self._sessions.values(), datetime.datetime.now().astimezone())

    def _rearrange(self) -> None:
        """Bring the rows in order, telling Qt only of the part that differs."""
        old, new = self._rows, self._arrange()
        old_keys, new_keys = [row.key for row in old], [row.key for row in new]
        shorter = min(len(old), len(new))
        start = next((i for i in range(shorter) if old_keys[i] != new_keys[i]), shorter)
        end = next(
            (i for i in range(shorter - start) if old_keys[-1 - i] != new_keys[-1 - i]),
            shorter - start,
        )
        if len(old) - end > start:
            self.beginRemoveRows(ROOT, start, len(old) - end - 1)
            self._rows = old[:start] + old[len(old) - end :]
            self.endRemoveRows()
        if len(new) - end > start:
            self.beginInsertRows(ROOT, start, len(new) - end - 1)
            self._rows = new
            self.endInsertRows()
        self._rows = new
