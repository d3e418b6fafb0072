"""What a restore has to change: only what really differs from what is there."""

from __future__ import annotations

import hashlib
import os
import stat
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from aigc_desktop.core.errors import UserError
from aigc_desktop.ops.backup import source
from aigc_desktop.ops.backup.manifest import DATABASE, FILE_CHUNK, FileEntry, Manifest
from aigc_desktop.ops.backup.source import Found
from aigc_desktop.ops.backup.staging import AreaPlan
from aigc_desktop.ops.backup.worker import Work


@dataclass(slots=True)
class Plan:
    """The areas' plans, and for each the entries of the files that are put."""

    areas: list[AreaPlan] = field(default_factory=list)
    entries: list[list[FileEntry]] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    database: bool = False
    database_size: int = 0

    def room(self, data_dir: Path) -> dict[Path, int]:
        """Return how many bytes the restore takes for a while, by place."""
        needed: dict[Path, int] = defaultdict(int)
        for area, entries in zip(self.areas, self.entries, strict=True):
            place = Path(area.root)
            while not place.exists():
                place = place.parent
            needed[place] += sum(entry.size for entry in entries)
        if self.database:
            needed[data_dir] += self.database_size
        by_device: dict[int, tuple[Path, int]] = {}
        for place, size in needed.items():
            device = place.stat().st_dev
            by_device[device] = (place, by_device.get(device, (place, 0))[1] + size)
        return dict(by_device.values())

    def paths(self) -> list[str]:
        """Return all files and links that are put, as a manifest names them."""
        return [
            f"{name}/{path}"
            for name, area in zip(self.names, self.areas, strict=True)
            for path in (*area.puts, *(path for path, _ in area.links))
        ]


def everything(work: Work, found: Manifest, *, foreign: bool) -> Plan:
    """Return the plan that makes all areas as they are in the snapshot.

    What the program keeps for itself (outputs, checkpoints) is added to, never removed from.
    """
    plan = _plan(work, found, [""], foreign=foreign)
    database = next((entry for entry in found.files if entry.path == DATABASE), None)
    plan.database = database is not None
    plan.database_size = database.size if database else 0
    now = source.find(work.job, time.time_ns())
    for name, area in zip(plan.names, plan.areas, strict=True):
        if not name.startswith("data/"):
            area.removes = _not_in(found, now, name)
    return plan


def chosen(work: Work, found: Manifest, paths: list[str], *, foreign: bool) -> Plan:
    """Return the plan that puts back files and folders by their paths; nothing is removed."""
    return _plan(work, found, [path.rstrip("/") for path in paths], foreign=foreign)


def require_known(found: Manifest, uids: list[str], paths: list[str]) -> None:
    """Raise UserError("not_in_snapshot") for what is chosen and is not there to be restored."""
    sessions = {uid for uid, _, _ in found.sessions}
    names = [entry.path for entry in found.files]
    names += [path for path, _ in (*found.links, *found.folders)]
    names = [name for name in names if source.split(name)[0]]
    missing = [uid for uid in uids if uid not in sessions]
    for path in paths:
        if not any(is_chosen(name, [path.rstrip("/")]) for name in names):
            missing.append(path)
    if missing:
        raise UserError("not_in_snapshot", what=", ".join(missing[:5]))


def is_chosen(path: str, chosen: list[str]) -> bool:
    """Return whether a path is one of those, or below one; "" is everything."""
    return any(not each or path == each or path.startswith(f"{each}/") for each in chosen)


def _plan(work: Work, found: Manifest, wanted: list[str], *, foreign: bool) -> Plan:
    roots = source.located(work.job, found.roots, foreign=foreign)
    plans: dict[str, tuple[AreaPlan, list[FileEntry]]] = {}
    lost: set[str] = set()

    def of(name: str) -> tuple[AreaPlan, list[FileEntry]]:
        return plans.setdefault(name, (AreaPlan(str(roots[name])), []))

    for path, mode in sorted(found.folders):
        name, inside = source.split(path)
        if name not in roots or not (is_chosen(path, wanted) or _is_above(path, wanted)):
            continue
        if _folder_is_lost(roots[name], inside, path, lost) or wanted == [""]:
            of(name)[0].folders.append((inside, mode))
    for entry in found.files:
        name, inside = source.split(entry.path)
        if name not in roots or not is_chosen(entry.path, wanted):
            continue
        if entry.path.rpartition("/")[0] in lost or not is_same(roots[name] / inside, entry):
            area, entries = of(name)
            area.puts.append(inside)
            entries.append(entry)
    for path, target in found.links:
        name, inside = source.split(path)
        if name not in roots or not is_chosen(path, wanted):
            continue
        if path.rpartition("/")[0] in lost or _link(roots[name] / inside) != target:
            of(name)[0].links.append((inside, target))
    for name in found.roots:
        if name in roots and wanted == [""]:
            of(name)
    return Plan(
        [area for area, _ in plans.values()],
        [entries for _, entries in plans.values()],
        list(plans),
    )


def _is_above(path: str, wanted: list[str]) -> bool:
    return any(each.startswith(f"{path}/") for each in wanted)


def _folder_is_lost(root: Path, inside: str, path: str, lost: set[str]) -> bool:
    """Note a folder that is not there as a folder; what is in it has to be put in any case."""
    if path.rpartition("/")[0] not in lost:
        try:
            if stat.S_ISDIR((root / inside).lstat().st_mode):
                return False
        except OSError:
            pass
    lost.add(path)
    return True


def is_same(file: Path, entry: FileEntry) -> bool:
    """Return whether a file is what it was: its stamps say so, or else its content."""
    try:
        status = file.lstat()
        if not stat.S_ISREG(status.st_mode) or status.st_size != entry.size:
            return False
        if stat.S_IMODE(status.st_mode) & 0o777 != entry.mode:
            return False
        stamps = (status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
        if entry.ctime_ns and stamps == (entry.mtime_ns, entry.ctime_ns, entry.inode):
            return True
        return _has_content(file, entry)
    except OSError:
        return False


def _has_content(file: Path, entry: FileEntry) -> bool:
    descriptor = os.open(file, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
    with os.fdopen(descriptor, "rb", buffering=0) as content:
        for chunk in entry.chunks:
            data = content.read(FILE_CHUNK)
            if hashlib.sha256(data).digest() != chunk:
                return False
        return not content.read(1)


def _link(path: Path) -> str | None:
    try:
        return str(path.readlink())
    except OSError:
        return None


def _not_in(found: Manifest, now: Found, area: str) -> list[str]:
    """Return what is there now and not in the snapshot: files and links, then folders."""
    known = {entry.path for entry in found.files} | {path for path, _ in found.links}
    folders = {path for path, _ in found.folders}
    skipped = set(found.skipped)
    here = [entry.path for entry in now.files] + [path for path, _ in now.links]
    gone = [path for path in here if path not in known and path not in skipped]
    empty = sorted((path for path, _ in now.folders if path not in folders), reverse=True)
    return [
        inside for path in (*gone, *empty) for name, inside in [source.split(path)] if name == area
    ]
