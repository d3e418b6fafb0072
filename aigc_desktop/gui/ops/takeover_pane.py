"""Take over from the web version: choose its files, look first, take, see what came."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QProgressBar,
    QVBoxLayout,
    QWidget,
)

from aigc_desktop.config.i18n import sentences, tr
from aigc_desktop.config.messages import describe_error, take_over_text
from aigc_desktop.core.events import Event, TakeOverProgressed
from aigc_desktop.core.takeover import TakeOverProgress, TakeOverReport
from aigc_desktop.gui import calls
from aigc_desktop.gui.bridge import Handle
from aigc_desktop.gui.chat.safe_text import one_line, visible
from aigc_desktop.gui.ops.takeover_report import past_card, report_cards
from aigc_desktop.gui.widgets.area_page import AreaPage
from aigc_desktop.gui.widgets.build import button, label, scrolled
from aigc_desktop.gui.widgets.cards import CardList
from aigc_desktop.gui.widgets.form import Form

PARTS = 1000
"""Of the progress bar."""


class TakeoverPane(QWidget):
    """One take-over at a time; it can be cancelled, and then nothing has come."""

    def __init__(self, page: AreaPage) -> None:
        super().__init__(page)
        self._bridge = page.bridge
        self._work: Handle | None = None
        self.database = QLineEdit()
        self.work_dir = QLineEdit()
        self.user = QLineEdit()
        self.look = button(tr("Look first"), self._look)
        self.take = button(tr("Take over"), self._take, "primary")
        self.cancel = button(tr("Cancel"), self._cancel)
        self.bar = QProgressBar()
        self.doing = label("", "muted", wrap=True)
        self.problem = label("", "error", wrap=True)
        self.cards = CardList(
            tr(
                "Passwords, keys and the server's settings are not taken over; MCP servers arrive "
                "disabled. A copy of your database is kept before. Doing it twice changes nothing."
            )
        )
        self._build()
        self.database.textChanged.connect(self._typed)
        self._bridge.arrived.connect(self._on_event)
        self._show_state()

    def reload(self) -> None:
        """Ask what was taken over before."""
        if self._work is None:
            self._bridge.call(self, calls.takeover.past_take_overs, on_done=self._show_past)

    def _build(self) -> None:
        hint = tr(
            "Chats, scenarios, prompts, feedback and files of the web version come into this "
            "program. The old files are only read; what you have here stays."
        )
        form = Form()
        for field, text, placeholder, choose in (
            (self.database, tr("Its database"), "data/sessions.db", self._choose_database),
            (self.work_dir, tr("Its work_dir"), tr("optional"), self._choose_folder),
        ):
            field.setPlaceholderText(placeholder)
            field.setAccessibleName(text)
            chooser = button(tr("Choose…"), choose)
            chooser.setAccessibleName(tr("Choose: {what}", what=text))
            row = QHBoxLayout()
            row.setSpacing(8)
            row.addWidget(field, 1)
            row.addWidget(chooser)
            form.add_row(text, row)
        self.user.setPlaceholderText(tr("optional: the one with the most chats"))
        self.user.setAccessibleName(tr("Your user name there"))
        form.add_row(tr("Your user name there"), self.user)
        self.bar.setRange(0, PARTS)
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(tr("Progress"))
        row = QHBoxLayout()
        row.addWidget(self.take)
        row.addWidget(self.look)
        row.addWidget(self.cancel)
        row.addWidget(self.doing, 1)
        body = QWidget()
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scrolled(body))
        layout = QVBoxLayout(body)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(10)
        layout.addWidget(label(tr("Take over from the web version"), "title"))
        layout.addWidget(label(hint, "muted", wrap=True))
        layout.addLayout(form)
        layout.addLayout(row)
        layout.addWidget(self.bar)
        layout.addWidget(self.problem)
        layout.addWidget(self.cards, 1)

    @Slot()
    def _look(self) -> None:
        self._start(dry=True)

    @Slot()
    def _take(self) -> None:
        self._start(dry=False)

    def _start(self, *, dry: bool) -> None:
        words = (field.text().strip() for field in (self.database, self.work_dir, self.user))
        database, work_dir, user = words
        self.cards.show_cards(())
        self.problem.setText("")
        self._work = self._bridge.call(
            self,
            calls.takeover.take_over_files,
            database,
            work_dir or None,
            user or None,
            dry,
            on_done=self._done,
            on_error=self._failed,
        )
        self._show_state()

    @Slot()
    def _cancel(self) -> None:
        if self._work is not None:
            self._work.cancel()
            self._end(tr("Cancelled. Your database is as it was."))

    @Slot(object)
    def _done(self, report: TakeOverReport) -> None:
        self._end("")
        self.cards.show_cards(report_cards(report))

    @Slot(object)
    def _failed(self, error: BaseException) -> None:
        self._end("")
        self.problem.setText(visible(sentences(*describe_error(error))))
        self._show_state()

    def _end(self, said: str) -> None:
        self._work = None
        self.doing.setText(said)
        self._show_state()

    @Slot(object)
    def _show_past(self, reports: Any) -> None:
        if not self.cards.has_cards:
            self.cards.show_cards(past_card(report) for report in reports)

    @Slot(object)
    def _on_event(self, event: Event) -> None:
        if isinstance(event, TakeOverProgressed) and self._work is not None:
            self._show_progress(event.progress)

    def _show_progress(self, progress: TakeOverProgress) -> None:
        self.bar.setValue(int(progress.overall * PARTS))
        self.doing.setText(one_line(visible(take_over_text(progress)), 160))

    @Slot()
    def _typed(self) -> None:
        """Where there is a work_dir beside the data folder, that is the one."""
        path = Path(self.database.text().strip())
        beside = path.parent.parent / "work_dir"
        if path.name and not self.work_dir.text() and path.is_absolute():
            offer = partial(self._offer, beside)
            self._bridge.call(self, calls.takeover.is_folder, str(beside), on_done=offer)
        self._show_state()

    def _offer(self, folder: Path, is_there: bool) -> None:
        if is_there and not self.work_dir.text():
            self.work_dir.setText(str(folder))

    def _show_state(self) -> None:
        busy = self._work is not None
        filled = bool(self.database.text().strip())
        for each in (self.database, self.work_dir, self.user):
            each.setEnabled(not busy)
        self.take.setEnabled(filled and not busy)
        self.look.setEnabled(filled and not busy)
        self.cancel.setVisible(busy)
        self.bar.setVisible(busy)
        self.problem.setVisible(bool(self.problem.text()))

    @Slot()
    def _choose_database(self) -> None:
        dialog = self._chooser(tr("The web version's database"), QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilters([tr("Databases") + " (*.db *.sqlite *.sqlite3)", "* (*)"])
        dialog.fileSelected.connect(self.database.setText)
        dialog.open()

    @Slot()
    def _choose_folder(self) -> None:
        dialog = self._chooser(tr("The web version's work_dir"), QFileDialog.FileMode.Directory)
        dialog.fileSelected.connect(self.work_dir.setText)
        dialog.open()

    def _chooser(self, title: str, mode: QFileDialog.FileMode) -> QFileDialog:
        dialog = QFileDialog(self.window(), title)
        dialog.setFileMode(mode)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        return dialog
