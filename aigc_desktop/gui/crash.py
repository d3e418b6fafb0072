"""The crash dialog: shown once, for errors that are none of the user's."""

from __future__ import annotations

import platform
import traceback

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

import aigc_desktop
from aigc_desktop.config.i18n import tr
from aigc_desktop.config.log import redact
from aigc_desktop.gui import theme


def crash_report(error: BaseException) -> str:
    """Return what a developer needs to know, without secrets."""
    trace = "".join(traceback.format_exception(error))
    system = f"{platform.platform()}, Python {platform.python_version()}"
    return redact(f"AIGC Desktop {aigc_desktop.__version__}\n{system}\n\n{trace}")


class CrashReporter(QObject):
    """Takes errors from any thread and shows the first one."""

    _crashed = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._window: QWidget | None = None
        self.dialog: CrashDialog | None = None
        self._crashed.connect(self._show, Qt.ConnectionType.QueuedConnection)

    def set_window(self, window: QWidget | None) -> None:
        """Show the dialog above `window`."""
        self._window = window

    @Slot(object)
    def report(self, error: BaseException) -> None:
        """Show the dialog if none was shown yet. Callable from any thread."""
        self._crashed.emit(error)

    @Slot(object)
    def _show(self, error: BaseException) -> None:
        if self.dialog is None:
            self.dialog = CrashDialog(crash_report(error), self._window)
            self.dialog.open()


class CrashDialog(QDialog):
    """Says that something went wrong, shows the report, lets it be copied."""

    def __init__(self, report: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Something went wrong"))
        self.resize(620, 420)
        self.report = report
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 20, 24, 20)
        layout.setSpacing(12)
        title = QLabel(tr("Something went wrong in the program"))
        title.setProperty("role", "title")
        layout.addWidget(title)
        text = QLabel(
            tr(
                "Your chats are saved as they happen, so nothing said is lost. You can go on; if "
                "something looks odd, restart the program. This report helps to mend it."
            )
        )
        text.setWordWrap(True)
        layout.addWidget(text)
        view = QPlainTextEdit(report)
        view.setReadOnly(True)
        view.setFont(theme.mono_font(9))
        view.setAccessibleName(tr("Report"))
        layout.addWidget(view, 1)
        layout.addLayout(self._buttons())

    def _buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        self._copy = QPushButton(tr("Copy report"))
        self._copy.clicked.connect(self.copy_report)
        go_on = QPushButton(tr("Go on"))
        go_on.setProperty("kind", "primary")
        go_on.setDefault(True)
        go_on.clicked.connect(self.accept)
        row.addWidget(self._copy)
        row.addStretch(1)
        row.addWidget(go_on)
        return row

    @Slot()
    def copy_report(self) -> None:
        """Put the report on the clipboard."""
        QGuiApplication.clipboard().setText(self.report)
        self._copy.setText(tr("Copied"))
