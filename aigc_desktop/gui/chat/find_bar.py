"""Find in the session."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QWidget

from aigc_desktop.config.i18n import tr
from aigc_desktop.gui.widgets.build import icon_button, label

DELAY_MS = 120


class FindBar(QFrame):
    """A field, how many places were found, previous and next."""

    text_changed = Signal(str)
    next_wanted = Signal()
    previous_wanted = Signal()
    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("header")
        self._field = QLineEdit()
        self._field.setPlaceholderText(tr("Find in this chat"))
        self._field.setAccessibleName(tr("Find in this chat"))
        self._delay = QTimer(self)
        self._delay.setSingleShot(True)
        self._delay.setInterval(DELAY_MS)
        self._delay.timeout.connect(self._report)
        self._field.textChanged.connect(self._delay.start)
        self._count = label("", "small")
        self._count.setMinimumWidth(90)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 6, 10, 6)
        row.setSpacing(6)
        row.addWidget(self._field, 1)
        row.addWidget(self._count)
        row.addWidget(icon_button("chevron-up", tr("Previous"), self.previous_wanted))
        row.addWidget(icon_button("chevron-down", tr("Next"), self.next_wanted))
        row.addWidget(icon_button("close", tr("Close"), self.close_bar))
        self.hide()

    def open(self, text: str = "") -> None:
        """Show the bar; look for `text` if it is given."""
        self.show()
        if text:
            self._field.setText(text)
            self._report()
        self._field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._field.selectAll()

    def show_count(self, count: int) -> None:
        """Say in how many places the text was found."""
        if not self._field.text():
            self._count.setText("")
        else:
            self._count.setText(tr("{count} found", count=count) if count else tr("Nothing found"))

    @Slot()
    def close_bar(self) -> None:
        """Hide the bar and forget what was looked for."""
        self._delay.stop()
        self._field.clear()
        self._delay.stop()
        self.hide()
        self.text_changed.emit("")
        self.closed.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        back = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if key == Qt.Key.Key_Escape:
            self.close_bar()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if self._delay.isActive():
                self._report()
            (self.previous_wanted if back else self.next_wanted).emit()
        else:
            super().keyPressEvent(event)

    @Slot()
    def _report(self) -> None:
        self._delay.stop()
        self.text_changed.emit(self._field.text())
