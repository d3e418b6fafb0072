"""Main-thread time of a frame while scrolling through 10,000 messages."""

from __future__ import annotations

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.transcripts import feed_all, frames, report, session, window

MESSAGES = 10_000
STEPS = 600
STEP_PX = 72
"""One notch of a mouse wheel."""

TARGET_MS = 16


def main() -> None:
    """Measure and print."""
    app, view = window()
    snapshot, items = session(MESSAGES)
    view.show_snapshot(snapshot)
    feed_all(app, view, items)
    bar = view.verticalScrollBar()
    times = []
    for _ in range(STEPS):
        began = time.perf_counter()
        bar.setValue(bar.value() - STEP_PX)
        view.viewport().repaint()
        times.append((time.perf_counter() - began) * 1000)
        app.processEvents()
    figures = frames(times)
    report(
        "scroll_frame",
        messages=MESSAGES,
        **figures,
        target_ms=TARGET_MS,
        ok=figures["p99_ms"] <= TARGET_MS,
    )
    view.images.close()


if __name__ == "__main__":
    main()
