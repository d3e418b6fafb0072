"""Shown while the database goes back to a copy, and when it has."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from aigc_desktop.config.i18n import sentences, tr
from aigc_desktop.config.messages import describe, describe_error
from aigc_desktop.config.operation_words import moment_text
from aigc_desktop.config.paths import Paths
from aigc_desktop.gui.in_thread import in_thread
from aigc_desktop.gui.widgets.build import button, in_the_middle, label
from aigc_desktop.services import migrations


class ReturnedPage(QWidget):
    """Goes back in a thread of its own; nobody has the database open meanwhile."""

    retry = Signal()
    quit = Signal()

    _settled = Signal(object)

    def __init__(self, paths: Paths, snapshot: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        self.title = label(tr("Returning to the copy…"), "title", wrap=True)
        self.text = label(tr("The present database is kept beside it."), wrap=True)
        self.again = button("", self.retry)
        self.leave = button(tr("Quit"), self.quit, "primary")
        column = QWidget()
        layout = QVBoxLayout(column)
        layout.setSpacing(12)
        layout.addWidget(self.title)
        layout.addWidget(self.text)
        layout.addSpacing(8)
        row = QHBoxLayout()
        row.addWidget(self.leave)
        row.addWidget(self.again)
        row.addStretch(1)
        layout.addLayout(row)
        in_the_middle(self, column)
        for each in (self.again, self.leave):
            each.hide()
        self._settled.connect(self._show_result)

        def go_back() -> Any:
            returned = migrations.go_back(paths, snapshot)
            return returned, migrations.read_status(paths).pending

        in_thread(go_back, self._settled)

    @Slot(object)
    def _show_result(self, result: Any) -> None:
        for each in (self.again, self.leave):
            each.show()
        if isinstance(result, BaseException):
            title, remedy = describe_error(result)
            self.title.setText(title)
            self.text.setText(remedy)
            self.again.setText(tr("Go on as before"))
            return
        returned, pending = result
        time = moment_text(returned.taken_at)
        self.title.setText(tr("The database is as it was: {time}.", time=time))
        name, _ = describe(f"revision:{returned.revision}", {})
        words = [tr("It is at “{title}”.", title=name)]
        words.append(tr("The newer one is kept as {path}.", path=returned.kept))
        if pending:
            words.append(
                tr("Start the older program now: this one would bring it up to date again.")
            )
        self.text.setText(sentences(*words))
        self.again.setText(tr("Bring it up to date again") if pending else tr("Go on with it"))
        self.leave.setFocus()
