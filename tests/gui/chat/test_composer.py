"""What the composer shows on the screen."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from aigc_desktop.gui.chat.composer import Composer


def on_screen(composer: Composer) -> QImage:
    """Return the field as it was painted last; asking the widget to draw itself would mend it."""
    QTest.qWait(50)
    field = composer.edit.viewport()
    picture = composer.screen().grabWindow(composer.winId()).toImage()
    beside_the_cursor = QRect(field.mapTo(composer, QPoint(12, 0)), field.size())
    return picture.copy(beside_the_cursor)


def test_the_hint_in_the_empty_field_says_what_is_so_now(qapp: QApplication) -> None:
    composer = Composer()
    composer.resize(600, 120)
    composer.show()
    QTest.qWaitForWindowExposed(composer)
    composer.edit.setFocus()
    idle = on_screen(composer)
    composer.set_state(running=True)
    running = on_screen(composer)
    composer.set_state(running=False)
    assert running != idle
    assert on_screen(composer) == idle
    composer.close()
