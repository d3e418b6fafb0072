"""Makes a snapshot: read what changed, store it, look at all of it again, then say it is done."""

from __future__ import annotations

import hashlib
import logging
import shutil
import time
from dataclasses import asdict
from typing import Any

from aigc_desktop.config.atomic import write_atomically
from aigc_desktop.core.backup import Cause, Changes, Phase
from aigc_desktop.core.errors import UserError
from aigc_desktop.ops.backup import catalog, healing, manifest, packs, source, state
from aigc_desktop.ops.backup.keys import Key
from aigc_desktop.ops.backup.manifest import DATABASE, FileEntry, Manifest
from aigc_desktop.ops.backup.packs import Index, Packer
from aigc_desktop.ops.backup.repository import Repository
from aigc_desktop.ops.backup.sealed import damaged
from aigc_desktop.ops.backup.storing import FileReader, Pool, Storer, read_database
from aigc_desktop.ops.backup.worker import Work
from aigc_desktop.store.image import DatabaseImage

logger = logging.getLogger(__name__)

RESERVE = 32 * 1024 * 1024
"""Bytes that have to stay free."""

QUICK_CHECK_LIMIT = 256 * 1024 * 1024
"""Bytes of a database up to which every backup checks it; larger ones the drill checks."""


def run_create(work: Work) -> dict[str, Any]:
    """Make a snapshot; then send it, and apply retention. See `services.backup.create_backup`."""
    from aigc_desktop.ops.backup.prune import apply_retention
    from aigc_desktop.ops.backup.remote import send

    began = time.monotonic()
    options = work.job.options
    repository, key = open_for_writing(work)
    with repository.locked():
        made = make_snapshot(work, repository, key, options["label"], Cause(options["cause"]))
        uploaded = False
        if work.job.bucket is not None:
            send(work, repository)
            uploaded = True
        pruned = apply_retention(work, repository)
    header = made.header
    return {
        "snapshot": made.id,
        "added": header["added"],
        "size": header["size"],
        "seconds": round(time.monotonic() - began, 2),
        "pruned": list(pruned.snapshots),
        "uploaded": uploaded,
    }


def open_for_writing(work: Work) -> tuple[Repository, Key | None]:
    """Return the repository, made if need be, and the key if new chunks are to be encrypted."""
    repository = Repository.open_or_create(work.root)
    if work.job.encrypt:
        return repository, repository.ensure_key(work.job.passphrase)
    if work.job.passphrase is not None:
        try:
            repository.unlock(work.job.passphrase)
        except UserError as error:
            logger.info("the encrypted snapshots stay closed: %s", error)
    return repository, None


def make_snapshot(
    work: Work, repository: Repository, key: Key | None, label: str, cause: Cause
) -> Manifest:
    """Make a snapshot in the locked repository and return its manifest.

    Raises OSError, and UserError; then there is no snapshot, and what was stored serves the next.
    """
    repository.sweep()
    index = healing.checked_index(work, repository)
    previous = _previous(repository)
    now_ns = time.time_ns()
    found = source.find(work.job, now_ns)
    packer = Packer(repository, key)
    storer = Storer(index.places, packer, key)
    pool = Pool()
    made = Manifest(
        _header(work, repository, label, cause, now_ns // 1_000_000, key),
        found.files,
        found.folders,
        found.links,
        found.skipped,
        roots={area.name: str(area.path) for area in source.areas(work.job)},
    )
    try:
        _store_database(work, made, storer, pool, previous)
        _store_files(work, made, storer, pool, previous)
        packer.finish()
    finally:
        pool.close()
        packer.discard()
    if packer.packs:
        packs.write_index(repository, packer.packs, key)
    _complete_header(made, previous, packer.added)
    content = manifest.encode(made, key)
    _verify_new(work, repository, made, packer)
    write_atomically(repository.root / "snapshots" / made.id, content)
    manifest.load(repository, made.id)
    state.note(repository.root, made.id, verified_at=int(time.time() * 1000))
    return made


def _header(
    work: Work, repository: Repository, label: str, cause: Cause, now_ms: int, key: Key | None
) -> dict[str, Any]:
    return {
        "format": 1,
        "id": repository.new_id(now_ms),
        "label": label,
        "cause": cause.value,
        "created_at": now_ms,
        "version": work.job.version,
        "origin": catalog.origin(work.paths),
        "foreign": False,
        "encrypted": key is not None,
        "revision": "",
    }


def _store_database(
    work: Work, made: Manifest, storer: Storer, pool: Pool, previous: Manifest | None
) -> None:
    if not work.paths.database.is_file():
        return
    with DatabaseImage(work.paths.database) as image:
        _check_room(work, image.size, previous)
        work.begin(Phase.DATABASE, image.size)
        chunks = read_database(image, storer, pool, work.advance)
        describe_database(made, image)
        pool.wait()
        status = work.paths.database.stat()
        made.files.append(FileEntry(DATABASE, 0o600, image.size, status.st_mtime_ns, 0, 0, chunks))


def describe_database(made: Manifest, image: DatabaseImage) -> None:
    """Count the rows, list the sessions, and check a database that is not too large for that.

    Raises UserError("database_corrupt").
    """
    if image.size <= QUICK_CHECK_LIMIT and image.query("PRAGMA quick_check(1)") != [("ok",)]:
        raise UserError("database_corrupt", path=DATABASE)
    tables = image.query(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    )
    for (table,) in tables:
        quoted = table.replace('"', '""')
        ((count,),) = image.query(f'SELECT count(*) FROM "{quoted}"')  # noqa: S608 quoted
        made.counts[table] = count
    if "alembic_version" in made.counts:
        found = image.query("SELECT version_num FROM alembic_version")
        made.header["revision"] = str(found[0][0]) if found else ""
    columns = {row[1] for row in image.query("PRAGMA table_info(sessions)")}
    if {"session_id", "title", "last_activity"} <= columns:
        made.sessions = [
            (str(uid), str(title), int(at or 0))
            for uid, title, at in image.query(
                "SELECT session_id, title, last_activity FROM sessions ORDER BY id"
            )
        ]


def _store_files(
    work: Work, made: Manifest, storer: Storer, pool: Pool, previous: Manifest | None
) -> None:
    known = {entry.path: entry for entry in previous.files} if previous else {}
    changed: list[tuple[str, str, FileEntry]] = []
    for entry in made.files:
        if entry.path == DATABASE:
            continue
        before = known.get(entry.path)
        if before is not None and _is_same(before, entry) and storer.has_all(before.chunks):
            entry.chunks = before.chunks
        else:
            changed.append((*source.split(entry.path), entry))
    total = sum(entry.size for _, _, entry in changed)
    _check_room(work, total, None)
    work.begin(Phase.FILES, total)
    roots = {area.name: area.path for area in source.areas(work.job)} | {"": work.paths.home}
    reader = FileReader(roots, storer, pool, work.advance)
    try:
        reader.read(changed)
    finally:
        reader.close()
    if reader.unreadable:
        gone = {entry.path for entry in reader.unreadable}
        made.skipped.extend(sorted(gone))
        made.files[:] = [entry for entry in made.files if entry.path not in gone]


def _is_same(before: FileEntry, now: FileEntry) -> bool:
    return (
        now.ctime_ns != 0
        and (before.size, before.mtime_ns, before.ctime_ns, before.inode)
        == (now.size, now.mtime_ns, now.ctime_ns, now.inode)
    )  # fmt: skip


def _check_room(work: Work, size: int, previous: Manifest | None) -> None:
    """Refuse before anything is written, if it is clear that there is no room."""
    needed = size
    if previous is not None:
        before = sum(entry.size for entry in previous.files if entry.path == DATABASE)
        needed = max(size - before, 0)
    if shutil.disk_usage(work.root).free < needed + RESERVE:
        raise UserError("disk_full", path=str(work.root), reason="")


def _complete_header(made: Manifest, previous: Manifest | None, added: int) -> None:
    changes = changes_since(made, previous) if previous is not None else None
    made.header |= {
        "sessions": made.counts.get("sessions", 0),
        "messages": made.counts.get("messages", 0),
        "files": sum(1 for entry in made.files if is_users(entry.path)),
        "size": sum(entry.size for entry in made.files),
        "added": added,
        "changes": asdict(changes) if changes is not None else None,
        "skipped": len(made.skipped),
    }


def is_users(path: str) -> bool:
    """Return whether a path is a file of the user's own (not the program's store)."""
    return not path.startswith("data/") and path != manifest.SETTINGS


def changes_since(made: Manifest, previous: Manifest) -> Changes:
    """Return what changed since another snapshot."""
    now = {entry.path: entry.chunks for entry in made.files if is_users(entry.path)}
    before = {entry.path: entry.chunks for entry in previous.files if is_users(entry.path)}
    sessions = {uid: (title, at) for uid, title, at in made.sessions}
    sessions_before = {uid: (title, at) for uid, title, at in previous.sessions}
    return Changes(
        len(now.keys() - before.keys()),
        sum(1 for path, chunks in now.items() if path in before and before[path] != chunks),
        len(before.keys() - now.keys()),
        len(sessions.keys() - sessions_before.keys()),
        sum(1 for u, s in sessions.items() if u in sessions_before and sessions_before[u] != s),
        len(sessions_before.keys() - sessions.keys()),
    )


def _verify_new(work: Work, repository: Repository, made: Manifest, packer: Packer) -> None:
    """Open again what was written, hash it, and count that everything needed is there.

    Raises UserError("backup_damaged").
    """
    work.begin(Phase.VERIFYING, sum(pack.size for pack in packer.packs))
    for pack in packer.packs:
        content = repository.pack_file(pack.name).read_bytes()
        if hashlib.sha256(content).hexdigest() != pack.name:
            raise damaged(f"pack {pack.name[:12]}")
        if packs.read_table(content, pack.name, repository.key) != pack:
            raise damaged(f"pack {pack.name[:12]}")
        work.advance(pack.size)
    index = Index.load(repository, lenient=True)
    check_complete(repository, made, index)


def check_complete(repository: Repository, made: Manifest, index: Index) -> set[str]:
    """Return the packs that a snapshot needs, all of which are there in their full size.

    Raises UserError("backup_damaged").
    """
    needed: set[str] = set()
    for entry in made.files:
        size = 0
        for chunk in entry.chunks:
            place = index.places.get(chunk)
            if place is None:
                raise damaged(f"chunk {chunk.hex()[:12]} of {entry.path}")
            size += place.length
            needed.add(place.pack)
        if size != entry.size:
            raise damaged(entry.path)
    for name in needed:
        file = repository.pack_file(name)
        if not file.is_file() or file.stat().st_size != index.sizes[name]:
            raise damaged(f"pack {name[:12]}")
    return needed


def _previous(repository: Repository) -> Manifest | None:
    """Return the newest manifest that can be read."""
    for snapshot_id in reversed(repository.snapshot_ids()):
        try:
            return manifest.load(repository, snapshot_id)
        except UserError:
            continue
    return None
