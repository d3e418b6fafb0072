"""Prepares and does restores: everything (put in when the program reopens), or single things."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from aigc_desktop.config import settings as config
from aigc_desktop.config.atomic import write_atomically
from aigc_desktop.core.backup import Cause, LastRestore, Phase
from aigc_desktop.core.errors import UserError
from aigc_desktop.ops.backup import catalog, create, manifest, planning, staging, verify
from aigc_desktop.ops.backup.manifest import DATABASE, SETTINGS, FileEntry, Manifest
from aigc_desktop.ops.backup.packs import Index
from aigc_desktop.ops.backup.planning import Plan
from aigc_desktop.ops.backup.reading import ChunkReader, Target, write_files
from aigc_desktop.ops.backup.repository import Repository
from aigc_desktop.ops.backup.sealed import damaged
from aigc_desktop.ops.backup.staging import Journal
from aigc_desktop.ops.backup.worker import Work
from aigc_desktop.store import merge, migration, snapshots

SAFE_SETTINGS = frozenset(
    setting.key
    for setting in (
        config.LANGUAGE,
        config.THEME,
        config.SEND_KEY,
        config.MODEL,
        config.WHEN_UNSURE,
        config.MATCH_QUESTIONS,
        config.MAX_TURNS,
        config.MAX_TOKENS,
        config.TOKEN_LIMIT,
        config.COST_LIMIT_USD,
    )
)
"""What is taken over from another installation's settings; nothing that allows or reaches out."""


def run_stage(work: Work) -> dict[str, Any]:
    """Prepare to restore everything. With `replace` False all of it comes beside what is there."""
    options = work.job.options
    with opened(work, options["snapshot"]) as (repository, found):
        if not options["replace"]:
            uids = [uid for uid, _, _ in found.sessions if uid not in _live_sessions(work)]
            return restore_some(work, repository, found, uids, [""])
        discard_unfinished(work)
        safety = make_safety(work, repository)
        plan = planning.everything(work, found, foreign=is_foreign(work, found))
        return stage(work, repository, found, plan, safety, undo=options["undo"])


def run_stage_database(work: Work) -> dict[str, Any]:
    """Prepare the database alone, for one that cannot be read: files and settings stay."""
    with opened(work, work.job.options["snapshot"]) as (repository, found):
        discard_unfinished(work)
        size = database_entry(found).size
        plan = Plan(database=True, database_size=size)
        journal = _begin(work, plan)
        try:
            _write_staged(work, repository, found, plan, journal, with_database=True)
            inert = _settle_database(work, found)
            _seal(work, journal)
        except BaseException:
            staging.discard(work.paths, journal)
            raise
    sessions = found.counts.get("sessions", 0)
    return _result(found.id, "", sessions, 0, plan, restarts=True, inert=inert)


def run_restore_some(work: Work) -> dict[str, Any]:
    """Restore single sessions and files."""
    options = work.job.options
    with opened(work, options["snapshot"]) as (repository, found):
        planning.require_known(found, options["sessions"], options["files"])
        discard_unfinished(work)
        return restore_some(work, repository, found, options["sessions"], options["files"])


def run_discard(work: Work) -> dict[str, Any]:
    """Forget a restore that has not been put in."""
    return {"discarded": discard_unfinished(work)}


def discard_unfinished(work: Work) -> bool:
    """Forget what an earlier restore prepared; return whether there was one."""
    journal = staging.read(work.paths)
    if journal is not None:
        staging.discard(work.paths, journal)
    return journal is not None


class opened:  # noqa: N801 used as a context manager
    """The locked repository and a snapshot of it that this program understands."""

    def __init__(self, work: Work, snapshot_id: str) -> None:
        self._repository = Repository.open(work.root)
        verify.unlock(work, self._repository)
        self._lock = self._repository.locked()
        self._id = snapshot_id

    def __enter__(self) -> tuple[Repository, Manifest]:
        self._lock.__enter__()
        try:
            found = manifest.load(self._repository, self._id)
            revision = found.header["revision"]
            if revision and revision not in migration.REVISIONS:
                raise UserError("backup_newer", version=found.header["version"])
        except BaseException:
            self._lock.__exit__(None, None, None)
            raise
        return self._repository, found

    def __exit__(self, *error: Any) -> None:
        self._lock.__exit__(*error)


def is_foreign(work: Work, found: Manifest) -> bool:
    """Return whether the snapshot was made by another installation."""
    return bool(found.header["foreign"]) or found.header["origin"] != catalog.origin(work.paths)


def make_safety(work: Work, repository: Repository) -> str:
    """Make a snapshot of what is there now; "" when the database is too damaged for that."""
    key = repository.ensure_key(work.job.passphrase) if work.job.encrypt else None
    try:
        return create.make_snapshot(work, repository, key, "", Cause.BEFORE_RESTORE).id
    except UserError as error:
        if error.code != "database_corrupt":
            raise
        return ""


def stage(
    work: Work, repository: Repository, found: Manifest, plan: Plan, safety: str, *, undo: bool
) -> dict[str, Any]:
    """Prepare a plan with the database and settings; from here on it will be put in."""
    journal = _begin(work, plan)
    try:
        inert: tuple[str, ...] = ()
        _write_staged(work, repository, found, plan, journal, with_database=plan.database)
        if plan.database:
            inert = _settle_database(work, found)
        _stage_settings(work, repository, found, journal)
        files = sum(len(area.puts) + len(area.links) for area in plan.areas)
        made = LastRestore(
            found.id, safety, _now(), found.counts.get("sessions", 0), files, everything=True
        )
        last = None if undo or not safety else asdict(made)
        journal.record = {"last_restore": last, "last_restore_detail": None}
        _seal(work, journal)
    except BaseException:
        staging.discard(work.paths, journal)
        raise
    return _result(found.id, safety, made.sessions, files, plan, restarts=True, inert=inert)


def restore_some(
    work: Work, repository: Repository, found: Manifest, uids: list[str], paths: list[str]
) -> dict[str, Any]:
    """Restore sessions beside what is there and files over it, now."""
    safety = make_safety(work, repository)
    created = _restore_sessions(work, repository, found, uids) if uids else []
    plan = planning.chosen(work, found, paths, foreign=is_foreign(work, found))
    files = sum(len(area.puts) + len(area.links) for area in plan.areas)
    made = LastRestore(found.id, safety, _now(), len(created), files, everything=False)
    detail = {"created": created, "paths": plan.paths()}
    record = {"last_restore": asdict(made), "last_restore_detail": detail}
    problems = put_files(work, repository, found, plan, record)
    result = _result(found.id, safety, len(created), files, plan, restarts=False, inert=())
    return {**result, "created": created, "deleted": [], "problems": problems}


def put_files(
    work: Work, repository: Repository, found: Manifest, plan: Plan, record: dict[str, Any]
) -> list[str]:
    """Prepare files and put them in; return the paths that could not be put back."""
    journal = _begin(work, plan)
    try:
        _write_staged(work, repository, found, plan, journal, with_database=False)
        journal.record = record
        _seal(work, journal)
    except BaseException:
        staging.discard(work.paths, journal)
        raise
    return staging.finish(work.paths) or []


def _begin(work: Work, plan: Plan) -> Journal:
    _require_room(work, plan)
    journal = Journal(os.urandom(6).hex(), staging.STAGING, str(work.root), plan.areas)
    journal.database = plan.database
    staging.write(work.paths, journal)
    for area in plan.areas:
        root = Path(area.root)
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        (root / journal.stage).mkdir(mode=0o700)
    return journal


def _require_room(work: Work, plan: Plan) -> None:
    for place, needed in plan.room(work.paths.data_dir).items():
        if shutil.disk_usage(place).free < needed + create.RESERVE:
            raise UserError("disk_full", path=str(place), reason="")


def _write_staged(
    work: Work,
    repository: Repository,
    found: Manifest,
    plan: Plan,
    journal: Journal,
    *,
    with_database: bool,
) -> None:
    targets = [
        Target(entry, Path(area.root) / journal.stage / str(number))
        for area, entries in zip(plan.areas, plan.entries, strict=True)
        for number, entry in enumerate(entries)
    ]
    if with_database:
        targets.insert(0, Target(database_entry(found), work.paths.data_dir / staging.DATABASE))
    write_targets(work, repository, targets)
    sync({target.path.parent for target in targets})


def write_targets(work: Work, repository: Repository, targets: list[Target]) -> None:
    """Write files from the repository. Raises UserError("backup_damaged"), OSError."""
    work.begin(Phase.RESTORING, sum(target.entry.size for target in targets))
    reader = ChunkReader(repository, Index.load(repository, lenient=True))
    try:
        write_files(reader, targets, work.advance)
    finally:
        reader.close()


def database_entry(found: Manifest) -> FileEntry:
    """Return the database's entry. Raises UserError("backup_damaged") if there is none."""
    for entry in found.files:
        if entry.path == DATABASE:
            return entry
    raise damaged(DATABASE)


def check_database(database: Path, found: Manifest, *, whole: bool) -> None:
    """Check a restored database against the manifest; `whole` reads all of it.

    Raises UserError("backup_damaged").
    """
    with snapshots.opened(database, "immutable=1") as db:
        if whole and db.execute("PRAGMA integrity_check(1)").fetchone() != ("ok",):
            raise damaged(DATABASE)
        if snapshots.row_counts(db) != found.counts:
            raise damaged(DATABASE)


def _settle_database(work: Work, found: Manifest) -> tuple[str, ...]:
    """Check the staged database and take its edge off where it is another installation's."""
    work.begin(Phase.CHECKING_DATABASE, 0)
    staged = work.paths.data_dir / staging.DATABASE
    small = staged.stat().st_size <= create.QUICK_CHECK_LIMIT
    check_database(staged, found, whole=small)
    if found.header["revision"] != migration.HEAD:
        if is_foreign(work, found):
            migration.make_database(staged)
            return merge.make_inert(staged)
        return ()
    if is_foreign(work, found):
        return merge.make_inert(staged)
    merge.drop_tokens_not_in(staged, work.paths.database)
    return ()


def _stage_settings(work: Work, repository: Repository, found: Manifest, journal: Journal) -> None:
    entry = next((entry for entry in found.files if entry.path == SETTINGS), None)
    if entry is None:
        return
    reader = ChunkReader(repository, Index.load(repository, lenient=True))
    try:
        content = b"".join(reader.content(entry))
    finally:
        reader.close()
    if is_foreign(work, found):
        content = merged_settings(work, content)
    write_atomically(work.paths.data_dir / staging.SETTINGS, content)
    journal.settings = True


def merged_settings(work: Work, theirs: bytes) -> bytes:
    """Return our settings with what may be taken over from another installation's."""
    try:
        ours = json.loads(work.paths.settings_file.read_bytes())
    except (OSError, ValueError):
        ours = {}
    try:
        found = json.loads(theirs)
    except ValueError:
        found = {}
    taken = {key: value for key, value in found.items() if key in SAFE_SETTINGS}
    return json.dumps({**ours, **taken}, ensure_ascii=False, indent=2, sort_keys=True).encode()


def _restore_sessions(
    work: Work, repository: Repository, found: Manifest, uids: list[str]
) -> list[int]:
    """Copy sessions out of the snapshot's database into the one in use."""
    scratch = work.paths.data_dir / "restored-sessions.db.part"
    snapshots.discard(scratch)
    try:
        if shutil.disk_usage(work.paths.data_dir).free < database_entry(found).size * 2:
            raise UserError("disk_full", path=str(work.paths.data_dir), reason="")
        write_targets(work, repository, [Target(database_entry(found), scratch)])
        if found.header["revision"] != migration.HEAD:
            migration.make_database(scratch)
        trusted = not is_foreign(work, found)
        return merge.copy_sessions(scratch, work.paths.database, uids, trusted=trusted)
    finally:
        snapshots.discard(scratch)


def _live_sessions(work: Work) -> set[str]:
    with snapshots.opened(work.paths.database) as db:
        return {row[0] for row in db.execute("SELECT session_id FROM sessions").fetchall()}


def _seal(work: Work, journal: Journal) -> None:
    sync([work.paths.data_dir])
    journal.state = staging.READY
    staging.write(work.paths, journal)


def sync(folders: Iterable[Path]) -> None:
    """Bring everything in these folders' file systems to disk."""
    import ctypes
    import sys

    if not sys.platform.startswith("linux"):
        if hasattr(os, "sync"):
            os.sync()
        return
    libc = ctypes.CDLL(None, use_errno=True)
    done: set[int] = set()
    for folder in folders:
        device = folder.stat().st_dev
        if device in done:
            continue
        done.add(device)
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            if libc.syncfs(descriptor) != 0:
                code = ctypes.get_errno()
                raise OSError(code, os.strerror(code), str(folder))
        finally:
            os.close(descriptor)


def _result(
    snapshot_id: str,
    safety: str,
    sessions: int,
    files: int,
    plan: Plan,
    *,
    restarts: bool,
    inert: tuple[str, ...],
) -> dict[str, Any]:
    return {
        "snapshot": snapshot_id,
        "safety": safety,
        "sessions": sessions,
        "files": files,
        "removed": sum(len(area.removes) for area in plan.areas),
        "restarts": restarts,
        "inert": list(inert),
        "problems": [],
    }


def _now() -> int:
    return int(time.time() * 1000)
