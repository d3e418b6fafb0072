"""What an empty chat shows: a greeting and a few ways to begin."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from aigc_desktop.config.i18n import tr
from aigc_desktop.gui import icons, theme
from aigc_desktop.gui.widgets.build import label

MAX_WIDTH = 680
MARK_FROM = 360
"""Pixels of height below which the words and suggestions need the mark's place."""


class EmptyChat(QWidget):
    """Suggestions fill the composer; nothing is sent by itself."""

    suggested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._mark = QLabel()
        self._mark.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        title = label(tr("What should be done?"), "display")
        title.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        text = label(
            tr("The agent reads, writes and runs things in the work directory. It asks first."),
            "muted",
            wrap=True,
        )
        text.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        inner = QWidget()
        inner.setMaximumWidth(MAX_WIDTH)
        layout = QVBoxLayout(inner)
        layout.setSpacing(8)
        layout.addWidget(self._mark)
        layout.addWidget(title)
        layout.addWidget(text)
        layout.addSpacing(16)
        layout.addLayout(self._suggestions())
        outer = QVBoxLayout(self)
        outer.setContentsMargins(24, 24, 24, 8)
        outer.addStretch(3)
        centred = QHBoxLayout()
        centred.addStretch(1)
        centred.addWidget(inner, 100)
        centred.addStretch(1)
        outer.addLayout(centred)
        outer.addStretch(4)
        theme.changed.connect(self._draw_mark)
        self._draw_mark()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._mark.setVisible(event.size().height() >= MARK_FROM)

    def _suggestions(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setSpacing(10)
        for at, (icon, text) in enumerate(
            (
                ("folder-open", tr("Tell me what is in the work directory")),
                ("file", tr("Write a project plan into plan.md")),
                ("terminal", tr("Write a Python script and run it")),
                ("edit", tr("Improve the text that I paste")),
            )
        ):
            grid.addWidget(self._card(icon, text), at // 2, at % 2)
        return grid

    def _card(self, icon: str, text: str) -> QPushButton:
        card = QPushButton(f"  {text}")
        card.setProperty("kind", "suggestion")
        card.setProperty("suggestion", text)
        card.setMinimumHeight(48)
        card.setMinimumWidth(120)
        card.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        card.setIconSize(QSize(18, 18))
        card.setToolTip(text)
        icons.bind(card, icon, "accent")
        card.clicked.connect(self._chosen)
        return card

    @Slot()
    def _chosen(self) -> None:
        self.suggested.emit(self.sender().property("suggestion"))

    @Slot()
    def _draw_mark(self) -> None:
        ratio = self.devicePixelRatioF()
        self._mark.setPixmap(icons.pixmap("app", "", 56, ratio))
