"""Take-over of a web-version database of 1,000,000 messages: time, peak memory, room on the disk.

The baseline is what SQLite alone needs to copy the same rows into another file, in the same run.
"""

from __future__ import annotations

import json
import os
import random
import resource
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from tests import web_version

MESSAGES = int(os.environ.get("AIGC_BENCH_MESSAGES", "1000000"))
SESSIONS = max(1, MESSAGES // 100)
_TEXT = (
    "report revenue table region analysis 数据 分析 报告 请 帮 我 整理 结论 表格 计划 write the "
    "summary of quarterly orders and 客户 反馈 翻译 邮件 code function error 测试 文件"
)
_WORDS = _TEXT.split()

CHILD = """
import asyncio, json, resource, sys, time
from pathlib import Path
from aigc_desktop import bootstrap
from aigc_desktop.config.paths import Paths
from aigc_desktop.core.events import TakeOverProgressed
from aigc_desktop.services import matching, takeover

matching.WARM_UP_DELAY = 1e6  # the embedding's memory is not the migration's

async def main():
    paths = Paths(Path(sys.argv[2]))
    settings, bus, _ = bootstrap.prepare(paths)
    async with bootstrap.open_app(paths, settings, bus) as app:
        idle = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        began, steps = time.perf_counter(), {}
        def listen(event):
            if isinstance(event, TakeOverProgressed):
                steps.setdefault(event.progress.step.value, time.perf_counter() - began)
        bus.subscribe(listen)
        cpu = time.process_time()
        report = await takeover.take_over(app, takeover.Wish(sys.argv[1]))
        print(json.dumps({
            "s": round(time.perf_counter() - began, 1),
            "cpu_s": round(time.process_time() - cpu, 1),
            "steps_begin_s": {name: round(at, 1) for name, at in steps.items()},
            "idle_mb": idle // 1024,
            "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
            "arrived": {a.kind: a.came for a in report.arrived if a.came},
        }), flush=True)

asyncio.run(main())
"""


def fill(path: Path) -> None:
    """Make the database: sessions of requests, tool calls, results and answers."""
    web_version.build(path, "add_user_scenario_config_table")
    db = sqlite3.connect(path)
    db.execute("PRAGMA synchronous=OFF")
    rng = random.Random(1)
    texts = [" ".join(rng.choices(_WORDS, k=rng.randint(8, 160))) for _ in range(2000)]
    db.executemany(
        "INSERT INTO sessions (session_id, user_id, model, created_at, last_activity) "
        "VALUES (?, 2, 'sonnet', ?, ?)",
        ((f"bench-{n:08}", web_version.at(1), web_version.at(2)) for n in range(SESSIONS)),
    )
    usage = json.dumps({"total_cost_usd": 0.01, "usage": {"input_tokens": 9, "output_tokens": 5}})
    call = json.dumps({"tool_use_id": "t", "tool_name": "Read", "tool_input": {"path": "a"}})
    kinds = (
        ("user", "text", None, None),
        ("assistant", "tool_use", call, None),
        ("user", "tool_result", json.dumps({"tool_use_id": "t"}), None),
        ("assistant", "text", None, usage),
    )
    db.executemany(
        "INSERT INTO messages (session_id, role, message_type, content, extra_data, result_info, "
        "conversation_turn_id, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            (
                f"bench-{n * SESSIONS // MESSAGES:08}",
                *kinds[n % 4][:2],
                texts[n % 2000],
                *kinds[n % 4][2:],
                f"turn-{n // 4}",
                web_version.at(n % 60),
            )
            for n in range(MESSAGES)
        ),
    )
    db.executemany(
        "INSERT INTO conversation_turn_configs (conversation_turn_id, session_id, user_id, "
        "final_config, scenario_id) VALUES (?, 'x', 2, '{\"model\": \"sonnet\"}', 'data')",
        ((f"turn-{n}",) for n in range(MESSAGES // 4)),
    )
    db.commit()
    db.close()


def plain_copy(source: Path, target: Path) -> float:
    """Return the seconds that SQLite needs to copy the messages alone, durably."""
    began = time.perf_counter()
    db = sqlite3.connect(target)
    db.execute("ATTACH ? AS web", (str(source),))
    db.execute("CREATE TABLE messages AS SELECT * FROM web.messages")
    db.execute("CREATE INDEX by_session ON messages (session_id)")
    db.commit()
    db.close()
    return time.perf_counter() - began


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        source, home = Path(folder, "sessions.db"), Path(folder, "home")
        fill(source)
        size = source.stat().st_size
        baseline = plain_copy(source, Path(folder, "copy.db"))
        Path(folder, "copy.db").unlink()
        most, done = [0], threading.Event()
        watcher = threading.Thread(target=_watch, args=(home, most, done))
        watcher.start()
        child = subprocess.run(
            [sys.executable, "-c", CHILD, str(source), str(home)],
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        done.set()
        watcher.join()
        found = json.loads(child.stdout.splitlines()[-1])
    print(
        json.dumps(
            {
                "benchmark": "migration",
                "messages": MESSAGES,
                "source_mb": size // 1024**2,
                **found,
                "plain_copy_s": round(baseline, 1),
                "ratio": round(found["s"] / baseline, 1),
                "disk_peak_ratio": round(most[0] / size, 1),
                "children_peak_mb": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024,
            }
        )
    )


def _watch(home: Path, most: list[int], done: threading.Event) -> None:
    """Note the largest size that the program's folder came to."""
    while not done.wait(0.5):
        total = 0
        for path in home.rglob("*"):
            try:
                total += path.stat().st_blocks * 512
            except OSError:
                continue
        most[0] = max(most[0], total)


if __name__ == "__main__":
    main()
