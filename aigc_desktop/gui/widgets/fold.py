"""Something that is shown on request, below a line that says what it is."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from aigc_desktop.gui import icons
from aigc_desktop.gui.widgets.build import button


class Fold(QWidget):
    """`make` builds what is folded away when it is first wanted."""

    def __init__(self, title: str, make: Callable[[], QWidget], *, is_open: bool = False) -> None:
        super().__init__()
        self._make = make
        self._body: QWidget | None = None
        self.head = button(title, self.toggle, "fold", "chevron-right")
        self.head.setCheckable(True)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(4)
        self._layout.addWidget(self.head)
        if is_open:
            self.head.setChecked(True)
            self.toggle()

    @property
    def is_open(self) -> bool:
        return self.head.isChecked()

    @Slot()
    def toggle(self) -> None:
        """Show or hide what is folded away, as the head says."""
        if self._body is None:
            self._body = self._make()
            self._layout.addWidget(self._body)
        self._body.setVisible(self.is_open)
        icons.bind(self.head, "chevron-down" if self.is_open else "chevron-right", "text_muted")
