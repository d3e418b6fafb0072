"""What is said where there is nothing to show: an icon, a line, and how something comes there."""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from aigc_desktop.gui import icons, theme
from aigc_desktop.gui.widgets.build import label

SIDE = 44
WIDTH = 460


class EmptyNote(QWidget):
    """Stands in the middle of its room."""

    def __init__(self, icon: str, title: str, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icon = icon
        self._picture = QLabel()
        centre = Qt.AlignmentFlag.AlignHCenter
        head = label(title, "heading")
        self._body = body = label(text, "muted", wrap=True)
        body.setFixedWidth(WIDTH)
        body.setAlignment(centre)
        layout = QVBoxLayout(self)
        layout.setSpacing(10)
        layout.addStretch(2)
        for part in (self._picture, head, body):
            layout.addWidget(part, 0, centre)
        layout.addStretch(3)
        theme.changed.connect(self._tint)
        self._tint()

    def showEvent(self, event: QShowEvent) -> None:
        """An aligned label is not asked how high it is at its width."""
        self._body.ensurePolished()
        self._body.setMinimumHeight(self._body.heightForWidth(WIDTH))
        super().showEvent(event)

    @Slot()
    def _tint(self) -> None:
        color = theme.current().border_strong
        self._picture.setPixmap(icons.pixmap(self._icon, color, SIDE, self.devicePixelRatioF()))
