"""The scenario manager's page."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QWidget

from aigc_desktop.config.i18n import tr
from aigc_desktop.core.events import Event, ScenariosChanged
from aigc_desktop.gui.bridge import Bridge
from aigc_desktop.gui.scenarios.availability_pane import AvailabilityPane
from aigc_desktop.gui.scenarios.labels_pane import LabelsPane
from aigc_desktop.gui.scenarios.manager_pane import ManagerPane
from aigc_desktop.gui.scenarios.prompts_pane import PromptsPane
from aigc_desktop.gui.scenarios.trash_pane import TrashPane
from aigc_desktop.gui.widgets.parts_page import Part, PartsPage


class ScenariosPage(PartsPage):
    """Everything about scenarios."""

    prompt_chosen = Signal(str)
    """A prompt of the library, filled in, to be put into the composer."""

    def __init__(self, bridge: Bridge, parent: QWidget | None = None) -> None:
        super().__init__(tr("Scenarios and prompts"), parent)
        self.manager = ManagerPane(bridge)
        self.prompts = PromptsPane(bridge)
        self.prompts.chosen.connect(self.prompt_chosen)
        self.available = AvailabilityPane(bridge, None)
        self.labels = LabelsPane(bridge)
        self.trash = TrashPane(bridge)
        for part in (
            Part("manager", "spark", tr("Scenarios"), lambda: self.manager),
            Part("prompts", "file", tr("Prompt library"), lambda: self.prompts),
            Part("available", "check", tr("My selection"), lambda: self.available),
            Part("labels", "restore", tr("Corrections"), lambda: self.labels),
            Part("trash", "trash", tr("Trash"), lambda: self.trash),
        ):
            self.add_part(part)
        self.nav.setCurrentRow(0)
        bridge.arrived.connect(self._on_event)

    @Slot(object)
    def _on_event(self, event: Event) -> None:
        if isinstance(event, ScenariosChanged) and self.isVisible():
            self.reload()
