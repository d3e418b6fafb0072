from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from aigc_desktop.gui.chat.heights import Heights

some = st.lists(st.integers(0, 500), max_size=40)


@given(some, some, st.integers(0, 30_000))
def test_agrees_with_plain_sums(first: list[int], more: list[int], y: int) -> None:
    heights = Heights(first)
    for height in more:
        heights.append(height)
    values = first + more
    for at in range(0, len(values), 3):
        values[at] += 7
        assert heights.set(at, values[at]) == 7
    assert heights.total == sum(values)
    assert [heights.top(at) for at in range(len(values) + 1)] == [
        sum(values[:at]) for at in range(len(values) + 1)
    ]
    if values:
        at = heights.at(y)
        assert heights.top(at) <= y or at == 0 or not any(values)
        assert y < heights.top(at) + values[at] or at == len(values) - 1


def test_truncate_gives_back_what_it_takes() -> None:
    heights = Heights([10, 20, 30, 40])
    assert heights.truncate(1) == [20, 30, 40]
    heights.append(5)
    assert heights.total == 15
    assert heights.at(12) == 1


def test_empty() -> None:
    assert Heights().total == 0
    assert Heights().at(10) == 0
