"""Shown when the program could not start: what is wrong, and what can be done."""

from __future__ import annotations

from PySide6.QtCore import QUrl, Signal, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from aigc_desktop.config.i18n import tr
from aigc_desktop.config.messages import describe_error
from aigc_desktop.config.paths import Paths
from aigc_desktop.core.errors import UserError
from aigc_desktop.gui.rescue_choices import RescueChoices
from aigc_desktop.gui.widgets.build import button, in_the_middle, label

RESCUED = ("database_corrupt", "database_missing", "database_newer")
"""What can be helped with a copy of the database."""


class ProblemPage(QWidget):
    """Nothing of the user's data is touched while this is shown."""

    retry = Signal()
    quit = Signal()

    def __init__(self, error: BaseException, paths: Paths, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        self._paths = paths
        title, remedy = describe_error(error)
        column = QWidget()
        layout = QVBoxLayout(column)
        layout.setSpacing(12)
        layout.addWidget(label(tr("The program could not start"), "muted"))
        layout.addWidget(label(title, "title", wrap=True))
        layout.addWidget(label(remedy, wrap=True))
        layout.addSpacing(8)
        code = error.code if isinstance(error, UserError) else ""
        damaged = code in RESCUED
        if damaged:
            self.choices = RescueChoices(paths, code)
            self.choices.rescued.connect(self.retry)
            layout.addWidget(self.choices)
            layout.addSpacing(8)
        row = QHBoxLayout()
        row.addWidget(button(tr("Try again"), self.retry, "" if damaged else "primary"))
        row.addWidget(button(tr("Open the data folder"), self._open, "", "folder-open"))
        row.addStretch(1)
        row.addWidget(button(tr("Quit"), self.quit))
        layout.addLayout(row)
        in_the_middle(self, column)

    @Slot()
    def _open(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._paths.home)))


def ask_to_retry(error: BaseException, paths: Paths) -> bool:
    """Show the page in a window of its own, before there is any other; return "Try again"."""
    window = QDialog()
    window.setWindowTitle("AIGC Desktop")
    window.resize(760, 520)
    page = ProblemPage(error, paths)
    page.retry.connect(window.accept)
    page.quit.connect(window.reject)
    layout = QVBoxLayout(window)
    layout.addWidget(page)
    return window.exec() == QDialog.DialogCode.Accepted
