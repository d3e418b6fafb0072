"""Before a changed scenario is published: which known requests would go elsewhere."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QTableWidgetItem,
    QWidget,
)

from aigc_desktop.config.i18n import tr, tr_n
from aigc_desktop.gui.chat.safe_text import one_line, visible
from aigc_desktop.gui.widgets.build import button, label
from aigc_desktop.gui.widgets.dialogs import bottom_row, dialog_layout
from aigc_desktop.gui.widgets.table import make_table

SIZE = (760, 420)


class MovedDialog(QDialog):
    """A table of those requests; saving goes on only when the user says so."""

    def __init__(self, moved: list[Any], parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("What would change"))
        self.resize(*SIZE)
        worse = sum(each.is_worse for each in moved)
        better = sum(each.is_better for each in moved)
        headings = [tr("Request"), tr("Until now"), tr("From now on"), tr("Belongs to")]
        name = tr("Requests that would go elsewhere")
        self.table = make_table(len(moved), headings, name)
        for row, each in enumerate(moved):
            mark = "▲ " if each.is_better else "▼ " if each.is_worse else ""
            texts = (mark + one_line(visible(each.text), 120), each.before, each.after, each.label)
            for column, text in enumerate(texts):
                item = QTableWidgetItem(one_line(text, 140))
                item.setToolTip(text)
                self.table.setItem(row, column, item)
        self.table.setColumnWidth(0, 320)
        self.table.setColumnWidth(1, 130)
        self.table.setColumnWidth(2, 130)
        self.table.horizontalHeader().setStretchLastSection(True)
        self.save = button(tr("Save anyway") if worse > better else tr("Save"), self.accept)
        back = button(tr("Back to the form"), self.reject)
        (back if worse > better else self.save).setDefault(True)
        layout = dialog_layout(self)
        count = tr_n(
            "{count} corrected request would go elsewhere",
            "{count} corrected requests would go elsewhere",
            len(moved),
        )
        layout.addWidget(label(count, "title", wrap=True))
        detail = tr(
            "{better} better, {worse} worse. Nothing is saved yet.", better=better, worse=worse
        )
        layout.addWidget(label(detail, "muted", wrap=True))
        layout.addWidget(self.table, 1)
        layout.addLayout(bottom_row(back, self.save))
