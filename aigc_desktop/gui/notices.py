"""What the program says to the user: one function to say it, one bar to show it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from aigc_desktop.config.i18n import sentences, tr
from aigc_desktop.config.messages import describe
from aigc_desktop.core.errors import UserError
from aigc_desktop.core.events import Event, NoticeCleared, NoticeLevel, NoticeRaised
from aigc_desktop.gui import icons

INFO_MS = 7000
"""How long something that is merely good to know stays."""

MAX_KEPT = 20
"""Further ones push out the oldest: nobody reads so many."""

MAX_HEIGHT = 156
"""Pixels: three notices of two lines. One scrolls to more; the page below keeps its room."""


@dataclass(frozen=True)
class NoticeAction:
    """A button on a notice."""

    label: str
    run: Callable[[], object]


@dataclass(frozen=True)
class Notice:
    """One thing said. `code` and `params` are those of a `UserError`."""

    level: NoticeLevel
    code: str
    params: Mapping[str, Any] = field(default_factory=dict)
    key: str = ""
    actions: tuple[NoticeAction, ...] = ()

    @property
    def identity(self) -> str:
        return self.key or self.code


class _Notifier(QObject):
    raised = Signal(object)
    cleared = Signal(str)


_notifier = _Notifier()


def say(
    level: NoticeLevel,
    code: str,
    *,
    key: str = "",
    actions: Sequence[NoticeAction] = (),
    **params: Any,
) -> None:
    """Tell the user something: the text is the message called `code`, filled in from `params`."""
    _notifier.raised.emit(Notice(level, code, params, key, tuple(actions)))


def say_error(error: BaseException, actions: Sequence[NoticeAction] = ()) -> None:
    """Tell the user about an error."""
    if isinstance(error, UserError):
        say(NoticeLevel.ERROR, error.code, actions=actions, **error.params)
    else:
        say(NoticeLevel.ERROR, "internal_error", actions=actions)


def clear(key: str) -> None:
    """Take back what was said under `key`."""
    _notifier.cleared.emit(key)


class NoticeBar(QScrollArea):
    """Shows what is said at the top of the window, the newest first."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("notices")
        self._actions_for: dict[str, Sequence[NoticeAction]] = {}
        self._seen_elsewhere: dict[str, Callable[[], bool]] = {}
        self._rows = QWidget()
        self._layout = QVBoxLayout(self._rows)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(0)
        self._shown: dict[str, _NoticeRow] = {}
        self.setWidget(self._rows)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._rows.installEventFilter(self)
        _notifier.raised.connect(self.show_notice)
        _notifier.cleared.connect(self.clear_notice)
        self.hide()

    def offer(self, code: str, actions: Sequence[NoticeAction]) -> None:
        """Put `actions` on every notice called `code` (e.g. Open settings on a missing key)."""
        self._actions_for[code] = actions

    def hold_back(self, code: str, seen: Callable[[], bool]) -> None:
        """Leave out what the backend says with `code` while the user sees it anyway."""
        self._seen_elsewhere[code] = seen

    @property
    def shown(self) -> list[Notice]:
        """The notices that can be seen, oldest first."""
        return [row.notice for row in self._shown.values()]

    @Slot(object)
    def on_event(self, event: Event) -> None:
        """Show what the backend says."""
        if isinstance(event, NoticeRaised):
            if event.code in self._seen_elsewhere and self._seen_elsewhere[event.code]():
                return
            self.show_notice(Notice(event.level, event.code, event.params, event.key))
        elif isinstance(event, NoticeCleared):
            self.clear_notice(event.key)

    @Slot(object)
    def show_notice(self, notice: Notice) -> None:
        """Show `notice` in place of one of the same identity."""
        self.clear_notice(notice.identity)
        while len(self._shown) >= MAX_KEPT:
            self.clear_notice(next(iter(self._shown)))
        row = _NoticeRow(notice, notice.actions or tuple(self._actions_for.get(notice.code, ())))
        row.dismissed.connect(self.clear_notice)
        self._shown[notice.identity] = row
        self._layout.insertWidget(0, row)
        self.show()
        self._fit()
        self.verticalScrollBar().setValue(0)

    @Slot(str)
    def clear_notice(self, identity: str) -> None:
        """Remove the notice, if it is shown."""
        row = self._shown.pop(identity, None)
        if row is not None:
            row.hide()
            row.deleteLater()
        self.setVisible(bool(self._shown))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:
            self._fit()
        return super().eventFilter(watched, event)

    def _fit(self) -> None:
        """Be as high as what is said needs, up to `MAX_HEIGHT`.

        The rows are told too: the area would keep them as high as they were in a narrower window.
        """
        if self._shown:
            needed = self._layout.heightForWidth(self.width())
            self._rows.setFixedHeight(needed)
            self.setFixedHeight(min(needed, MAX_HEIGHT))


class _NoticeRow(QFrame):
    dismissed = Signal(str)

    def __init__(self, notice: Notice, actions: Sequence[NoticeAction]) -> None:
        super().__init__()
        self.notice = notice
        self.setProperty("role", "notice")
        self.setProperty("level", notice.level.value)
        title, remedy = describe(notice.code, notice.params)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(16, 8, 8, 8)
        layout.setSpacing(10)
        layout.addWidget(self._badge(), alignment=Qt.AlignmentFlag.AlignTop)
        layout.addWidget(self._text(title, remedy), 1)
        for action in actions:
            layout.addWidget(self._button(action))
        close = QToolButton()
        icons.bind(close, "close")
        close.setToolTip(tr("Dismiss"))
        close.setAccessibleName(tr("Dismiss"))
        close.clicked.connect(self._dismiss)
        layout.addWidget(close)
        self.setAccessibleName(sentences(title, remedy))
        if notice.level is NoticeLevel.INFO and not actions:
            QTimer.singleShot(INFO_MS, self, self._dismiss)

    def _badge(self) -> QToolButton:
        name, token = {
            NoticeLevel.INFO: ("info", "accent"),
            NoticeLevel.WARNING: ("warning", "warning"),
            NoticeLevel.ERROR: ("error", "danger"),
        }[self.notice.level]
        badge = QToolButton()
        badge.setEnabled(True)
        badge.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        badge.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        icons.bind(badge, name, token)
        return badge

    def _text(self, title: str, remedy: str) -> QLabel:
        label = QLabel()
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setText(sentences(title, remedy))
        label.setWordWrap(True)
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        grows = label.sizePolicy()  # A new one would forget that the height depends on the width.
        grows.setHorizontalPolicy(QSizePolicy.Policy.Expanding)
        label.setSizePolicy(grows)
        return label

    def _button(self, action: NoticeAction) -> QPushButton:
        button = QPushButton(action.label)
        button.clicked.connect(action.run)
        button.clicked.connect(self._dismiss)
        return button

    @Slot()
    def _dismiss(self) -> None:
        self.dismissed.emit(self.notice.identity)
