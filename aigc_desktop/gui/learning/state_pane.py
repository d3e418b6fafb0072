"""How learning goes: figures, the last and the next run, and each chat's state."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QHeaderView,
    QProgressBar,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from aigc_desktop.config.i18n import sentences, tr, tr_n
from aigc_desktop.config.messages import describe, learning_outcome
from aigc_desktop.core.events import Event, LearningProgress
from aigc_desktop.core.learning import LearningState, LearnReport, Outcome, Overview
from aigc_desktop.gui import calls, notices
from aigc_desktop.gui.bridge import Handle
from aigc_desktop.gui.chat.safe_text import one_line
from aigc_desktop.gui.learning.figure import Figure
from aigc_desktop.gui.learning.lessons_pane import LessonsPane
from aigc_desktop.gui.learning.wording import capital, moment_text, waiting_text
from aigc_desktop.gui.widgets.area_page import AreaPage
from aigc_desktop.gui.widgets.build import button, label, restyle
from aigc_desktop.gui.widgets.empty_note import EmptyNote
from aigc_desktop.gui.widgets.table import make_table

SESSION_ROLE = Qt.ItemDataRole.UserRole
MAX_TITLE = 60
ROW = 34
PROGRESS = 6
_NOTHING = " "
"""As high as a line."""

TILE = 130
"""Least width of a tile, in pixels."""


class StatePane(QWidget):
    """Figures above, the button in the middle, the table below."""

    def __init__(self, page: AreaPage) -> None:
        super().__init__(page)
        self._page = page
        self._handle: Handle | None = None
        self._tiles = QGridLayout()
        self._columns = 0
        self.figures = {
            name: Figure(title, self._shower(name))
            for name, title in (
                ("active", tr("In force")),
                ("proposed", tr("Waiting in the inbox")),
                ("stale", tr("Stale")),
                ("conflicting", tr("Conflicting")),
                ("unused", tr("Unused")),
                ("noticed", tr("Only noticed so far")),
            )
        }
        self.runs = label("", "muted", wrap=True)
        self.learn = button(tr("Learn now"), self._learn, "primary", "learn")
        self.cancel = button(tr("Stop"), self._cancel)
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setFixedHeight(PROGRESS)
        self.progress.setAccessibleName(tr("How far the run is"))
        self.report = label(_NOTHING, wrap=True)
        self.look = button(tr("Have a look"), self._shower("proposed"))
        for part in (self.look, self.progress):
            keeps = part.sizePolicy()
            keeps.setRetainSizeWhenHidden(True)
            part.setSizePolicy(keeps)
        self.look.hide()
        self.empty = EmptyNote(
            "pulse",
            tr("No feedback yet"),
            tr("There is nothing to learn from. Say under an answer what you think of it."),
        )
        self.table = self._make_table()
        self._build()
        self._show_running(on=False)
        page.bridge.arrived.connect(self._on_event)

    def _build(self) -> None:
        self._tiles.setSpacing(10)
        self._arrange(len(self.figures))
        run = QHBoxLayout()
        run.setSpacing(12)
        run.addWidget(self.learn)
        said = QVBoxLayout()
        said.setSpacing(2)
        said.addWidget(self.runs)
        said.addWidget(self.report)
        said.addWidget(self.progress)
        run.addLayout(said, 1)
        run.addWidget(self.look)
        run.addWidget(self.cancel)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(14)
        layout.addLayout(self._tiles)
        layout.addLayout(run)
        layout.addWidget(self.table, 1)
        layout.addWidget(self.empty, 1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        every = len(self.figures)
        self._arrange(every if event.size().width() >= every * TILE else every // 2)

    def _arrange(self, columns: int) -> None:
        """Put the tiles into so many columns: in a narrow window their words need room."""
        if columns == self._columns:
            return
        self._columns = columns
        for at, figure in enumerate(self.figures.values()):
            self._tiles.addWidget(figure, at // columns, at % columns)
            self._tiles.setColumnStretch(at, int(at < columns))

    def _make_table(self) -> QTableWidget:
        headings = [
            tr("Learned from"),
            tr("Liked"),
            tr("Disliked"),
            tr("Corrected"),
            tr("Last run"),
            tr("Next run"),
        ]
        table = make_table(0, headings, tr("State by chat"))
        table.verticalHeader().setMinimumSectionSize(ROW)
        head = table.horizontalHeader()
        for column in (1, 2, 3):
            head.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        for column in (0, 4, 5):
            head.setSectionResizeMode(column, QHeaderView.ResizeMode.Stretch)
        head.sectionResized.connect(table.resizeRowsToContents)
        table.itemActivated.connect(self._open)
        return table

    def reload(self) -> None:
        """Ask for the state; what an earlier run came to may be true no longer."""
        if self._handle is None:
            self._say(_NOTHING)
            self.look.hide()
        self._ask()

    def _ask(self) -> None:
        self._page.bridge.call(self, calls.learning.overview, on_done=self._show)

    @Slot(object)
    def _show(self, overview: Overview) -> None:
        for name, figure in self.figures.items():
            figure.show_number(getattr(overview, name))
        ended = [s.last.ended_at or s.last.started_at for s in overview.states if s.last]
        last = moment_text(max(ended)) if ended else tr("never")
        following = tr("not scheduled")
        if overview.next_run_at is not None:
            following = moment_text(overview.next_run_at)
        self.runs.setText(tr("Last run: {last} · Next run: {next}", last=last, next=following))
        self.table.setRowCount(len(overview.states))
        for row, state in enumerate(overview.states):
            self._fill(row, state)
        self.table.resizeRowsToContents()
        self.table.setVisible(bool(overview.states))
        self.empty.setVisible(not overview.states)

    def _fill(self, row: int, state: LearningState) -> None:
        name = one_line(state.title, MAX_TITLE)
        if state.session_id is None:
            name = tr("All chats together")
        last, waiting = tr("Never"), tr("Looks for lessons")
        if state.last is not None:
            when = capital(moment_text(state.last.ended_at or state.last.started_at))
            last = tr("{time}: {what}", time=when, what=learning_outcome(state.last))
        if state.waiting is not None:
            waiting = waiting_text(state.waiting, state.feedback, state.needed)
        counts = (state.likes, state.dislikes, state.corrections)
        for column, text in enumerate((name, *map(str, counts), last, waiting)):
            item = QTableWidgetItem(text)
            item.setToolTip(text)
            item.setData(SESSION_ROLE, state.session_id)
            self.table.setItem(row, column, item)

    @Slot(QTableWidgetItem)
    def _open(self, item: QTableWidgetItem) -> None:
        session_id = item.data(SESSION_ROLE)
        if session_id is not None:
            self._page.session_wanted.emit(session_id)

    def _shower(self, name: str) -> Callable[..., None]:
        return lambda _checked=False: self._show_lessons(name)

    def _show_lessons(self, name: str) -> None:
        if name == "proposed":
            self._page.show_part("inbox")
        else:
            cast(LessonsPane, self._page.show_part("lessons")).show_state(name)

    def _show_running(self, *, on: bool) -> None:
        """Show that a run goes on, or no longer; the keyboard stays with these buttons."""
        had_focus = self.cancel.hasFocus()
        self.learn.setEnabled(not on)
        self.cancel.setVisible(on)
        self.progress.setVisible(on)
        if had_focus and not on:
            self.learn.setFocus(Qt.FocusReason.OtherFocusReason)

    @Slot()
    def _learn(self) -> None:
        self._say(tr("Asking the model…"))
        self.look.hide()
        self.progress.setRange(0, 0)
        self._show_running(on=True)
        self.cancel.setFocus(Qt.FocusReason.OtherFocusReason)
        self._handle = self._page.bridge.call(
            self, calls.learning.learn_all, on_done=self._ended, on_error=self._failed
        )

    @Slot()
    def _cancel(self) -> None:
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
        self._show_running(on=False)
        self._say(tr("Stopped. What was learned before that stays."))
        self._ask()

    @Slot(object)
    def _on_event(self, event: Event) -> None:
        if isinstance(event, LearningProgress) and self._handle is not None and event.total:
            self.progress.setRange(0, event.total)
            self.progress.setValue(event.done)

    @Slot(object)
    def _ended(self, report: LearnReport) -> None:
        self._handle = None
        self._show_running(on=False)
        self._say(report_text(report), "error" if _has_failed(report) else "")
        self.look.setVisible(bool(report.proposed or report.applied))
        self._ask()

    @Slot(object)
    def _failed(self, error: BaseException) -> None:
        self._handle = None
        self._show_running(on=False)
        self._say(_NOTHING)
        notices.say_error(error)

    def _say(self, text: str, role: str = "") -> None:
        self.report.setText(text)
        self.report.setProperty("role", role)
        restyle(self.report)


def _has_failed(report: LearnReport) -> bool:
    """Return whether nothing came of a run because the model could not be used."""
    unusable = report.count(Outcome.NO_MODEL) + report.count(Outcome.FAILED)
    return bool(unusable) and not (report.proposed or report.applied)


def report_text(report: LearnReport) -> str:
    """Return what a run came to, in a few sentences; where no model is connected, what to do."""
    if not report.runs:
        return tr("There is no feedback to learn from yet.")
    done = tr("Done: {what}.", what=_gain_text(report))
    if _has_failed(report):
        done = tr("Nothing could be learned.")
    remedy = describe("api_key_missing", {})[1] if report.count(Outcome.NO_MODEL) else ""
    return sentences(done, _left_out_text(report), remedy)


def _gain_text(report: LearnReport) -> str:
    parts = []
    if report.proposed:
        parts.append(tr_n("{count} new lesson waits", "{count} new lessons wait", report.proposed))
    if report.applied:
        parts.append(
            tr_n("{count} applied by itself", "{count} applied by themselves", report.applied)
        )
    return tr(", ").join(parts) or tr("no new lesson")


def _left_out_text(report: LearnReport) -> str:
    skipped = [
        tr("{why} ({count})", why=why, count=report.count(outcome))
        for outcome, why in (
            (Outcome.UNCHANGED, tr("nothing new")),
            (Outcome.TOO_LITTLE, tr("too little feedback")),
            (Outcome.NO_MODEL, tr("no model is connected")),
            (Outcome.FAILED, tr("the model could not be used")),
            (Outcome.OFF, tr("learning is off")),
        )
        if report.count(outcome)
    ]
    return tr("Left out: {what}.", what=tr(", ").join(skipped)) if skipped else ""
