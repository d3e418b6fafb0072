"""What a file of scenarios holds, before anything is taken over."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QWidget

from aigc_desktop.config.i18n import listing, tr, tr_n
from aigc_desktop.gui.chat.safe_text import one_line, visible
from aigc_desktop.gui.widgets.build import button, label
from aigc_desktop.gui.widgets.cards import CardList, card
from aigc_desktop.gui.widgets.dialogs import bottom_row, dialog_layout

SIZE = (620, 460)


class ImportDialog(QDialog):
    """One card per scenario; what would not be taken over is named."""

    def __init__(self, imported: tuple[Any, ...], parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Import scenarios"))
        self.resize(*SIZE)
        cards = CardList("")
        cards.show_cards(_card(each) for each in imported)
        self.take = button(tr("Import"), self.accept, "primary")
        self.take.setDefault(True)
        layout = dialog_layout(self)
        title = tr_n("{count} scenario in the file", "{count} scenarios in the file", len(imported))
        layout.addWidget(label(title, "title"))
        hint = tr("Only you will see them. Programs, paths and connections are not taken over.")
        layout.addWidget(label(hint, "muted", wrap=True))
        layout.addWidget(cards, 1)
        layout.addLayout(bottom_row(button(tr("Cancel"), self.reject), self.take))


def _card(each: Any) -> QWidget:
    left_out = listing(one_line(key, 40) for key in each.left_out[:10])
    lines = [one_line(visible(each.bundle.description), 200)]
    if left_out:
        lines.append(tr("Not taken over: {keys}", keys=left_out))
    return card(one_line(visible(each.bundle.name), 100), lines, ())
