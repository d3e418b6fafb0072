"""What is known about snapshots beside what is in them: labels, checks, drills, uploads, restores.

Losing it loses no snapshot: an unreadable one is set aside and begun anew.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from aigc_desktop.config.atomic import write_atomically

logger = logging.getLogger(__name__)

LOCK_TIMEOUT = 20.0
NAME = "state.json"


def read(repository: Path) -> dict[str, Any]:
    """Return what is known; `snapshots` maps ids to what is known of each."""
    try:
        return _load(repository)
    except (OSError, ValueError):
        logger.info("the state of the backup repository is unreadable")
        return {"snapshots": {}}


def change(repository: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change what is known, also with several processes at it.

    A damaged state is kept beside the new one. Raises OSError: then nothing is changed.
    """
    from filelock import FileLock

    with FileLock(repository / "state.lock", timeout=LOCK_TIMEOUT):
        try:
            found = _load(repository)
        except ValueError:
            (repository / NAME).replace(repository / f"{NAME}.damaged-{time.time_ns()}")
            found = {"snapshots": {}}
        change(found)
        write_atomically(repository / NAME, json.dumps(found, indent=1).encode())


def _load(repository: Path) -> dict[str, Any]:
    """Return the state. Raises OSError, or ValueError for one that is damaged."""
    try:
        found = json.loads((repository / NAME).read_bytes())
    except FileNotFoundError:
        found = {}
    except RecursionError as error:
        raise ValueError(NAME) from error
    known = found.setdefault("snapshots", {}) if isinstance(found, dict) else None
    if not isinstance(known, dict):
        raise ValueError(f"{NAME} has another shape")  # noqa: TRY004 the file's fault
    return dict(found)


def note(repository: Path, snapshot_id: str, **facts: Any) -> None:
    """Note facts about one snapshot."""

    def set_facts(found: dict[str, Any]) -> None:
        found["snapshots"].setdefault(snapshot_id, {}).update(facts)

    change(repository, set_facts)


def forget(repository: Path, snapshot_ids: list[str]) -> None:
    """Forget what is known about snapshots that are gone."""

    def remove(found: dict[str, Any]) -> None:
        for snapshot_id in snapshot_ids:
            found["snapshots"].pop(snapshot_id, None)

    change(repository, remove)
