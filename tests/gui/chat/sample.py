"""A conversation that shows everything a transcript can show."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from aigc_desktop.core import events as ev
from aigc_desktop.core.session import Session, StopReason, Turn, TurnStatus, Usage
from aigc_desktop.core.transcript import (
    ItemKind,
    ToolCall,
    ToolState,
    TranscriptItem,
    TranscriptSnapshot,
)

SESSION = 7

ANSWER = """## What I found

The folder holds **three reports** and one script. See the [style guide](https://docs.python.org/3)
for the naming; `summary.md` is new.

1. Read `sales-2026.csv`
2. Group it by *region*
3. Write `summary.md`

| Region | Orders | Revenue |
|:-------|-------:|--------:|
| North  |    128 | 12,480 |
| 华东   |    342 | 39,120 |
| South  |     87 |  7,005 |

- [x] totals checked
- [ ] chart still to be drawn

> Numbers are rounded to whole euros; the raw file is untouched.

```python
import csv
from collections import Counter

def revenue(path: str) -> Counter[str]:
    \"\"\"Revenue by region.\"\"\"
    totals: Counter[str] = Counter()
    with open(path, newline="") as file:
        for row in csv.DictReader(file):
            totals[row["region"]] += int(row["amount"])  # whole euros
    return totals
```

All done. Tell me if you want the chart as PNG or SVG. 😀
"""

CHINESE = """### 结果

按照你的要求,我整理了**三份报告**,并把结论写进了 `summary.md`:

1. 华东区收入最高,为 39,120 元
2. 北方区订单数环比增长 12%
3. 南方区需要进一步核对

```bash
python scripts/report.py --region 华东 --out summary.md
```

如果需要图表,请告诉我。
"""

DIFF = """--- a/summary.md
+++ b/summary.md
@@ -1,3 +1,4 @@
 # Sales 2026
-Total: 58,000
+Total: 58,605
+Best region: 华东
 See sales-2026.csv
"""


def turn(turn_id: int, text: str = "Hello", **changes: Any) -> Turn:
    """Return a finished turn."""
    values: dict[str, Any] = {
        "id": turn_id,
        "session_id": SESSION,
        "parent_id": turn_id - 1 if turn_id > 1 else None,
        "status": TurnStatus.DONE,
        "created_at": 1_795_000_000_000 + turn_id,
        "user_text": text,
        "stop_reason": StopReason.END_TURN,
        "usage": Usage(1200, 345),
        "cost_usd": Decimal("0.0123"),
        "model": "claude-sonnet-5-5",
        "siblings": (turn_id,),
    } | changes
    return Turn(**values)


def item(turn_id: int, position: int, kind: ItemKind, text: str, **more: Any) -> TranscriptItem:
    """Return a loaded item."""
    return TranscriptItem(turn_id, position, kind, len(text), text, **more)


def tool_item(turn_id: int, position: int, call: ToolCall) -> TranscriptItem:
    """Return a loaded tool item."""
    return item(turn_id, position, ItemKind.TOOL, call.result, tool=call)


def snapshot(*turns: Turn, items: tuple[TranscriptItem, ...] = ()) -> TranscriptSnapshot:
    """Return a snapshot; user items are added by themselves."""
    present = {entry.key for entry in items}
    users = [
        item(entry.id, 0, ItemKind.USER, entry.user_text)
        for entry in turns
        if (entry.id, 0) not in present
    ]
    ordered = sorted([*users, *items], key=lambda entry: entry.key)
    return TranscriptSnapshot(Session(SESSION, "Sample", 0, 0), turns, tuple(ordered))


def simple(answer: str, question: str = "Hello") -> TranscriptSnapshot:
    """Return a session of one question and one answer."""
    return snapshot(turn(1, question), items=(item(1, 1000, ItemKind.TEXT, answer),))


def rich() -> TranscriptSnapshot:
    """Return a conversation with everything in it."""
    read = ToolCall(
        "t1", "read_file", {"path": "reports/sales-2026.csv"}, ToolState.DONE, "region,amount", 38
    )
    run = ToolCall(
        "t2",
        "run_command",
        {"command": "python scripts/report.py --check"},
        ToolState.FAILED,
        "Traceback: no module named 'pandas'",
        2_140,
    )
    return snapshot(
        turn(1, "Summarise the reports in this folder, please.", siblings=(1, 4)),
        turn(2, "用中文再总结一遍,并把结论写进 summary.md。", cost_usd=None),
        turn(
            3,
            "Now draw the chart.",
            status=TurnStatus.FAILED,
            error=("overloaded", {}),
            usage=Usage(),
        ),
        items=(
            item(1, 1000, ItemKind.THINKING, "First the files, then the sums.", duration_ms=3200),
            tool_item(1, 1001, read),
            tool_item(1, 1002, run),
            item(1, 2000, ItemKind.TEXT, ANSWER),
            item(2, 1000, ItemKind.TEXT, CHINESE),
        ),
    )


def question(turn_id: int = 4, position: int = 1000) -> list[ev.Event]:
    """Return the events of a turn that asks for leave to edit a file."""
    arguments = {"path": "summary.md", "old_text": "58,000", "new_text": "58,605"}
    asked = turn(
        turn_id, "Correct the total.", status=TurnStatus.RUNNING, usage=Usage(), parent_id=3
    )
    return [
        ev.TurnStarted(SESSION, turn_id, asked),
        ev.ToolRequested(SESSION, turn_id, position, "t9", "edit_file", arguments),
        ev.ApprovalRequested(
            SESSION, turn_id, position, "t9", "edit_file", arguments, DIFF, "diff", "print-1"
        ),
    ]
