"""Main-thread time of a frame while 200 tokens a second stream in, below 10,000 messages."""

from __future__ import annotations

import random
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from aigc_desktop.core import events as ev
from aigc_desktop.core.session import Turn, TurnStatus
from benchmarks.transcripts import answer, frames, report, session, window

MESSAGES = 10_000
TOKENS_PER_SECOND = 200
SECONDS = 12
FRAME_MS = 33
TARGET_MS = 16


def main() -> None:
    """Measure and print."""
    app, view = window()
    snapshot, _ = session(MESSAGES)
    view.show_snapshot(snapshot)
    app.processEvents()
    turn_id = MESSAGES
    turn = Turn(turn_id, 1, MESSAGES // 2, TurnStatus.RUNNING, 0, "Go on", siblings=(turn_id,))
    view.apply(ev.TurnStarted(1, turn_id, turn))
    view.apply(ev.BlockStarted(1, turn_id, 1000, "text"))
    rng = random.Random(3)
    text = "\n\n".join(answer(rng) for _ in range(12))
    tokens = [text[at : at + 4] for at in range(0, len(text), 4)][: TOKENS_PER_SECOND * SECONDS]
    per_frame = TOKENS_PER_SECOND * FRAME_MS // 1000
    times = []
    for at in range(0, len(tokens), per_frame):
        began = time.perf_counter()
        for token in tokens[at : at + per_frame]:
            view.apply(ev.TextDelta(1, turn_id, 1000, token))
        view.flush_now()
        view.viewport().repaint()
        times.append((time.perf_counter() - began) * 1000)
        app.processEvents()
    figures = frames(times)
    report(
        "stream_frame",
        messages=MESSAGES,
        tokens=len(tokens),
        **figures,
        ms_per_token=round(sum(times) / len(tokens), 3),
        target_ms=TARGET_MS,
        ok=figures["p99_ms"] <= TARGET_MS,
    )
    view.images.close()


if __name__ == "__main__":
    main()
