"""What was mended and can be taken back: kept in a file, so that it can be after a restart too."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from aigc_desktop.config.atomic import write_atomically
from aigc_desktop.config.paths import Paths

FILE_NAME = "mended.json"


def read(paths: Paths) -> dict[str, Any]:
    """Return what each mend needs to be undone, by the check's name."""
    try:
        content = json.loads((paths.home / FILE_NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def remember(paths: Paths, name: str, needed: Any) -> None:
    """Keep what undoing `name` needs. Raises OSError when it cannot be kept."""
    _write(paths, {**read(paths), name: needed})


def forget(paths: Paths, name: str) -> None:
    """It was undone."""
    _write(paths, {key: value for key, value in read(paths).items() if key != name})


def _write(paths: Paths, content: Mapping[str, Any]) -> None:
    write_atomically(paths.home / FILE_NAME, json.dumps(content).encode())
