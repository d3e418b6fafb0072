"""The past runs of one job."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import (
    QDialog,
    QHeaderView,
    QStackedWidget,
    QTableWidgetItem,
    QWidget,
)

from aigc_desktop.config.i18n import tr
from aigc_desktop.config.operation_words import (
    cause_text,
    duration_text,
    moment_text,
    status_text,
)
from aigc_desktop.core.jobs import JobRun, JobView, RunStatus
from aigc_desktop.gui import calls, theme
from aigc_desktop.gui.bridge import Bridge
from aigc_desktop.gui.chat.safe_text import one_line
from aigc_desktop.gui.widgets.build import label
from aigc_desktop.gui.widgets.dialogs import bottom_row, close_button, dialog_layout
from aigc_desktop.gui.widgets.empty_note import EmptyNote
from aigc_desktop.gui.widgets.table import make_table

SIZE = (820, 480)
FAILED = (RunStatus.FAILED, RunStatus.ABORTED)
OUTCOME, RESULT = 2, 4


class JobHistoryDialog(QDialog):
    """Newest first."""

    def __init__(self, bridge: Bridge, job: JobView, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Past runs of {job}", job=job.title))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(*SIZE)
        headings = (tr("When"), tr("Why"), tr("Outcome"), tr("Took"), tr("Result"))
        self.table = make_table(0, headings, self.windowTitle())
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setStretchLastSection(True)
        self.table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.table)
        self._stack.addWidget(EmptyNote("history", tr("Never run"), job.help))
        layout = dialog_layout(self)
        layout.addWidget(label(self.windowTitle(), "title"))
        layout.addWidget(self._stack, 1)
        layout.addLayout(bottom_row(close_button(self)))
        bridge.call(self, calls.jobs.history, job.name, on_done=self._show)

    @Slot(object)
    def _show(self, runs: Any) -> None:
        self._stack.setCurrentIndex(0 if runs else 1)
        self.table.setRowCount(len(runs))
        for row, run in enumerate(runs):
            for column, text in enumerate(_cells(run)):
                item = QTableWidgetItem(one_line(text, 300))
                item.setToolTip(text)
                if run.status in FAILED and column in (OUTCOME, RESULT):
                    item.setForeground(theme.color("danger"))
                self.table.setItem(row, column, item)


def _cells(run: JobRun) -> tuple[str, ...]:
    took = "" if run.duration_ms is None else duration_text(run.duration_ms)
    return (
        moment_text(run.started_at),
        cause_text(run.cause),
        status_text(run.status),
        took,
        run.text,
    )
