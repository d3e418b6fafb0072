"""One check of the diagnostics: how it is, why, and what can be done."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QToolButton, QVBoxLayout, QWidget

from aigc_desktop.config.i18n import tr
from aigc_desktop.core.diagnostics import CheckResult, CheckTitle, State
from aigc_desktop.gui import icons
from aigc_desktop.gui.chat.safe_text import one_line
from aigc_desktop.gui.widgets.build import button, label, restyle

TITLE_WIDTH = 128
LOWERED = 8
"""Pixels that bring words to the middle of the icon beside them."""

ROOMY = 640
"""Pixels of a row's width from which buttons, and how long the check took, are beside the words."""

BADGES = {
    State.OK: ("check", "success"),
    State.WARNING: ("warning", "warning"),
    State.PROBLEM: ("error", "danger"),
    State.UNKNOWN: ("help", "text_muted"),
    State.NOT_APPLICABLE: ("minus", "border_strong"),
}
SETTINGS, LEARNING = "settings", "learning"


def state_text(state: State) -> str:
    """Return the state in a word, also for those who do not see the colour."""
    return {
        State.OK: tr("fine"),
        State.WARNING: tr("to look at"),
        State.PROBLEM: tr("wrong"),
        State.UNKNOWN: tr("unknown"),
        State.NOT_APPLICABLE: tr("does not apply"),
    }[state]


def badge(size: int = 18) -> QToolButton:
    """Return an icon that is only looked at."""
    made = QToolButton()
    made.setIconSize(QSize(size, size))
    made.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    made.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
    return made


class CheckRow(QWidget):
    """Shows a check before, while and after it runs."""

    mend_wanted = Signal(str)
    undo_wanted = Signal(str)
    place_wanted = Signal(str)

    def __init__(self, check: CheckTitle, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.name = check.name
        self.title = check.title
        self.result: CheckResult | None = None
        self._badge = badge()
        self._reason = label("", wrap=True)
        self._remedy = label("", "small", wrap=True)
        for text in (self._reason, self._remedy):
            text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._time = label("", "small")
        self.mend = button("", self._mend)
        self.undo = button(tr("Undo"), self._undo)
        self.go = button("", self._go, "link")
        self._beside, self._below = QHBoxLayout(), QHBoxLayout()
        self._build()
        self.wait()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        roomy = event.size().width() >= ROOMY
        self._took.setVisible(roomy)
        self._place_buttons(self._beside if roomy else self._below)

    def wait(self) -> None:
        """It is being looked at."""
        icons.bind(self._badge, "clock", "border_strong")
        self._reason.setText(tr("Checking…"))
        self._time.clear()
        self._say_aloud(self._reason.text())
        for part in (self._remedy, self.mend, self.undo, self.go):
            part.hide()

    def show_result(self, result: CheckResult) -> None:
        """Show what was found."""
        self.result = result
        icons.bind(self._badge, *BADGES[result.state])
        self._reason.setText(one_line(result.reason, 400))
        self._reason.setProperty("role", "muted" if result.state is State.NOT_APPLICABLE else "")
        restyle(self._reason)
        detail = one_line(result.detail, 300)
        more = [detail] if detail and result.state is not State.NOT_APPLICABLE else []
        if result.state is not State.OK and result.remedy:
            more.append(result.remedy)
        self._remedy.setText("\n".join(more))
        self._remedy.setVisible(bool(more))
        took = tr("{ms} ms", ms=f"{result.seconds * 1000:,.0f}")
        self._time.setText(took)
        self._badge.setToolTip(f"{state_text(result.state)} · {took}")
        self._offer(self.mend, result.mend, result.mend_explained)
        self._offer(self.undo, tr("Undo") if result.undo else "", tr("Take the mend back"))
        bad = result.state in (State.PROBLEM, State.WARNING)
        self._offer(self.go, _go_text(result.place) if bad else "", "")
        self._say_aloud(f"{state_text(result.state)}. {result.reason}")

    def _offer(self, button_: QPushButton, text: str, tip: str) -> None:
        button_.setText(text)
        button_.setToolTip(tip)
        button_.setAccessibleName(f"{self.title}: {text}")
        button_.setEnabled(True)
        button_.setVisible(bool(text))

    def _say_aloud(self, text: str) -> None:
        self.setAccessibleName(f"{self.title}: {text}")

    def _build(self) -> None:
        title = label(self.title, wrap=True)
        title.setFixedWidth(TITLE_WIDTH)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(self._reason)
        words.addWidget(self._remedy)
        self._below.addStretch(1)
        words.addLayout(self._below)
        words.addStretch(1)
        top = Qt.AlignmentFlag.AlignTop
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 4, 12, 6)
        row.setSpacing(8)
        row.addWidget(self._badge, 0, top)
        row.addWidget(_lowered(title), 0, top)
        row.addWidget(_lowered(words), 1)
        row.addLayout(self._beside)
        self._place_buttons(self._beside)
        self._took = _lowered(self._time)
        row.addWidget(self._took, 0, top)
        self._time.setFixedWidth(64)
        self._time.setAlignment(Qt.AlignmentFlag.AlignRight | top)

    def _place_buttons(self, place: QHBoxLayout) -> None:
        if place.indexOf(self.go) >= 0:
            return
        for at, each in enumerate((self.go, self.undo, self.mend)):
            place.insertWidget(at, each, 0, Qt.AlignmentFlag.AlignVCenter)

    @Slot()
    def _mend(self) -> None:
        self.mend.setEnabled(False)
        self.mend_wanted.emit(self.name)

    @Slot()
    def _undo(self) -> None:
        self.undo.setEnabled(False)
        self.undo_wanted.emit(self.name)

    @Slot()
    def _go(self) -> None:
        if self.result is not None:
            self.place_wanted.emit(self.result.place)


def _go_text(place: str) -> str:
    return {
        "": "",
        SETTINGS: tr("Open the settings"),
        "backup": tr("Go to the backups"),
        "jobs": tr("Go to the jobs"),
        "logs": tr("Go to the log"),
        "migrations": tr("Go to the migrations"),
        "http": tr("Go to the HTTP server"),
        LEARNING: tr("Go to learning"),
    }.get(place, "")


def _lowered(inner: QWidget | QVBoxLayout) -> QWidget:
    """Return `inner` on the line of the icon beside it."""
    box = QWidget()
    layout = QVBoxLayout(box)
    layout.setContentsMargins(0, LOWERED, 0, 0)
    if isinstance(inner, QWidget):
        layout.addWidget(inner)
    else:
        layout.addLayout(inner)
    return box
