"""The field one types in: grows with the text, sends with Enter, remembers what was sent."""

from __future__ import annotations

from PySide6.QtCore import QMimeData, Qt, Signal, Slot
from PySide6.QtGui import QFocusEvent, QInputMethodEvent, QKeyEvent, QTextCursor
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from aigc_desktop.gui import theme

MAX_LINES = 10
BIG_TEXT = 100 * 1024
"""Bytes of pasted text above which it becomes an attachment."""

ENTER = "enter"
CTRL_ENTER = "ctrl_enter"
_RETURN_KEYS = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_PLAIN_TEXT = ("text/plain;charset=utf-8", "text/plain")


class ComposerEdit(QPlainTextEdit):
    """Plain text only; big pastes and files are handed on."""

    submitted = Signal()
    stop_wanted = Signal()
    files_offered = Signal(list)
    """Paths of local files that were pasted or dropped."""
    big_text_offered = Signal(object)
    """UTF-8 bytes of a text that is too big to be typed in."""
    focus_changed = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("composerEdit")
        self.setFont(theme.font(11))
        self.setTabChangesFocus(True)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.document().setDocumentMargin(2)
        self.send_key = ENTER
        self._composing = False
        self._history: list[str] = []
        self._at: int | None = None
        self._kept = ""
        self.textChanged.connect(self._grow)
        self._grow()

    def text(self) -> str:
        """Return what is typed, exactly: no-break spaces stay, halves of characters are mended."""
        raw = self.document().toRawText().replace("\u2029", "\n").replace("\u2028", "\n")
        return raw.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")

    def set_hint(self, text: str) -> None:
        """Show another placeholder; Qt paints one anew only when it comes or goes."""
        if text != self.placeholderText():
            self.setPlaceholderText(text)
            self.viewport().update()

    def set_text(self, text: str) -> None:
        """Replace the text (undoable) and put the cursor at its end."""
        cursor = self.textCursor()
        cursor.select(QTextCursor.SelectionType.Document)
        cursor.insertText(text)
        self.moveCursor(QTextCursor.MoveOperation.End)

    def start_afresh(self, text: str) -> None:
        """Show another session's draft: nothing to undo, no walk through the history."""
        self._at = None
        self.setPlainText(text)
        self.moveCursor(QTextCursor.MoveOperation.End)

    def set_history(self, texts: list[str]) -> None:
        """Set what Up goes back to, oldest first."""
        self._history = [text for text in texts if text.strip()]
        self._at = None

    def remember(self, text: str) -> None:
        """Add a sent text to the history."""
        if text.strip() and (not self._history or self._history[-1] != text):
            self._history.append(text)
        self._at = None

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in _RETURN_KEYS and not self._composing:
            self._return_pressed(event)
        elif event.key() == Qt.Key.Key_Escape:
            self.stop_wanted.emit()
        elif not self._walk_history(event):
            super().keyPressEvent(event)

    def inputMethodEvent(self, event: QInputMethodEvent) -> None:
        self._composing = bool(event.preeditString())
        super().inputMethodEvent(event)
        self._grow()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.focus_changed.emit(True)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.focus_changed.emit(False)

    def canInsertFromMimeData(self, source: QMimeData) -> bool:
        return source.hasUrls() or super().canInsertFromMimeData(source)

    def insertFromMimeData(self, source: QMimeData) -> None:
        files = [url.toLocalFile() for url in source.urls() if url.isLocalFile()]
        if files:
            self.files_offered.emit(files)
            return
        for kind in _PLAIN_TEXT:
            if source.hasFormat(kind):
                data = source.data(kind)
                if data.size() > BIG_TEXT:
                    self.big_text_offered.emit(data)
                    return
                break
        if source.hasText():
            self.insertPlainText(source.text())

    def _return_pressed(self, event: QKeyEvent) -> None:
        modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        control = bool(modifiers & Qt.KeyboardModifier.ControlModifier)
        if control or (self.send_key == ENTER and not modifiers):
            self.submitted.emit()
        else:
            self.insertPlainText("\n")
            self.ensureCursorVisible()

    def _walk_history(self, event: QKeyEvent) -> bool:
        key = event.key()
        if event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier or not self._history:
            return False
        if key == Qt.Key.Key_Up and self._at_edge(QTextCursor.MoveOperation.Up):
            at = len(self._history) if self._at is None else self._at
            return self._show(at - 1)
        if key == Qt.Key.Key_Down and self._at is not None:
            return self._at_edge(QTextCursor.MoveOperation.Down) and self._show(self._at + 1)
        return False

    def _at_edge(self, move: QTextCursor.MoveOperation) -> bool:
        cursor = self.textCursor()
        return not cursor.hasSelection() and not cursor.movePosition(move)

    def _show(self, at: int) -> bool:
        if at < 0:
            return False
        if self._at is None:
            self._kept = self.text()
        if at >= len(self._history):
            self._at = None
            self.set_text(self._kept)
        else:
            self._at = at
            self.set_text(self._history[at])
        return True

    @Slot()
    def _grow(self) -> None:
        line = self.fontMetrics().lineSpacing()
        lines = 0
        block = self.document().firstBlock()
        while block.isValid() and lines < MAX_LINES:
            lines += max(1, block.layout().lineCount())
            block = block.next()
        margins = round(2 * self.document().documentMargin()) + 2 * self.frameWidth()
        self.setFixedHeight(line * max(1, min(lines, MAX_LINES)) + margins + 4)

    def resizeEvent(self, event: object) -> None:
        super().resizeEvent(event)  # type: ignore[arg-type]
        self._grow()
