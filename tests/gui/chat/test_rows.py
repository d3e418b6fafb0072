from __future__ import annotations

from aigc_desktop.core import events as ev
from aigc_desktop.core.content import TextBlock, ThinkingBlock, ToolUseBlock
from aigc_desktop.core.session import TurnStatus
from aigc_desktop.core.transcript import ItemKind, ToolCall, ToolState, TranscriptItem
from aigc_desktop.gui.chat import folding
from aigc_desktop.gui.chat.heights import Heights
from aigc_desktop.gui.chat.rows import FOOTER_POSITION, Rows
from tests.gui.chat import sample

S = sample.SESSION


def loaded(snapshot: object = None) -> Rows:
    rows = Rows()
    rows.load(snapshot or sample.rich())  # type: ignore[arg-type]
    rows.heights = Heights(10 for _ in rows.rows)
    return rows


def apply(rows: Rows, *events: ev.TurnEvent) -> None:
    for event in events:
        folding.apply(rows, event, 700)
    assert [row.key for row in rows.rows] == list(rows.index)
    assert list(rows.index.values()) == list(range(len(rows)))
    assert len(rows.heights) == len(rows)


def keys(rows: Rows) -> list[tuple[int, int]]:
    return [row.key for row in rows.rows]


def test_a_snapshot_becomes_rows_with_a_footer_per_turn() -> None:
    rows = loaded()
    assert keys(rows)[:3] == [(1, 0), (1, 1000), (1, 1001)]
    assert [key for key in keys(rows) if key[1] == FOOTER_POSITION] == [
        (turn, FOOTER_POSITION) for turn in (1, 2, 3)
    ]


def test_a_streamed_turn() -> None:
    rows = loaded()
    started = sample.turn(4, "Go", status=TurnStatus.RUNNING, parent_id=3)
    apply(
        rows,
        ev.TurnStarted(S, 4, started),
        ev.BlockStarted(S, 4, 1000, "thinking"),
        ev.ThinkingDelta(S, 4, 1000, "hm"),
        ev.BlockFinished(S, 4, 1000, ThinkingBlock("hmm", "sig")),
        ev.BlockStarted(S, 4, 1001, "text"),
        ev.TextDelta(S, 4, 1001, "Hel"),
    )
    text = rows.find(4, 1001)
    assert text is not None
    assert text.streaming
    assert text.pending == ["Hel"]
    apply(
        rows,
        ev.BlockFinished(S, 4, 1001, TextBlock("Hello")),
        ev.BlockStarted(S, 4, 1002, "tool_use"),
        ev.BlockFinished(S, 4, 1002, ToolUseBlock("t", "run_command", {})),
        ev.ToolRequested(S, 4, 1002, "t", "run_command", {"command": "ls"}),
        ev.ToolStarted(S, 4, 1002, "t"),
        ev.ToolOutput(S, 4, 1002, "t", "a\n"),
        ev.ToolFinished(S, 4, 1002, "t", ToolState.DONE, "a\nb", 12),
    )
    tool, thinking = rows.find(4, 1002), rows.find(4, 1000)
    assert text.text == "Hello"
    assert not text.streaming
    assert tool is not None
    assert tool.tool == ToolCall("t", "run_command", {"command": "ls"}, ToolState.DONE, "a\nb", 12)
    assert thinking is not None
    assert thinking.duration_ms is not None


def test_new_rows_come_before_what_is_queued() -> None:
    rows = loaded()
    running = sample.turn(4, "Go", status=TurnStatus.RUNNING, parent_id=3)
    queued = sample.turn(5, "Then", status=TurnStatus.QUEUED, parent_id=4)
    apply(
        rows,
        ev.TurnStarted(S, 4, running),
        ev.TurnQueued(S, 5, queued),
        ev.TextDelta(S, 4, 1000, "late"),
        ev.TextDelta(S, 4, 2000, "later"),
        ev.NoteAdded(S, 4, 1500, "note"),
    )
    assert keys(rows)[-7:] == [
        (4, 0), (4, 1000), (4, 1500), (4, 2000), (4, FOOTER_POSITION), (5, 0), (5, FOOTER_POSITION),
    ]  # fmt: skip
    apply(rows, ev.TurnUnqueued(S, 5))
    assert keys(rows)[-1] == (4, FOOTER_POSITION)
    apply(rows, ev.TurnUnqueued(S, 5), ev.TextDelta(S, 99, 1000, "unknown turn"))


def test_another_branch_takes_the_place_of_the_old_one() -> None:
    rows = loaded()
    again = sample.turn(9, "Edited", status=TurnStatus.RUNNING, parent_id=1, siblings=(2, 9))
    apply(rows, ev.TurnStarted(S, 9, again))
    assert {row.turn_id for row in rows.rows} == {1, 9}
    first = sample.turn(10, "From the start", status=TurnStatus.RUNNING, parent_id=None)
    apply(rows, ev.TurnStarted(S, 10, first))
    assert {row.turn_id for row in rows.rows} == {10}


def test_a_turns_end_leaves_nothing_waiting() -> None:
    rows = loaded()
    apply(rows, *sample.question())  # type: ignore[arg-type]
    tool = rows.find(4, 1000)
    assert tool is not None
    assert tool.tool is not None
    assert tool.tool.state is ToolState.ASKING
    stopped = sample.turn(4, status=TurnStatus.STOPPED, parent_id=3)
    apply(rows, ev.TurnEnded(S, 4, stopped))
    assert tool.tool.state is ToolState.NOT_RUN
    assert tool.approval is None


def test_supply_fills_only_what_is_missing() -> None:
    light = TranscriptItem(1, 1000, ItemKind.TEXT, 5)
    rows = loaded(sample.snapshot(sample.turn(1), items=(light,)))
    row = rows.find(1, 1000)
    assert row is not None
    assert not row.loaded
    full = sample.item(1, 1000, ItemKind.TEXT, "hello")
    assert rows.supply([full]) == [row]
    assert row.text == "hello"
    assert rows.supply([full, sample.item(7, 7, ItemKind.TEXT, "stranger")]) == []


def test_usage_and_retry() -> None:
    rows = loaded()
    apply(
        rows,
        ev.RetryScheduled(S, 3, "overloaded", 7.0, 1, 3),
        ev.UsageUpdated(S, 3, sample.Usage(1, 2), "0.5"),
    )
    assert rows.turns[3].retry is not None
    assert str(rows.turns[3].turn.cost_usd) == "0.5"
    apply(rows, ev.TextDelta(S, 3, 1000, "it goes on"))
    assert rows.turns[3].retry is None
