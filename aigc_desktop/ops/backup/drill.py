"""The restore drill: bring the newest snapshot back into a scratch folder and see that it works."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path
from typing import Any

from aigc_desktop.config.paths import Paths
from aigc_desktop.core.backup import Phase
from aigc_desktop.core.errors import UserError
from aigc_desktop.ops.backup import catalog, create, manifest, restore, state, verify
from aigc_desktop.ops.backup.manifest import DATABASE, Manifest
from aigc_desktop.ops.backup.reading import Target
from aigc_desktop.ops.backup.repository import Repository
from aigc_desktop.ops.backup.worker import Work
from aigc_desktop.store import migration, snapshots
from aigc_desktop.store.search import SearchIndex, match_expression

SEARCHED = 2_000
"""Newest messages that the drill indexes and searches."""

SCRATCH = ".drill-"


def run_drill(work: Work) -> dict[str, Any]:
    """Do the drill and remember what it found. Raises what went wrong, remembered as well."""
    began = time.time()
    repository = Repository.open(work.root)
    verify.unlock(work, repository)
    newest = catalog.newest_own(catalog.snapshots(work.root, catalog.origin(work.paths)))
    if newest is None:
        raise UserError("snapshot_not_found")
    result: dict[str, Any] = {
        "snapshot_id": newest.id,
        "started_at": int(began * 1000),
        "seconds": 0.0,
        "ok": False,
    }
    with repository.locked():
        try:
            _drill(work, repository, result)
            result["ok"] = True
        except UserError as error:
            result["problem"] = error.code
            raise
        except OSError:
            result["problem"] = "disk_full"
            raise
        finally:
            result["seconds"] = round(time.time() - began, 1)
            _remember(repository, result)
    return result


def _drill(work: Work, repository: Repository, result: dict[str, Any]) -> None:
    found = manifest.load(repository, result["snapshot_id"])
    size = sum(entry.size for entry in found.files)
    home = work.paths.data_dir
    for leftover in home.glob(f"{SCRATCH}*"):
        shutil.rmtree(leftover, ignore_errors=True)
    if shutil.disk_usage(home).free < size + create.RESERVE:
        raise UserError("disk_full", path=str(home), reason="")
    scratch = Paths(home / f"{SCRATCH}{os.urandom(4).hex()}")
    scratch.create()
    try:
        restore.write_targets(work, repository, _targets(found, scratch.home))
        result["size"] = size
        result["files"] = _count_files(found, scratch.home)
        if any(entry.path == DATABASE for entry in found.files):
            _check_database(work, found, scratch, result)
    finally:
        shutil.rmtree(scratch.home, ignore_errors=True)


def _targets(found: Manifest, home: Path) -> list[Target]:
    """Everything that the snapshot has; the links are only counted."""
    targets = [Target(entry, home / entry.path) for entry in found.files]
    for folder in {target.path.parent for target in targets}:
        folder.mkdir(parents=True, exist_ok=True)
    return targets


def _count_files(found: Manifest, home: Path) -> int:
    """Every chunk was checked on its way; here: all files are there in their full size."""
    count = 0
    for entry in found.files:
        if (home / entry.path).stat().st_size != entry.size:
            raise UserError("drill_failed", reason=entry.path)
        count += create.is_users(entry.path)
    return count


def _check_database(work: Work, found: Manifest, scratch: Paths, result: dict[str, Any]) -> None:
    work.begin(Phase.CHECKING_DATABASE, 0)
    restore.check_database(scratch.database, found, whole=True)
    result["sessions"] = found.counts.get("sessions", 0)
    result["messages"] = found.counts.get("messages", 0)
    if found.header["revision"] not in migration.REVISIONS:
        raise UserError("drill_failed", reason=f"revision {found.header['revision']}")
    if found.header["revision"] != migration.HEAD:
        migration.make_database(scratch.database)
    work.begin(Phase.SEARCHING, 0)
    result["searched"] = _search(scratch)


def _search(scratch: Paths) -> str:
    """Index the newest messages and look for words of one of them; return the words.

    Raises UserError("drill_failed") when they are not found.
    """
    with snapshots.opened(scratch.database, "mode=rw") as db:
        db.execute("UPDATE sessions SET trashed_at = NULL")
        rows = db.execute(
            "SELECT id, content FROM messages WHERE message_type = 'text' AND content != ''"
            " ORDER BY id DESC LIMIT ?",
            (SEARCHED,),
        ).fetchall()
    words = next((w for _, content in rows if (w := _words(content))), "")
    if not words:
        return ""
    index = SearchIndex(scratch)
    index.start_after(rows[-1][0] - 1)
    index.catch_up()
    if not index.search(words, 1):
        raise UserError("drill_failed", reason=f"search: {words}")
    return words


def _words(content: str) -> str:
    """Return up to two words of a message that can be searched for."""
    words = [word for word in content.split()[:50] if word.isalnum() and len(word) < 40]
    chosen = " ".join(words[:1])
    return chosen if match_expression(chosen) else ""


def _remember(repository: Repository, result: dict[str, Any]) -> None:
    def change(found: dict[str, Any]) -> None:
        found["last_drill"] = result
        if result["ok"]:
            found["last_proven"] = result
        facts = found["snapshots"].setdefault(result["snapshot_id"], {})
        if result["ok"]:
            facts |= {
                "proven_at": result["started_at"],
                "verified_at": result["started_at"],
                "damaged": False,
            }
        elif result.get("problem") in ("backup_damaged", "drill_failed"):
            facts["damaged"] = True

    state.change(repository.root, change)
