"""Requests that the user has put right: each is an example now, and a test."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from aigc_desktop.config.i18n import tr
from aigc_desktop.core.scenario import Label
from aigc_desktop.gui import calls
from aigc_desktop.gui.bridge import Bridge
from aigc_desktop.gui.chat.safe_text import one_line, visible
from aigc_desktop.gui.widgets.build import label
from aigc_desktop.gui.widgets.cards import CardList, card


class LabelsPane(QWidget):
    """Lists them; each can be forgotten."""

    def __init__(self, bridge: Bridge, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._names: dict[int, str] = {}
        self.cards = CardList(
            tr("There are none yet. One is made when you switch the scenario of an answer.")
        )
        hint = tr(
            "These requests teach the matcher, and are replayed before a changed scenario is saved."
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(10)
        layout.addWidget(label(hint, "muted", wrap=True))
        layout.addWidget(self.cards, 1)

    def reload(self) -> None:
        """Ask for the list."""

        def named(found: Any) -> None:
            self._names = dict(found[0])
            self._bridge.call(self, calls.scenarios.list_labels, on_done=self._show)

        self._bridge.call(self, calls.scenarios.choices_of_session, None, on_done=named)

    @Slot(object)
    def _show(self, labels: Any) -> None:
        self.cards.show_cards(self._card(each) for each in labels)

    def _card(self, each: Label) -> QWidget:
        text = one_line(visible(each.text), 160)
        when = f"{datetime.fromtimestamp(each.created_at / 1000).astimezone():%Y-%m-%d %H:%M}"
        belongs = tr(
            "{name}, not {other} · {time}",
            name=self._name(each.scenario_id),
            other=self._name(each.was_id),
            time=when,
        )
        forget = partial(self._bridge.call, self, calls.scenarios.remove_label, each.id)
        return card(text, (belongs,), [(tr("Forget"), tr("Forget: {what}", what=text), forget)])

    def _name(self, scenario_id: int | None) -> str:
        return one_line(self._names.get(scenario_id or 0, "–"), 60)
