"""Files that nothing refers to any more; nothing of the user's own is touched."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import stat
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from aigc_desktop.config.paths import Paths

logger = logging.getLogger(__name__)

MIN_AGE = 24 * 3600.0
"""Seconds for which a file stays that may be about to be referred to, or is being written."""

PARTIAL = (".part", ".new", ".tmp")


@dataclass(frozen=True, slots=True)
class Leftover:
    """A file that can go."""

    path: Path
    size: int


def leftovers(
    paths: Paths, kept_outputs: Iterable[str], now: float | None = None
) -> list[Leftover]:
    """Return outputs of tools that no message refers to, and half-written files of the program.

    Only regular files directly in the program's own folders; links are not followed.
    """
    before = (time.time() if now is None else now) - MIN_AGE
    # By their names, which are random: the whole home may have been moved since.
    kept = {re.split(r"[\\/]", path)[-1] for path in kept_outputs}
    outputs = (
        found for found in _old_files(paths.outputs_dir, before) if found.path.name not in kept
    )
    partial = (
        found
        for folder in (paths.data_dir, paths.home)
        for found in _old_files(folder, before)
        if found.path.suffix in PARTIAL or _is_temporary(found.path.name)
    )
    return [*outputs, *partial]


def remove(found: Iterable[Leftover]) -> tuple[int, int]:
    """Remove files; return how many, and their bytes. What cannot be removed stays."""
    count = size = 0
    for each in found:
        try:
            each.path.unlink()
        except FileNotFoundError:
            continue
        except OSError as error:
            logger.info("%s stays: %s", each.path, error)
            continue
        count, size = count + 1, size + each.size
    return count, size


def _is_temporary(name: str) -> bool:
    """Return whether `config.atomic` has left it (a leading dot and a random end)."""
    return name.startswith((".settings.json.", ".keys.json.", ".keys-in-keyring.json."))


def _old_files(folder: Path, before: float) -> Iterator[Leftover]:
    with contextlib.suppress(FileNotFoundError, NotADirectoryError), os.scandir(folder) as entries:
        for entry in entries:
            status = entry.stat(follow_symlinks=False)
            if stat.S_ISREG(status.st_mode) and status.st_mtime < before:
                yield Leftover(Path(entry.path), status.st_size)
