"""What can be said about a repository without working in it: light, for the running program."""

from __future__ import annotations

import dataclasses
import os
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aigc_desktop.config import settings as config
from aigc_desktop.config.atomic import write_atomically
from aigc_desktop.config.paths import Paths
from aigc_desktop.config.settings import Settings
from aigc_desktop.core.backup import Cause, Changes, DrillResult, LastRestore, Snapshot
from aigc_desktop.core.errors import UserError
from aigc_desktop.ops.backup import sealed, state
from aigc_desktop.ops.backup.repository import Repository


def repository(paths: Paths, settings: Settings) -> Path:
    """Return the folder of the repository: the setting's, or `backups` in the home folder."""
    chosen = settings.get(config.BACKUP_FOLDER)
    return Path(chosen).expanduser() if chosen else paths.backups_dir


def origin(paths: Paths) -> str:
    """Return what tells this installation from others; it is never part of a backup."""
    file = paths.data_dir / "backup-origin"
    try:
        return file.read_text(encoding="ascii")
    except FileNotFoundError:
        made = os.urandom(16).hex()
        write_atomically(file, made.encode())
        return made


def snapshots(root: Path, own: str) -> list[Snapshot]:
    """Return all snapshots, newest first; `own` is the origin of this installation's.

    Raises UserError: `backup_damaged`, `backup_newer`.
    """
    try:
        found = Repository.open(root)
    except UserError as error:
        if error.code == "no_repository":
            return []
        raise
    known = state.read(root)["snapshots"]
    read = [snapshot_of(found, each, known, own) for each in found.snapshot_ids()]
    return read[::-1]


def snapshot_of(found: Repository, snapshot_id: str, known: dict[str, Any], own: str) -> Snapshot:
    """Return one snapshot; one whose file is damaged as such."""
    facts = known.get(snapshot_id, {})
    header = read_header(found, snapshot_id)
    if header is None:
        return _unreadable(snapshot_id)
    foreign = header["foreign"] or header["origin"] != own
    return snapshot_from({**header, **facts, "foreign": foreign})


def read_header(found: Repository, snapshot_id: str) -> dict[str, Any] | None:
    """Return a snapshot's header; None if its file is damaged or another's."""
    try:
        content = found.snapshot_file(snapshot_id).read_bytes()
        header, encrypted = sealed.header_of(sealed.SNAPSHOT, content, snapshot_id)
        if header.get("id") != snapshot_id:
            return None
        snapshot_from({**header, "encrypted": encrypted})
    except (UserError, OSError, KeyError, TypeError, ValueError):
        return None
    return {**header, "encrypted": encrypted}


def snapshot_from(data: dict[str, Any]) -> Snapshot:
    """Return a snapshot from its header and what is known about it."""
    names = {field.name for field in dataclasses.fields(Snapshot)}
    values = {key: value for key, value in data.items() if key in names}
    changes = values.get("changes")
    values["cause"] = Cause(values["cause"])
    values["changes"] = Changes(**changes) if changes is not None else None
    values.setdefault("verified_at", None)
    return Snapshot(**values)


def overview(root: Path, own: str) -> dict[str, Any]:
    """Return the part of `BackupOverview` that the repository knows."""
    found = snapshots(root, own)
    known = state.read(root)
    restore = known.get("last_restore")
    return {
        "snapshots": len(found),
        "stored": _stored(root),
        "free": _free(root),
        "newest": newest_own(found),
        "last_drill": _drill(known.get("last_drill")),
        "last_proven": _drill(known.get("last_proven")),
        "last_restore": LastRestore(**restore) if restore else None,
    }


def newest_own(newest_first: Sequence[Snapshot]) -> Snapshot | None:
    """Return the newest snapshot of this installation; another's only where there is none."""
    own = next((each for each in newest_first if not each.foreign), None)
    return own or next(iter(newest_first), None)


def set_label(root: Path, snapshot_id: str, label: str) -> None:
    """Give a snapshot another label. Raises UserError("snapshot_not_found")."""
    Repository.open(root).snapshot_file(snapshot_id)
    state.note(root, snapshot_id, label=label)


def check_passphrase(root: Path, passphrase: str) -> None:
    """Raise UserError("passphrase_wrong") if the repository has another passphrase."""
    try:
        Repository.open(root).unlock(passphrase)
    except UserError as error:
        if error.code != "no_repository":
            raise


def change_passphrase(root: Path, old: str, new: str) -> None:
    """Put another passphrase before the key. Raises UserError: `passphrase_wrong`."""
    try:
        found = Repository.open(root)
    except UserError as error:
        if error.code == "no_repository":
            return
        raise
    with found.locked():
        found.change_passphrase(old, new)


def _unreadable(snapshot_id: str) -> Snapshot:
    return Snapshot(
        id=snapshot_id,
        label="",
        cause=Cause.MANUAL,
        created_at=_time_of(snapshot_id),
        version="",
        revision="",
        sessions=0,
        messages=0,
        files=0,
        size=0,
        added=0,
        changes=None,
        encrypted=False,
        foreign=False,
        skipped=0,
        verified_at=None,
        damaged=True,
    )


def _time_of(snapshot_id: str) -> int:
    try:
        made = datetime.strptime(snapshot_id[:16], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return 0
    return int(made.timestamp() * 1000)


def _drill(found: dict[str, Any] | None) -> DrillResult | None:
    return DrillResult(**found) if found else None


def _stored(root: Path) -> int:
    total = 0
    for folder, _, files in os.walk(root):
        for name in files:
            try:
                total += (Path(folder) / name).stat().st_size
            except OSError:
                continue
    return total


def _free(root: Path) -> int:
    place = root
    while not place.exists() and place != place.parent:
        place = place.parent
    return shutil.disk_usage(place).free
