"""How large a dialog opens, and how small it may become."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

EDGE = 48
"""Pixels that the window's own frame and title may take."""

LEAST = 0.65
"""Of the size it opens with: smaller, parts of it would cover each other."""


def open_at_size(dialog: QWidget, size: tuple[int, int]) -> None:
    """Give `dialog` its size, less where the screen (a small one, or at 150 %) has no room."""
    room = dialog.screen().availableSize()
    width, height = min(size[0], room.width() - EDGE), min(size[1], room.height() - EDGE)
    dialog.setMinimumSize(round(LEAST * width), round(LEAST * height))
    dialog.resize(width, height)
