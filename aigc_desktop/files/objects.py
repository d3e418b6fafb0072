"""Content by its hash, in packs that are only ever added: one file per writing, then its index."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import struct
import threading
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

from aigc_desktop.config.atomic import sync_directory, write_atomically
from aigc_desktop.core.errors import UserError

logger = logging.getLogger(__name__)

Hash = bytes
HASH_SIZE = 32
_RECORD = struct.Struct(">32sQQQ")
"""Hash, offset in the pack, stored length, length of the content."""

PLAIN_BELOW = 256
"""Bytes; shorter content is not worth compressing."""

UNFINISHED_AGE = 3600.0
"""Seconds after which a pack without an index is no longer being written by anybody."""

_LEVEL = 1


def hash_of(data: bytes) -> Hash:
    """Return the SHA-256 of content."""
    return hashlib.sha256(data).digest()


class ObjectStore:
    """Reads and adds objects. A pack without an index was never finished and is swept."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._places: dict[Hash, tuple[str, int, int, int]] | None = None

    def read(self, key: Hash) -> bytes:
        """Return an object, checked against its hash.

        Raises:
            UserError("checkpoint_damaged"): it is not there, or is not what was stored.
        """
        place = self._index().get(key) or self._index(anew=True).get(key)
        if place is None:
            raise UserError("checkpoint_damaged")
        pack, offset, stored, length = place
        try:
            with (self._folder / f"{pack}.pack").open("rb") as file:
                file.seek(offset)
                data = file.read(stored)
            content = data if stored == length else zlib.decompress(data, bufsize=length)
        except (OSError, zlib.error) as error:
            raise UserError("checkpoint_damaged") from error
        if hash_of(content) != key:
            raise UserError("checkpoint_damaged")
        return content

    @contextlib.contextmanager
    def adding(self) -> Iterator[PackWriter]:
        """Add objects; they are there for others, and on disk, when the block has ended well.

        Raises UserError("disk_full"); nothing is added then.
        """
        writer = PackWriter(self._folder, self._index())
        try:
            yield writer
            added = writer.finish()
        except OSError as error:
            writer.discard()
            raise UserError("disk_full", path=str(self._folder), reason="") from error
        except BaseException:
            writer.discard()
            raise
        with self._lock:
            self._index().update(added)

    def sizes(self) -> dict[str, int]:
        """Return the bytes of every finished pack."""
        packs = {place[0] for place in self._index().values()}
        return {pack: (self._folder / f"{pack}.pack").stat().st_size for pack in packs}

    def keep_only(self, wanted: set[Hash], min_age: float) -> int:
        """Delete packs of at least `min_age` seconds in which nothing is wanted.

        Returns how many bytes that freed. Younger ones may belong to a turn that has not noted
        its checkpoint yet, in this process or another.
        """
        with self._lock:
            places = self._index(anew=True)
            used = {place[0] for key, place in places.items() if key in wanted}
            freed = 0
            for pack in {place[0] for place in places.values()} - used:
                file = self._folder / f"{pack}.pack"
                status = file.stat()
                if status.st_mtime > time.time() - min_age:
                    continue
                freed += status.st_size
                file.with_suffix(".idx").unlink()
                file.unlink()
            self._places = None
        return freed

    def forget(self) -> None:
        """Look at the disk again: another process may have deleted packs."""
        with self._lock:
            self._places = None

    def _index(self, *, anew: bool = False) -> dict[Hash, tuple[str, int, int, int]]:
        if self._places is None or anew:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._places = {}
            for index in sorted(self._folder.glob("*.idx")):
                self._places.update(_read_index(index))
            for pack in self._folder.glob("*.pack"):
                unfinished = not pack.with_suffix(".idx").exists()
                if unfinished and pack.stat().st_mtime < time.time() - UNFINISHED_AGE:
                    pack.unlink()
        return self._places


class PackWriter:
    """Collects objects into one new pack; made by `ObjectStore.adding`."""

    def __init__(self, folder: Path, known: dict[Hash, tuple[str, int, int, int]]) -> None:
        self._folder = folder
        self._known = known
        self._name = os.urandom(12).hex()
        self._added: dict[Hash, tuple[str, int, int, int]] = {}
        self._offset = 0
        self._file = (folder / f"{self._name}.pack").open("xb", buffering=1 << 20)

    def add(self, data: bytes) -> Hash:
        """Store content unless it is there; return its hash."""
        key = hash_of(data)
        if key not in self._known and key not in self._added:
            stored = data if len(data) < PLAIN_BELOW else zlib.compress(data, _LEVEL)
            if len(stored) >= len(data):
                stored = data
            self._file.write(stored)
            self._added[key] = (self._name, self._offset, len(stored), len(data))
            self._offset += len(stored)
        return key

    def finish(self) -> dict[Hash, tuple[str, int, int, int]]:
        """Bring everything to disk, the index last; return what is new."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        if not self._added:
            self.discard()
            return {}
        records = b"".join(_RECORD.pack(key, *place[1:]) for key, place in self._added.items())
        write_atomically(self._folder / f"{self._name}.idx", records, mode=0o600)
        sync_directory(self._folder)
        return self._added

    def discard(self) -> None:
        """Forget the pack."""
        self._file.close()
        (self._folder / f"{self._name}.pack").unlink(missing_ok=True)


def _read_index(index: Path) -> dict[Hash, tuple[str, int, int, int]]:
    data = index.read_bytes()
    if len(data) % _RECORD.size:
        logger.warning("the checkpoint index %s is damaged", index.name)
        data = data[: len(data) - len(data) % _RECORD.size]
    pack = index.stem
    return {
        key: (pack, offset, stored, length)
        for key, offset, stored, length in _RECORD.iter_unpack(data)
    }
