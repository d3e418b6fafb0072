"""Files that the user attaches: copied into the work directory, never over another."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

from aigc_desktop.core.errors import UserError
from aigc_desktop.files.workdir import MAX_READ, WorkDir

FOLDER = "uploads"
_UNWANTED = re.compile(r"[\x00-\x1f\x7f\u200b-\u200f\u2028-\u202e\u2060-\u2069\\/:*?\"<>|]+")


def save_attachment(work_dir: WorkDir, name: str, data: bytes | Path) -> str:
    """Copy `data` to uploads/ under a free name like `name`; return the path from the root.

    Raises:
        UserError: `file_missing`, `file_too_large`, `disk_full`, `path_refused`.
    """
    content = data if isinstance(data, bytes) else _read(data)
    clean = _UNWANTED.sub("_", name).strip(" .") or "file"
    stem, suffix = PurePosixPath(clean).stem[:100], PurePosixPath(clean).suffix[:20]
    for number in range(1, 10_000):
        candidate = (
            f"{FOLDER}/{stem}{suffix}" if number == 1 else f"{FOLDER}/{stem}-{number}{suffix}"
        )
        if not work_dir.exists(candidate):
            work_dir.create(candidate, content)
            return candidate
    raise UserError("path_refused", path=name, reason="too many files of this name")


def _read(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > MAX_READ:
            raise UserError("file_too_large", path=str(path), size=f"{size} bytes")
        if not path.is_file():
            raise UserError("file_missing", path=str(path))
        return path.read_bytes()
    except OSError as error:
        raise UserError("file_missing", path=str(path)) from error
