"""A shown transcript."""

from __future__ import annotations

import os
from collections.abc import Iterator

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from aigc_desktop.gui import theme
from aigc_desktop.gui.chat.transcript_view import TranscriptView


@pytest.fixture
def view(qtbot: QtBot) -> Iterator[TranscriptView]:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    theme.apply(app, theme.LIGHT)
    view = TranscriptView()
    qtbot.addWidget(view)
    view.resize(900, 700)
    view.show()
    view.setFocus()
    qtbot.waitExposed(view)
    view.activateWindow()
    yield view
    view.images.close()
