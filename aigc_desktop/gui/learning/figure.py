"""A number with what it counts; pressing it shows what was counted."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from aigc_desktop.gui.widgets.build import label


class Figure(QPushButton):
    """A tile."""

    def __init__(
        self, title: str, on_click: Callable[..., object], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setProperty("kind", "tile")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._title = title
        self._number = label("–", "figure")
        caption = label(title, "small")
        for part in (self._number, caption):
            part.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 8, 14, 8)
        layout.setSpacing(2)
        layout.addWidget(self._number)
        layout.addWidget(caption)
        self.setAccessibleName(title)
        self.clicked.connect(on_click)

    def show_number(self, number: int) -> None:
        """Show it; quietly if there is nothing."""
        self._number.setText(str(number))
        self._number.setEnabled(number > 0)
        self.setAccessibleName(f"{self._title}: {number}")
