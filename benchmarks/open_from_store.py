"""Reading a session of 10,000 messages from the store: the snapshot that is shown."""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path

from aigc_desktop.config.paths import Paths
from aigc_desktop.store.messages import transcript_snapshot
from aigc_desktop.store.store import Store
from benchmarks.data import fill

MESSAGES = 10_000


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as home:
        paths = Paths(Path(home))
        fill(paths, 1, MESSAGES)
        store = Store.open(paths, on_trouble=lambda *_: None, on_recovered=lambda _: None)
        runs = []
        for _ in range(7):
            began = time.perf_counter()
            snapshot = store.read_sync(lambda db: transcript_snapshot(db, 1))
            runs.append((time.perf_counter() - began) * 1000)
        store.close()
    print(
        json.dumps(
            {
                "benchmark": "open_from_store",
                "items": len(snapshot.items),
                "first_ms": round(runs[0], 1),
                "median_ms": round(sorted(runs)[3], 1),
            }
        )
    )


if __name__ == "__main__":
    main()
