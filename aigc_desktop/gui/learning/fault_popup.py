"""Beside a dislike: what failed, in one click that may be left out."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QRect, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QHideEvent, QKeyEvent
from PySide6.QtWidgets import QApplication, QFrame, QLineEdit, QVBoxLayout, QWidget

from aigc_desktop.config.i18n import tr
from aigc_desktop.core.learning import Fault, Opinion
from aigc_desktop.gui.learning.fault_chips import FaultChips
from aigc_desktop.gui.widgets.build import label

MAX_NOTE = 500
GAP = 6
"""Pixels between the button and the popup."""


class FaultPopup(QFrame):
    """Lies over the transcript, which does not move. However it is closed, what was said stays.

    It is a part of the window: a window of its own would take the keyboard along when it goes.
    """

    said = Signal(object, str)
    """A `Fault` or None, and a note."""
    closed = Signal()

    def __init__(self, opinion: Opinion, parent: QWidget) -> None:
        super().__init__(parent.window())
        self.setObjectName("popup")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName(tr("What was wrong?"))
        self._said = (opinion.fault, opinion.note)
        self.focus_left = False
        """Whether the user has gone elsewhere with the keyboard."""
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
        window = self.window()
        corner = window.mapFromGlobal(anchor.topLeft())
        x = max(GAP, min(corner.x(), window.width() - self.width() - GAP))
        y = corner.y() - self.height() - GAP
        if y < GAP:
            y = corner.y() + anchor.height() + GAP
        self.move(x, min(y, window.height() - self.height() - GAP))
        self.show()
        self.raise_()
        self.chips.chips[self.chips.fault or Fault.SCENARIO].setFocus()
        application = QApplication.instance()
        if isinstance(application, QApplication):
            application.installEventFilter(self)
            application.focusChanged.connect(self._focus_moved)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """A click elsewhere only closes this; that click must not take the dislike back."""
        if not isinstance(watched, QWidget) or self._owns(watched):
            return False
        if event.type() is QEvent.Type.MouseButtonPress:
            self.close()
            return True
        resized = event.type() is QEvent.Type.Resize and watched is self.window()
        if resized or event.type() in (QEvent.Type.Wheel, QEvent.Type.WindowDeactivate):
            self.close()
        return False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close()
        else:
            super().keyPressEvent(event)

    def _owns(self, widget: QWidget) -> bool:
        return widget is self or self.isAncestorOf(widget)

    @Slot(QWidget, QWidget)
    def _focus_moved(self, _old: QWidget | None, new: QWidget | None) -> None:
        """Close a little later: a press gives the focus first, and is still to be taken."""
        if self.isVisible() and new is not None and not self._owns(new):
            self.focus_left = True
            QTimer.singleShot(0, self, self.close)

    @Slot()
    def _say(self) -> None:
        said = (self.chips.fault, self.note.text().strip())
        if said != self._said:
            self._said = said
            self.said.emit(*said)

    def hideEvent(self, event: QHideEvent) -> None:
        application = QApplication.instance()
        if application is not None:
            application.removeEventFilter(self)
        self._say()
        super().hideEvent(event)
        self.closed.emit()
