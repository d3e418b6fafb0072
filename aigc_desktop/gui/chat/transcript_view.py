"""The transcript: a scroll area that lays out only what is seen."""

from __future__ import annotations

import time
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from PySide6.QtCore import QEvent, QRectF, Qt, Signal, Slot
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QContextMenuEvent,
    QFocusEvent,
    QGuiApplication,
    QHelpEvent,
    QHideEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QMenu, QWidget

from aigc_desktop.config.i18n import tr
from aigc_desktop.core import events as ev
from aigc_desktop.core.session import TurnStatus
from aigc_desktop.core.transcript import TranscriptItem, TranscriptSnapshot
from aigc_desktop.gui import theme
from aigc_desktop.gui.chat import accessible, folding, keys, painting, reader
from aigc_desktop.gui.chat.clockwork import Clockwork
from aigc_desktop.gui.chat.end_button import EndButton
from aigc_desktop.gui.chat.finder import Finder
from aigc_desktop.gui.chat.images import ImageLoader
from aigc_desktop.gui.chat.loading import Loading
from aigc_desktop.gui.chat.pointer import Pointer
from aigc_desktop.gui.chat.row_view import Context
from aigc_desktop.gui.chat.rows import Row, Rows, flush
from aigc_desktop.gui.chat.selection import LAST, Place, Selection
from aigc_desktop.gui.chat.stage import Stage
from aigc_desktop.gui.chat.style import ChatStyle
from aigc_desktop.gui.chat.wording import tool_label, tool_summary

QUEUE_DEPTH = 50
"""Newest turns that are looked through for one that runs; others may be queued behind it."""

ANSWER_DELAY = 0.6
"""Seconds for which a question that took the focus by itself hears no key."""


class TranscriptView(QAbstractScrollArea):
    """Shows one session; is told by events what changes, and says by signals what is asked."""

    approval_answered = Signal(int, str, str, str)
    """Turn id, tool use id, answer (once, session, deny), fingerprint."""

    edit_requested = Signal(int)
    regenerate_requested = Signal(int)
    branch_requested = Signal(int)
    resume_requested = Signal(int)
    unqueue_requested = Signal(int)
    receipt_requested = Signal(int)
    undo_requested = Signal(int)
    plan_approved = Signal(int)
    scenario_requested = Signal(int)
    """The reader wants to see how this turn was matched, and what else there is."""
    scenario_chosen = Signal(int, int)
    """Turn id and the scenario that it belongs to."""
    feedback_requested = Signal(int, str)
    """Turn id and what: like, dislike, correct, corrected (show it), why, copied."""
    link_activated = Signal(str)
    copied = Signal()
    announced = Signal(str)
    """What a screen reader was told."""

    items_needed = Signal(object)
    """A tuple of keys (turn id, position) of items to be supplied."""

    find_changed = Signal(int, int)
    """Number of the current match (from 1; 0: none yet) and how many there are."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(self.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setMouseTracking(True)
        self.setAccessibleName(tr("Conversation"))
        self.session_id: int | None = None
        self.rows = Rows()
        self.selection = Selection()
        self.finder = Finder()
        self.images = ImageLoader(self)
        self.images.loaded.connect(self._image_loaded)
        self.clockwork = Clockwork(self)
        self.stage = Stage(self.rows, Context(ChatStyle(), self.images, self.clockwork.later))
        self.focused: tuple[Row, str] | None = None
        self._dirty: set[Row] = set()
        self._answers_from = 0.0
        self.done: tuple[Row, str] | None = None
        self._copy_when_loaded = False
        self._syncing = False
        self._value = 0
        self.loading = Loading(self)
        self.pointer = Pointer(self)
        self._end_button = EndButton(self.viewport())
        self._end_button.clicked.connect(self.scroll_to_end)
        self._end_button.hide()
        self.verticalScrollBar().valueChanged.connect(self._scrolled)
        theme.changed.connect(self._restyle)
        accessible.install()

    @Slot(object)
    def show_snapshot(self, snapshot: TranscriptSnapshot) -> None:
        """Show a session, at its end."""
        self.clear()
        self.session_id = snapshot.session.id
        self.rows.load(snapshot)
        self.stage.restart()
        self.loading.start()
        self.refresh()
        self._tick_if_needed()

    @Slot(object)
    def apply(self, event: ev.Event) -> None:
        """Take in an event; those of other sessions are passed over."""
        if isinstance(event, ev.SessionOpened):
            self.show_snapshot(event.snapshot)
            return
        if not isinstance(event, ev.TurnEvent) or event.session_id != self.session_id:
            return
        for row in folding.apply(self.rows, event, self.stage.column):
            if row.view is not None:
                row.view.changed()
        touched = self.rows.find(event.turn_id, getattr(event, "position", -1))
        if touched is not None and touched.pending:
            self._dirty.add(touched)
        if isinstance(event, ev.ApprovalRequested):
            self._announce_question(event)
        elif isinstance(event, ev.ScenarioMatched) and event.waits:
            self.announce(tr("Which scenario does this request belong to?"))
        elif isinstance(event, ev.TurnEnded):
            self.announce(tr("Answer complete"))
        self.clockwork.flush_soon()
        self._tick_if_needed()

    @Slot(object)
    def supply_items(self, items: Sequence[TranscriptItem]) -> None:
        """Take in items that were asked for."""
        for row in self.rows.supply(items):
            row.view = None
        self.loading.supplied()
        if self.finder.needle:
            self.find(self.finder.needle)
        self.refresh()
        if self._copy_when_loaded and not self.selection.unloaded(self.rows.rows):
            self.copy()

    def clear(self) -> None:
        """Show nothing."""
        self.session_id = None
        self.loading.stop()
        self.pointer.reset()
        self.selection.clear()
        self.finder = Finder()
        self.focused = self.done = None
        self._copy_when_loaded = False
        self._dirty.clear()
        self.clockwork.stop()
        self.stage.forget_views()
        self.rows = self.stage.rows = Rows()
        self.stage.at_end = True
        self.refresh()

    def set_work_dir(self, path: str | Path | None) -> None:
        """Choose the directory that pictures may come from."""
        chosen = None if path is None or str(path) == "" else Path(path)
        if chosen != self.images.work_dir:
            self.images.work_dir = chosen
            self.images.forget()
            self.stage.forget_views()
            self.refresh()

    def retranslate(self) -> None:
        """The language has changed."""
        self.setAccessibleName(tr("Conversation"))
        self._end_button.retranslate()
        self._restyle()

    def find(self, text: str) -> int:  # type: ignore[override]  # QWidget.find is a static look-up
        """Mark all places where `text` is, ignoring case; return how many there are."""
        count = self.finder.search(text, self.rows.rows)
        self.finder.start_before(self.rows.index, self.stage.first)
        self.viewport().update()
        self.find_changed.emit(0, count)
        return count

    def find_next(self) -> int:
        """Go to the next match; return its number (from 1), 0 if there is none."""
        return self._find_step(forward=True)

    def find_prev(self) -> int:
        """Go to the match before; return its number (from 1), 0 if there is none."""
        return self._find_step(forward=False)

    def _find_step(self, *, forward: bool) -> int:
        match = self.finder.step(forward)
        if match is None:
            return 0
        reader.show_match(self, match)
        number = self.finder.current + 1
        self.find_changed.emit(number, len(self.finder.matches))
        return number

    @Slot()
    def scroll_to_end(self) -> None:
        """Go to the newest line, and follow it."""
        self.stage.at_end = True
        self.refresh()

    def show_turn(self, turn_id: int) -> None:
        """Bring the beginning of a turn to the top."""
        index = self.rows.index.get((turn_id, 0))
        if index is not None:
            self.stage.at_end, self.stage.first, self.stage.y = False, index, 0
            self.refresh()

    def ask_for_attention(self) -> None:
        """Give the focus to a question that has just come.

        For a moment no key answers it: it was meant for what had the focus before.
        """
        self._answers_from = time.monotonic() + ANSWER_DELAY
        self.focus_question()

    @property
    def takes_answers(self) -> bool:
        """Whether a key may answer a question now."""
        return time.monotonic() >= self._answers_from

    @Slot()
    def focus_question(self) -> bool:
        """Give the focus to the first open question; return whether there is one."""
        for index, row in enumerate(self.rows.rows):
            if row.approval is not None:
                self.setFocus(Qt.FocusReason.OtherFocusReason)
                self.focus_button(row, "answer:once")
                scene = self.stage.scene(index)
                self.stage.show(index, 0, scene.height)
                self.refresh()
                return True
        return False

    def focus_button(self, row: Row, action: str) -> None:
        """Move the keyboard's place to a button and bring it into view."""
        self.focused = (row, action)
        index = self.rows.index[row.key]
        button = self.stage.scene(index).button(action)
        if button is not None:
            bottom = min(button.rect.bottom(), button.rect.top() + 60)
            self.stage.show(index, button.rect.top(), bottom)
            self.announce(button.name)
        self.refresh()

    def refresh(self) -> None:
        """Arrange the visible rows and repaint."""
        self.stage.arrange()
        bar = self.verticalScrollBar()
        self._syncing = True
        bar.setRange(0, self.stage.limit)
        bar.setPageStep(max(1, self.stage.height))
        bar.setSingleStep(24)
        bar.setValue(self.stage.limit if self.stage.at_end else self.stage.value)
        self._value = bar.value()
        self._syncing = False
        self._end_button.setVisible(not self.stage.at_end)
        self.loading.want([place.row for place in self.stage.placed if not place.row.loaded])
        self.viewport().update()

    @Slot(int)
    def _scrolled(self, value: int) -> None:
        if self._syncing:
            return
        moved = value - self._value
        if 0 < value < self.stage.limit and abs(moved) < 2 * self.stage.height:
            self.stage.scroll(moved)
        else:
            self.stage.jump(value)
        self.refresh()

    def activate(self, row: Row, action: str) -> None:
        """Do what a button of `row` says."""
        reader.activate(self, row, action)

    def visible_question(self) -> Row | None:
        """Return the first open question whose buttons are on the screen."""
        return reader.visible_question(self)

    def select_all(self) -> None:
        """Select the whole session."""
        self.selection.set(Place(0, -1, 0), Place(max(0, len(self.rows) - 1), LAST, LAST))
        self.viewport().update()

    def copy(self) -> None:
        """Copy what is selected; whole messages as Markdown."""
        self._copy_when_loaded = bool(self.selection.unloaded(self.rows.rows))
        if not self._copy_when_loaded:
            self.to_clipboard(self.selection.copied(self.stage))

    def to_clipboard(self, text: str) -> None:
        """Copy `text`, if there is any."""
        if text:
            QGuiApplication.clipboard().setText(text)
            self.copied.emit()
            self.viewport().update()

    def announce(self, text: str) -> None:
        """Have a screen reader say `text`."""
        if QAccessible.isActive():
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, text))
        self.announced.emit(text)

    def _announce_question(self, event: ev.ApprovalRequested) -> None:
        row = self.rows.find(event.turn_id, event.position)
        if row is not None and row.tool is not None:
            what = f"{tool_label(event.name)}: {tool_summary(row.tool)}"
            self.announce(tr("Approval needed. {what}", what=what))

    def flush_now(self) -> None:
        """Draw what has arrived since the last repaint."""
        for row in self._dirty:
            if row.pending:
                arrived = flush(row)
                if row.view is not None:
                    row.view.flushed(arrived)
        self._dirty.clear()
        self.refresh()

    def tick(self) -> None:
        """Move countdowns and the signs of work on."""
        running = [place.row for place in self.stage.placed if place.row.kind is None]
        running = [row for row in running if row.state.turn.status is TurnStatus.RUNNING]
        for row in running:
            self.stage.view(row).changed()
        if running:
            self.refresh()
        self._tick_if_needed()

    def _tick_if_needed(self) -> None:
        newest = islice(reversed(self.rows.turns.values()), QUEUE_DEPTH)
        running = any(state.turn.status is TurnStatus.RUNNING for state in newest)
        self.clockwork.tick(on=running and self.isVisible())

    @Slot(str)
    def _image_loaded(self, source: str) -> None:
        for view in self.stage.views():
            if view.waits_for(source):
                view.changed()
        self.refresh()

    @Slot()
    def _restyle(self) -> None:
        self.stage.context.style = ChatStyle()
        self.stage.forget_views()
        self._end_button.update()
        self.refresh()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        painting.paint_rows(self, painter, QRectF(event.rect()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        size = self.viewport().size()
        self.stage.resize(size.width(), size.height())
        side = self._end_button.width()
        self._end_button.move((size.width() - side) // 2, size.height() - side - 12)
        self.refresh()

    def showEvent(self, event: QShowEvent) -> None:
        self._tick_if_needed()
        super().showEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        self.clockwork.tick(on=False)
        super().hideEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.pointer.press(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.pointer.double_click(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.pointer.move(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self.pointer.release(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not keys.press(self, event):
            event.ignore()

    def focusNextPrevChild(self, next: bool) -> bool:
        return keys.move_focus(self, next) or super().focusNextPrevChild(next)

    def focusInEvent(self, event: QFocusEvent) -> None:
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.viewport().update()

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() is QEvent.Type.Leave:
            self.pointer.leave()
        elif event.type() is QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            self.pointer.tool_tip(event)
            return True
        return super().viewportEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        copy = menu.addAction(tr("Copy"), self.copy)
        copy.setEnabled(self.selection.range is not None)
        menu.addAction(tr("Select all"), self.select_all)
        menu.popup(event.globalPos())
