"""The Logs panel on a million lines: first rows (≤ 200 ms), a filter over all of it (≤ 1 s)."""

from __future__ import annotations

import json
import os
import random
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from aigc_desktop.core.logs import LogFilter
from aigc_desktop.ops.log_reader import LogBook

LINES = 1_000_000
FILES = 5
_COMPONENTS = (
    "loop",
    "runner",
    "matcher",
    "store",
    "PreferenceLearner",
    "backup",
    "jobs",
    "client",
)
_TEXT = (
    "turn answered in step with model claude-sonnet tool call finished 已保存 retry after lesson "
    "matched scenario index of messages written connection cache hit request"
)
_WORDS = _TEXT.split()


def write_logs(folder: Path, lines: int) -> None:
    """Write `lines` lines as the program does, over the rotating files, with tracebacks."""
    rng = random.Random(1)
    messages = [" ".join(rng.choices(_WORDS, k=rng.randint(4, 14))) for _ in range(3000)]
    stamp = time.mktime((2026, 11, 1, 0, 0, 0, 0, 0, -1))
    for number in range(FILES, 0, -1):
        name = "backend.log" if number == 1 else f"backend.log.{number - 1}"
        with (folder / name).open("w", encoding="utf-8") as file:
            for line in range(lines // FILES):
                stamp += 1
                text = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(stamp))
                level = "ERROR" if line % 997 == 0 else "WARNING" if line % 97 == 0 else "INFO"
                component = _COMPONENTS[line % 8]
                about = f"session={line % 50} turn={line % 5000} " if line % 3 else ""
                message = messages[(line * 7) % 3000]
                file.write(
                    f"{text}.{line % 1000:03} {level} {component} [backend] {about}{message}\n"
                )
                if line % 997 == 0:
                    file.write(
                        'Traceback (most recent call last):\n  File "x.py"\nValueError: no\n'
                    )


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    result = work()
    return round((time.perf_counter() - began) * 1000, 1), result


def _cpu_timed(work: Callable[[], Any]) -> tuple[float, float, Any]:
    """Return wall time, processor time (which other programs do not change), and the result."""
    began = time.process_time()
    wall, result = _timed(work)
    return wall, round((time.process_time() - began) * 1000, 1), result


def _window(book: LogBook) -> dict[str, float]:
    """Return how long the table takes to show the records, and a step of scrolling (p99)."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtWidgets import QApplication, QTableView

    from aigc_desktop.gui import theme
    from aigc_desktop.gui.ops.log_model import LogModel

    app = QApplication.instance() or QApplication([])
    theme.apply(app, "light")
    table = QTableView()
    model = LogModel(lambda first, count: None, table)
    model._fetch = lambda first, count: model.supply(
        model.generation, first, book.page(first, count)
    )
    table.setModel(model)
    table.verticalHeader().setDefaultSectionSize(26)
    table.resize(950, 600)
    table.show()
    overview = book.use(LogFilter(newest_first=False))
    shown, _ = _timed(lambda: (model.show_overview(overview), table.grab()))
    bar, steps = table.verticalScrollBar(), []
    for _ in range(200):
        step = bar.value() + bar.maximum() // 200
        steps.append(_cpu_timed(lambda step=step: (bar.setValue(step), table.grab()))[1])
    return {"table_shown_ms": shown, "scroll_step_p99_cpu_ms": sorted(steps)[-2]}


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home)
        write_logs(folder, LINES)
        size = sum(path.stat().st_size for path in folder.iterdir())
        grep = min(
            _timed(
                lambda: subprocess.run(
                    ["grep", "-c", "-i", "-a", "retry after", *sorted(folder.iterdir())],
                    capture_output=True,
                    check=False,
                    env={"LC_ALL": "C"},
                )
            )[0]
            for _ in range(3)
        )
        before = psutil.Process().memory_info().rss
        firsts = []
        for _ in range(5):
            book = LogBook(folder)
            firsts.append(_timed(lambda book=book: (book.peek(), book.page(0, 60)))[0])
        whole, overview = _timed(book.refresh)
        filters = {
            "text": LogFilter(text="retry after"),
            "text_chinese": LogFilter(text="已保存"),
            "level": LogFilter(level="ERROR"),
            "component": LogFilter(components=("PreferenceLearner",)),
            "regex": LogFilter(text=r"retry\s+(after|of)\s+less[io]n", is_regex=True),
            "time": LogFilter(since=20261103000000000, until=20261104000000000),
        }
        found = {
            name: _cpu_timed(lambda wanted=wanted: book.use(wanted))
            for name, wanted in filters.items()
        }
        page, _rows = _timed(lambda: book.page(found["time"][2].count // 2, 200))
        memory = round((psutil.Process().memory_info().rss - before) / 1e6)
        window = _window(book)
        print(
            json.dumps(
                {
                    "benchmark": "logs_panel",
                    "lines": LINES,
                    "records": overview.total,
                    "megabytes": round(size / 1e6),
                    "first_rows_ms": sorted(firsts)[2],
                    "first_rows_target_ms": 200,
                    "index_all_ms": whole,
                    "filter_ms": {name: each[0] for name, each in found.items()},
                    "filter_cpu_ms": {name: each[1] for name, each in found.items()},
                    "filter_hits": {name: each[2].count for name, each in found.items()},
                    "filter_target_ms": 1000,
                    "text_filter_to_grep": round(found["text"][0] / grep, 2),
                    "page_ms": page,
                    "memory_added_mb": memory,
                    **window,
                }
            )
        )


if __name__ == "__main__":
    main()
