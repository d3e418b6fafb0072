"""Scenarios in the trash."""

from __future__ import annotations

from functools import partial
from typing import Any

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from aigc_desktop.config.i18n import tr
from aigc_desktop.core.scenario import Scenario
from aigc_desktop.gui import calls
from aigc_desktop.gui.bridge import Bridge
from aigc_desktop.gui.chat.safe_text import one_line
from aigc_desktop.gui.widgets.ask import ask
from aigc_desktop.gui.widgets.cards import CardList, Do, card


class TrashPane(QWidget):
    """Takes them back, or deletes them for good."""

    def __init__(self, bridge: Bridge, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self.cards = CardList(tr("The trash is empty."))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.cards)

    def reload(self) -> None:
        """Ask for what is in the trash."""
        self._bridge.call(self, calls.scenarios.list_scenarios, True, on_done=self._show)

    @Slot(object)
    def _show(self, scenarios: Any) -> None:
        self.cards.show_cards(self._card(scenario) for scenario in scenarios)

    def _card(self, scenario: Scenario) -> QWidget:
        name = one_line(scenario.name, 80)
        put_back = partial(self._bridge.call, self, calls.scenarios.restore_scenario, scenario.id)
        buttons: list[Do] = [(tr("Restore"), tr("Restore {name}", name=name), put_back)]
        if scenario.builtin is None:
            delete = partial(self._ask_delete, scenario)
            buttons.append((tr("Delete…"), tr("Delete {name}", name=name), delete))
        return card(name, (one_line(scenario.bundle.description, 200),), buttons)

    def _ask_delete(self, scenario: Scenario) -> None:
        self.question = ask(
            self.window(),
            tr("Delete for good?"),
            tr("{name}, all its versions and corrections are deleted.", name=scenario.name),
            tr("Delete"),
            lambda: self._bridge.call(self, calls.scenarios.delete_scenario, scenario.id),
        )
