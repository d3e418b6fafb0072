"""Beside a dislike: what failed, in one click that may be left out."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, Qt, Signal, Slot
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QFrame, QLineEdit, QVBoxLayout, QWidget

from aigc_desktop.config.i18n import tr
from aigc_desktop.core.learning import Fault, Opinion
from aigc_desktop.gui.learning.fault_chips import FaultChips
from aigc_desktop.gui.widgets.build import label

MAX_NOTE = 500
GAP = 6
"""Pixels between the button and the popup."""


class FaultPopup(QFrame):
    """Lies over the transcript, which does not move. However it is closed, what was said stays."""

    said = Signal(object, str)
    """A `Fault` or None, and a note."""
    closed = Signal()

    def __init__(self, opinion: Opinion, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("popup")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAttribute(Qt.WidgetAttribute.WA_NoMouseReplay)
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        self.setAccessibleName(tr("What was wrong?"))
        self._said = (opinion.fault, opinion.note)
        self.chips = FaultChips(3)
        self.chips.show_fault(opinion.fault)
        self.chips.chosen.connect(self._say)
        self.note = QLineEdit(opinion.note)
        self.note.setMaxLength(MAX_NOTE)
        self.note.setPlaceholderText(tr("A note in your own words"))
        self.note.setAccessibleName(tr("A note in your own words"))
        self.note.returnPressed.connect(self.close)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 12, 16, 16)
        layout.setSpacing(10)
        layout.addWidget(label(tr("What was wrong?"), "heading"))
        layout.addWidget(label(tr("Your dislike is noted. Saying more is optional."), "small"))
        layout.addWidget(self.chips)
        layout.addWidget(self.note)

    def open_at(self, anchor: QRect) -> None:
        """Show it above or below `anchor` (on the screen), wherever there is room."""
        self.adjustSize()
        screen = self.screen().availableGeometry()
        x = min(anchor.left(), screen.right() - self.width())
        y = anchor.top() - self.height() - GAP
        if y < screen.top():
            y = anchor.bottom() + GAP
        self.move(QPoint(max(screen.left(), x), y))
        self.show()
        self.chips.chips[self.chips.fault or Fault.SCENARIO].setFocus()

    @Slot()
    def _say(self) -> None:
        said = (self.chips.fault, self.note.text().strip())
        if said != self._said:
            self._said = said
            self.said.emit(*said)

    def hideEvent(self, event: QHideEvent) -> None:
        self._say()
        super().hideEvent(event)
        self.closed.emit()
