"""What is known about snapshots beside what is in them: labels, checks, drills, uploads, restores.

Losing it loses no snapshot: an unreadable one is set aside and begun anew.
"""

from __future__ import annotations

import json
import logging
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
        found = json.loads((repository / NAME).read_bytes())
    except FileNotFoundError:
        found = {}
    except (OSError, ValueError, RecursionError):
        logger.info("the state of the backup repository is unreadable; begun anew")
        found = {}
    if not isinstance(found, dict) or not isinstance(found.get("snapshots", {}), dict):
        found = {}
    found.setdefault("snapshots", {})
    return found


def change(repository: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change what is known, also with several processes at it. Raises OSError."""
    from filelock import FileLock

    with FileLock(repository / "state.lock", timeout=LOCK_TIMEOUT):
        found = read(repository)
        change(found)
        write_atomically(repository / NAME, json.dumps(found, indent=1).encode())


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
