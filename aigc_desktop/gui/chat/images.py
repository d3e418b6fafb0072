"""Pictures in answers: from the work directory only, small enough, decoded off the main thread."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import unquote, urlsplit

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QObject, QSize, Qt, Signal, Slot
from PySide6.QtGui import QImage, QImageReader

MAX_BYTES = 20_000_000
MAX_SIDE = 16_000
"""Pixels; a larger picture is not decoded."""

SHOWN_WIDTH = 1_560
SHOWN_HEIGHT = 1_000
"""Pixels that a picture is scaled down to."""

FORMATS = (b"png", b"jpeg", b"gif", b"webp", b"bmp")
"""No SVG: it can refer to other files."""


def local_path(source: str, work_dir: Path | None) -> Path | None:
    """Return the file in the work directory that `source` names, None if it names none there."""
    if work_dir is None or not source or "\0" in source or "\\" in source:
        return None
    try:
        parts = urlsplit(source)
    except ValueError:
        return None
    if parts.scheme or parts.netloc or source.startswith("//"):
        return None
    try:
        path = (work_dir / unquote(parts.path)).resolve()
        inside = path.is_relative_to(work_dir.resolve())
    except (OSError, ValueError):
        return None
    return path if inside else None


def read_image(path: Path) -> QImage | None:
    """Return the picture, scaled down to what is shown; None if it is not fit to be shown."""
    data = _read(path)
    if not data:
        return None
    buffer = QBuffer()
    buffer.setData(QByteArray(data))
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    reader = QImageReader(buffer)
    if reader.format().data() not in FORMATS:
        return None
    size = reader.size()
    if size.isEmpty() or max(size.width(), size.height()) > MAX_SIDE:
        return None
    reader.setAutoTransform(True)
    if size.width() > SHOWN_WIDTH or size.height() > SHOWN_HEIGHT:
        reader.setScaledSize(_fit(size))
    image = reader.read()
    return None if image.isNull() else image


class ImageLoader(QObject):
    """Reads each picture once, in a thread of its own; `loaded` says when one is there."""

    loaded = Signal(str)
    _done = Signal(str, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.work_dir: Path | None = None
        self._images: dict[str, QImage | None] = {}
        self._asked: set[str] = set()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="images")
        self._open = True
        self._done.connect(self._keep, Qt.ConnectionType.QueuedConnection)

    def get(self, source: str) -> QImage | bool | None:
        """Return the picture, None if it cannot be shown, False if it is not read yet."""
        if source in self._images:
            return self._images[source]
        path = local_path(source, self.work_dir)
        if path is None:
            self._images[source] = None
            return None
        if source not in self._asked and self._open:
            self._asked.add(source)
            self._pool.submit(self._read, source, path)
        return False

    def forget(self) -> None:
        """Read everything anew (another work directory, or files have changed)."""
        self._images.clear()
        self._asked.clear()

    def close(self) -> None:
        """Stop reading."""
        self._open = False
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _read(self, source: str, path: Path) -> None:
        image = read_image(path)
        if self._open:
            self._done.emit(source, image)

    @Slot(str, object)
    def _keep(self, source: str, image: QImage | None) -> None:
        if source in self._asked:
            self._asked.discard(source)
            self._images[source] = image
            self.loaded.emit(source)


def _read(path: Path) -> bytes | None:
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        handle = os.open(path, flags | getattr(os, "O_BINARY", 0))
    except OSError:
        return None
    try:
        info = os.fstat(handle)
        if not stat.S_ISREG(info.st_mode) or not 0 < info.st_size <= MAX_BYTES:
            return None
        with os.fdopen(handle, "rb", closefd=False) as file:
            return file.read(MAX_BYTES + 1)
    except OSError:
        return None
    finally:
        os.close(handle)


def _fit(size: QSize) -> QSize:
    scale = min(SHOWN_WIDTH / size.width(), SHOWN_HEIGHT / size.height())
    return QSize(max(1, round(size.width() * scale)), max(1, round(size.height() * scale)))
