"""The receipt of a turn: which files it touched and how, what it ran, what allowed that."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QDialog,
    QListWidget,
    QListWidgetItem,
    QPlainTextEdit,
    QTextEdit,
    QWidget,
)

from aigc_desktop.config.i18n import listing, tr
from aigc_desktop.core.files import ChangeKind, FileChange, Receipt, ToolUse
from aigc_desktop.gui import calls, theme
from aigc_desktop.gui.bridge import Bridge
from aigc_desktop.gui.chat import documents
from aigc_desktop.gui.chat.safe_text import one_line, visible
from aigc_desktop.gui.chat.style import ChatStyle
from aigc_desktop.gui.chat.wording import cost_text, tool_label
from aigc_desktop.gui.widgets.build import beside, button, label
from aigc_desktop.gui.widgets.dialogs import bottom_row, close_button, dialog_layout

SIZE = (900, 600)
LIST_WIDTH = 300
MARKS = {ChangeKind.CREATED: "+", ChangeKind.CHANGED: "~", ChangeKind.DELETED: "\u2212"}
PATH_ROLE = Qt.ItemDataRole.UserRole


class ReceiptDialog(QDialog):
    """Files on the left, what happened to the chosen one on the right, calls below."""

    undo_wanted = Signal(int)

    def __init__(self, bridge: Bridge, receipt: Receipt, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("What this request did"))
        self.resize(*SIZE)
        self._bridge = bridge
        self._receipt = receipt
        self._style = ChatStyle()
        self.files = QListWidget()
        self.files.setObjectName("filesList")
        self.files.setAccessibleName(tr("Files"))
        self.diff = QTextEdit()
        self.diff.setReadOnly(True)
        self.diff.setAccessibleName(tr("What happened to the file"))
        self.diff.setLineWrapMode(QTextEdit.LineWrapMode.NoWrap)
        self.uses = QPlainTextEdit("\n".join(map(_use_text, receipt.uses)))
        self.uses.setReadOnly(True)
        self.uses.setAccessibleName(tr("Tool calls"))
        self.uses.setFont(theme.mono_font(9))
        self.uses.document().setDocumentMargin(8)
        self._build()
        for file in receipt.files:
            self._add(file)
        self.files.currentItemChanged.connect(self._show_diff)
        self.files.setCurrentRow(0)

    def _build(self) -> None:
        split = beside(self.files, self.diff, (LIST_WIDTH, SIZE[0] - LIST_WIDTH))
        self.uses.setMaximumHeight(130)
        layout = dialog_layout(self)
        layout.addWidget(label(tr("What this request did"), "title"))
        layout.addWidget(split, 1)
        if self._receipt.skipped:
            names = listing(one_line(path, 60) for path in self._receipt.skipped[:8])
            text = tr("Too large or unreadable, so not undone: {files}", files=names)
            layout.addWidget(label(text, "muted", wrap=True))
        layout.addWidget(label(tr("Tool calls"), "heading"))
        layout.addWidget(self.uses)
        buttons = [close_button(self)]
        if not self._receipt.undone:
            buttons.insert(0, button(tr("Undo"), self._undo, "", "restore"))
        layout.addLayout(bottom_row(*buttons, left=(label(self._spent(), "small"),)))

    def _spent(self) -> str:
        if not self._receipt.tokens:
            return ""
        tokens = tr("{count} tokens", count=f"{self._receipt.tokens:,}")
        return f"{tokens} · {cost_text(self._receipt.cost_usd)}"

    def _add(self, file: FileChange) -> None:
        item = QListWidgetItem(f"{MARKS[file.kind]}  {one_line(file.path, 200)}")
        item.setData(PATH_ROLE, file.path)
        item.setToolTip(f"{_kind_text(file.kind)}: {visible(file.path)}")
        item.setData(
            Qt.ItemDataRole.AccessibleTextRole, f"{_kind_text(file.kind)}: {visible(file.path)}"
        )
        self.files.addItem(item)

    @Slot(QListWidgetItem, QListWidgetItem)
    def _show_diff(self, item: QListWidgetItem | None, _before: object = None) -> None:
        if item is None:
            return
        path = item.data(PATH_ROLE)

        def show(text: str) -> None:
            chosen = self.files.currentItem()
            if chosen is not None and chosen.data(PATH_ROLE) == path:
                document = documents.diff(visible(text), self._style)
                document.setParent(self.diff)
                document.setDocumentMargin(10)
                self.diff.setDocument(document)

        turn_id = self._receipt.turn_id
        self._bridge.call(self, calls.undo.file_diff, turn_id, path, on_done=show)

    @Slot()
    def _undo(self) -> None:
        self.accept()
        self.undo_wanted.emit(self._receipt.turn_id)


def _kind_text(kind: ChangeKind) -> str:
    return {
        ChangeKind.CREATED: tr("Created"),
        ChangeKind.CHANGED: tr("Changed"),
        ChangeKind.DELETED: tr("Deleted"),
    }[kind]


def _use_text(use: ToolUse) -> str:
    decision = use.decision or tr("not run")
    return f"{tool_label(use.name)}: {one_line(use.subject, 300)}  [{decision}]"
