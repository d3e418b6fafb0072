"""Reads all that a snapshot needs, and checks every hash there is."""

from __future__ import annotations

import hashlib
import threading
import time
from collections import defaultdict
from typing import Any

from aigc_desktop.core.backup import Phase
from aigc_desktop.core.errors import UserError
from aigc_desktop.ops.backup import create, healing, manifest, packs, state
from aigc_desktop.ops.backup.manifest import Id, Manifest
from aigc_desktop.ops.backup.packs import Decoder, Index, Place
from aigc_desktop.ops.backup.repository import Repository
from aigc_desktop.ops.backup.sealed import damaged
from aigc_desktop.ops.backup.storing import Pool
from aigc_desktop.ops.backup.worker import Work


def run_verify(work: Work) -> dict[str, Any]:
    """Verify a snapshot, or the newest; note what was found."""
    repository = Repository.open(work.root)
    unlock(work, repository)
    with repository.locked():
        snapshot_id = work.job.options.get("snapshot") or newest(repository)
        return verify(work, repository, snapshot_id)


def unlock(work: Work, repository: Repository) -> None:
    """Make the key ready if the passphrase is known; without it plain snapshots can be used.

    Raises UserError("passphrase_wrong").
    """
    if work.job.passphrase is not None:
        repository.unlock(work.job.passphrase)


def newest(repository: Repository) -> str:
    """Return the id of the newest snapshot. Raises UserError("snapshot_not_found")."""
    ids = repository.snapshot_ids()
    if not ids:
        raise UserError("snapshot_not_found")
    return ids[-1]


def verify(work: Work, repository: Repository, snapshot_id: str) -> dict[str, Any]:
    """Verify one snapshot of the locked repository; return `core.backup.Verification`'s fields.

    Raises UserError: `snapshot_not_found`, `passphrase_missing`.
    """
    problems: list[str] = []
    found: Manifest | None = None
    needed: set[str] = set()
    try:
        found = manifest.load(repository, snapshot_id)
        index = Index.load(repository)
        needed = create.check_complete(repository, found, index)
        problems = _check_packs(work, repository, found, index, needed)
    except UserError as error:
        if error.code != "backup_damaged":
            raise
        problems.append(str(error.params["what"]))
    now = int(time.time() * 1000)
    facts = {"damaged": True} if problems else {"damaged": False, "verified_at": now}
    state.note(repository.root, snapshot_id, **facts)
    return {
        "snapshot_id": snapshot_id,
        "ok": not problems,
        "packs": len(needed),
        "chunks": len(found.ids()) if found else 0,
        "size": sum(entry.size for entry in found.files) if found else 0,
        "problems": problems[:50],
    }


def _check_packs(
    work: Work, repository: Repository, found: Manifest, index: Index, needed: set[str]
) -> list[str]:
    """Hash each pack, and bring back every chunk that is needed from it."""
    wanted: dict[str, list[tuple[Id, Place]]] = defaultdict(list)
    for chunk in found.ids():
        place = index.places[chunk]
        wanted[place.pack].append((chunk, place))
    work.begin(Phase.VERIFYING, sum(index.sizes[name] for name in needed))
    problems: list[str] = []
    bad: set[str] = set()
    local = threading.local()

    def check(name: str) -> None:
        decoder = getattr(local, "decoder", None) or Decoder(repository.key)
        local.decoder = decoder
        try:
            check_pack(repository, name, wanted[name], decoder)
        except UserError as error:
            if error.code != "backup_damaged":
                raise
            problems.append(str(error.params["what"]))
            bad.add(name)
        work.advance(index.sizes[name])

    pool = Pool()
    try:
        for name in sorted(needed):
            pool.submit(check, name)
        pool.wait()
    finally:
        pool.close()
    healing.set_aside(repository, {name: index.tables[name] for name in bad})
    return sorted(problems)


def check_pack(
    repository: Repository, name: str, wanted: list[tuple[Id, Place]], decoder: Decoder
) -> None:
    """Check a pack against its name, its own table and the chunks that are wanted from it.

    Raises UserError: `backup_damaged`, `passphrase_missing`.
    """
    try:
        content = memoryview(repository.pack_file(name).read_bytes())
    except OSError as error:
        raise damaged(f"pack {name[:12]}") from error
    if hashlib.sha256(content).hexdigest() != name:
        raise damaged(f"pack {name[:12]}")
    table = packs.read_table(content, name, repository.key).places
    for chunk, place in wanted:
        if table.get(chunk) != place:
            raise damaged(f"pack {name[:12]}")
        decoder.decode(chunk, place, content[place.offset : place.offset + place.stored])
