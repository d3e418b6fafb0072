"""What the program does by itself: when, how it went last, and how to change that."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtCore import QTimer, Slot
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from aigc_desktop.config.i18n import tr
from aigc_desktop.core.events import Event, JobChanged
from aigc_desktop.core.jobs import JobView, Schedule
from aigc_desktop.gui import calls
from aigc_desktop.gui.ops.job_card import JobCard
from aigc_desktop.gui.ops.job_history import JobHistoryDialog
from aigc_desktop.gui.ops.operations_page import OperationsPage
from aigc_desktop.gui.ops.retention_dialog import RetentionDialog
from aigc_desktop.gui.ops.schedule_dialog import ScheduleDialog
from aigc_desktop.gui.widgets.build import label
from aigc_desktop.gui.widgets.cards import CardList

RETENTION = "retention"
POLL_MS = 10_000
"""How often is looked what another process has run."""


class JobsPane(QWidget):
    """One card per job."""

    def __init__(self, page: OperationsPage) -> None:
        super().__init__(page)
        self._bridge = page.bridge
        self._settings = page.settings
        self.cards: dict[str, JobCard] = {}
        self.list = CardList(tr("There are no jobs."))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(label(tr("Jobs"), "title"))
        hint = tr("They run by themselves while this window or “aigc-desktop serve” is open.")
        layout.addWidget(label(hint, "small", wrap=True))
        layout.addWidget(self.list, 1)
        self._poll = QTimer(self)
        self._poll.setInterval(POLL_MS)
        self._poll.timeout.connect(self.reload)
        self._bridge.arrived.connect(self._on_event)

    def reload(self) -> None:
        """Ask how the jobs stand."""
        self._bridge.call(self, calls.jobs.list_jobs, on_done=self._show)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._poll.start()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._poll.stop()

    @Slot(object)
    def _show(self, jobs: Any) -> None:
        if [job.name for job in jobs] != list(self.cards):
            self.cards = {job.name: self._card(job) for job in jobs}
            self.list.show_cards(self.cards.values())
        for job in jobs:
            self.cards[job.name].show_job(job)

    def _card(self, job: JobView) -> JobCard:
        card = JobCard()
        name = job.name
        card.run_wanted.connect(self._caller(calls.jobs.start_job, name))
        card.stop_wanted.connect(self._caller(calls.jobs.stop_job, name))
        card.pause_wanted.connect(partial(self._pause, name))
        card.schedule_wanted.connect(partial(self._ask_schedule, name))
        card.history_wanted.connect(partial(self._show_history, name))
        card.rules.setVisible(name == RETENTION)
        card.rules_wanted.connect(self._show_rules)
        return card

    def _caller(self, service: Callable[..., Any], name: str) -> Callable[[], None]:
        def call() -> None:
            self._bridge.call(self, service, name, on_done=lambda _: self.reload())

        return call

    def _pause(self, name: str, paused: bool) -> None:
        self._bridge.call(self, calls.jobs.pause_job, name, paused, on_done=lambda _: self.reload())

    def _ask_schedule(self, name: str) -> None:
        job = self.cards[name].job
        assert job is not None
        self.dialog = ScheduleDialog(job, self.window())
        self.dialog.chosen.connect(partial(self._set_schedule, name))
        self.dialog.open()

    def _set_schedule(self, name: str, schedule: Schedule | None) -> None:
        self._bridge.call(
            self, calls.jobs.set_schedule, name, schedule, on_done=lambda _: self.reload()
        )

    def _show_history(self, name: str) -> None:
        job = self.cards[name].job
        assert job is not None
        self.history = JobHistoryDialog(self._bridge, job, self.window())
        self.history.open()

    @Slot()
    def _show_rules(self) -> None:
        self.rules = RetentionDialog(self._bridge, self._settings, self.window())
        self.rules.run_wanted.connect(self.cards[RETENTION].run_wanted)
        self.rules.open()

    @Slot(object)
    def _on_event(self, event: Event) -> None:
        if not isinstance(event, JobChanged) or not self.isVisible():
            return
        card = self.cards.get(event.job)
        if event.progress is not None and card is not None and card.is_running:
            card.show_progress(event.progress)
        else:
            self.reload()
