"""What the user can do about a damaged database. Works without a store, in any thread."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from aigc_desktop.config.paths import Paths


def snapshot_time(paths: Paths) -> datetime | None:
    """Return when the newest sound snapshot was taken (local time), or None if there is none."""
    found = _newest(paths)
    return datetime.fromtimestamp(found.stat().st_mtime).astimezone() if found else None


def restore_snapshot(paths: Paths) -> int:
    """Go back to the newest sound snapshot; return 0 (the number of rows is not known).

    Raises UserError("nothing_to_rescue") when there is none.
    """
    from aigc_desktop.core.errors import UserError
    from aigc_desktop.store import rescue as store

    found = _newest(paths)
    if found is None:
        raise UserError("nothing_to_rescue", path=str(paths.database))
    store.restore(paths, found)
    return 0


def rescue(paths: Paths) -> int:
    """Copy what can be read into a new database; return how many rows that were.

    Raises UserError("nothing_to_rescue").
    """
    from aigc_desktop.store import rescue as store

    return store.rescue(paths).rows


def start_empty(paths: Paths) -> int:
    """Set the damaged database aside and begin anew; return 0."""
    from aigc_desktop.store import rescue as store

    store.start_empty(paths)
    return 0


def _newest(paths: Paths) -> Path | None:
    from aigc_desktop.store import rescue as store

    return store.newest_snapshot(paths)
