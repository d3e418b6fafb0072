"""The past runs of one job."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from aigc_desktop.config.i18n import tr
from aigc_desktop.config.operation_words import (
    cause_text,
    duration_text,
    moment_text,
    status_text,
)
from aigc_desktop.core.jobs import JobRun, JobView
from aigc_desktop.gui import calls
from aigc_desktop.gui.bridge import Bridge
from aigc_desktop.gui.chat.safe_text import one_line
from aigc_desktop.gui.widgets.build import button, label

SIZE = (820, 480)


class JobHistoryDialog(QDialog):
    """Newest first."""

    def __init__(self, bridge: Bridge, job: JobView, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Past runs of {job}", job=job.title))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(*SIZE)
        headings = (tr("When"), tr("Why"), tr("Outcome"), tr("Took"), tr("Result"))
        self.table = QTableWidget(0, len(headings))
        self.table.setHorizontalHeaderLabels(headings)
        self.table.setAccessibleName(self.windowTitle())
        self.table.verticalHeader().hide()
        self.table.setShowGrid(False)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setStretchLastSection(True)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.empty = label(tr("Never run"), "muted")
        close = button(tr("Close"), self.accept, "primary")
        close.setDefault(True)
        bottom = QHBoxLayout()
        bottom.addStretch(1)
        bottom.addWidget(close)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 16, 20, 16)
        layout.setSpacing(10)
        layout.addWidget(label(self.windowTitle(), "title"))
        layout.addWidget(self.empty)
        layout.addWidget(self.table, 1)
        layout.addLayout(bottom)
        bridge.call(self, calls.jobs.history, job.name, on_done=self._show)

    @Slot(object)
    def _show(self, runs: Any) -> None:
        self.empty.setVisible(not runs)
        self.table.setRowCount(len(runs))
        for row, run in enumerate(runs):
            for column, text in enumerate(_cells(run)):
                item = QTableWidgetItem(one_line(text, 300))
                item.setToolTip(text)
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
