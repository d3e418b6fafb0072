"""What is backed up: the areas, and a walk through each that never follows a link.

Left out on purpose: keys (keys.json, keys-in-keyring.json, .env), logs, locks, the search index
(it is built again), the database's own files (they are read as an image), and the backups.
"""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

from aigc_desktop.config.paths import Paths
from aigc_desktop.files.trees import MAX_DEPTH, OPEN_FOLDER
from aigc_desktop.ops.backup.job import Job
from aigc_desktop.ops.backup.manifest import SETTINGS, FileEntry

MAX_FILES = 2_000_000

STAGE = ".aigc-restore-"
"""How the folders begin in which a restore prepares files."""

_SEEN = "data/checkpoints/seen-"
"""What was seen in folders: not worth keeping, and wrong after a restore."""

FINE_RACE_NS = 20_000_000
COARSE_RACE_NS = 2_000_000_000
"""As for checkpoints: a file changed so shortly before may change again with the same stamp."""


@dataclass(frozen=True, slots=True)
class Area:
    """A folder that is backed up, under a name of its own."""

    name: str
    path: Path


@dataclass(slots=True)
class Found:
    """What a walk found, but for the contents."""

    files: list[FileEntry] = field(default_factory=list)
    folders: list[tuple[str, int]] = field(default_factory=list)
    links: list[tuple[str, str]] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)


def areas(job: Job) -> list[Area]:
    """Return the areas that there are: work directory, outputs, checkpoints, skills, others."""
    paths = Paths(Path(job.home))
    found = [
        Area("work_dir", Path(job.work_dir)),
        Area("data/outputs", paths.outputs_dir),
        Area("data/checkpoints", paths.checkpoints_dir),
        Area("skills", paths.home / "skills"),
    ]
    found += [Area(f"folders/{folder_id(path)}", Path(path)) for path in job.folders]
    return [area for area in found if area.path.is_dir()]


def find(job: Job, now_ns: int) -> Found:
    """Walk through all areas, and take the settings file. Raises OSError."""
    found = Found()
    excluded = Path(job.repository).resolve()
    for area in areas(job):
        _Walk(area, found, excluded, now_ns).run()
    settings = Paths(Path(job.home)).settings_file
    if settings.is_file() and not settings.is_symlink():
        found.files.append(_entry(SETTINGS, settings.stat(), now_ns))
    return found


class _Walk:
    def __init__(self, area: Area, found: Found, excluded: Path, now_ns: int) -> None:
        self._area = area
        self._found = found
        self._now = now_ns
        self._excluded = _identity(excluded)

    def run(self) -> None:
        root = os.open(self._area.path, OPEN_FOLDER & ~os.O_NOFOLLOW)
        try:
            self._folder(root, self._area.name, 0)
        finally:
            os.close(root)

    def _folder(self, folder: int, path: str, depth: int) -> None:
        inside: list[str] = []
        with os.scandir(folder) as entries:
            for item in entries:
                name = f"{path}/{item.name}"
                if item.name.startswith(STAGE) or name.startswith(_SEEN):
                    continue
                try:
                    status = item.stat(follow_symlinks=False)
                except OSError:
                    continue
                if stat.S_ISREG(status.st_mode):
                    self._found.files.append(_entry(name, status, self._now))
                elif stat.S_ISDIR(status.st_mode):
                    if (status.st_dev, status.st_ino) != self._excluded:
                        self._found.folders.append((name, stat.S_IMODE(status.st_mode) & 0o777))
                        inside.append(item.name)
                elif stat.S_ISLNK(status.st_mode):
                    self._found.links.append((name, os.readlink(item.name, dir_fd=folder)))
                else:
                    self._found.skipped.append(name)
        if len(self._found.files) > MAX_FILES:
            raise OSError(27, f"more than {MAX_FILES:,} files")
        for name in inside:
            self._enter(folder, name, f"{path}/{name}", depth)

    def _enter(self, folder: int, name: str, path: str, depth: int) -> None:
        try:
            if depth >= MAX_DEPTH:
                raise PermissionError
            inner = os.open(name, OPEN_FOLDER, dir_fd=folder)
        except OSError:
            self._found.skipped.append(path)
            return
        try:
            self._folder(inner, path, depth + 1)
        finally:
            os.close(inner)


def folder_id(path: str) -> str:
    """Return the name of a further folder's area."""
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]


def located(job: Job, manifest_roots: dict[str, str], *, foreign: bool) -> dict[str, Path]:
    """Return where each area of a snapshot belongs now.

    Further folders go where they were; those of another installation into the work directory,
    since nobody here has said that anything may be written where they were.
    """
    places = {area.name: area.path for area in areas(job)}
    paths = Paths(Path(job.home))
    places.setdefault("work_dir", Path(job.work_dir))
    places.setdefault("data/outputs", paths.outputs_dir)
    places.setdefault("data/checkpoints", paths.checkpoints_dir)
    places.setdefault("skills", paths.home / "skills")
    for name, was in manifest_roots.items():
        if name.startswith("folders/"):
            places[name] = Path(job.work_dir) / name if foreign else Path(was)
    return places


def split(path: str) -> tuple[str, str]:
    """Return (area, path in it) of a manifest's path; ("", path) for single files at the top."""
    parts = path.split("/")
    if parts[0] in ("data", "folders") and len(parts) > 2:
        return "/".join(parts[:2]), "/".join(parts[2:])
    if parts[0] in ("work_dir", "skills") and len(parts) > 1:
        return parts[0], "/".join(parts[1:])
    return "", path


def _entry(path: str, status: os.stat_result, now_ns: int) -> FileEntry:
    newest = max(status.st_mtime_ns, status.st_ctime_ns)
    race = COARSE_RACE_NS if newest % 1_000_000 == 0 else FINE_RACE_NS
    return FileEntry(
        path,
        stat.S_IMODE(status.st_mode) & 0o777,
        status.st_size,
        status.st_mtime_ns,
        0 if newest > now_ns - race else status.st_ctime_ns,
        status.st_ino,
    )


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
