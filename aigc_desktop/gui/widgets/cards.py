"""A list of cards: words on the left, buttons on the right."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from aigc_desktop.gui.widgets.build import button, label

Do = tuple[str, str, Callable[[], object]]
"""What a button says, its accessible name, and what it does."""


class CardList(QScrollArea):
    """Shows cards, or a sentence when there are none."""

    def __init__(self, empty: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        body = QWidget()
        body.setObjectName("scrollBody")
        self._list = QVBoxLayout(body)
        self._list.setContentsMargins(0, 0, 12, 0)
        self._list.setSpacing(8)
        self._empty = label(empty, "muted", wrap=True)
        self._list.addWidget(self._empty)
        self._list.addStretch(1)
        self._cards: list[QWidget] = []
        self.setWidgetResizable(True)
        self.setWidget(body)

    @property
    def has_cards(self) -> bool:
        return bool(self._cards)

    def show_cards(self, cards: Iterable[QWidget]) -> None:
        """Show these instead of those before."""
        for card in self._cards:
            self._list.removeWidget(card)
            card.hide()
            card.deleteLater()
        self._cards = list(cards)
        for place, card in enumerate(self._cards):
            self._list.insertWidget(place, card)
            card.show()
        self._empty.setVisible(not self._cards)


def card(title: str, lines: Sequence[str], buttons: Sequence[Do]) -> QFrame:
    """Return one card."""
    frame = QFrame()
    frame.setProperty("role", "card")
    words = QVBoxLayout()
    words.setSpacing(2)
    words.addWidget(label(title, wrap=True))
    for line in lines:
        if line:
            words.addWidget(label(line, "small", wrap=True))
    row = QHBoxLayout(frame)
    row.setContentsMargins(14, 10, 12, 10)
    row.setSpacing(8)
    row.addLayout(words, 1)
    for text, name, run in buttons:
        made = button(text, lambda _checked=False, run=run: run())
        made.setAccessibleName(name)
        row.addWidget(made, 0, Qt.AlignmentFlag.AlignVCenter)
    return frame
