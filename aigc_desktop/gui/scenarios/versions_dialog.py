"""The versions of a scenario: what differs, how each fared, and the way back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import (
    QDialog,
    QListWidget,
    QListWidgetItem,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from aigc_desktop.config.i18n import listing, tr, tr_n
from aigc_desktop.core.scenario import Scenario
from aigc_desktop.gui import calls
from aigc_desktop.gui.bridge import Bridge
from aigc_desktop.gui.chat.safe_text import one_line, visible
from aigc_desktop.gui.widgets.build import beside, button, label
from aigc_desktop.gui.widgets.dialogs import bottom_row, close_button, dialog_layout

SIZE = (860, 560)
LIST_WIDTH = 230


class VersionsDialog(QDialog):
    """Versions on the left, the chosen one's figures and differences on the right."""

    def __init__(self, bridge: Bridge, scenario: Scenario, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Versions of {name}", name=one_line(scenario.name, 60)))
        self.resize(*SIZE)
        self._bridge = bridge
        self._scenario = scenario
        self._reports: list[Any] = []
        self.list = QListWidget()
        self.list.setObjectName("filesList")
        self.list.setAccessibleName(tr("Versions"))
        self.figures = label("", wrap=True)
        self.warning = label("", "error", wrap=True)
        self.differences = QPlainTextEdit()
        self.differences.setReadOnly(True)
        self.differences.setAccessibleName(tr("What differs from the version before"))
        self.differences.document().setDocumentMargin(10)
        self.restore = button(tr("Return to this version"), self._restore, "", "restore")
        self._build()
        self.list.currentRowChanged.connect(self._show_one)
        self.reload()

    def reload(self) -> None:
        """Ask for the versions."""
        self._bridge.call(
            self, calls.scenarios.version_reports, self._scenario.id, on_done=self._show
        )

    def _build(self) -> None:
        right = QWidget()
        side = QVBoxLayout(right)
        side.setContentsMargins(14, 0, 0, 0)
        side.setSpacing(8)
        side.addWidget(self.figures)
        side.addWidget(self.warning)
        side.addWidget(label(tr("What differs from the version before"), "heading"))
        side.addWidget(self.differences, 1)
        split = beside(self.list, right, (LIST_WIDTH, SIZE[0] - LIST_WIDTH))
        layout = dialog_layout(self)
        layout.addWidget(label(self.windowTitle(), "title"))
        layout.addWidget(split, 1)
        layout.addLayout(bottom_row(close_button(self), left=(self.restore,)))

    @Slot(object)
    def _show(self, reports: Any) -> None:
        self._reports = reports
        self.list.clear()
        for report in reports:
            version = report.version
            made = datetime.fromtimestamp(version.created_at / 1000).astimezone()
            when = f"{made:%Y-%m-%d %H:%M}" if version.created_at else ""
            text = tr("Version {version}", version=version.version)
            item = QListWidgetItem(f"{text}\n{when}")
            item.setToolTip(version.note)
            self.list.addItem(item)
        self.list.setCurrentRow(0)

    @Slot(int)
    def _show_one(self, row: int) -> None:
        if not 0 <= row < len(self._reports):
            return
        report = self._reports[row]
        self.figures.setText(figures_text(report.figures))
        change = report.change
        self.warning.setVisible(change is not None and change.is_drop)
        if change is not None and change.is_drop:
            self.warning.setText(
                tr(
                    "{drop}% fewer good answers than the version before (95% interval {low} to "
                    "{high}%). Returning to version {version} is suggested.",
                    drop=round(-100 * change.difference),
                    low=round(-100 * change.high),
                    high=round(-100 * change.low),
                    version=report.version.version - 1,
                )
            )
        self.differences.setPlainText(visible(_differences_text(report.differences)))
        self.restore.setEnabled(row > 0)

    @Slot()
    def _restore(self) -> None:
        version = self._reports[self.list.currentRow()].version.version
        self._bridge.call(
            self,
            calls.scenarios.restore_version,
            self._scenario.id,
            version,
            on_done=lambda _: self.reload(),
        )


def figures_text(figures: Any) -> str:
    """Return how a version fared, in a sentence or two."""
    if figures is None or not figures.turns:
        return tr("No answers yet.")
    parts = [
        tr_n("{count} answer", "{count} answers", figures.turns),
        tr("{count} switched away", count=figures.corrected),
        tr("{likes} liked, {dislikes} disliked", likes=figures.likes, dislikes=figures.dislikes),
    ]
    if figures.priced:
        cost = figures.cost_micros / figures.priced / 1_000_000
        parts.append(tr("${cost} each", cost=f"{cost:.4f}"))
    if figures.ended:
        parts.append(tr("{seconds} s each", seconds=f"{figures.seconds / figures.ended:.1f}"))
    return " · ".join(parts)


def _differences_text(differences: Any) -> str:
    if not differences:
        return tr("This is the first version.")
    return "\n\n".join(
        f"{each.field}\n− {_value(each.before)}\n+ {_value(each.after)}" for each in differences
    )


def _value(value: Any) -> str:
    if isinstance(value, tuple):
        return listing(str(entry) for entry in value) or "–"
    return str(value) if value not in (None, "", {}) else "–"
