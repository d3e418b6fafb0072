"""What comes first, with a window or without one."""

from __future__ import annotations

import os

from aigc_desktop.config.i18n import set_language
from aigc_desktop.config.paths import Paths
from aigc_desktop.config.settings import LANGUAGE, Settings, take_key_out_of_environment
from aigc_desktop.core.bus import EventBus

_BLAS_THREADS = "2"
"""The matcher multiplies small matrices. OpenBLAS takes all cores for it, and each of its threads
waits busily for 2**26 cycles afterwards (its `THREAD_TIMEOUT`; shorter ones wake up too slowly)."""


def prepare(paths: Paths) -> tuple[Settings, EventBus]:
    """Make the directories, read the settings, choose the language.

    Light: nothing of this delays the first paint.

    Raises:
        UserError: `data_dir_read_only`, `settings_unreadable`.
    """
    paths.create()
    bus = EventBus()
    settings = Settings(paths, bus)
    take_key_out_of_environment()
    os.environ.setdefault("OPENBLAS_NUM_THREADS", _BLAS_THREADS)  # Read when numpy is imported.
    set_language(settings.get(LANGUAGE))
    return settings, bus
