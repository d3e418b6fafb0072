"""Doing with a transcript what a reader does: look, click, press, drag."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QImage, QTextCursor
from PySide6.QtTest import QTest

from aigc_desktop.gui.chat.rows import Row
from aigc_desktop.gui.chat.scene import Button, Scene
from aigc_desktop.gui.chat.transcript_view import TranscriptView

LEFT = Qt.MouseButton.LeftButton


def row(view: TranscriptView, turn_id: int, position: int) -> Row:
    """Return a row that must be there."""
    found = view.rows.find(turn_id, position)
    assert found is not None
    return found


def scene(view: TranscriptView, turn_id: int, position: int) -> Scene:
    """Return how a row is laid out."""
    return view.stage.scene(view.rows.index[(turn_id, position)])


def shown_text(view: TranscriptView) -> str:
    """Return all that the visible rows say."""
    parts: list[str] = []
    for place in view.stage.placed:
        parts += [label.text for label in place.scene.labels]
        parts += [text.document.toPlainText() for text in place.scene.texts]
        parts += [button.label for button in place.scene.buttons]
    return "\n".join(parts)


def button_point(view: TranscriptView, found: Row, action: str) -> QPoint:
    """Return where a button's middle is in the viewport."""
    for place in view.stage.placed:
        if place.row is found:
            button = place.scene.button(action)
            assert button is not None, f"no {action} in {place.scene.buttons}"
            middle = QPointF(
                min(button.rect.center().x(), button.rect.left() + 40), button.rect.top() + 12
            )
            return (QPointF(view.stage.left, place.y) + middle).toPoint()
    raise AssertionError("the row is not on the screen")


def click(view: TranscriptView, found: Row, action: str) -> None:
    """Click a button."""
    QTest.mouseClick(view.viewport(), LEFT, pos=button_point(view, found, action))


def text_point(view: TranscriptView, found: Row, word: str) -> QPoint:
    """Return the point of the first letter of `word` in a visible row."""
    for place in view.stage.placed:
        if place.row is not found:
            continue
        for text in place.scene.texts:
            cursor: QTextCursor = text.document.find(word)
            if not cursor.isNull():
                start = cursor.selectionStart()
                block = text.document.findBlock(start)
                box = text.document.documentLayout().blockBoundingRect(block)
                line = block.layout().lineForTextPosition(start - block.position())
                x = line.cursorToX(start - block.position())
                x = float(x[0] if isinstance(x, tuple) else x)
                local = box.topLeft() + QPointF(x + 2, line.y() + line.height() / 2)
                origin = QPointF(view.stage.left, place.y) + text.rect.topLeft()
                return (origin + local).toPoint()
    raise AssertionError(f"{word!r} is not on the screen")


def drag(view: TranscriptView, start: QPoint, end: QPoint) -> None:
    """Select with the mouse."""
    port = view.viewport()
    QTest.mousePress(port, LEFT, pos=start)
    QTest.mouseMove(port, (start + end) / 2)
    QTest.mouseMove(port, end)
    QTest.mouseRelease(port, LEFT, pos=end)


def clipboard() -> str:
    """Return what was copied."""
    return QGuiApplication.clipboard().text()


def picture(view: TranscriptView) -> QImage:
    """Return what the transcript looks like."""
    return view.viewport().grab().toImage()


def actions(buttons: list[Button]) -> list[str]:
    """Return what buttons do."""
    return [button.action for button in buttons]
