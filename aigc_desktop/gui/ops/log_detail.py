"""One log record whole: where it is from, all its lines, the way to its chat."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from aigc_desktop.config.i18n import tr
from aigc_desktop.config.log import redact
from aigc_desktop.core.logs import LogLine
from aigc_desktop.gui import theme
from aigc_desktop.gui.chat.safe_text import one_line, visible
from aigc_desktop.gui.widgets.build import button, icon_button, label

SHOWN = 200_000
"""Characters of a record that are shown; longer ones are cut, with a note."""


class LogDetail(QFrame):
    """Shows a record; everything in it is plain text."""

    chat_wanted = Signal()
    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "panel")
        self.title = label("", "heading")
        self.origin = label("", "small", wrap=True)
        self.body = QPlainTextEdit()
        self.body.setReadOnly(True)
        self.body.setFont(theme.mono_font(9.5))
        self.body.setAccessibleName(tr("Whole record"))
        self.body.setTabChangesFocus(True)
        self.body.setUndoRedoEnabled(False)
        self.chat = button(tr("Go to the chat"), self.chat_wanted, icon="open-external")
        self.copy = button(tr("Copy"), self._copy, icon="copy")
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(self.title)
        words.addWidget(self.origin)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addLayout(words, 1)
        head.addWidget(self.chat)
        head.addWidget(self.copy)
        head.addWidget(icon_button("close", tr("Close"), self.closed))
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 10, 10, 10)
        column.setSpacing(8)
        column.addLayout(head)
        column.addWidget(self.body, 1)

    def show_line(self, line: LogLine) -> None:
        """Show what is known at once; `show_text` brings the rest."""
        self.title.setText(" · ".join(p for p in (line.level, one_line(line.component, 40)) if p))
        origin = [line.time, one_line(line.thread, 40), line.file]
        if line.session_id is not None:
            origin.append(
                tr("chat {session}, request {turn}", session=line.session_id, turn=line.turn_id)
            )
        self.origin.setText("  ·  ".join(part for part in origin if part))
        self.chat.setVisible(line.session_id is not None)
        self.body.setPlainText(visible(redact(line.message)))

    def show_text(self, text: str, size: int) -> None:
        """Show all lines of the record, which has `size` bytes."""
        shown = visible(redact(text[:SHOWN]))
        if len(text) > SHOWN or size > len(text.encode("utf-8", "replace")) + 2:
            shown += "\n" + tr("… {bytes} bytes in all; export shows more.", bytes=f"{size:,}")
        self.body.setPlainText(shown or tr("This record is no longer there."))

    @Slot()
    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.body.toPlainText())
