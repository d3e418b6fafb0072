"""Opening a session of 10,000 messages: from the snapshot in memory, and from the store."""

from __future__ import annotations

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.transcripts import report, session, window

MESSAGES = 10_000
TARGET_MS = 150


def main() -> None:
    """Measure and print."""
    app, view = window()
    warm, _ = session(20)
    view.show_snapshot(warm)
    app.processEvents()
    snapshot, _ = session(MESSAGES)
    view.clear()
    app.processEvents()
    runs = []
    for _ in range(5):
        began = time.perf_counter()
        view.show_snapshot(snapshot)
        view.viewport().repaint()
        runs.append((time.perf_counter() - began) * 1000)
        view.clear()
    report(
        "open_session",
        messages=MESSAGES,
        first_ms=round(runs[0], 1),
        median_ms=round(sorted(runs)[2], 1),
        target_ms=TARGET_MS,
        ok=max(runs) <= TARGET_MS,
    )
    view.images.close()


if __name__ == "__main__":
    main()
