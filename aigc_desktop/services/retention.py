"""Tidying by rule: old sessions to the trash, old trash away, orphan files, unused space.

Off by default as far as sessions go. What nothing refers to any more is removed all the same.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
import tempfile
from collections.abc import Callable
from typing import Any

from aigc_desktop.config import settings as config
from aigc_desktop.core.errors import UserError
from aigc_desktop.core.events import SessionChanged, SessionDeleted
from aigc_desktop.core.retention import DueSession, RetentionPlan, RetentionReport, Space
from aigc_desktop.ops import retention as files
from aigc_desktop.services import checkpointing
from aigc_desktop.services.app import App
from aigc_desktop.store import retention as rows
from aigc_desktop.store import sessions as session_rows
from aigc_desktop.store.store import Db

logger = logging.getLogger(__name__)

DAY_MS = 24 * 3600 * 1000
LIMIT = 10_000
"""Sessions of one run."""

ROOM = 1.2
"""VACUUM writes what is used once to a temporary file and once to the log beside the database."""

Progress = Callable[[int, int, str], None]


async def preview(app: App) -> RetentionPlan:
    """Return what would go now, without touching anything."""
    to_trash, to_delete = await app.store.read(lambda db: _due(app, db))
    orphans = await app.store.read(rows.count_orphans)
    found = await _leftovers(app)
    return RetentionPlan(
        enabled=is_enabled(app),
        idle_days=app.settings.get(config.RETENTION_DAYS),
        trash_days=app.settings.get(config.TRASH_DAYS),
        to_trash=tuple(to_trash),
        to_delete=tuple(to_delete),
        files=len(found),
        file_bytes=sum(each.size for each in found),
        rows=orphans,
        space=await app.store.read(rows.space),
    )


async def tidy(app: App, progress: Progress | None = None) -> RetentionReport:
    """Do what the preview says. Can be stopped and begun again at any point.

    Raises UserError: `disk_full`, `database_read_only`, ….
    """
    trashed, deleted = await _tidy_sessions(app, progress or (lambda *_: None))
    orphans = await app.store.write(rows.delete_orphans)
    freed = await checkpointing.prune(app)
    count, size = await asyncio.to_thread(files.remove, await _leftovers(app))
    vacuumed, put_off, given_back = await _give_back(app)
    report = RetentionReport(
        trashed, deleted, count, orphans, freed + size + given_back, vacuumed, put_off
    )
    logger.info("tidied: %s", report)
    return report


async def vacuum(app: App) -> int:
    """Make the database file as small as it can be; return how many bytes that gave back.

    Raises:
        UserError: `vacuum_busy` while turns run; `disk_full` without the room that it takes.
    """
    before = await app.store.read(rows.space)
    if app.runner.running_sessions():
        raise UserError("vacuum_busy")
    if not _has_room(app, before):
        raise UserError("disk_full", path=str(app.paths.data_dir), reason="")
    await app.store.maintain(_vacuum)
    after = await app.store.read(rows.space)
    return max(0, before.size - after.size)


async def trash_days(app: App) -> int | None:
    """Return after how many days the trash is emptied by itself; None: never."""
    return app.settings.get(config.TRASH_DAYS) if is_enabled(app) else None


def is_enabled(app: App) -> bool:
    """Return whether sessions are tidied away by rule."""
    return app.settings.get(config.RETENTION) == "on"


def _due(app: App, db: Db) -> tuple[list[DueSession], list[DueSession]]:
    if not is_enabled(app):
        return [], []
    now = app.clock.now_ms()
    idle_before = now - app.settings.get(config.RETENTION_DAYS) * DAY_MS
    trash_before = now - app.settings.get(config.TRASH_DAYS) * DAY_MS
    return rows.idle(db, idle_before, LIMIT), rows.expired(db, trash_before, LIMIT)


async def _tidy_sessions(app: App, progress: Progress) -> tuple[int, int]:
    to_trash, to_delete = await app.store.read(lambda db: _due(app, db))
    total = len(to_trash) + len(to_delete)
    trashed = deleted = 0
    for session in to_delete:
        deleted += await _delete(app, session.id)
        progress(trashed + deleted, total, "")
    for session in to_trash:
        trashed += await _trash(app, session.id)
        progress(trashed + deleted, total, "")
    return trashed, deleted


async def _trash(app: App, session_id: int) -> bool:
    """Move to the trash, unless the session has come to life since it was found."""
    now = app.clock.now_ms()
    before = now - app.settings.get(config.RETENTION_DAYS) * DAY_MS

    def write(db: Db) -> Any:
        session = session_rows.get(db, session_id)
        if session.pinned or session.draft or session.last_activity > before:
            return None
        session_rows.trash(db, session_id, now)
        return session_rows.get(db, session_id)

    if app.runner.is_busy(session_id):
        return False
    changed = await _unless_gone(app, write)
    if changed is not None:
        app.bus.publish(SessionChanged(changed))
    return changed is not None


async def _delete(app: App, session_id: int) -> bool:
    """Delete for good, unless the session was taken out of the trash since it was found."""
    before = app.clock.now_ms() - app.settings.get(config.TRASH_DAYS) * DAY_MS

    def write(db: Db) -> Any:
        trashed_at = session_rows.get(db, session_id).trashed_at
        if trashed_at is None or trashed_at > before:
            return None
        session_rows.delete_forever(db, session_id)
        return True

    if app.runner.is_busy(session_id):
        return False
    gone = await _unless_gone(app, write)
    if gone is not None:
        app.bus.publish(SessionDeleted(session_id))
    return gone is not None


async def _unless_gone(app: App, write: Callable[[Db], Any]) -> Any:
    try:
        return await app.store.write(write)
    except UserError as error:
        if error.code != "session_not_found":
            raise
        return None


async def _leftovers(app: App) -> list[files.Leftover]:
    kept = await app.store.read(rows.kept_outputs)
    return await asyncio.to_thread(files.leftovers, app.paths, kept)


async def _give_back(app: App) -> tuple[bool, str, int]:
    """Vacuum if it is worthwhile and possible; return whether, why not, and the bytes."""
    space = await app.store.read(rows.space)
    if not space.worthwhile:
        return False, "", 0
    try:
        return True, "", await vacuum(app)
    except UserError as error:
        if error.code not in ("vacuum_busy", "disk_full", "database_locked"):
            raise
        return False, "space" if error.code == "disk_full" else "busy", 0


def _has_room(app: App, space: Space) -> bool:
    needed = (space.size - space.unused) * ROOM
    folders = (app.paths.data_dir, tempfile.gettempdir())
    return all(shutil.disk_usage(folder).free >= needed for folder in folders)


def _vacuum(connection: Any) -> None:
    cursor = connection.cursor()
    try:
        # The copy that VACUUM makes must not lie in memory.
        cursor.execute("PRAGMA temp_store=FILE")
        cursor.execute("VACUUM")
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        cursor.execute("PRAGMA temp_store=MEMORY")
        cursor.close()
