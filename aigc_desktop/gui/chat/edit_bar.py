"""Says that the composer holds an earlier message that is being edited."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from aigc_desktop.config.i18n import tr
from aigc_desktop.gui.widgets.build import button, label


class EditBar(QFrame):
    """Shown above the composer while `turn_id` is edited."""

    cancelled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "panel")
        self.turn_id: int | None = None
        self._draft = ""
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 4, 6, 4)
        text = tr("Editing an earlier message. Sending starts another branch; the old one stays.")
        row.addWidget(label(text, "muted", wrap=True), 1)
        row.addWidget(button(tr("Cancel"), self.cancelled, "link"))
        self.hide()

    def begin(self, turn_id: int, draft: str) -> None:
        """Show the bar; `draft` is what was typed and comes back afterwards."""
        self._draft = self._draft if self.turn_id is not None else draft
        self.turn_id = turn_id
        self.show()

    def end(self) -> str:
        """Hide the bar and return the draft that was typed before."""
        draft, self._draft = self._draft, ""
        self.turn_id = None
        self.hide()
        return draft
