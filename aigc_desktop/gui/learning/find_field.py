"""Find in a text that is being edited; always there, so that nothing moves when it is wanted."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtGui import QKeyEvent, QTextCursor, QTextDocument
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPlainTextEdit, QTextEdit, QWidget

from aigc_desktop.config.i18n import tr
from aigc_desktop.gui import theme
from aigc_desktop.gui.widgets.build import icon_button, label

WIDTH = 190
MAX_MARKS = 500


class FindField(QWidget):
    """A field, how many places were found, previous and next."""

    def __init__(self, editor: QPlainTextEdit, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._editor = editor
        self.field = QLineEdit()
        self.field.setPlaceholderText(tr("Find in the text"))
        self.field.setAccessibleName(tr("Find in the text"))
        self.field.setFixedWidth(WIDTH)
        self.field.textChanged.connect(self._mark)
        editor.textChanged.connect(self._mark)
        self.count = label("", "small")
        self.count.setMinimumWidth(90)
        self.count.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(self.count)
        row.addWidget(self.field)
        for icon, name, run in (
            ("chevron-up", tr("Previous"), self.go_back),
            ("chevron-down", tr("Next"), self.go_on),
        ):
            made = icon_button(icon, name, run)
            made.setIconSize(QSize(16, 16))
            row.addWidget(made)

    def take_focus(self) -> None:
        """Let the user type what to look for."""
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.field.selectAll()

    @Slot()
    def go_on(self) -> None:
        """Go to the next place; after the last one to the first."""
        self._go(QTextDocument.FindFlag(0), QTextCursor.MoveOperation.Start)

    @Slot()
    def go_back(self) -> None:
        """Go to the place before."""
        self._go(QTextDocument.FindFlag.FindBackward, QTextCursor.MoveOperation.End)

    def _go(self, flags: QTextDocument.FindFlag, end: QTextCursor.MoveOperation) -> None:
        text = self.field.text()
        if text and not self._editor.find(text, flags):
            cursor = self._editor.textCursor()
            cursor.movePosition(end)
            self._editor.setTextCursor(cursor)
            self._editor.find(text, flags)

    @Slot()
    def _mark(self) -> None:
        needle, found = self.field.text(), list[QTextEdit.ExtraSelection]()
        cursor = QTextCursor(self._editor.document())
        color = theme.color("warning")
        color.setAlphaF(0.35)
        while needle and len(found) < MAX_MARKS:
            cursor = self._editor.document().find(needle, cursor)
            if cursor.isNull():
                break
            mark = QTextEdit.ExtraSelection()
            mark.cursor = cursor
            mark.format.setBackground(color)
            found.append(mark)
        self._editor.setExtraSelections(found)
        nothing = tr("Nothing found")
        self.count.setText(tr("{count} found", count=len(found)) if found else nothing)
        if not needle:
            self.count.setText("")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        back = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.go_back() if back else self.go_on()
        elif event.key() == Qt.Key.Key_Escape:
            self.field.clear()
            self._editor.setFocus()
        else:
            super().keyPressEvent(event)
