"""The window itself, up at once: its size and place, closing, and what is seen while it opens.

Light on purpose: everything imported here delays the first paint.
"""

from __future__ import annotations

from PySide6.QtCore import QByteArray, Signal, Slot
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QMainWindow,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from aigc_desktop.config.i18n import tr
from aigc_desktop.config.settings import Settings

MINIMUM = (760, 520)
DEFAULT = (1180, 780)
GEOMETRY = "window.geometry"
SIDEBAR_WIDTH = 264
SPLIT = "window.sidebar"
COMPOSER_WIDTH = 804
COMPOSER_HEIGHT = 92
HINT_HEIGHT = 31
"""Room below the composer, in pixels, so that nothing moves when the whole page takes over."""


class MainWindow(QMainWindow):
    """Takes typing from the first paint on; `Workspace` comes as its central widget."""

    closing = Signal()

    def __init__(self, settings: Settings, *, composing: bool) -> None:
        super().__init__()
        self._settings = settings
        self._may_close = False
        self.setWindowTitle("AIGC Desktop")
        self.setMinimumSize(*MINIMUM)
        self.resize(*DEFAULT)
        geometry = settings.state(GEOMETRY, "")
        if isinstance(geometry, str) and geometry:
            self.restoreGeometry(QByteArray.fromBase64(geometry.encode()))
        width = settings.state(SPLIT, SIDEBAR_WIDTH)
        width = width if isinstance(width, int) else SIDEBAR_WIDTH
        self.opening = OpeningPage(width if composing else 0)
        self.setCentralWidget(self.opening)

    @Slot()
    def raise_window(self) -> None:
        """Come to the front; the program was started again."""
        if self.isMinimized():
            self.showNormal()
        self.show()
        self.raise_()
        self.activateWindow()

    def let_close(self) -> None:
        """From now on closing closes."""
        self._may_close = True

    def store_state(self) -> None:
        """Remember size and place."""
        geometry = bytes(self.saveGeometry().toBase64().data()).decode()
        self._settings.set_state(GEOMETRY, geometry)

    def closeEvent(self, event: QCloseEvent) -> None:
        if self._may_close:
            event.accept()
        else:
            event.ignore()
            self.closing.emit()


class OpeningPage(QWidget):
    """The outline of the chat page with a field that already takes typing.

    `sidebar` is the sidebar's width in pixels; with 0 the page is empty (the welcome page comes).
    """

    def __init__(self, sidebar: int) -> None:
        super().__init__()
        self._edit = QPlainTextEdit()
        self._edit.setObjectName("composerEdit")
        self._edit.setAccessibleName(tr("Message"))
        self._edit.setPlaceholderText(tr("What should be done?"))
        if not sidebar:
            self._edit.setParent(self)
            self._edit.hide()
            return
        band = QFrame()
        band.setObjectName("sidebar")
        band.setFixedWidth(sidebar)
        box = QFrame()
        box.setObjectName("composerBox")
        box.setProperty("active", True)
        box.setMaximumWidth(COMPOSER_WIDTH)
        box.setFixedHeight(COMPOSER_HEIGHT)
        inner = QVBoxLayout(box)
        inner.setContentsMargins(14, 10, 8, 8)
        inner.addWidget(self._edit)
        centred = QHBoxLayout()
        centred.setContentsMargins(20, 4, 20, HINT_HEIGHT)
        centred.addStretch(1)
        centred.addWidget(box, 100)
        centred.addStretch(1)
        right = QVBoxLayout()
        right.addStretch(1)
        right.addLayout(centred)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(1)
        row.addWidget(band)
        row.addLayout(right, 1)
        self._edit.setFocus()

    def typed(self) -> str:
        """Return what was typed while the rest was on its way."""
        return self._edit.toPlainText()
