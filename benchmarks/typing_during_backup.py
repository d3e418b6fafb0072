"""Typing in the real composer while a real backup of a big folder runs, against typing without one.

A key's latency is the time from the key to the end of the paint that shows it, in the real window
(offscreen) with its real backend. Keys come every 25 ms, in turns without and with a backup; each
backup begins in an empty repository, so that it has everything to read. AIGC_MEGABYTES says how
large the folder is (half of it in files of 8 KB).
"""

from __future__ import annotations

import json
import os
import random
import shutil
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QWidget

from aigc_desktop.config.paths import Paths
from aigc_desktop.core.events import BackupProgressed
from aigc_desktop.gui import calls
from benchmarks.data import fill
from benchmarks.window_probe import Paints, opened, percentile, type_keys, until

MEGABYTES = int(os.environ.get("AIGC_MEGABYTES", "800"))
SMALL = 8 * 1024
ROUNDS = 3
TARGET_RATIO = 1.5


def make_files(folder: Path) -> None:
    """Half of it small files, half of it large ones; nothing of it compresses away."""
    rng = random.Random(1)
    half = MEGABYTES * 1024 * 1024 // 2
    for number in range(half // SMALL):
        place = folder / f"small-{number // 500}"
        place.mkdir(exist_ok=True)
        (place / f"{number}.txt").write_bytes(rng.randbytes(SMALL))
    for number in range(4):
        with (folder / f"big-{number}.bin").open("wb") as file:
            for _ in range(half // 4 // 2**20):
                file.write(rng.randbytes(2**20))


def with_backup(program: Any, edit: QWidget, paints: Paints) -> tuple[list[float], float]:
    """Type while a backup of everything runs; return the latencies and the backup's seconds."""
    done: list[Any] = []
    reading: list[Any] = []

    def on_event(event: Any) -> None:
        if isinstance(event, BackupProgressed) and event.progress.done:
            reading.append(event)

    program.bridge.arrived.connect(on_event)
    began = time.monotonic()
    program.bridge.call(
        program.window,
        calls.backup.create_backup,
        on_done=done.append,
        on_error=done.append,
    )
    until(lambda: reading or done)
    taken = type_keys(edit, paints, lambda: not done)
    until(lambda: done)
    program.bridge.arrived.disconnect(on_event)
    assert isinstance(done[0], dict), done[0]
    return taken, time.monotonic() - began


def main() -> None:
    with tempfile.TemporaryDirectory() as home:
        paths = Paths(Path(home))
        fill(paths, sessions=100, messages=20_000)
        paths.settings_file.write_text('{"provider": "demo", "language": "en"}')
        make_files(paths.work_dir)
        without: list[float] = []
        during: list[float] = []
        seconds = []
        with opened(paths) as program:
            edit = program.workspace.chat.composer.edit
            edit.setFocus()
            paints = Paints(edit.viewport())
            type_keys(edit, paints, lambda: True)
            for _ in range(ROUNDS):
                edit.clear()
                without += type_keys(edit, paints, lambda: True)
                shutil.rmtree(paths.home / "backups", ignore_errors=True)
                edit.clear()
                taken, took = with_backup(program, edit, paints)
                during += taken
                seconds.append(took)
            edit.clear()
    ratio = statistics.median(during) / statistics.median(without)
    figures = {
        "benchmark": "typing_during_backup",
        "megabytes": MEGABYTES,
        "keys": [len(without), len(during)],
        "backup_seconds": [round(each, 1) for each in seconds],
        "p50_ms": [round(statistics.median(each) * 1000, 2) for each in (without, during)],
        "p99_ms": [round(percentile(each, 0.99) * 1000, 2) for each in (without, during)],
        "worst_ms": [round(max(each) * 1000, 2) for each in (without, during)],
        "ratio": round(ratio, 2),
        "target": TARGET_RATIO,
        "ok": ratio <= TARGET_RATIO,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
