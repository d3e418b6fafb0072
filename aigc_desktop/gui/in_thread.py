"""Work that blocks, where there is no backend to give it to."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from typing import Any


def in_thread(work: Callable[[], Any], answer: Any) -> None:
    """Do `work` in a thread, and emit its result, or what it raised, through the signal `answer`.

    Nothing is emitted when the signal's owner is gone by then.
    """

    def run() -> None:
        try:
            result: Any = work()
        except Exception as error:  # noqa: BLE001 shown to the user
            result = error
        with contextlib.suppress(RuntimeError):
            answer.emit(result)

    threading.Thread(target=run, name="in-thread", daemon=True).start()
