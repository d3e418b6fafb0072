"""What the chip opens: why this scenario, what else there is, and the turn's configuration."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import QMenu, QWidget

from aigc_desktop.config.i18n import tr
from aigc_desktop.config.messages import outcome_text, percent_text, reason_text
from aigc_desktop.core.errors import UserError
from aigc_desktop.core.session import Turn
from aigc_desktop.gui import calls, notices
from aigc_desktop.gui.bridge import Bridge
from aigc_desktop.gui.chat.config_dialog import ConfigDialog
from aigc_desktop.gui.chat.safe_text import one_line
from aigc_desktop.gui.chat.scenario_chip import chip_text

NAME_WIDTH = 60
REASON_WIDTH = 72


class ScenarioMenu(QMenu):
    """A menu of one turn; it goes when it is closed."""

    chosen = Signal(int, int)
    """Turn id and the scenario that the user says it belongs to."""

    def __init__(self, bridge: Bridge, turn: Turn, page: QWidget) -> None:
        super().__init__(page)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._bridge = bridge
        self._turn = turn
        self._page = page
        self._why()
        self.addSeparator()
        self._others()
        self.addSeparator()
        self.addAction(tr("Keep this chat in this scenario")).triggered.connect(self._pin)
        self.addAction(tr("Show the configuration…")).triggered.connect(self._show_config)
        again = self.addAction(tr("Answer again with the same configuration"))
        again.triggered.connect(self._replay)

    def open_at(self, where: QPoint) -> None:
        """Show the menu."""
        self.popup(where)

    def _why(self) -> None:
        match = self._turn.match
        assert match is not None
        self._say(f"{chip_text(match)} — {outcome_text(match)}")
        for reason in match.reasons:
            self._say("    " + one_line(reason_text(reason), REASON_WIDTH))

    def _others(self) -> None:
        match = self._turn.match
        assert match is not None
        self._say(tr("Answer it in another scenario:"))
        for ranked in match.ranked:
            if ranked.id != match.scenario_id:
                self._offer(
                    self, ranked.id, f"{one_line(ranked.name, 60)}\t{percent_text(ranked.share)}"
                )
        self.all = self.addMenu(tr("All scenarios"))

        def fill(found: Any) -> None:
            for number, name in found[0]:
                self._offer(self.all, number, one_line(name, NAME_WIDTH))

        self._bridge.call(self, calls.scenarios.choices_of_session, None, on_done=fill)

    def _offer(self, menu: QMenu, scenario_id: int, text: str) -> None:
        action = menu.addAction(text.replace("&", "&&"))
        turn_id = self._turn.id
        action.triggered.connect(lambda: self.chosen.emit(turn_id, scenario_id))

    def _say(self, text: str) -> None:
        self.addAction(text.replace("&", "&&")).setEnabled(False)

    def _pin(self) -> None:
        match = self._turn.match
        if match is not None and match.scenario_id is not None:
            self._bridge.call(
                self._page,
                calls.scenarios.pin_scenario,
                self._turn.session_id,
                match.scenario_id,
            )

    def _show_config(self) -> None:
        page, turn_id = self._page, self._turn.id

        def show(config: Any) -> None:
            if config is None:
                notices.say_error(UserError("no_snapshot"))
                return
            dialog = ConfigDialog(config, page)
            dialog.setObjectName("configDialog")
            dialog.open()

        self._bridge.call(page, calls.chat.turn_config, turn_id, on_done=show)

    def _replay(self) -> None:
        self._bridge.call(self._page, calls.chat.replay, self._turn.id)
