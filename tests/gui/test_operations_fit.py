"""In the smallest window nothing of the operations pages is cut, in any language."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QLabel,
    QListWidget,
    QStyle,
    QStyleOptionViewItem,
    QToolButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

from aigc_desktop.config.i18n import set_language
from aigc_desktop.config.paths import Paths
from aigc_desktop.core.backup import BackupOverview, DrillResult, LastRestore, TargetKind
from aigc_desktop.core.errors import UserError
from aigc_desktop.core.events import NoticeLevel
from aigc_desktop.gui import notices
from aigc_desktop.gui.main_window import MINIMUM
from aigc_desktop.gui.ops.backup_pane import BackupPane
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


def everything_happened() -> BackupOverview:
    """A backup has been made, proven and restored: the page says the most about it."""
    drill = DrillResult("id", 1, 0.3, ok=True, sessions=160, messages=8000, files=12)
    restored = LastRestore("id", "safety", 1, sessions=1, files=0, everything=False)
    return BackupOverview(
        target=TargetKind.FOLDER,
        folder="/home/somebody/a/place/for/the/backups/of/this/machine",
        bucket="",
        encrypted=False,
        passphrase_known=False,
        running=None,
        snapshots=4,
        newest=None,
        stored=1_500_000,
        free=57_400_000_000,
        last_drill=drill,
        last_proven=drill,
        last_restore=restored,
    )


LONG = "a price is missing or is not a number, which nobody could have known before " * 2


@pytest.mark.parametrize("count", [1, 3, 5])
def test_notices_leave_the_page_its_room_and_none_is_lost(small_desk: Desk, count: int) -> None:
    workspace = small_desk.workspace
    workspace.show_operations()
    pane = workspace.operations_page.show_part("backup")
    assert isinstance(pane, BackupPane)
    small_desk.until(pane.summary.title.text)
    pane.summary.show_overview(everything_happened())
    for number in range(count):
        notices.say(NoticeLevel.ERROR, "prices_invalid", key=str(number), problem=LONG)
    small_desk.until(lambda: workspace.notices.height() > 0)
    assert workspace.notices.height() <= small_desk.window.height() // 4 + 4
    assert len(workspace.notices.shown) == count
    close = [b for b in workspace.notices.findChildren(QToolButton) if b.accessibleName()]
    close[0].setFocus()
    shown = [w for w in (*pane.summary.findChildren(QAbstractButton),) if w.isVisible()]
    small_desk.until(
        lambda: not overlapping(pane.summary, [*pane.summary.findChildren(QLabel), *shown])
    )
    for button in close:
        small_desk.press(Qt.Key.Key_Space, on=button)
    small_desk.until(workspace.notices.isHidden)


def overlapping(place: QWidget, widgets: list[QWidget]) -> list[tuple[QRect, QRect]]:
    """Return the places of visible widgets that meet, and of those that leave the window's."""
    rects = [QRect(w.mapTo(place, QPoint(0, 0)), w.size()) for w in widgets if w.isVisible()]
    met = [
        (one, other)
        for at, one in enumerate(rects)
        for other in rects[at + 1 :]
        if one.intersects(other)
    ]
    return met + [(rect, place.rect()) for rect in rects if not place.rect().contains(rect)]


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
