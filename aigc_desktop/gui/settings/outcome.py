"""How a check went, in place; and where else a key may be kept when there is no keyring."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from aigc_desktop.config.i18n import sentences, tr
from aigc_desktop.config.messages import describe_error
from aigc_desktop.core.errors import UserError
from aigc_desktop.gui.widgets.build import button, label, restyle

_KEYRING_CODES = frozenset({"keyring_unavailable", "keyring_locked", "keyring_changed"})


class Outcome(QWidget):
    """One line of text, and two buttons that only appear when the keyring fails."""

    keep_chosen = Signal(str)
    """`session` or `file`: where the user wants the key kept."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.text = label("", wrap=True)
        self._places = QWidget()
        row = QHBoxLayout(self._places)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(button(tr("Keep it until the program ends"), self._session))
        row.addWidget(button(tr("Keep it in a file only I can read"), self._file))
        row.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self.text)
        layout.addWidget(self._places)
        self._places.hide()
        self.hide()

    def wait(self, text: str) -> None:
        """Say what is being done."""
        self._show(text, "muted")

    def succeed(self, text: str) -> None:
        """Say that it went well."""
        self._show(text, "success")

    def fail(self, error: BaseException) -> None:
        """Say what went wrong and what to do."""
        self._show(sentences(*describe_error(error)), "error")

    def fail_to_keep(self, error: BaseException) -> None:
        """Say the same; if the keyring is to blame, ask where else the key may be kept."""
        self.fail(error)
        if isinstance(error, UserError) and error.code in _KEYRING_CODES:
            self._places.show()

    def _show(self, text: str, role: str) -> None:
        self.text.setText(text)
        self.text.setProperty("role", role)
        restyle(self.text)
        self._places.hide()
        self.show()

    @Slot()
    def _session(self) -> None:
        self.keep_chosen.emit("session")

    @Slot()
    def _file(self) -> None:
        self.keep_chosen.emit("file")
