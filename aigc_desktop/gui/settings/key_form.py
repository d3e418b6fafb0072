"""Enter a key: it is checked, then stored in the keyring, and never shown again."""

from __future__ import annotations

from functools import partial
from typing import Any

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from aigc_desktop.config.i18n import tr
from aigc_desktop.core.errors import UserError
from aigc_desktop.gui import calls
from aigc_desktop.gui.bridge import Bridge
from aigc_desktop.gui.settings.outcome import Outcome
from aigc_desktop.gui.widgets.build import button, label


class KeyForm(QWidget):
    """The key of Anthropic's API, or the one that was found in the environment."""

    connected = Signal()

    def __init__(self, bridge: Bridge, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._taking_over = False
        self.field = QLineEdit()
        self.field.setEchoMode(QLineEdit.EchoMode.Password)
        self.field.setPlaceholderText("sk-ant-…")
        self.field.setAccessibleName(tr("Anthropic API key"))
        self.field.returnPressed.connect(self.submit)
        self.submit_button = button(tr("Check and use"), self.submit, "primary")
        self.outcome = Outcome()
        self.outcome.keep_chosen.connect(self._send)
        self._offer = label("", "muted", wrap=True)
        self._take_over = button(tr("Take it over"), self.take_over)
        self._build()
        bridge.call(self, calls.connection.offered_key, on_done=self._show_offer)

    def show_stored(self, stored: bool) -> None:
        """Say that there is a key already."""
        self.field.setPlaceholderText(
            tr("A key is stored. Enter another to replace it.") if stored else "sk-ant-…"
        )

    @Slot()
    def submit(self) -> None:
        """Check what was typed and use it."""
        if self.field.text().strip():
            self._taking_over = False
            self._send("keyring")
        else:
            self.outcome.fail(UserError("api_key_missing"))

    @Slot()
    def take_over(self) -> None:
        """Use the key that was found."""
        self._taking_over = True
        self._send("keyring")

    def _build(self) -> None:
        offer = QWidget()
        row = QHBoxLayout(offer)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._offer, 1)
        row.addWidget(self._take_over)
        self._offer_row = offer
        offer.hide()
        entry = QHBoxLayout()
        entry.setSpacing(8)
        entry.addWidget(self.field, 1)
        entry.addWidget(self.submit_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(offer)
        layout.addLayout(entry)
        layout.addWidget(self.outcome)

    @Slot(object)
    def _show_offer(self, offer: tuple[str, str] | None) -> None:
        if offer is not None:
            masked, origin = offer
            text = tr("A key was found in {origin}: {masked}", origin=origin, masked=masked)
            self._offer.setText(text)
            self._offer_row.show()

    @Slot(str)
    def _send(self, keep: str) -> None:
        self._set_busy(True)
        self.outcome.wait(tr("Checking…"))
        call = partial(self._bridge.call, self, on_done=self._done, on_error=self._failed)
        if self._taking_over:
            call(calls.connection.take_over_key, keep)
        else:
            call(calls.connection.use_anthropic, self.field.text(), keep)

    @Slot(object)
    def _done(self, models: Any) -> None:
        self._set_busy(False)
        self.field.clear()
        self._offer_row.hide()
        self.outcome.succeed(tr("Connected."))
        self.connected.emit()

    @Slot(object)
    def _failed(self, error: BaseException) -> None:
        self._set_busy(False)
        self.outcome.fail_to_keep(error)

    def _set_busy(self, busy: bool) -> None:
        for widget in (self.field, self.submit_button, self._take_over):
            widget.setEnabled(not busy)
