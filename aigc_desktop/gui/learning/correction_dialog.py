"""What the user has changed in an answer; it can be edited again or withdrawn."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from aigc_desktop.config.i18n import tr
from aigc_desktop.core.learning import Opinion
from aigc_desktop.gui.learning.diff_view import DiffView
from aigc_desktop.gui.learning.wording import fault_text
from aigc_desktop.gui.widgets.build import button, label

SIZE = (760, 520)


class CorrectionDialog(QDialog):
    """A diff and two ways on."""

    edit_wanted = Signal()
    withdraw_wanted = Signal()

    def __init__(self, difference: str, opinion: Opinion, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Corrected by you"))
        self.resize(*SIZE)
        self.difference = DiffView(tr("What you changed"))
        self.difference.show_diff(difference)
        close = button(tr("Close"), self.accept, "primary")
        close.setDefault(True)
        bottom = QHBoxLayout()
        bottom.setSpacing(10)
        bottom.addWidget(button(tr("Withdraw"), self._withdraw, "", "restore"))
        bottom.addStretch(1)
        bottom.addWidget(button(tr("Edit again"), self._edit, "", "edit"))
        bottom.addWidget(close)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 16, 20, 16)
        layout.setSpacing(10)
        layout.addWidget(label(tr("Corrected by you"), "title"))
        hint = tr("The answer itself stays in the chat as it was given.")
        if opinion.fault is not None:
            wrong = tr("What was wrong: {what}.", what=fault_text(opinion.fault))
            hint = tr("{first} {second}", first=wrong, second=hint)
        layout.addWidget(label(hint, "muted", wrap=True))
        layout.addWidget(self.difference, 1)
        layout.addLayout(bottom)
        close.setFocus()

    @Slot()
    def _edit(self) -> None:
        self.accept()
        self.edit_wanted.emit()

    @Slot()
    def _withdraw(self) -> None:
        self.accept()
        self.withdraw_wanted.emit()
