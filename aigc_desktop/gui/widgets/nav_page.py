"""A page with navigation on the left and one thing at a time on the right."""

from __future__ import annotations

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
from aigc_desktop.gui.widgets.build import icon_button, label

NAV_ROW = 38
"""Pixels; said here because the style sheet's padding comes after the first layout."""


class NavPage(QWidget):
    """Has a heading with a way back, entries in `nav`, and what they show in `stack`."""

    closed = Signal()

    def __init__(self, title: str, nav_width: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("settingsPage")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.nav = QListWidget()
        self.nav.setObjectName("settingsNav")
        self.nav.setFixedWidth(nav_width)
        self.nav.setAccessibleName(title)
        self.stack = QStackedWidget()
        head = QHBoxLayout()
        head.setContentsMargins(10, 8, 16, 8)
        head.addWidget(icon_button("arrow-left", tr("Back"), self.closed))
        head.addWidget(label(title, "title"), 1)
        self.body = QHBoxLayout()
        self.body.addWidget(self.nav)
        self.body.addWidget(self.stack, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 4, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(head)
        layout.addLayout(self.body, 1)
        theme.changed.connect(self._tint)

    def add_entry(self, icon: str, title: str) -> None:
        """Add an entry at the end of the navigation."""
        item = QListWidgetItem(icons.icon(icon), title)
        item.setData(Qt.ItemDataRole.UserRole, icon)
        item.setSizeHint(QSize(0, NAV_ROW))
        self.nav.addItem(item)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
        else:
            super().keyPressEvent(event)

    @Slot()
    def _tint(self) -> None:
        for row in range(self.nav.count()):
            item = self.nav.item(row)
            item.setIcon(icons.icon(item.data(Qt.ItemDataRole.UserRole)))
