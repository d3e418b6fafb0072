"""Names on the left, what they name on the right, on one line each."""

from __future__ import annotations

from PySide6.QtWidgets import QGridLayout, QLabel, QLayout, QWidget

from aigc_desktop.gui.widgets.build import label


class Form(QGridLayout):
    """Rows can be hidden and shown again."""

    def __init__(self) -> None:
        super().__init__()
        self.setHorizontalSpacing(16)
        self.setVerticalSpacing(8)
        self.setColumnStretch(1, 1)
        self._names: dict[QWidget | QLayout, QLabel] = {}

    def add_row(self, name: str, field: QWidget | QLayout) -> None:
        """Add a row at the end."""
        row = self.rowCount()
        self._names[field] = label(name)
        self.addWidget(self._names[field], row, 0)
        if isinstance(field, QLayout):
            self.addLayout(field, row, 1)
        else:
            self.addWidget(field, row, 1)

    def show_row(self, field: QWidget, visible: bool) -> None:
        """Show or hide the row of `field`."""
        field.setVisible(visible)
        self._names[field].setVisible(visible)
