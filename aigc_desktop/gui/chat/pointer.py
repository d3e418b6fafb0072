"""The mouse in the transcript: hover, press, links, selecting with autoscroll."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPointF, Qt, QTimer, Slot
from PySide6.QtGui import QHelpEvent, QMouseEvent
from PySide6.QtWidgets import QApplication, QToolTip

from aigc_desktop.gui.chat.markdown import is_safe_link, link_host
from aigc_desktop.gui.chat.rows import Row
from aigc_desktop.gui.chat.safe_text import one_line
from aigc_desktop.gui.chat.scene import Button
from aigc_desktop.gui.chat.selection import Place, place_at, word_at
from aigc_desktop.gui.chat.stage import Placed

if TYPE_CHECKING:
    from aigc_desktop.gui.chat.transcript_view import TranscriptView

AUTOSCROLL_MS = 30


class Pointer(QObject):
    """Where the mouse is and what it is doing."""

    def __init__(self, view: TranscriptView) -> None:
        super().__init__(view)
        self._view = view
        self.row: Row | None = None
        self.action = ""
        self.turn_id: int | None = None
        self._pressed: tuple[Row, str] | None = None
        self._pressed_link = ""
        self._start: QPointF | None = None
        self._dragging = False
        self._at = QPointF()
        self._word: tuple[Place, Place] | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(AUTOSCROLL_MS)
        self._timer.timeout.connect(self._autoscroll)

    def reset(self) -> None:
        """Forget everything: other rows are shown."""
        self.row, self.action, self.turn_id = None, "", None
        self._pressed, self._start, self._word = None, None, None
        self._dragging = False
        self._timer.stop()

    def press(self, event: QMouseEvent) -> None:
        """A button went down."""
        if event.button() is not Qt.MouseButton.LeftButton:
            return
        point = event.position()
        row, button = self._button_at(point)
        self._pressed = (row, button.action) if row is not None and button is not None else None
        self._pressed_link = self.link_at(point)
        self._start, self._at, self._dragging, self._word = point, point, False, None
        if self._pressed is not None and button is not None and button.look != "area":
            return
        place = self._place(point)
        anchor = self._view.selection.anchor
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if place is not None:
            self._view.selection.set(anchor if shift and anchor is not None else place, place)
        self._view.focused = None
        self._view.viewport().update()

    def double_click(self, event: QMouseEvent) -> None:
        """Select the word."""
        point = event.position()
        _, button = self._button_at(point)
        if button is not None:
            self.press(event)
            return
        placed, place = self._view.stage.at(point.y()), self._place(point)
        if placed is None or place is None:
            return
        word = word_at(placed.scene, place)
        if word is not None:
            self._view.selection.set(*word)
            self._word, self._start, self._dragging = word, point, False
            self._view.viewport().update()

    def move(self, event: QMouseEvent) -> None:
        """The mouse moved."""
        point = event.position()
        self._at = point
        if self._start is not None and event.buttons() & Qt.MouseButton.LeftButton:
            far = (point - self._start).manhattanLength() >= QApplication.startDragDistance()
            if (far or self._dragging) and self._can_select():
                self._dragging = True
                self._extend()
            outside = not 0 <= point.y() < self._view.stage.height
            if self._dragging and outside:
                self._timer.start()
            else:
                self._timer.stop()
            return
        self._hover(point)

    def release(self, event: QMouseEvent) -> None:
        """The button went up: that was a click, or the end of a drag."""
        self._timer.stop()
        pressed, self._pressed = self._pressed, None
        start, self._start = self._start, None
        if event.button() is not Qt.MouseButton.LeftButton or start is None:
            return
        if self._dragging:
            self._dragging = False
            return
        row, button = self._button_at(event.position())
        if pressed is not None and row is pressed[0] and button and button.action == pressed[1]:
            self._view.activate(row, button.action)
        elif self._pressed_link and self.link_at(event.position()) == self._pressed_link:
            self._view.link_activated.emit(self._pressed_link)

    def leave(self) -> None:
        """The mouse is somewhere else."""
        self.row, self.action, self.turn_id = None, "", None
        self._view.viewport().update()

    def tool_tip(self, event: QHelpEvent) -> None:
        """Say where a link goes, or what a button does."""
        point = QPointF(event.pos())
        link = self.link_at(point)
        _, button = self._button_at(point)
        text = ""
        if link:
            text = f"{link_host(link)}\n{one_line(link, 160)}"
        elif button is not None and button.look == "quiet":
            text = button.name
        QToolTip.showText(event.globalPos(), text, self._view.viewport())

    def link_at(self, point: QPointF) -> str:
        """Return the link at a point of the viewport; only those that may be followed."""
        placed, local = self._local(point)
        if placed is None:
            return ""
        for text in placed.scene.texts:
            if text.rect.contains(local):
                layout = text.document.documentLayout()
                target = layout.anchorAt(local - text.rect.topLeft())
                return target if is_safe_link(target) else ""
        return ""

    def _can_select(self) -> bool:
        return self._pressed is None or self._pressed[1] == "toggle"

    def _extend(self) -> None:
        selection, place = self._view.selection, self._place(self._at)
        if place is None or selection.anchor is None:
            return
        if self._word is not None:
            first, last = self._word
            selection.set(last, place) if place < first else selection.set(first, max(place, last))
        else:
            selection.set(selection.anchor, place)
        self._view.viewport().update()

    @Slot()
    def _autoscroll(self) -> None:
        away = self._at.y() if self._at.y() < 0 else self._at.y() - self._view.stage.height
        self._view.stage.scroll(max(-80.0, min(80.0, away / 2)))
        self._view.refresh()
        self._extend()

    def _hover(self, point: QPointF) -> None:
        placed, _ = self._local(point)
        row, button = self._button_at(point)
        action = button.action if button is not None else ""
        turn_id = placed.row.turn_id if placed is not None else None
        if (row, action, turn_id) != (self.row, self.action, self.turn_id):
            self.row, self.action, self.turn_id = row, action, turn_id
            self._view.viewport().update()
        shape = Qt.CursorShape.ArrowCursor
        if button is not None or self.link_at(point):
            shape = Qt.CursorShape.PointingHandCursor
        elif self._over_text(point):
            shape = Qt.CursorShape.IBeamCursor
        if self._view.viewport().cursor().shape() is not shape:
            self._view.viewport().setCursor(shape)

    def _over_text(self, point: QPointF) -> bool:
        placed, local = self._local(point)
        return placed is not None and any(text.rect.contains(local) for text in placed.scene.texts)

    def _button_at(self, point: QPointF) -> tuple[Row | None, Button | None]:
        placed, local = self._local(point)
        if placed is None:
            return None, None
        return placed.row, placed.scene.button_at(local)

    def _local(self, point: QPointF) -> tuple[Placed | None, QPointF]:
        placed = self._view.stage.at(point.y())
        if placed is None:
            return None, point
        return placed, QPointF(point.x() - self._view.stage.left, point.y() - placed.y)

    def _place(self, point: QPointF) -> Place | None:
        placed, local = self._local(point)
        return None if placed is None else place_at(placed.scene, placed.index, local)
