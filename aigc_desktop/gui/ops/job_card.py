"""One job: its plan, its last run, its progress, and what can be done with it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QVBoxLayout

from aigc_desktop.config.i18n import tr
from aigc_desktop.config.operation_words import (
    cause_text,
    duration_text,
    missed_text,
    moment_text,
    schedule_text,
    status_text,
)
from aigc_desktop.core.jobs import JobProgress, JobRun, JobView, RunStatus
from aigc_desktop.gui import icons
from aigc_desktop.gui.chat.safe_text import one_line
from aigc_desktop.gui.widgets.build import button, icon_button, label, restyle

_ROLES = {RunStatus.FAILED: "error", RunStatus.ABORTED: "error"}


class JobCard(QFrame):
    """Shows a `JobView`; asks for changes by its signals."""

    run_wanted = Signal()
    stop_wanted = Signal()
    pause_wanted = Signal(bool)
    schedule_wanted = Signal()
    history_wanted = Signal()
    rules_wanted = Signal()
    """Only where the job has rules."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self.job: JobView | None = None
        self.title = label("", "heading")
        self.mark = label("", "chip")
        self.help = label("", "small", wrap=True)
        self.plan = label("", wrap=True)
        self.last = label("", wrap=True)
        self.result = label("", "small", wrap=True)
        self.at = label("", "small")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(6)
        self.run = button(tr("Run now"), self._run)
        self.pause = icon_button("pause", "", self._pause)
        self.schedule = icon_button("clock", "", self.schedule_wanted)
        self.history = icon_button("history", "", self.history_wanted)
        self.rules = icon_button("settings", "", self.rules_wanted)
        self.rules.hide()
        self._build()

    def show_job(self, job: JobView) -> None:
        """Show how the job stands."""
        self.job = job
        self.title.setText(job.title)
        self.help.setText(job.help)
        self._show_mark(job)
        self.plan.setText(_plan_text(job))
        self.plan.setToolTip(missed_text(job.missed))
        self._show_last(job.last)
        running = job.running is not None
        self.run.setText(tr("Stop") if running else tr("Run now"))
        name = tr("Stop {job}", job=job.title) if running else tr("Run {job} now", job=job.title)
        self.run.setAccessibleName(name)
        self._name(self.pause, tr("Resume {job}") if job.paused else tr("Pause {job}"))
        icons.bind(self.pause, "play" if job.paused else "pause")
        self._name(self.schedule, tr("Change the schedule of {job}…"))
        self._name(self.history, tr("Past runs of {job}…"))
        self._name(self.rules, tr("Rules and preview of {job}…"))
        self.bar.setVisible(running)
        self.at.setVisible(running)
        if running:
            self.show_progress(job.progress)

    def show_progress(self, progress: JobProgress) -> None:
        """Show how far the running job is."""
        self.bar.setRange(0, progress.total)
        self.bar.setValue(progress.done)
        self.at.setText(one_line(progress.text, 120) or tr("Running…"))

    def _show_mark(self, job: JobView) -> None:
        failed = job.last is not None and job.last.status in _ROLES
        text, kind = "", ""
        if job.paused:
            text, kind = tr("paused"), "doubt"
        elif failed and job.last is not None and job.running is None:
            text, kind = status_text(job.last.status), "bad"
        self.mark.setText(text)
        self.mark.setVisible(bool(text))
        self.mark.setProperty("mark", kind)
        restyle(self.mark)

    def _name(self, control: object, template: str) -> None:
        assert self.job is not None
        text = template.format(job=self.job.title)
        control.setAccessibleName(text)  # type: ignore[attr-defined]
        control.setToolTip(text)  # type: ignore[attr-defined]

    def _show_last(self, run: JobRun | None) -> None:
        if run is None:
            self.last.setText(tr("Never run"))
            self.result.hide()
            return
        parts = [moment_text(run.started_at), status_text(run.status)]
        if run.duration_ms is not None and run.status is not RunStatus.ABORTED:
            parts.append(duration_text(run.duration_ms))
        parts.append(cause_text(run.cause))
        self.last.setText(tr("Last: {what}", what=" · ".join(parts)))
        self.result.setText(run.text)
        self.result.setVisible(bool(run.text))
        self.result.setProperty("role", _ROLES.get(run.status, "small"))
        restyle(self.result)

    def _build(self) -> None:
        words = QVBoxLayout()
        words.setSpacing(3)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self.title)
        head.addWidget(self.mark)
        head.addStretch(1)
        words.addLayout(head)
        words.addWidget(self.help)
        words.addSpacing(4)
        for line in (self.plan, self.last, self.result, self.bar, self.at):
            words.addWidget(line)
        top = Qt.AlignmentFlag.AlignTop
        layout = QHBoxLayout(self)
        layout.setContentsMargins(16, 12, 12, 12)
        layout.setSpacing(6)
        layout.addLayout(words, 1)
        layout.addSpacing(10)
        for control in (self.rules, self.run, self.pause, self.schedule, self.history):
            layout.addWidget(control, 0, top)

    @property
    def is_running(self) -> bool:
        """Whether it shows a job that runs."""
        return self.job is not None and self.job.running is not None

    @Slot()
    def _run(self) -> None:
        (self.stop_wanted if self.is_running else self.run_wanted).emit()

    @Slot()
    def _pause(self) -> None:
        if self.job is not None:
            self.pause_wanted.emit(not self.job.paused)


def _plan_text(job: JobView) -> str:
    if job.paused:
        return schedule_text(job.schedule)
    parts = [schedule_text(job.schedule)]
    if job.due_at is not None:
        parts.append(tr("next: {time}", time=moment_text(job.due_at)))
    return " · ".join(parts)
