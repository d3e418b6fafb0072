"""Stand-ins for time."""

from __future__ import annotations

import asyncio
import time


class FakeClock:
    """Sleeps are noted and over at once; the wall clock stands still unless told otherwise."""

    def __init__(self) -> None:
        self.now = 1_800_000_000_000
        self.slept: list[float] = []

    def now_ms(self) -> int:
        return self.now

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.sleep(0)
