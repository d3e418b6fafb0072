"""Questions before something that cannot be undone; never a nested event loop."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QLineEdit, QVBoxLayout, QWidget

from aigc_desktop.config.i18n import tr
from aigc_desktop.gui.widgets.build import button, label
from aigc_desktop.gui.widgets.dialogs import bottom_row


class AskDialog(QDialog):
    """A title, what will happen, and two buttons: Cancel is the default."""

    def __init__(self, title: str, text: str, verb: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 20, 24, 18)
        layout.setSpacing(10)
        layout.addWidget(label(title, "heading"))
        body = label(text, "muted", wrap=True)
        body.setMinimumWidth(360)
        layout.addWidget(body)
        layout.addSpacing(8)
        self.cancel = button(tr("Cancel"), self.reject)
        self.yes = button(verb, self.accept, "danger")
        layout.addLayout(bottom_row(self.cancel, self.yes))
        self.cancel.setDefault(True)
        self.cancel.setFocus()


class TextDialog(QDialog):
    """A title and a line to write."""

    def __init__(self, title: str, text: str, verb: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.field = QLineEdit(text)
        self.field.setAccessibleName(title)
        self.field.setMinimumWidth(360)
        self.field.selectAll()
        self.save = button(verb, self.accept, "primary")
        self.save.setDefault(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 20, 24, 18)
        layout.setSpacing(10)
        layout.addWidget(label(title, "heading"))
        layout.addWidget(self.field)
        layout.addSpacing(8)
        layout.addLayout(bottom_row(button(tr("Cancel"), self.reject), self.save))
        self.field.setFocus()


def ask_text(
    parent: QWidget, title: str, text: str, verb: str, on_text: Callable[[str], object]
) -> TextDialog:
    """Ask for a line above `parent`, `text` being there already; `on_text` gets what is written."""
    dialog = TextDialog(title, text, verb, parent)
    dialog.accepted.connect(lambda: on_text(dialog.field.text()))
    dialog.open()
    return dialog


def ask(
    parent: QWidget, title: str, text: str, verb: str, on_yes: Callable[[], object]
) -> AskDialog:
    """Ask above `parent`; `on_yes` runs when the user agrees."""
    dialog = AskDialog(title, text, verb, parent)
    dialog.accepted.connect(on_yes)
    dialog.open()
    return dialog
