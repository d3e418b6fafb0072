"""What the sandbox costs a command, over running it bare (target ≤ 15 ms)."""

from __future__ import annotations

import json
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from aigc_desktop.agent.sandbox import Sandbox

ROUNDS = 60
TARGET_MS = 15


def milliseconds(argv: list[str]) -> float:
    """Return how long a command takes from start to end."""
    began = time.perf_counter()
    subprocess.run(argv, check=True, capture_output=True)
    return (time.perf_counter() - began) * 1000


def main() -> None:
    """Measure and print; bare and sandboxed take turns."""
    box = Sandbox.probe()
    with tempfile.TemporaryDirectory() as folder:
        confined = list(box.wrap("true", Path(folder)))
        bare = ["/bin/bash", "-c", "true"]
        milliseconds(confined)
        pairs = [(milliseconds(confined), milliseconds(bare)) for _ in range(ROUNDS)]
    cost = statistics.median(one - other for one, other in pairs)
    print(
        json.dumps(
            {
                "benchmark": "sandbox_cost",
                "sandbox_ms": round(statistics.median(pair[0] for pair in pairs), 1),
                "bare_ms": round(statistics.median(pair[1] for pair in pairs), 1),
                "cost_ms": round(cost, 1),
                "target_ms": TARGET_MS,
                "ok": box.available and cost <= TARGET_MS,
            }
        )
    )


if __name__ == "__main__":
    main()
