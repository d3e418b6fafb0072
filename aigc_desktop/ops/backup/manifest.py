"""The manifest of a snapshot: every file, link and folder, and the chunks that each consists of."""

from __future__ import annotations

import json
import logging
import struct
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from aigc_desktop.core.errors import UserError
from aigc_desktop.ops.backup import sealed
from aigc_desktop.ops.backup.keys import Key
from aigc_desktop.ops.backup.repository import Repository
from aigc_desktop.ops.backup.sealed import damaged

logger = logging.getLogger(__name__)

Id = bytes
ID_SIZE = 32
_LENGTH = struct.Struct(">I")

DATABASE = "data/sessions.db"
SETTINGS = "settings.json"
DATABASE_CHUNK = 64 * 1024
"""Bytes; a multiple of every page size, so that an unchanged page stays in an unchanged chunk."""

FILE_CHUNK = 256 * 1024
"""Bytes. Small enough that a change in the middle of a big file costs little."""


@dataclass(slots=True)
class FileEntry:
    """A file: `area/path`, what tells whether it may have changed, and its chunks in order."""

    path: str
    mode: int
    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int
    chunks: list[Id] = field(default_factory=list)

    @property
    def chunk_size(self) -> int:
        return DATABASE_CHUNK if self.path == DATABASE else FILE_CHUNK


@dataclass(slots=True)
class Manifest:
    """What a snapshot holds. `header` is readable without the passphrase."""

    header: dict[str, Any]
    files: list[FileEntry] = field(default_factory=list)
    folders: list[tuple[str, int]] = field(default_factory=list)
    """Path and mode."""
    links: list[tuple[str, str]] = field(default_factory=list)
    """Path and where it leads; links are kept as such and never followed."""
    skipped: list[str] = field(default_factory=list)
    sessions: list[tuple[str, str, int]] = field(default_factory=list)
    """Lasting name, title, last activity."""
    roots: dict[str, str] = field(default_factory=dict)
    """Where each area was."""
    counts: dict[str, int] = field(default_factory=dict)
    """Rows of each table."""

    @property
    def id(self) -> str:
        return str(self.header["id"])

    def ids(self) -> set[Id]:
        """Return all chunks that it needs."""
        return {chunk for entry in self.files for chunk in entry.chunks}


def encode(manifest: Manifest, key: Key | None) -> bytes:
    """Return the content of a snapshot's file."""
    data = json.dumps(
        {
            "files": [
                [f.path, f.mode, f.size, f.mtime_ns, f.ctime_ns, f.inode, len(f.chunks)]
                for f in manifest.files
            ],
            "folders": manifest.folders,
            "links": manifest.links,
            "skipped": manifest.skipped,
            "sessions": manifest.sessions,
            "roots": manifest.roots,
            "counts": manifest.counts,
        }
    ).encode()
    ids = b"".join(chunk for f in manifest.files for chunk in f.chunks)
    body = _LENGTH.pack(len(data)) + data + ids
    return sealed.seal(sealed.SNAPSHOT, manifest.header, body, key)


def load(repository: Repository, snapshot_id: str) -> Manifest:
    """Return a snapshot's manifest.

    Raises UserError: `snapshot_not_found`, `backup_damaged`, `backup_newer`, `passphrase_missing`.
    """
    content = repository.snapshot_file(snapshot_id).read_bytes()
    header, _ = sealed.header_of(sealed.SNAPSHOT, content, snapshot_id)
    if header.get("id") != snapshot_id:
        raise damaged(snapshot_id)
    if header.get("format", 0) > 1:
        raise UserError("backup_newer", version=header.get("version", ""))
    body = sealed.body_of(sealed.SNAPSHOT, content, repository.key, snapshot_id)
    try:
        return _decode(header, body)
    except (ValueError, KeyError, TypeError, struct.error, RecursionError) as error:
        raise damaged(snapshot_id) from error


def _decode(header: dict[str, Any], body: bytes) -> Manifest:
    (length,) = _LENGTH.unpack_from(body)
    data = json.loads(body[_LENGTH.size : _LENGTH.size + length])
    ids = memoryview(body)[_LENGTH.size + length :]
    files, at = [], 0
    for path, mode, size, mtime_ns, ctime_ns, inode, count in data["files"]:
        end = at + count * ID_SIZE
        chunks = [bytes(ids[n : n + ID_SIZE]) for n in range(at, end, ID_SIZE)]
        files.append(FileEntry(path, mode, size, mtime_ns, ctime_ns, inode, chunks))
        at = end
    if at != len(ids):
        raise ValueError("chunks and files do not fit")
    manifest = Manifest(
        header,
        files,
        [(path, mode) for path, mode in data["folders"]],
        [(path, target) for path, target in data["links"]],
        data["skipped"],
        [(uid, title, at) for uid, title, at in data["sessions"]],
        data["roots"],
        data["counts"],
    )
    _check(manifest)
    return manifest


def _check(manifest: Manifest) -> None:
    """Whatever wrote the manifest: no path in it leads out of its area."""
    seen: set[str] = set()
    for path in (
        *(entry.path for entry in manifest.files),
        *(path for path, _ in manifest.folders),
        *(path for path, _ in manifest.links),
    ):
        parts = PurePosixPath(path).parts
        if not parts or ".." in parts or parts[0] == "/" or "\0" in path or path in seen:
            raise ValueError(f"path {path!r}")
        seen.add(path)
    for entry in manifest.files:
        expected = -(-entry.size // entry.chunk_size)
        if len(entry.chunks) != expected:
            raise ValueError("size and chunks do not fit")


def needed_chunks(repository: Repository) -> set[Id] | None:
    """Return what all snapshots together need; None if one of them cannot be read."""
    needed: set[Id] = set()
    for snapshot_id in repository.snapshot_ids():
        try:
            needed |= load(repository, snapshot_id).ids()
        except UserError as error:
            logger.info("it is not known what is needed: %s: %s", snapshot_id, error)
            return None
    return needed
