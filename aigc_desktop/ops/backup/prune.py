"""Deletes snapshots, and what only they needed. Killed at any moment, it leaves a whole repository.

The order: snapshots go first; then what is still needed of half-empty packs is copied into new
ones with an index; then the indexes of the old packs go, then the packs.
"""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

from aigc_desktop.core.backup import Pruned
from aigc_desktop.core.errors import UserError
from aigc_desktop.ops.backup import catalog, manifest, packs, retention, state
from aigc_desktop.ops.backup.manifest import Id
from aigc_desktop.ops.backup.packs import ENCRYPTED, Decoder, Index, Pack, Packer, Place
from aigc_desktop.ops.backup.repository import Repository
from aigc_desktop.ops.backup.verify import unlock
from aigc_desktop.ops.backup.worker import Work

logger = logging.getLogger(__name__)

REWRITE_BELOW = 0.6
"""A pack of which less than this share is still needed is written anew."""

SMALL_PACK = 4 * 1024 * 1024
MANY_SMALL = 24
"""So many packs smaller than that are gathered into one; so are as many index files."""


def run_prune(work: Work) -> dict[str, Any]:
    """Apply retention and free what is not needed any more."""
    repository = Repository.open(work.root)
    unlock(work, repository)
    with repository.locked():
        done = apply_retention(work, repository, always=True)
        _also_in_bucket(work, repository)
    return {"snapshots": list(done.snapshots), "freed": done.freed}


def run_delete(work: Work) -> dict[str, Any]:
    """Delete one snapshot."""
    repository = Repository.open(work.root)
    unlock(work, repository)
    with repository.locked():
        snapshot_id = work.job.options["snapshot"]
        repository.snapshot_file(snapshot_id)
        found = catalog.snapshots(work.root, catalog.origin(work.paths))
        sound = [s.id for s in found if s.verified_at is not None and not s.damaged]
        if sound == [snapshot_id]:
            raise UserError("snapshot_is_last")
        freed = remove(repository, [snapshot_id])
        _also_in_bucket(work, repository)
    return {"snapshots": [snapshot_id], "freed": freed}


def apply_retention(work: Work, repository: Repository, *, always: bool = False) -> Pruned:
    """Delete what retention does not keep; with `always` free unneeded packs in any case."""
    found = catalog.snapshots(work.root, catalog.origin(work.paths))
    now = int(time.time() * 1000)
    kept = retention.kept(found, work.job.keep, now)
    old = [each.id for each in found if each.id not in kept]
    if not old and not always:
        return Pruned((), 0)
    return Pruned(tuple(old), remove(repository, old))


def remove(repository: Repository, snapshot_ids: list[str]) -> int:
    """Delete snapshots and free what nothing needs; return how many bytes that were.

    What is needed must be known: with a snapshot that cannot be read nothing is freed.
    """
    for snapshot_id in snapshot_ids:
        repository.snapshot_file(snapshot_id).unlink()
    state.forget(repository.root, snapshot_ids)
    repository.sweep()
    needed = manifest.needed_chunks(repository)
    if needed is None:
        return 0
    index = Index.load(repository, lenient=True)
    if index.unreadable or index.cut:
        return 0
    return _free(repository, index, needed)


def _free(repository: Repository, index: Index, needed: set[Id]) -> int:
    used: dict[str, list[tuple[Id, Place]]] = defaultdict(list)
    for chunk, place in index.places.items():
        if chunk in needed:
            used[place.pack].append((chunk, place))
    rewritten = _worth_rewriting(index, used)
    obsolete = {name for name in index.sizes if name not in used} | rewritten
    orphans = {name: f for name, f in repository.pack_files().items() if name not in index.sizes}
    many = len(repository.index_files()) > MANY_SMALL
    if not obsolete and not orphans and not many:
        return 0
    fresh = _copy(repository, used, rewritten)
    old_indexes = repository.index_files()
    kept = [
        Pack(name, index.sizes[name], index.tables[name])
        for name in index.sizes
        if name not in obsolete
    ]
    new = _write_indexes(repository, [*kept, *fresh])
    for file in old_indexes:
        if file not in new:
            file.unlink()
    freed = 0
    for name in [*obsolete, *orphans]:
        file = repository.pack_file(name)
        freed += file.stat().st_size
        file.unlink()
    return freed - sum(pack.size for pack in fresh)


def _worth_rewriting(index: Index, used: dict[str, list[tuple[Id, Place]]]) -> set[str]:
    sparse = {
        name
        for name, places in used.items()
        if sum(place.stored for _, place in places) < REWRITE_BELOW * index.sizes[name]
    }
    small = {name for name in used if index.sizes[name] < SMALL_PACK}
    return sparse | (small if len(small) > MANY_SMALL else set())


def _copy(
    repository: Repository, used: dict[str, list[tuple[Id, Place]]], names: set[str]
) -> list[Pack]:
    """Copy what is needed, as it is stored, into new packs; plain and encrypted apart.

    Raises UserError("backup_damaged"): then nothing is deleted.
    """
    made: list[Pack] = []
    decoder = Decoder(repository.key)
    for flag, key in ((0, None), (ENCRYPTED, repository.key)):
        packer = Packer(repository, key)
        try:
            for name in sorted(names):
                places = [each for each in used[name] if each[1].flags & ENCRYPTED == flag]
                _copy_pack(repository.pack_file(name), places, packer, decoder)
            packer.finish()
        finally:
            packer.discard()
        made += packer.packs
    return made


def _copy_pack(
    file: Path, places: list[tuple[Id, Place]], packer: Packer, decoder: Decoder
) -> None:
    if not places:
        return
    with file.open("rb") as pack:
        for chunk, place in sorted(places, key=lambda each: each[1].offset):
            pack.seek(place.offset)
            stored = pack.read(place.stored)
            decoder.decode(chunk, place, stored)
            packer.add(chunk, stored, place.length, place.flags)


def _write_indexes(repository: Repository, made: list[Pack]) -> list[Path]:
    files = []
    for flag, key in ((0, None), (ENCRYPTED, repository.key)):
        chosen = [
            pack for pack in made if next(iter(pack.places.values())).flags & ENCRYPTED == flag
        ]
        if chosen:
            files.append(packs.write_index(repository, chosen, key))
    return files


def _also_in_bucket(work: Work, repository: Repository) -> None:
    if work.job.bucket is not None:
        from aigc_desktop.ops.backup.remote import send

        send(work, repository)
