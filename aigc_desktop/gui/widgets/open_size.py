"""How large a dialog opens, and how small it may become."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSize
from PySide6.QtWidgets import QWidget

EDGE = 48
"""Pixels that the window's own frame and title may take."""

LEAST = 0.65
"""Of the size it opens with."""


def open_at_size(dialog: QWidget, size: tuple[int, int]) -> None:
    """Give `dialog` its size, less where the screen (a small one, or at 150 %) has no room.

    It cannot be made so small that its parts would cover each other.
    """
    dialog.resize(QSize(*size).boundedTo(_room(dialog)))
    dialog.installEventFilter(_Least(dialog))


def _room(dialog: QWidget) -> QSize:
    return dialog.screen().availableSize() - QSize(EDGE, EDGE)


class _Least(QObject):
    """Sets the least size when the dialog is shown: only then all its parts are there."""

    def eventFilter(self, dialog: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Show and isinstance(dialog, QWidget):
            least = (dialog.size() * LEAST).expandedTo(dialog.minimumSizeHint())
            dialog.setMinimumSize(least.boundedTo(_room(dialog)))
            dialog.removeEventFilter(self)
        return False
