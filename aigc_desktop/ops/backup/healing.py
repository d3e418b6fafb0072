"""Makes sure that what a new snapshot builds on is whole; what has rotted is set aside.

What is still whole in a damaged pack is stored anew before, so that older snapshots lose no more
than what is really gone; what is gone is stored anew from the files by the snapshot that is made.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Collection, Iterable, Mapping

from aigc_desktop.core.backup import Phase
from aigc_desktop.core.errors import UserError
from aigc_desktop.ops.backup import packs
from aigc_desktop.ops.backup.manifest import Id
from aigc_desktop.ops.backup.packs import ENCRYPTED, Decoder, Index, Packer, Place
from aigc_desktop.ops.backup.repository import Repository
from aigc_desktop.ops.backup.storing import Pool
from aigc_desktop.ops.backup.worker import Work

logger = logging.getLogger(__name__)


def checked_index(work: Work, repository: Repository) -> Index:
    """Return the index, after all that is stored was read: it is as it was stored.

    Only while locked. Raises OSError.
    """
    index = _sound_index(repository)
    unread = set(index.sizes)
    while damaged := _reread(work, repository, index, unread):
        set_aside(repository, {name: index.tables[name] for name in damaged})
        before, index = index, _sound_index(repository)
        unread = index.sizes.keys() - before.sizes.keys()
    return index


def set_aside(repository: Repository, damaged: Mapping[str, Mapping[Id, Place]]) -> None:
    """Set damaged packs aside, given with what they should hold; store anew what is whole in them.

    Those stay that cannot be read at all, and encrypted ones without the key: nothing can be told
    about them. Only while locked. Raises OSError; what was not set aside then is found again.
    """
    for name, table in damaged.items():
        encrypted = any(place.flags & ENCRYPTED for place in table.values())
        content = _content(repository, name)
        if content is None or (encrypted and repository.key is None):
            continue
        kept = _store_anew(repository, content, table, encrypted=encrypted)
        repository.set_pack_aside(name)
        logger.warning(
            "a damaged pack is set aside: %s, %d of %d chunks were whole",
            name[:12],
            kept,
            len(table),
        )


def _content(repository: Repository, name: str) -> memoryview | None:
    try:
        return memoryview(repository.pack_file(name).read_bytes())
    except OSError as error:
        logger.warning("a pack cannot be read: %s: %s", name[:12], error)
        return None


def _store_anew(
    repository: Repository, content: memoryview, table: Mapping[Id, Place], *, encrypted: bool
) -> int:
    """Store what is whole in a damaged pack in another one; return how many chunks that were."""
    key = repository.key if encrypted else None
    packer = Packer(repository, key)
    try:
        for chunk, place, stored in _whole(content, table, Decoder(key)):
            packer.add(chunk, stored, place.length, place.flags)
        packer.finish()
    finally:
        packer.discard()
    if packer.packs:
        packs.write_index(repository, packer.packs, key)
    return sum(len(pack.places) for pack in packer.packs)


def _whole(
    content: memoryview, table: Mapping[Id, Place], decoder: Decoder
) -> Iterable[tuple[Id, Place, bytes]]:
    for chunk, place in table.items():
        stored = bytes(content[place.offset : place.offset + place.stored])
        try:
            decoder.decode(chunk, place, stored)
        except UserError:
            continue
        yield chunk, place, stored


def _reread(work: Work, repository: Repository, index: Index, names: Collection[str]) -> set[str]:
    """Hash packs that are stored already; return the damaged ones."""
    sizes = {name: index.sizes[name] for name in names}
    work.begin(Phase.REREADING, sum(sizes.values()))
    damaged: set[str] = set()

    def check(name: str) -> None:
        with repository.pack_file(name).open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != name:
                damaged.add(name)
        work.advance(sizes[name])

    pool = Pool()
    try:
        for name in sizes:
            pool.submit(check, name)
        pool.wait()
    finally:
        pool.close()
    return damaged


def _sound_index(repository: Repository) -> Index:
    """Return the index; what a killed process or a damaged index left without one is taken in."""
    index = Index.load(repository, lenient=True)
    for file in index.unreadable:
        if hashlib.sha256(file.read_bytes()).hexdigest() != file.name:
            logger.warning("a damaged index is made anew from the packs: %s", file.name)
            file.unlink()
    if index.cut:
        set_aside(repository, index.cut)
        index = Index.load(repository, lenient=True)
    _adopt(repository, index)
    return index


def _adopt(repository: Repository, index: Index) -> None:
    """Take in the packs that no index names."""
    adopted = []
    for name, file in repository.pack_files().items():
        if name in index.sizes or name in index.cut:
            continue
        content = file.read_bytes()
        if hashlib.sha256(content).hexdigest() != name:
            logger.warning("a pack that cannot be read is set aside: %s", name[:12])
            repository.set_pack_aside(name)
            continue
        try:
            adopted.append(packs.read_table(content, name, repository.key))
        except UserError as error:
            logger.info("pack %s stays as it is: %s", name[:12], error)
    if adopted:
        packs.write_index(repository, adopted, repository.key)
        index.add(adopted)
