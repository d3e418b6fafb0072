"""The scenario manager's page: navigation on the left, one part on the right."""

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
from aigc_desktop.core.events import Event, ScenariosChanged
from aigc_desktop.gui import icons, theme
from aigc_desktop.gui.bridge import Bridge
from aigc_desktop.gui.scenarios.availability_pane import AvailabilityPane
from aigc_desktop.gui.scenarios.labels_pane import LabelsPane
from aigc_desktop.gui.scenarios.manager_pane import ManagerPane
from aigc_desktop.gui.scenarios.prompts_pane import PromptsPane
from aigc_desktop.gui.scenarios.trash_pane import TrashPane
from aigc_desktop.gui.widgets.build import icon_button, label

NAV_ROW = 38


class ScenariosPage(QWidget):
    """Everything about scenarios."""

    closed = Signal()
    prompt_chosen = Signal(str)
    """A prompt of the library, filled in, to be put into the composer."""

    def __init__(self, bridge: Bridge, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("settingsPage")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.nav = QListWidget()
        self.nav.setObjectName("settingsNav")
        self.nav.setFixedWidth(170)
        self.nav.setAccessibleName(tr("Scenarios and prompts"))
        self._parts = QStackedWidget()
        self.manager = ManagerPane(bridge)
        self.prompts = PromptsPane(bridge)
        self.prompts.chosen.connect(self.prompt_chosen)
        self.available = AvailabilityPane(bridge, None)
        self.labels = LabelsPane(bridge)
        self.trash = TrashPane(bridge)
        self._add("spark", tr("Scenarios"), self.manager)
        self._add("file", tr("Prompt library"), self.prompts)
        self._add("check", tr("My selection"), self.available)
        self._add("restore", tr("Corrections"), self.labels)
        self._add("trash", tr("Trash"), self.trash)
        self.nav.currentRowChanged.connect(self._show_part)
        self.nav.setCurrentRow(0)
        self._build()
        theme.changed.connect(self._tint)
        bridge.arrived.connect(self._on_event)

    @Slot()
    def reload(self) -> None:
        """Ask again for what is shown."""
        part = self._parts.currentWidget()
        if isinstance(part, ManagerPane | PromptsPane | AvailabilityPane | LabelsPane | TrashPane):
            part.reload()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
        else:
            super().keyPressEvent(event)

    def _build(self) -> None:
        head = QHBoxLayout()
        head.setContentsMargins(10, 8, 16, 8)
        head.addWidget(icon_button("arrow-left", tr("Back"), self.closed))
        head.addWidget(label(tr("Scenarios and prompts"), "title"), 1)
        body = QHBoxLayout()
        body.setContentsMargins(10, 8, 16, 14)
        body.setSpacing(18)
        body.addWidget(self.nav)
        body.addWidget(self._parts, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 4, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(head)
        layout.addLayout(body, 1)

    def _add(self, icon: str, title: str, pane: QWidget) -> None:
        item = QListWidgetItem(icons.icon(icon), title)
        item.setData(Qt.ItemDataRole.UserRole, icon)
        item.setSizeHint(QSize(0, NAV_ROW))
        self.nav.addItem(item)
        self._parts.addWidget(pane)

    @Slot(int)
    def _show_part(self, index: int) -> None:
        self._parts.setCurrentIndex(index)
        if self.isVisible():
            self.reload()

    @Slot(object)
    def _on_event(self, event: Event) -> None:
        if isinstance(event, ScenariosChanged) and self.isVisible():
            self.reload()

    @Slot()
    def _tint(self) -> None:
        for row in range(self.nav.count()):
            item = self.nav.item(row)
            item.setIcon(icons.icon(item.data(Qt.ItemDataRole.UserRole)))
