"""In the smallest window nothing of the operations pages is cut, in any language."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QRect, QSize
from PySide6.QtWidgets import (
    QAbstractButton,
    QLabel,
    QListWidget,
    QStyle,
    QStyleOptionViewItem,
    QWidget,
)
from pytestqt.qtbot import QtBot

from aigc_desktop.config.i18n import set_language
from aigc_desktop.config.paths import Paths
from aigc_desktop.core.errors import UserError
from aigc_desktop.gui.main_window import MINIMUM
from aigc_desktop.gui.problem_page import ProblemPage
from tests.gui.conftest import Desk

PARTS = ("diagnostics", "backup", "jobs", "logs", "statistics", "http", "migrations", "takeover")


@pytest.fixture(params=["en", "zh_CN"])
def small_desk(
    request: pytest.FixtureRequest, new_desk: Callable[[], Desk], paths: Paths
) -> Iterator[Desk]:
    """The program in one of its languages, in the smallest window."""
    paths.settings_file.write_text(f'{{"provider": "demo", "language": "{request.param}"}}')
    desk = new_desk()
    desk.open()
    desk.window.resize(*MINIMUM)
    yield desk
    set_language("en")


def cut(place: QWidget) -> list[str]:
    """Return what is written in visible buttons and labels but has too little room."""
    found: list[QWidget] = [
        *(b for b in place.findChildren(QAbstractButton) if b.text()),
        *(w for w in place.findChildren(QLabel) if w.text() and not w.wordWrap()),
    ]
    return [
        f"{widget.text()!r}: {widget.width()} of {widget.sizeHint().width()}"  # type: ignore[attr-defined]
        for widget in found
        if widget.isVisible() and widget.width() < widget.sizeHint().width()
    ]


def cut_titles(nav: QListWidget) -> list[str]:
    """Return the titles of a navigation that are shortened with an ellipsis."""
    short = []
    for row in range(nav.count()):
        index = nav.indexFromItem(nav.item(row))
        option = QStyleOptionViewItem()
        nav.initViewItemOption(option)
        option.rect = nav.visualRect(index)
        nav.itemDelegate().initStyleOption(option, index)
        room = nav.style().subElementRect(QStyle.SubElement.SE_ItemViewItemText, option, nav)
        margin = 2 * (nav.style().pixelMetric(QStyle.PixelMetric.PM_FocusFrameHMargin) + 1)
        if option.fontMetrics.horizontalAdvance(option.text) > room.width() - margin:
            short.append(option.text)
    return short


def beyond(place: QWidget, pane: QWidget) -> list[str]:
    """Return the buttons that reach over the right edge of their pane."""
    edge = pane.mapToGlobal(pane.rect().bottomRight()).x()
    return [
        button.text() or button.accessibleName()
        for button in place.findChildren(QAbstractButton)
        if button.isVisible() and button.mapToGlobal(button.rect().bottomRight()).x() > edge
    ]


@pytest.mark.timeout(300)
def test_nothing_is_cut_in_the_smallest_window(small_desk: Desk) -> None:
    workspace = small_desk.workspace
    workspace.show_operations()
    page = workspace.operations_page
    small_desk.until(lambda: small_desk.window.size() == QSize(*MINIMUM))
    assert not cut_titles(page.nav)
    for name in PARTS:
        pane = page.show_part(name)
        if name == "diagnostics":
            small_desk.until(lambda pane=pane: pane.rows and pane.again.isEnabled())
        if name == "backup":
            small_desk.until(pane.summary.title.text)
        if name == "jobs":
            small_desk.until(lambda pane=pane: pane.cards)
        if name == "logs":
            pane.filters.time.setCurrentIndex(pane.filters.time.count() - 1)
            small_desk.until(lambda pane=pane: pane.overview is not None)
        if name == "migrations":
            small_desk.until(lambda pane=pane: pane.list.has_cards)
        small_desk.until(lambda pane=pane: not cut(pane) and not beyond(pane, pane))


@pytest.mark.parametrize("width", [500, 900])
def test_what_is_offered_for_a_damaged_database_does_not_overlap(
    width: int, prepared: Paths, qtbot: QtBot
) -> None:
    page = ProblemPage(UserError("database_corrupt", path="/home/ada/data/sessions.db"), prepared)
    qtbot.addWidget(page)
    page.resize(width, 480)
    page.show()
    words = [w for w in page.findChildren(QLabel) if w.isVisible()]
    buttons = [b for b in page.findChildren(QAbstractButton) if b.isVisible()]
    assert words and buttons
    assert all(w.height() >= w.heightForWidth(w.width()) for w in words if w.wordWrap())
    places = [QRect(w.mapTo(page, w.rect().topLeft()), w.size()) for w in (*words, *buttons)]
    for at, place in enumerate(places):
        assert not any(place.intersects(other) for other in places[at + 1 :])
