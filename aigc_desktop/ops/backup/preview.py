"""What a restore would do, and what is in a snapshot."""

from __future__ import annotations

import json
import time
from typing import Any

from aigc_desktop.core.backup import MAX_LISTED, FileState, SessionState
from aigc_desktop.core.errors import UserError
from aigc_desktop.ops.backup import catalog, restore, source, state
from aigc_desktop.ops.backup.create import is_users
from aigc_desktop.ops.backup.manifest import SETTINGS, FileEntry, Manifest
from aigc_desktop.ops.backup.packs import Index
from aigc_desktop.ops.backup.reading import ChunkReader
from aigc_desktop.ops.backup.repository import Repository
from aigc_desktop.ops.backup.worker import Work
from aigc_desktop.store import snapshots

FileRow = tuple[str, int, int, str]

FOREIGN = ("rules", "servers", "modes", "folders", "tokens", "settings")
"""What comes in off with another installation's snapshot."""


def run_preview(work: Work) -> dict[str, Any]:
    """Compare a snapshot with what is there now."""
    with restore.opened(work, work.job.options["snapshot"]) as (repository, found):
        files = compare_files(work, found)
        counts = {each.value: 0 for each in FileState}
        for _, _, _, how in files:
            counts[how] += 1
        known = state.read(work.root)["snapshots"]
        own = catalog.origin(work.paths)
        foreign = restore.is_foreign(work, found)
        differing = [row for row in files if row[3] != FileState.SAME]
        needed = {row[0] for row in differing if row[3] != FileState.NEWER}
        return {
            "snapshot": _plain(catalog.snapshot_of(repository, found.id, known, own)),
            "sessions": compare_sessions(work, found),
            "files": differing[:MAX_LISTED],
            "files_same": counts["same"],
            "files_changed": counts["changed"],
            "files_missing": counts["missing"],
            "files_newer": counts["newer"],
            "settings": _settings(work, repository, found),
            "bytes_needed": _size(found, needed),
            "inert": list(FOREIGN) if foreign else [],
        }


def run_list_files(work: Work) -> dict[str, Any]:
    """List one folder of a snapshot."""
    folder = work.job.options["folder"]
    with restore.opened(work, work.job.options["snapshot"]) as (_, found):
        rows: dict[str, FileRow] = {}
        for path, size, at, how in compare_files(work, found):
            if how == FileState.NEWER or not path.startswith(folder):
                continue
            name, inner, _ = path[len(folder) :].partition("/")
            if not inner:
                rows[path] = (path, size, at, how)
                continue
            inside = f"{folder}{name}/"
            old = rows.get(inside, (inside, 0, 0, how))
            same = how if how == old[3] else FileState.CHANGED.value
            rows[inside] = (inside, old[1] + size, max(old[2], at), same)
        ordered = sorted(rows.values(), key=lambda row: (not row[0].endswith("/"), row[0]))
        return {"files": ordered}


def compare_files(work: Work, found: Manifest) -> list[FileRow]:
    """Return every file of the user's with its state; by size and time, contents are not read."""
    here = {entry.path: entry for entry in source.find(work.job, time.time_ns()).files}
    rows = [
        (entry.path, entry.size, entry.mtime_ns // 1_000_000, _state(entry, here.get(entry.path)))
        for entry in found.files
        if is_users(entry.path)
    ]
    known = {entry.path for entry in found.files}
    rows += [
        (entry.path, entry.size, entry.mtime_ns // 1_000_000, FileState.NEWER.value)
        for entry in here.values()
        if is_users(entry.path) and entry.path not in known
    ]
    return sorted(rows)


def compare_sessions(work: Work, found: Manifest) -> list[tuple[str, str, int, str]]:
    """Return the sessions of the snapshot and those that are only here, newest activity first."""
    here: dict[str, tuple[str, int]] = {}
    if work.paths.database.is_file():
        try:
            with snapshots.opened(work.paths.database) as db:
                rows = db.execute("SELECT session_id, title, last_activity FROM sessions")
                here = {uid: (title, at) for uid, title, at in rows.fetchall()}
        except snapshots.DatabaseError:
            here = {}
    listed = []
    for uid, title, at in found.sessions:
        how = SessionState.MISSING
        if uid in here:
            how = SessionState.SAME if here[uid] == (title, at) else SessionState.CHANGED
        listed.append((uid, title, at, how.value))
    known = {uid for uid, _, _ in found.sessions}
    listed += [
        (uid, title, at, SessionState.NEWER.value)
        for uid, (title, at) in here.items()
        if uid not in known
    ]
    return sorted(listed, key=lambda row: row[2], reverse=True)


def _state(entry: FileEntry, now: FileEntry | None) -> str:
    if now is None:
        return FileState.MISSING.value
    same = (entry.size, entry.mtime_ns) == (now.size, now.mtime_ns)
    return FileState.SAME.value if same else FileState.CHANGED.value


def _settings(work: Work, repository: Repository, found: Manifest) -> list[str]:
    """Return the keys of settings that would change."""
    entry = next((entry for entry in found.files if entry.path == SETTINGS), None)
    if entry is None:
        return []
    reader = ChunkReader(repository, Index.load(repository, lenient=True))
    try:
        theirs = json.loads(b"".join(reader.content(entry)))
        ours = json.loads(work.paths.settings_file.read_bytes())
    except (UserError, OSError, ValueError):
        return []
    finally:
        reader.close()
    if restore.is_foreign(work, found):
        theirs = {**ours, **{k: v for k, v in theirs.items() if k in restore.SAFE_SETTINGS}}
    changed = {key for key in {*theirs, *ours} if theirs.get(key) != ours.get(key)}
    return sorted(key for key in changed if not key.startswith("state."))


def _size(found: Manifest, needed: set[str]) -> int:
    return sum(
        entry.size for entry in found.files if entry.path in needed or not is_users(entry.path)
    )


def _plain(snapshot: Any) -> dict[str, Any]:
    import dataclasses

    data = dataclasses.asdict(snapshot)
    return {**data, "cause": snapshot.cause.value}
