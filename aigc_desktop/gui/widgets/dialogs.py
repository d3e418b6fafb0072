"""What dialogs have alike: margins, the row of buttons at the bottom, the one that closes."""

from __future__ import annotations

from PySide6.QtWidgets import QDialog, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from aigc_desktop.config.i18n import tr
from aigc_desktop.gui.widgets.build import button


def dialog_layout(dialog: QDialog, spacing: int = 10) -> QVBoxLayout:
    """Return the layout of the whole dialog."""
    layout = QVBoxLayout(dialog)
    layout.setContentsMargins(20, 16, 20, 16)
    layout.setSpacing(spacing)
    return layout


def bottom_row(*right: QWidget, left: tuple[QWidget, ...] = ()) -> QHBoxLayout:
    """Return a row with the buttons at the right, and what else there is at the left."""
    row = QHBoxLayout()
    row.setSpacing(10)
    for widget in left:
        row.addWidget(widget)
    row.addStretch(1)
    for widget in right:
        row.addWidget(widget)
    return row


def close_button(dialog: QDialog) -> QPushButton:
    """Return the button that does nothing but close the dialog; Enter presses it."""
    made = button(tr("Close"), dialog.accept, "primary")
    made.setDefault(True)
    return made
