"""Scenarios in files: written for others, read, taken over."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path

from aigc_desktop.config.atomic import write_atomically
from aigc_desktop.core.errors import UserError
from aigc_desktop.core.events import ScenariosChanged
from aigc_desktop.core.scenario import Scenario
from aigc_desktop.scenarios import exchange
from aigc_desktop.services.app import App
from aigc_desktop.store import scenarios as rows
from aigc_desktop.store.store import Db


async def export_scenarios(app: App, path: str, scenario_ids: Sequence[int] = ()) -> int:
    """Write scenarios (all, if none is named) into a file; return how many."""
    found = await app.store.read(rows.all_scenarios)
    chosen = [s for s in found if not scenario_ids or s.id in set(scenario_ids)]
    if not chosen:
        raise UserError("scenario_not_found")
    text = exchange.write([s.bundle for s in chosen])
    try:
        await asyncio.to_thread(write_atomically, Path(path), text.encode())
    except OSError as error:
        raise UserError("file_not_writable", path=path, reason=error.strerror or "") from error
    return len(chosen)


async def read_import(app: App, path: str) -> tuple[exchange.Imported, ...]:
    """Return what a file of scenarios holds, without taking it over.

    Raises UserError: `file_not_readable`, `import_too_large`, `import_unreadable`,
    `import_newer`, `scenario_invalid`.
    """
    return exchange.read(await asyncio.to_thread(read_capped, path, exchange.MAX_BYTES))


async def import_scenarios(app: App, imported: Sequence[exchange.Imported]) -> list[int]:
    """Take over what was read: as new, private scenarios; the same one twice stays one."""

    def write(db: Db) -> list[int]:
        there = [s.bundle for s in rows.all_scenarios(db)]
        new = [each.bundle for each in imported if each.bundle not in there]
        now = app.clock.now_ms()
        return [rows.create(db, Scenario(0, 1, b, is_public=False), now).id for b in new]

    made = await app.store.write(write)
    app.bus.publish(ScenariosChanged())
    return made


def read_capped(path: str, limit: int) -> bytes:
    """Return a regular file's bytes, one more than `limit` at most.

    Raises UserError("file_not_readable").
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(descriptor, "rb") as file:
            if not Path(path).is_file():
                raise UserError("file_not_readable", path=path, reason="")
            return file.read(limit + 1)
    except OSError as error:
        raise UserError("file_not_readable", path=path, reason=error.strerror or "") from error
