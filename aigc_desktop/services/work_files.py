"""The files of a session's work directory, as the window shows them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from aigc_desktop.core.errors import UserError
from aigc_desktop.services import chat
from aigc_desktop.services.app import App

MAX_TEXT = 512 * 1024
MAX_IMAGE = 20 * 1024 * 1024
IMAGES = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp")
MARKDOWN = (".md", ".markdown")

TEXT = "text"
IMAGE = "image"
NONE = "none"


@dataclass(frozen=True, slots=True)
class FilePreview:
    """What can be shown of a file. `kind`: text, markdown, image, or none (not showable)."""

    path: str
    kind: str
    data: bytes = b""

    @property
    def text(self) -> str:
        return self.data.decode("utf-8", "replace")


async def preview_file(app: App, session_id: int, path: str) -> FilePreview:
    """Return a file's content for the eye, read beneath the work directory.

    Raises UserError: `file_missing`, `path_refused`.
    """
    folder = await chat.open_work_dir(app, session_id)
    suffix = f".{path.rpartition('.')[2].lower()}"
    limit = MAX_IMAGE if suffix in IMAGES else MAX_TEXT
    try:
        data = await asyncio.to_thread(folder.read_bytes, path, limit)
    except UserError as error:
        if error.code == "file_too_large":
            return FilePreview(path, NONE)
        raise
    if suffix in IMAGES:
        return FilePreview(path, IMAGE, data)
    if b"\0" in data[:8192]:
        return FilePreview(path, NONE)
    return FilePreview(path, "markdown" if suffix in MARKDOWN else TEXT, data)


async def find_file(app: App, session_id: int, path: str) -> str:
    """Return the absolute path of a file that is in the work directory.

    Raises UserError: `file_missing`, `path_refused` for one that leads out of it.
    """
    folder = await chat.open_work_dir(app, session_id)
    if not await asyncio.to_thread(folder.describe, [path]):
        raise UserError("file_missing", path=path)
    return str(folder.root / path)
