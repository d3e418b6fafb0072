"""What failed in an answer, in one click."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QPushButton, QWidget

from aigc_desktop.core.learning import Fault
from aigc_desktop.gui.learning.wording import fault_text
from aigc_desktop.gui.widgets.build import button
from aigc_desktop.gui.widgets.flow import FlowLayout


class FaultChips(QWidget):
    """Six chips; one at most is chosen, a second click takes it back."""

    chosen = Signal(object)
    """A `Fault` or None."""

    def __init__(self, columns: int | None = None, parent: QWidget | None = None) -> None:
        """In so many columns, or as many to a row as there is room for."""
        super().__init__(parent)
        self.fault: Fault | None = None
        self.chips: dict[Fault, QPushButton] = {}
        for fault in Fault:
            chip = button(
                fault_text(fault), lambda _checked=False, fault=fault: self._press(fault), "chip"
            )
            chip.setCheckable(True)
            self.chips[fault] = chip
        if columns is None:
            flow = FlowLayout(8, self)
            for chip in self.chips.values():
                flow.addWidget(chip)
        else:
            self._put_in_columns(columns)

    def _put_in_columns(self, columns: int) -> None:
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(8)
        for at, chip in enumerate(self.chips.values()):
            grid.addWidget(chip, at // columns, at % columns)
        grid.setColumnStretch(columns, 1)

    def show_fault(self, fault: Fault | None) -> None:
        """Show what was chosen."""
        self.fault = fault
        for each, chip in self.chips.items():
            chip.setChecked(each is fault)

    def _press(self, fault: Fault) -> None:
        self.show_fault(None if fault is self.fault else fault)
        self.chosen.emit(self.fault)
