"""How small a dialog may become."""

from __future__ import annotations

from PySide6.QtWidgets import QDialog, QHBoxLayout, QPushButton
from pytestqt.qtbot import QtBot

from aigc_desktop.gui.widgets.open_size import LEAST, open_at_size


def dialog_with(qtbot: QtBot, buttons: int) -> QDialog:
    """Return a dialog that gets its size before its contents, as ours do."""
    dialog = QDialog()
    qtbot.addWidget(dialog)
    open_at_size(dialog, (400, 300))
    row = QHBoxLayout(dialog)
    for _ in range(buttons):
        row.addWidget(QPushButton("A button with words"))
    dialog.show()
    return dialog


def test_a_dialog_opens_at_its_size_and_shrinks_to_a_share_of_it(qtbot: QtBot) -> None:
    dialog = dialog_with(qtbot, 1)
    assert (dialog.width(), dialog.height()) == (400, 300)
    assert dialog.minimumWidth() == round(LEAST * 400)


def test_no_dialog_is_smaller_than_what_it_holds(qtbot: QtBot) -> None:
    dialog = dialog_with(qtbot, 3)
    dialog.resize(10, 10)
    assert dialog.width() >= dialog.layout().minimumSize().width() > LEAST * 400
