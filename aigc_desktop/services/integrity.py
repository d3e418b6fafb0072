"""Reads all of a large database after the start, which does not wait for that.

A small one is read before it is opened (`store.migration.check`). What is found here is said, and
the next start reads all of it first and offers what there is to do.
"""

from __future__ import annotations

import asyncio
import logging
import threading

from aigc_desktop.core.events import NoticeLevel, NoticeRaised
from aigc_desktop.services.app import App
from aigc_desktop.store import health

logger = logging.getLogger(__name__)

DELAY = 60.0
"""Seconds after the start; by then the user has what they came for."""

MAX_SECONDS = 3600.0


async def check_later(app: App, delay: float = DELAY) -> None:
    """Wait, then check the database unless the start has done so already."""
    await asyncio.sleep(delay)
    database = app.paths.database
    if app.store.read_only or database.stat().st_size <= health.FULL_CHECK_LIMIT:
        return
    stopped = threading.Event()
    try:
        found = await asyncio.to_thread(
            health.check_integrity, database, MAX_SECONDS, whole=True, is_stopped=stopped.is_set
        )
    finally:
        stopped.set()
    if not found.complete or "locked" in found.fault:
        return
    if not found.fault:
        app.paths.suspect_mark.unlink(missing_ok=True)
        return
    logger.error("integrity check: %s", found.fault)
    app.paths.suspect_mark.touch()
    params = {"path": str(database)}
    app.bus.publish(NoticeRaised(NoticeLevel.ERROR, "database_damage_found", params))
