"""Which process runs a turn, so that nobody ends the turns of one that is alive."""

from __future__ import annotations

import functools
import os

import psutil


@functools.cache
def this_process() -> str:
    """Return a name for this process that no later one with the same number has."""
    return f"{os.getpid()}:{psutil.Process().create_time():.2f}"


def is_alive(owner: str) -> bool:
    """Return whether the process of that name still runs; our own turns of before do not."""
    number, _, created = owner.partition(":")
    try:
        process = psutil.Process(int(number))
        return f"{process.create_time():.2f}" == created and owner != this_process()
    except (ValueError, psutil.Error):
        return False
