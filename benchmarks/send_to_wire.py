"""Send → request on the wire, with a million messages in the store (target p99 ≤ 20 ms).

The scenario's choice is in it; the matcher has loaded, as it has a few seconds after a start, and
what lives to the end is left out of the garbage collection, as in the window (`gui.collector`).
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import tempfile
import time
from pathlib import Path

from aigc_desktop import bootstrap
from aigc_desktop.config import settings as config
from aigc_desktop.config.paths import Paths
from aigc_desktop.services import chat, scenarios, sessions
from benchmarks.data import fill
from tests import scripted_server as script
from tests.scripted_server import Exchange, ScriptedServer

TARGET_MS = 20
SENDS = 100


async def measure(home: Path, messages: int) -> dict[str, object]:
    """Return the figures."""
    paths = Paths(home)
    fill(paths, max(messages // 100, 1), messages)
    settings, bus, stop_logging = bootstrap.prepare(paths)
    arrived: list[float] = []
    answer = script.say("ok")

    async def note(exchange: Exchange) -> None:
        arrived.append(time.perf_counter())
        await answer(exchange)

    server = ScriptedServer()
    server.queue(note)
    taken: list[float] = []
    async with server.running(), bootstrap.open_app(paths, settings, bus) as app:
        settings.set(config.PROVIDER, "server")
        settings.set(config.BASE_URL, server.url)
        settings.set(config.MODEL, "claude-test")
        await scenarios.settle_index(app)
        gc.collect(1)
        gc.freeze()
        session = await sessions.create_session(app)
        for number in range(SENDS + 5):
            began = time.perf_counter()
            await chat.send_message(app, session.id, f"message {number}")
            await app.runner.wait(session.id)
            taken.append((arrived[-1] - began) * 1000)
    stop_logging()
    taken = sorted(taken[5:])
    p99 = taken[int(len(taken) * 0.99) - 1]
    return {
        "benchmark": "send_to_wire",
        "messages": messages,
        "sends": SENDS,
        "p50_ms": round(taken[len(taken) // 2], 2),
        "p99_ms": round(p99, 2),
        "target_ms": TARGET_MS,
        "ok": p99 <= TARGET_MS,
    }


def main() -> None:
    """Measure and print. The first argument is the number of messages (default 1,000,000)."""
    messages = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as home:
        print(json.dumps(asyncio.run(measure(Path(home), messages))))


if __name__ == "__main__":
    main()
