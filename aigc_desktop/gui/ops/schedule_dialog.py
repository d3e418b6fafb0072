"""Chooses when a job runs."""

from __future__ import annotations

from PySide6.QtCore import QRegularExpression, Qt, Signal, Slot
from PySide6.QtGui import QRegularExpressionValidator
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from aigc_desktop.config.i18n import tr
from aigc_desktop.config.operation_words import missed_text, schedule_text, weekday_name
from aigc_desktop.core.jobs import WEEKDAYS, JobView, Schedule
from aigc_desktop.gui.widgets.build import button, label
from aigc_desktop.gui.widgets.dialogs import bottom_row
from aigc_desktop.gui.widgets.form import Form

INTERVALS = (5, 15, 30, 60, 120, 180, 360, 720)
"""Minutes that are offered; another one that is set already is offered too."""

DAILY, WEEKLY = -1, -2
_TIME = QRegularExpression(r"([01]?\d|2[0-3]):[0-5]\d")


class ScheduleDialog(QDialog):
    """An interval, or a time of day."""

    chosen = Signal(object)
    """A Schedule, or None for the default."""

    def __init__(self, job: JobView, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("When “{job}” runs", job=job.title))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.how = QComboBox()
        self.how.setAccessibleName(tr("How often"))
        self.day = QComboBox()
        self.day.setAccessibleName(tr("Weekday"))
        self.time = QLineEdit()
        self.time.setAccessibleName(tr("Time of day"))
        self.time.setValidator(QRegularExpressionValidator(_TIME, self))
        self._fill(job)
        self._build(job)
        self.how.currentIndexChanged.connect(self._show_fitting)
        self.time.textChanged.connect(self._show_fitting)
        self._show_fitting()

    def schedule(self) -> Schedule:
        """Return what is chosen."""
        how = self.how.currentData()
        if how > 0:
            return Schedule(every_minutes=how)
        hour, _, minute = self.time.text().partition(":")
        weekday = self.day.currentData() if how == WEEKLY else None
        return Schedule(hour=int(hour), minute=int(minute), weekday=weekday)

    def _fill(self, job: JobView) -> None:
        now = job.schedule
        minutes = now.every_minutes
        for each in sorted({*INTERVALS, minutes or INTERVALS[0]}):
            self.how.addItem(schedule_text(Schedule(every_minutes=each)), each)
        self.how.addItem(tr("Every day"), DAILY)
        self.how.addItem(tr("Every week"), WEEKLY)
        for day in range(WEEKDAYS):
            self.day.addItem(weekday_name(day), day)
        kind = minutes or (DAILY if now.weekday is None else WEEKLY)
        self.how.setCurrentIndex(self.how.findData(kind))
        self.day.setCurrentIndex(now.weekday or 0)
        self.time.setText(f"{now.hour:02}:{now.minute:02}")

    def _build(self, job: JobView) -> None:
        self._form = Form()
        self._form.add_row(tr("How often"), self.how)
        self._form.add_row(tr("Weekday"), self.day)
        self._form.add_row(tr("Time of day"), self.time)
        default = tr("Default: {schedule}", schedule=schedule_text(job.default_schedule))
        again = button(default, self._default, "link")
        self.save = button(tr("Save"), self._save, "primary")
        self.save.setDefault(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 20, 24, 18)
        layout.setSpacing(12)
        layout.addWidget(label(self.windowTitle(), "heading"))
        layout.addLayout(self._form)
        layout.addWidget(label(missed_text(job.missed), "small", wrap=True))
        layout.addSpacing(6)
        cancel = button(tr("Cancel"), self.reject)
        layout.addLayout(bottom_row(cancel, self.save, left=(again,)))
        self.setMinimumWidth(440)

    @Slot()
    def _show_fitting(self) -> None:
        how = self.how.currentData()
        self._form.show_row(self.day, how == WEEKLY)
        self._form.show_row(self.time, how < 0)
        self.save.setEnabled(how > 0 or self.time.hasAcceptableInput())

    @Slot()
    def _save(self) -> None:
        self.chosen.emit(self.schedule())
        self.accept()

    @Slot()
    def _default(self) -> None:
        self.chosen.emit(None)
        self.accept()
