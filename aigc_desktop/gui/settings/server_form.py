"""Choose another server that speaks the Anthropic Messages API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from aigc_desktop.config.i18n import tr, tr_n
from aigc_desktop.core.errors import UserError
from aigc_desktop.gui import calls
from aigc_desktop.gui.bridge import Bridge
from aigc_desktop.gui.chat.safe_text import one_line
from aigc_desktop.gui.settings.outcome import Outcome
from aigc_desktop.gui.widgets.build import button, icon_button, label

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aigc_desktop.core.ports import FoundServer


class ServerForm(QWidget):
    """Servers found on this machine, an address, and a key for servers that want one."""

    connected = Signal()

    def __init__(self, bridge: Bridge, base_url: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self.address = QLineEdit(base_url)
        self.address.setPlaceholderText("http://127.0.0.1:11434")
        self.address.setAccessibleName(tr("Server address"))
        self.key = QLineEdit()
        self.key.setEchoMode(QLineEdit.EchoMode.Password)
        self.key.setPlaceholderText(tr("Key, if the server wants one"))
        self.key.setAccessibleName(tr("Key of the server"))
        self.submit_button = button(tr("Check and use"), self.submit, "primary")
        self.outcome = Outcome()
        self.outcome.keep_chosen.connect(self._send)
        for field in (self.address, self.key):
            field.returnPressed.connect(self.submit)
        self._found_text = label("", "muted", wrap=True)
        self._found = QVBoxLayout()
        self._found.setSpacing(6)
        self._build()

    @Slot()
    def look_for_servers(self) -> None:
        """Look on this machine's usual ports."""
        self._found_text.setText(tr("Looking for servers on this machine…"))
        self._bridge.call(
            self, calls.connection.find_servers, on_done=self._show_found, on_error=self._none_found
        )

    @Slot()
    def submit(self) -> None:
        """Check the address and use it."""
        if self.address.text().strip():
            self._send("keyring")
        else:
            self.outcome.fail(UserError("base_url_missing"))

    def _build(self) -> None:
        head = QHBoxLayout()
        head.addWidget(self._found_text, 1)
        head.addWidget(icon_button("refresh", tr("Look again"), self.look_for_servers))
        entry = QHBoxLayout()
        entry.setSpacing(8)
        entry.addWidget(self.key, 1)
        entry.addWidget(self.submit_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addLayout(head)
        layout.addLayout(self._found)
        layout.addWidget(self.address)
        layout.addLayout(entry)
        layout.addWidget(self.outcome)

    @Slot(object)
    def _none_found(self, error: BaseException) -> None:
        self._show_found([])

    @Slot(object)
    def _show_found(self, servers: Sequence[FoundServer]) -> None:
        while (item := self._found.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
        if not servers:
            text = tr("No server was found on the usual ports of this machine. Enter an address.")
            self._found_text.setText(text)
            return
        self._found_text.setText(tr("Found on this machine:"))
        for server in servers:
            models = tr_n("{count} model", "{count} models", len(server.models))
            text = f"{one_line(server.name, 40)} — {one_line(server.base_url, 60)} ({models})"
            found = button(text, self._use_found, "ghost", "server")
            found.setProperty("address", server.base_url)
            self._found.addWidget(found)

    @Slot()
    def _use_found(self) -> None:
        self.address.setText(self.sender().property("address"))
        self.submit()

    @Slot(str)
    def _send(self, keep: str) -> None:
        self._set_busy(True)
        self.outcome.wait(tr("Checking…"))
        self._bridge.call(
            self,
            calls.connection.use_server,
            self.address.text().strip(),
            self.key.text().strip() or None,
            keep,
            on_done=self._done,
            on_error=self._failed,
        )

    @Slot(object)
    def _done(self, models: Any) -> None:
        self._set_busy(False)
        self.key.clear()
        self.outcome.succeed(tr("Connected."))
        self.connected.emit()

    @Slot(object)
    def _failed(self, error: BaseException) -> None:
        self._set_busy(False)
        self.outcome.fail_to_keep(error)

    def _set_busy(self, busy: bool) -> None:
        for widget in (self.address, self.key, self.submit_button):
            widget.setEnabled(not busy)
