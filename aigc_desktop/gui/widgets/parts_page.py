"""A page with navigation on the left and one part at a time on the right."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, cast

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from aigc_desktop.config.i18n import tr
from aigc_desktop.gui import icons, theme
from aigc_desktop.gui.widgets.badge import COUNT_ROLE, BadgeDelegate
from aigc_desktop.gui.widgets.build import icon_button, label

NAV_ROW = 38
"""Pixels; said here because the style sheet's padding comes after the first layout."""

NAV_WIDTH = 170


class Pane(Protocol):
    """A part: a widget that asks again for what it shows."""

    def reload(self) -> None: ...


@dataclass(frozen=True)
class Part:
    """An entry of the navigation. `make` builds the pane when it is first wanted."""

    name: str
    icon: str
    title: str
    make: Callable[[], QWidget]


class PartsPage(QWidget):
    """Shows one part; it is reloaded whenever it is shown."""

    closed = Signal()

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("settingsPage")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._parts: list[Part] = []
        self._panes: dict[str, QWidget] = {}
        self.nav = QListWidget()
        self.nav.setObjectName("settingsNav")
        self.nav.setFixedWidth(NAV_WIDTH)
        self.nav.setAccessibleName(title)
        self.nav.setItemDelegate(BadgeDelegate(self.nav))
        self._stack = QStackedWidget()
        self._build(title)
        self.nav.currentRowChanged.connect(self._show_row)
        theme.changed.connect(self._tint)

    def add_part(self, part: Part) -> None:
        """Add an entry at the end."""
        item = QListWidgetItem(icons.icon(part.icon), part.title)
        item.setData(Qt.ItemDataRole.UserRole, part.icon)
        item.setSizeHint(QSize(0, NAV_ROW))
        self._parts.append(part)
        self.nav.addItem(item)

    def pane(self, name: str) -> QWidget:
        """Return the part called `name`, built if need be."""
        if name not in self._panes:
            part = next(part for part in self._parts if part.name == name)
            self._panes[name] = part.make()
            self._stack.addWidget(self._panes[name])
        return self._panes[name]

    def has_part(self, name: str) -> bool:
        """Return whether there is a part called `name`."""
        return any(part.name == name for part in self._parts)

    def show_part(self, name: str) -> QWidget:
        """Go to the part called `name`; return it."""
        names = [part.name for part in self._parts]
        self.nav.setCurrentRow(names.index(name))
        return self.pane(name)

    def show_count(self, name: str, count: int) -> None:
        """Say in the navigation how many things wait in the part called `name`."""
        row = [part.name for part in self._parts].index(name)
        item, title = self.nav.item(row), self._parts[row].title
        item.setData(COUNT_ROLE, count)
        named = f"{title} ({count})" if count else title
        item.setData(Qt.ItemDataRole.AccessibleTextRole, named)

    @property
    def current(self) -> QWidget | None:
        """The part that is shown."""
        return self._stack.currentWidget()

    @Slot()
    def reload(self) -> None:
        """Ask again for what is shown."""
        if self.nav.currentRow() < 0 and self._parts:
            self.nav.setCurrentRow(0)
        if self.current is not None:
            cast(Pane, self.current).reload()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
        else:
            super().keyPressEvent(event)

    def _build(self, title: str) -> None:
        head = QHBoxLayout()
        head.setContentsMargins(10, 8, 16, 8)
        head.addWidget(icon_button("arrow-left", tr("Back"), self.closed))
        head.addWidget(label(title, "title"), 1)
        body = QHBoxLayout()
        body.setContentsMargins(10, 8, 16, 14)
        body.setSpacing(18)
        body.addWidget(self.nav)
        body.addWidget(self._stack, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 4, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(head)
        layout.addLayout(body, 1)

    @Slot(int)
    def _show_row(self, row: int) -> None:
        if row < 0:
            return
        self._stack.setCurrentWidget(self.pane(self._parts[row].name))
        if self.isVisible():
            self.reload()

    @Slot()
    def _tint(self) -> None:
        for row in range(self.nav.count()):
            item = self.nav.item(row)
            item.setIcon(icons.icon(item.data(Qt.ItemDataRole.UserRole)))
