"""Typing in the real composer while the local HTTP server is flooded, against without (case a186).

The window (offscreen) serves; another process sends 10,000 requests without a token over 40
connections, as fast as they are answered. Target: a key is seen within 100 ms, always.
"""

from __future__ import annotations

import asyncio
import collections
import json
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import psutil

from aigc_desktop.config.paths import Paths
from aigc_desktop.core import http
from benchmarks.data import fill
from benchmarks.window_probe import Paints, opened, percentile, type_keys, until

REQUESTS = 10_000
CONNECTIONS = 40
PER_CONNECTION = 50
TARGET_MS = 100.0
TARGET_MB = 50.0


async def flood(port: int) -> None:
    """Send all requests; print how they were answered."""
    request = f"GET {http.STATS} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode()
    statuses: collections.Counter[str] = collections.Counter()

    async def send_some() -> None:
        sent = 0
        while sent < REQUESTS // CONNECTIONS:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                for _ in range(PER_CONNECTION):
                    sent += 1
                    writer.write(request)
                    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
                    length = head.partition("content-length: ")[2].partition("\r")[0]
                    await reader.readexactly(int(length or 0))
                    statuses[head.split()[1]] += 1
            except (ConnectionError, asyncio.IncompleteReadError):
                statuses["closed"] += 1
            writer.close()

    await asyncio.gather(*(send_some() for _ in range(CONNECTIONS)))
    print(json.dumps(statuses))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def main() -> None:
    with tempfile.TemporaryDirectory() as home:
        paths = Paths(Path(home))
        fill(paths, sessions=100, messages=20_000)
        port = free_port()
        settings = {"provider": "demo", "language": "en", "http_server": "on", "http_port": port}
        paths.settings_file.write_text(json.dumps(settings))
        with opened(paths) as program:
            until(lambda: listens(port))
            edit = program.workspace.chat.composer.edit
            edit.setFocus()
            paints = Paints(edit.viewport())
            type_keys(edit, paints, lambda: True)
            edit.clear()
            without = type_keys(edit, paints, lambda: True)
            edit.clear()
            memory = psutil.Process().memory_info().rss
            sender = subprocess.Popen(
                [sys.executable, "-m", "benchmarks.http_flood", str(port)],
                stdout=subprocess.PIPE,
                text=True,
            )
            during = type_keys(edit, paints, lambda: sender.poll() is None)
            until(lambda: sender.poll() is not None)
            grown = (psutil.Process().memory_info().rss - memory) / 2**20
            edit.clear()
    print(json.dumps(figures(without, during, grown, json.loads(sender.communicate()[0]))))


def figures(
    without: list[float], during: list[float], grown: float, statuses: dict[str, int]
) -> dict[str, Any]:
    """Return what was measured."""
    worst = max(during) * 1000
    return {
        "benchmark": "http_flood",
        "statuses": statuses,
        "keys": [len(without), len(during)],
        "p50_ms": [round(percentile(each, 0.5) * 1000, 2) for each in (without, during)],
        "p99_ms": [round(percentile(each, 0.99) * 1000, 2) for each in (without, during)],
        "worst_ms": [round(max(each) * 1000, 2) for each in (without, during)],
        "grown_mb": round(grown, 1),
        "target_ms": TARGET_MS,
        "target_mb": TARGET_MB,
        "ok": worst < TARGET_MS and grown < TARGET_MB,
    }


if __name__ == "__main__":
    if len(sys.argv) > 1:
        asyncio.run(flood(int(sys.argv[1])))
    else:
        main()
