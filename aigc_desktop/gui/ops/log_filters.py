"""What is to be seen of the log: text, level, component, time, and ready-made choices."""

from __future__ import annotations

from datetime import datetime, timedelta

from PySide6.QtCore import QDateTime, QSize, Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import (
    QComboBox,
    QDateTimeEdit,
    QLineEdit,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from aigc_desktop.config.i18n import tr
from aigc_desktop.core.logs import LEVELS, LogFilter
from aigc_desktop.gui.chat.safe_text import one_line
from aigc_desktop.gui.widgets.build import label, restyle
from aigc_desktop.gui.widgets.flow import FlowLayout, together

DELAY_MS = 250
"""How long typing may pause before it is looked for."""

TEXT_WIDTH = 200
CUSTOM = "custom"
LEARNING = ("PreferenceLearner", "learning", "learner", "signals", "lessons", "evolver")
BACKUP = (
    "backup", "restore", "create", "prune", "drill", "worker", "process", "staging", "state",
    "migration", "migration_status",
)  # fmt: skip
JOBS = ("jobs", "job_runner", "waker", "retention", "apscheduler")


class LogFilters(QWidget):
    """Emits `changed` when something else is wanted."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.text = QLineEdit()
        self.text.setPlaceholderText(tr("Find in the log"))
        self.text.setAccessibleName(tr("Find in the log"))
        self.text.setClearButtonEnabled(True)
        self.regex = QToolButton()
        self.regex.setText(".*")
        self.regex.setCheckable(True)
        self.regex.setToolTip(tr("Regular expression"))
        self.regex.setAccessibleName(tr("Regular expression"))
        self.regex.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.level = QComboBox()
        self.level.setAccessibleName(tr("Level"))
        self.component = QComboBox()
        self.component.setAccessibleName(tr("Component"))
        self.time = QComboBox()
        self.time.setAccessibleName(tr("Time"))
        self.since, self.until = (
            _moment(tr("From this time"), -3600),
            _moment(tr("To this time"), 0),
        )
        self.problem = label("", "error", wrap=True)
        self.problem.hide()
        self.chips: dict[str, QPushButton] = {}
        self._components: tuple[str, ...] = ()
        self._delay = QTimer(self)
        self._delay.setSingleShot(True)
        self._delay.setInterval(DELAY_MS)
        self._fill()
        self._build()
        self._connect()

    def wanted(self) -> LogFilter:
        """Return what is chosen."""
        since, until = self._span()
        chosen = self.component.currentData() or ()
        return LogFilter(
            level=self.level.currentData() or "",
            components=tuple(chosen),
            text=self.text.text(),
            is_regex=self.regex.isChecked(),
            since=since,
            until=until,
            newest_first=False,
        )

    def show_components(self, names: tuple[str, ...]) -> None:
        """Offer the components that occur."""
        if names == self._components:
            return
        self._components = names
        chosen = self.component.currentData()
        self.component.blockSignals(True)
        while self.component.count() > 1:
            self.component.removeItem(1)
        for name in names:
            self.component.addItem(one_line(name, 40), (name,))
        self._choose_components(tuple(chosen or ()))
        self.component.blockSignals(False)

    def show_problem(self, text: str) -> None:
        """Say what is wrong with the pattern; "" when nothing is."""
        self.problem.setText(text)
        self.problem.setVisible(bool(text))
        self.text.setProperty("invalid", bool(text))
        restyle(self.text)

    @Slot()
    def clear(self) -> None:
        """Want everything again."""
        for widget in (self.text, self.level, self.component, self.time, self.regex):
            widget.blockSignals(True)
        self.text.clear()
        self.regex.setChecked(False)
        for box in (self.level, self.component, self.time):
            box.setCurrentIndex(0)
        for widget in (self.text, self.level, self.component, self.time, self.regex):
            widget.blockSignals(False)
        self._show_span()
        self._changed()

    def _fill(self) -> None:
        self.level.addItem(tr("All levels"), "")
        for level in LEVELS[1:]:
            self.level.addItem(tr("{level} and above", level=level), level)
        self.component.addItem(tr("All components"), ())
        for name, data in (
            (tr("Any time"), ""),
            (tr("Last 15 minutes"), "15"),
            (tr("Last hour"), "60"),
            (tr("Last 24 hours"), "1440"),
            (tr("Last 7 days"), "10080"),
            (tr("From … to …"), CUSTOM),
        ):
            self.time.addItem(name, data)

    def _build(self) -> None:
        row = FlowLayout()
        self.text.setMinimumWidth(TEXT_WIDTH)
        row.addWidget(self.text)
        row.addWidget(self.regex)
        for widget in (self.level, self.component, self.time):
            row.addWidget(widget)
        row.addWidget(together(self.since, self.until))
        self.chip_row = FlowLayout(6)
        for name, title, tip in (
            ("errors", tr("Errors"), tr("Errors and worse, from everywhere")),
            ("matcher", tr("Scenario matching"), tr("What the ScenarioMatcher chose, and why")),
            ("learning", tr("Learning"), tr("What the learner did")),
            ("backup", tr("Backup"), tr("Backups, restores and migrations")),
            ("jobs", tr("Jobs"), tr("Scheduled jobs")),
        ):
            chip = QPushButton(title)
            chip.setCheckable(True)
            chip.setAutoDefault(False)
            chip.setProperty("kind", "chip")
            chip.setToolTip(tip)
            chip.clicked.connect(lambda checked, name=name: self._chip(name, checked))
            self.chips[name] = chip
            self.chip_row.addWidget(chip)
        self.chip_row.addStretch()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(row)
        column.addWidget(self.problem)
        column.addLayout(self.chip_row)
        self.component.setMinimumWidth(172)
        self.component.setMaximumWidth(210)
        self.regex.setFixedSize(QSize(36, 34))
        self._show_span()

    def _connect(self) -> None:
        self._delay.timeout.connect(self._changed)
        self.text.textChanged.connect(self._delay.start)
        self.text.returnPressed.connect(self._changed)
        self.regex.toggled.connect(self._changed)
        self.level.currentIndexChanged.connect(self._changed)
        self.component.currentIndexChanged.connect(self._changed)
        self.time.currentIndexChanged.connect(self._time_chosen)
        self.since.dateTimeChanged.connect(self._changed)
        self.until.dateTimeChanged.connect(self._changed)

    def _chip(self, name: str, on: bool) -> None:
        """A chip sets level and components, and takes them back."""
        for box in (self.level, self.component):
            box.blockSignals(True)
            box.setCurrentIndex(0)
        if on and name == "errors":
            self.level.setCurrentIndex(self.level.findData("ERROR"))
        elif on:
            names = {"matcher": ("ScenarioMatcher",), "learning": LEARNING, "backup": BACKUP}
            self._choose_components(names.get(name, JOBS))
        for box in (self.level, self.component):
            box.blockSignals(False)
        self._changed()

    def _choose_components(self, names: tuple[str, ...]) -> None:
        """Choose components; several at once, or one that does not occur, get an entry."""
        for row in range(self.component.count()):
            if tuple(self.component.itemData(row) or ()) == names:
                self.component.setCurrentIndex(row)
                return
        title = names[0] if len(names) == 1 else tr("{name} and others", name=names[0])
        self.component.addItem(title, names)
        self.component.setCurrentIndex(self.component.count() - 1)

    def _span(self) -> tuple[int | None, int | None]:
        chosen = self.time.currentData()
        if not chosen:
            return None, None
        if chosen == CUSTOM:
            end = self.until.dateTime().addSecs(59).addMSecs(999)
            return _number(self.since.dateTime()), _number(end)
        now = datetime.now()  # noqa: DTZ005 the log has local times
        begin = now - timedelta(minutes=int(chosen))
        return int(begin.strftime("%Y%m%d%H%M%S")) * 1000, None

    @Slot()
    def _time_chosen(self) -> None:
        self._show_span()
        self._changed()

    def _show_span(self) -> None:
        custom = self.time.currentData() == CUSTOM
        self.since.setVisible(custom)
        self.until.setVisible(custom)

    @Slot()
    def _changed(self) -> None:
        self._delay.stop()
        wanted = self.wanted()
        on = {
            "errors": wanted.level == "ERROR" and not wanted.components,
            "matcher": wanted.components == ("ScenarioMatcher",),
            "learning": wanted.components == LEARNING,
            "backup": wanted.components == BACKUP,
            "jobs": wanted.components == JOBS,
        }
        for name, chip in self.chips.items():
            chip.setChecked(on[name])
        self.changed.emit()


def _moment(name: str, seconds: int) -> QDateTimeEdit:
    edit = QDateTimeEdit()
    edit.setAccessibleName(name)
    edit.setToolTip(name)
    edit.setCalendarPopup(True)
    edit.setDisplayFormat("yyyy-MM-dd HH:mm")
    edit.setKeyboardTracking(False)
    edit.setDateTime(QDateTime.currentDateTime().addSecs(seconds))
    return edit


def _number(moment: QDateTime) -> int:
    return int(moment.toString("yyyyMMddHHmmss")) * 1000 + moment.time().msec()
