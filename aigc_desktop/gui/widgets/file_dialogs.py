"""Asks for a file; nothing waits for the answer."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QWidget

OnFile = Callable[[str], object]


def ask_for_file(parent: QWidget, title: str, names: str, on_file: OnFile) -> None:
    """Ask which file to read; `names` says which are shown, as in "ZIP (*.zip)"."""
    _open(QFileDialog(parent.window(), title), names, on_file)


def ask_where_to_save(
    parent: QWidget, title: str, names: str, name: str, on_file: OnFile, suffix: str = ""
) -> None:
    """Ask where to write a file, called `name` at first; `suffix` is added if there is none."""
    dialog = QFileDialog(parent.window(), title)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setDefaultSuffix(suffix)
    dialog.selectFile(name)
    _open(dialog, names, on_file)


def _open(dialog: QFileDialog, names: str, on_file: OnFile) -> None:
    dialog.setNameFilter(names)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.fileSelected.connect(on_file)
    dialog.open()
