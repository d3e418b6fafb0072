"""The statistics pane with real keys and clicks, on figures that are known."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from aigc_desktop.config.paths import Paths
from aigc_desktop.core.statistics import Measure, Split
from aigc_desktop.gui.ops import plot_scale
from aigc_desktop.gui.ops.statistics_pane import StatisticsPane
from benchmarks.data import fill, spread_usage
from tests.gui.conftest import LEFT, Desk

NOW = 1_790_000_000_000


def pane(desk: Desk) -> StatisticsPane:
    """Open statistics through the navigation."""
    desk.workspace.show_operations()
    shown = desk.workspace.operations_page.show_part("statistics")
    assert isinstance(shown, StatisticsPane)
    desk.until(lambda: shown.series is not None)
    return shown


def choose(desk: Desk, box: Any, text: str) -> None:
    """Choose an entry of a box by its keys."""
    box.setFocus()
    row = box.findText(text)
    desk.press(Qt.Key.Key_Home, on=box)
    for _ in range(row):
        desk.press(Qt.Key.Key_Down, on=box)
    box.activated.emit(row)


@pytest.fixture
def used_desk(paths: Paths, new_desk: Any) -> Desk:
    """The program on a database with 400 messages in 8 chats."""
    paths.settings_file.write_text('{"provider": "demo", "language": "en"}')
    fill(paths, 8, 400)
    spread_usage(paths, NOW, 200)
    desk: Desk = new_desk()
    desk.open()
    return desk


def test_without_anything_it_says_so(desk: Desk) -> None:
    shown = pane(desk)
    desk.until(lambda: "Nothing to count yet" in desk.everything_said())
    assert not shown.export_button.isEnabled()


def test_figures_tiles_and_values_by_keys(used_desk: Desk) -> None:
    desk = used_desk
    shown = pane(desk)
    choose(desk, shown.range, "All time")
    desk.until(lambda: shown.series is not None and shown.series.total.turns == 200)
    assert shown.tiles[Measure.REQUESTS].value == "200"
    assert shown.tiles[Measure.CHATS].value == "8"
    assert shown.by.value == "month"
    QTest.mouseClick(shown.tiles[Measure.COST], LEFT)
    assert shown.heading.text() == "Cost per month"
    shown.plot.setFocus()
    said = []
    desk.press(Qt.Key.Key_Home)
    for _ in range(shown.series.days // 28):
        said.append(shown.plot.accessibleDescription())
        desk.press(Qt.Key.Key_Right)
    assert sum("Cost: $" in each for each in said) >= 2
    assert len(set(said)) >= len(shown.series.periods) - 1
    shown.tiles[Measure.COST].setFocus()
    desk.press(Qt.Key.Key_Right)
    assert shown.measure is Measure.CACHE


def by_model_ever(desk: Desk) -> StatisticsPane:
    shown = pane(desk)
    choose(desk, shown.range, "All time")
    choose(desk, shown.split, "By model")
    desk.until(lambda: shown.series is not None and shown.series.split is Split.MODEL)
    return shown


def test_split_table_sorts_and_sums(used_desk: Desk) -> None:
    desk = used_desk
    shown = by_model_ever(desk)
    rows = shown.table.rows
    requests = [int(rows.index(n, 2).data().replace(",", "")) for n in range(rows.rowCount())]
    assert sum(requests) == 200
    assert requests == sorted(requests, reverse=True)
    header = shown.table.horizontalHeader()
    place = header.sectionViewportPosition(0) + 20
    QTest.mouseClick(header.viewport(), LEFT, pos=header.rect().topLeft() + _point(place, 10))
    names = [rows.index(n, 0).data() for n in range(rows.rowCount())]
    assert names == sorted(names)
    assert {line.name for line in shown.plot.picture.lines} <= set(names)


def test_chats_told_apart_are_counted_when_they_are_looked_at(used_desk: Desk) -> None:
    desk = used_desk
    shown = by_model_ever(desk)
    QTest.mouseClick(shown.tiles[Measure.CHATS], LEFT)
    desk.until(lambda: shown.heading.text() == "Chats per month")
    lines = shown.plot.picture.lines
    assert sum(value for line in lines for value in line.values) >= 8


def _point(x: int, y: int) -> Any:
    from PySide6.QtCore import QPoint

    return QPoint(x, y)


def test_the_mouse_shows_values(used_desk: Desk) -> None:
    shown = pane(used_desk)
    choose(used_desk, shown.range, "All time")
    used_desk.until(lambda: shown.series is not None and shown.series.total.turns == 200)
    QTest.mouseMove(shown.plot, shown.plot.rect().center())
    assert shown.plot.chosen >= 0
    QTest.mouseClick(shown.plot, LEFT, pos=shown.plot.rect().center())
    assert "Requests: " in shown.plot.accessibleDescription()


def test_what_is_seen_can_be_exported(used_desk: Desk, tmp_path: Path) -> None:
    shown = pane(used_desk)
    choose(used_desk, shown.range, "All time")
    target = tmp_path / "out.csv"
    shown.export(str(target))
    used_desk.until(target.exists)
    used_desk.until(lambda: "The table is written." in used_desk.everything_said())
    assert len(target.read_text("utf-8-sig").splitlines()) > 3


def test_a_range_of_ones_own(used_desk: Desk) -> None:
    desk = used_desk
    shown = pane(desk)
    choose(desk, shown.range, "From … to …")
    assert shown.since.isVisible()
    desk.until(lambda: shown.series is not None and shown.series.days == 30)
    shown.since.setFocus()
    desk.press(Qt.Key.Key_Down, on=shown.since)
    desk.until(lambda: shown.series is not None and shown.series.days != 30)


@pytest.mark.parametrize(
    ("low", "high", "whole", "marks"),
    [
        (0, 0, True, [0, 1]),
        (0, 3, True, [0, 1, 2, 3]),
        (0, 1, True, [0, 1]),
        (0, 130, True, [0, 50, 100, 150]),
        (-6, 14, True, [-10, -5, 0, 5, 10, 15]),
        (0, 0.3, False, [0, 0.1, 0.2, 0.3]),
        (0, float("inf"), False, [0, 1]),
    ],
)
def test_marks_are_round(low: float, high: float, whole: bool, marks: list[float]) -> None:
    assert plot_scale.ticks(low, high, whole=whole) == pytest.approx(marks)
