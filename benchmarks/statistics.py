"""Statistics over 1 million messages (≤ 100 ms each), and what keeping the sums costs per turn.

The ratio is that of the same turns written with and without the triggers, in turns, in one run.
"""

from __future__ import annotations

import json
import statistics as stats
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import text

from aigc_desktop.config.paths import Paths
from aigc_desktop.core.content import TextBlock
from aigc_desktop.core.session import StopReason, TurnStatus, Usage
from aigc_desktop.core.statistics import By, Split
from aigc_desktop.ops.statistics import series, today
from aigc_desktop.store import aggregates, messages, migration, sessions, turns
from aigc_desktop.store import statistics as rows
from aigc_desktop.store.store import Db, Store
from benchmarks.data import fill, spread_usage

MESSAGES, SESSIONS, DAYS = 1_000_000, 10_000, 730
TURNS = 300
RUNS = 15
ROUNDS = 3


def main() -> None:
    """Measure and print."""
    now = time.time_ns() // 1_000_000
    last = today(now)
    with tempfile.TemporaryDirectory() as home:
        paths = Paths(Path(home))
        fill(paths, SESSIONS, MESSAGES)
        spread_usage(paths, now, DAYS)
        store = _open(paths)
        queries: dict[str, Callable[[Db], Any]] = {
            "days_30": lambda db: series(db, By.DAY, Split.NONE, last - timedelta(days=29), last),
            "days_30_by_model": lambda db: series(
                db, By.DAY, Split.MODEL, last - timedelta(days=29), last
            ),
            "months_ever": lambda db: series(db, By.MONTH, Split.NONE, None, last),
            "months_ever_by_scenario": lambda db: series(db, By.MONTH, Split.SCENARIO, None, last),
            "days_ever_by_model": lambda db: series(db, By.DAY, Split.MODEL, None, last),
            "weeks_ever_by_chat": lambda db: series(db, By.WEEK, Split.SESSION, None, last),
            "totals": lambda db: (rows.inventory(db), rows.total(db, 0, 10**7)),
        }
        took = _medians_ms(store, queries, RUNS)
        cpu = _medians_ms(store, queries, RUNS, time.process_time)
        scan = _medians_ms(store, {"scan": _scan}, 3)["scan"]
        began = time.perf_counter()
        store.write_sync(aggregates.rebuild)
        rebuild = time.perf_counter() - began
        count = store.read_sync(
            lambda db: db.execute(text("SELECT count(*) FROM usage_aggregates")).scalar()
        )
        store.close()
    print(
        json.dumps(
            {
                "benchmark": "statistics",
                "messages": MESSAGES,
                "rows_summed": count,
                "ms": took,
                "cpu_ms": cpu,
                "slowest_ms": max(took.values()),
                "target_ms": 100,
                "plain_scan_ms": scan,
                "rebuild_s": round(rebuild, 1),
                "write_ratio": _write_ratio(),
            }
        )
    )


def _scan(db: Db) -> Any:
    """What one figure per day costs without the sums."""
    return db.execute(
        text(
            "SELECT t.created_at / 86400000, count(*), sum(t.input_tokens),"
            " sum((SELECT count(*) FROM messages m WHERE m.turn_id = t.id))"
            " FROM turns t GROUP BY 1"
        )
    ).all()


def _medians_ms(
    store: Store,
    queries: dict[str, Callable[[Db], Any]],
    runs: int,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, float]:
    """Return what each query takes: by the wall clock, or by the processor's.

    They take turns, so that a machine that is slow for some seconds is slow for all of them.
    """
    found: dict[str, list[float]] = {name: [] for name in queries}
    for _ in range(runs):
        for name, query in queries.items():
            began = clock()
            store.read_sync(query)
            found[name].append((clock() - began) * 1000)
    return {name: round(stats.median(times), 1) for name, times in found.items()}


def _write_ratio() -> float:
    """Return the time of turns with the sums kept to that without, median of the rounds."""
    with tempfile.TemporaryDirectory() as home:
        stores = []
        for name in ("counted", "uncounted"):
            paths = Paths(Path(home, name))
            paths.create()
            migration.prepare(paths)
            stores.append(_open(paths))
        counted, uncounted = stores
        uncounted.write_sync(_drop_triggers)
        ratios = [_write_turns(counted) / _write_turns(uncounted) for _ in range(ROUNDS)]
        for store in stores:
            store.close()
    return round(stats.median(ratios), 2)


def _drop_triggers(db: Db) -> None:
    named = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'usage_%'"
    for name in list(db.execute(text(named)).scalars()):
        db.execute(text(f"DROP TRIGGER {name}"))


def _write_turns(store: Store) -> float:
    """Write turns as the journal does: five transactions each."""
    now = time.time_ns() // 1_000_000
    session = store.write_sync(lambda db: sessions.create(db, "chat", now)).id

    def answer(db: Db, turn: int, step: int) -> None:
        made = [messages.row_of(turn, step * 1000, "assistant", TextBlock("text " * 50), now)]
        messages.replace_step(db, turn, step, made)

    began = time.perf_counter()
    for _ in range(TURNS):
        turn = store.write_sync(
            lambda db: turns.add_turn(db, session, None, "q", TurnStatus.RUNNING, now)
        ).id
        store.write_sync(lambda db, turn=turn: answer(db, turn, 1))
        store.write_sync(lambda db, turn=turn: answer(db, turn, 1))
        store.write_sync(
            lambda db, turn=turn: turns.add_usage(db, turn, Usage(1, 2, 3, 4), Decimal("0.01"))
        )
        store.write_sync(
            lambda db, turn=turn: turns.set_ended(
                db, turn, TurnStatus.DONE, StopReason.END_TURN, None, now + 9
            )
        )
    return time.perf_counter() - began


def _open(paths: Paths) -> Store:
    return Store.open(paths, on_trouble=lambda *_: None, on_recovered=lambda _: None)


if __name__ == "__main__":
    main()
