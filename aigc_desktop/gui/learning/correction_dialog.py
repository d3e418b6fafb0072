"""What the user has changed in an answer; it can be edited again or withdrawn."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QDialog, QWidget

from aigc_desktop.config.i18n import sentences, tr
from aigc_desktop.core.learning import Opinion
from aigc_desktop.gui.learning.diff_view import DiffView
from aigc_desktop.gui.learning.wording import fault_text
from aigc_desktop.gui.widgets.build import button, label
from aigc_desktop.gui.widgets.dialogs import bottom_row, close_button, dialog_layout
from aigc_desktop.gui.widgets.open_size import open_at_size

SIZE = (760, 520)


class CorrectionDialog(QDialog):
    """A diff and two ways on."""

    edit_wanted = Signal()
    withdraw_wanted = Signal()

    def __init__(self, difference: str, opinion: Opinion, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Corrected by you"))
        open_at_size(self, SIZE)
        self.difference = DiffView(tr("What you changed"))
        self.difference.show_diff(difference)
        close = close_button(self)
        layout = dialog_layout(self)
        layout.addWidget(label(tr("Corrected by you"), "title"))
        hint = tr("The answer itself stays in the chat as it was given.")
        if opinion.fault is not None:
            wrong = tr("What was wrong: {what}.", what=fault_text(opinion.fault))
            hint = sentences(wrong, hint)
        layout.addWidget(label(hint, "muted", wrap=True))
        layout.addWidget(self.difference, 1)
        again = button(tr("Edit again"), self._edit, "", "edit")
        withdraw = button(tr("Withdraw"), self._withdraw, "", "restore")
        layout.addLayout(bottom_row(again, close, left=(withdraw,)))
        close.setFocus()

    @Slot()
    def _edit(self) -> None:
        self.accept()
        self.edit_wanted.emit()

    @Slot()
    def _withdraw(self) -> None:
        self.accept()
        self.withdraw_wanted.emit()
