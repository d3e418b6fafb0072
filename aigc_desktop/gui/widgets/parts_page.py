"""A page whose parts are built when they are first wanted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, cast

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QWidget

from aigc_desktop.gui.widgets.badge import COUNT_ROLE, BadgeDelegate
from aigc_desktop.gui.widgets.nav_page import NavPage

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


class PartsPage(NavPage):
    """Shows one part; it is reloaded whenever it is shown."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(title, NAV_WIDTH, parent)
        self.body.setContentsMargins(10, 8, 16, 14)
        self.body.setSpacing(18)
        self._parts: list[Part] = []
        self._panes: dict[str, QWidget] = {}
        self.nav.setItemDelegate(BadgeDelegate(self.nav))
        self.nav.currentRowChanged.connect(self._show_row)

    def add_part(self, part: Part) -> None:
        """Add an entry at the end."""
        self._parts.append(part)
        self.add_entry(part.icon, part.title)

    def pane(self, name: str) -> QWidget:
        """Return the part called `name`, built if need be."""
        if name not in self._panes:
            part = next(part for part in self._parts if part.name == name)
            self._panes[name] = part.make()
            self.stack.addWidget(self._panes[name])
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
        return self.stack.currentWidget()

    @Slot()
    def reload(self) -> None:
        """Ask again for what is shown."""
        if self.nav.currentRow() < 0 and self._parts:
            self.nav.setCurrentRow(0)
        if self.current is not None:
            cast(Pane, self.current).reload()

    @Slot(int)
    def _show_row(self, row: int) -> None:
        if row < 0:
            return
        self.stack.setCurrentWidget(self.pane(self._parts[row].name))
        if self.isVisible():
            self.reload()
