"""The data folder: room, place, rights, and what is in the way."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from aigc_desktop.config import settings as config
from aigc_desktop.config.i18n import sentences, tr, tr_n
from aigc_desktop.config.messages import describe
from aigc_desktop.config.operation_words import size_text
from aigc_desktop.core.diagnostics import Group, State
from aigc_desktop.core.errors import UserError
from aigc_desktop.files.workdir import WorkDir
from aigc_desktop.services.checks.check import Check, Finding, Mend, Place, blocking
from aigc_desktop.store import volume

MB = 1_000_000
LITTLE_ROOM = 1000 * MB
NO_ROOM = 200 * MB
"""Bytes; the log and a long chat take some tens of megabytes."""

ROOM_FACTOR = 4
"""A migration may need this many times the database's size (TECH.md)."""

MAX_SEEN = 50_000
"""Files whose rights are looked at."""

PRIVATE_DIR, PRIVATE_FILE = 0o700, 0o600


async def room(place: Place) -> Finding:
    """Is there room for what the program writes, and for a migration?"""
    free, database = await blocking(lambda: _free_and_size(place))
    said = tr("{free} are free.", free=size_text(free))
    remedy = tr("Free some space: empty the trash, move old backups elsewhere.")
    if free < NO_ROOM:
        return Finding(State.PROBLEM, said, remedy)
    if free < max(LITTLE_ROOM, ROOM_FACTOR * database):
        needed = max(LITTLE_ROOM, ROOM_FACTOR * database)
        more = tr("An update of the database may need {size}.", size=size_text(needed))
        return Finding(State.WARNING, sentences(said, more), remedy)
    return Finding(State.OK, said)


async def shared(place: Place) -> Finding:
    """Is the data on a disk of this machine alone?"""
    kind = await blocking(lambda: volume.shared_by(place.paths.data_dir))
    if kind is None:
        return Finding(State.OK, tr("A folder of this machine."), detail=str(place.paths.home))
    title, remedy = describe("data_dir_shared", {"kind": kind, "path": str(place.paths.data_dir)})
    return Finding(State.WARNING, title, remedy)


async def writing(place: Place) -> Finding:
    """Can files be made where the program makes them?"""
    folders = {
        tr("settings"): place.paths.home,
        tr("data"): place.paths.data_dir,
        tr("logs"): place.paths.logs_dir,
    }
    failed = {}
    for name, folder in folders.items():
        if reason := await blocking(lambda folder=folder: _cannot_write(folder)):  # type: ignore[misc]
            failed[name] = reason
    if not failed:
        return Finding(State.OK, tr("Settings, data and logs can be written."))
    names = ", ".join(f"{name} ({reason})" for name, reason in failed.items())
    _, remedy = describe("data_dir_read_only", {"path": str(place.paths.home)})
    return Finding(
        State.PROBLEM,
        tr("Not writable: {names}.", names=names),
        remedy,
        detail=str(place.paths.home),
    )


async def rights(place: Place) -> Finding:
    """Can other users of this machine read the data?"""
    if os.name == "nt":
        return Finding(State.NOT_APPLICABLE, tr("Windows keeps the user's folder to the user."))
    open_ones = await blocking(lambda: _open_to_others(place))
    if not open_ones:
        return Finding(State.OK, tr("Only you can read the data."))
    said = tr_n(
        "{count} entry can be read by others.",
        "{count} entries can be read by others.",
        len(open_ones),
    )
    bare = place.paths.key_file in open_ones
    shown = ", ".join(path.name for path in list(open_ones)[:5])
    return Finding(
        State.PROBLEM if bare else State.WARNING,
        said,
        tr("They can be made yours alone."),
        detail=shown,
        mendable=True,
    )


async def work_dir(place: Place) -> Finding:
    """Is the work directory there, and may an agent have it?"""
    chosen = place.settings.get(config.WORK_DIR)
    folder = Path(chosen).expanduser() if chosen else place.paths.work_dir
    if not await blocking(folder.is_dir):
        return Finding(
            State.PROBLEM,
            tr("The work directory is not there."),
            tr("Choose another folder in the settings."),
            detail=str(folder),
            place="settings",
        )
    try:
        await blocking(lambda: WorkDir(folder, place.paths.home))
    except UserError as error:
        title, remedy = describe(error.code, error.params)
        return Finding(State.PROBLEM, title, remedy, place="settings")
    if reason := await blocking(lambda: _cannot_write(folder)):
        said = tr("The agent can't write there ({reason}).", reason=reason)
        return Finding(State.WARNING, said, detail=str(folder), place="settings")
    return Finding(State.OK, tr("The agent can read and write there."), detail=str(folder))


def _free_and_size(place: Place) -> tuple[int, int]:
    database = place.paths.database
    size = database.stat().st_size if database.is_file() else 0
    return shutil.disk_usage(place.paths.data_dir).free, size


def _cannot_write(folder: Path) -> str:
    """Return why no file can be made in `folder`; "" if one can."""
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".check-") as file:
            file.write(b"x" * 4096)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        return error.strerror or type(error).__name__
    return ""


def _open_to_others(place: Place) -> dict[Path, int]:
    """Return the entries that others can reach and read, with their mode; keys in any case."""
    found: dict[Path, int] = {}
    home = place.paths.home
    key_file = place.paths.key_file
    for path in (key_file, *_reachable(home)):
        mode = _mode(path)
        wanted = 0o077
        if mode is not None and mode & wanted:
            found[path] = mode
        if len(found) >= MAX_SEEN:
            break
    return found


def _reachable(folder: Path) -> Iterator[Path]:
    """Yield `folder` and what is in it, as far as others can get. The agent's files stay as made.

    A directory that is closed to others closes what is in it.
    """
    seen = 0
    waiting = [folder]
    while waiting and seen < MAX_SEEN:
        at = waiting.pop()
        mode = _mode(at)
        if mode is None or not mode & 0o077:
            continue
        yield at
        if at.name == "work_dir":
            continue
        with os.scandir(at) as entries:
            for entry in entries:
                seen += 1
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(Path(entry.path))
                elif entry.is_file(follow_symlinks=False):
                    yield Path(entry.path)


def _mode(path: Path) -> int | None:
    try:
        found = path.lstat()
    except OSError:
        return None
    return None if stat.S_ISLNK(found.st_mode) else stat.S_IMODE(found.st_mode)


async def _close(place: Place) -> dict[str, int]:
    def close() -> dict[str, int]:
        before = _open_to_others(place)
        for path in before:
            path.chmod(PRIVATE_DIR if path.is_dir() else PRIVATE_FILE)
        return {os.fsdecode(path): mode for path, mode in before.items()}

    return await blocking(close)


async def _open_again(place: Place, before: Any) -> None:
    def set_modes() -> None:
        for name, mode in before.items():
            path = Path(name)
            if path.is_relative_to(place.paths.home) and _mode(path) is not None:
                path.chmod(int(mode))

    await blocking(set_modes)


CHECKS = (
    Check("disk", Group.FILES, "Disk space", room),
    Check("place", Group.FILES, "Data folder", shared),
    Check("writing", Group.FILES, "Writing", writing),
    Check(
        "rights",
        Group.FILES,
        "Access rights",
        rights,
        mend=Mend(
            "Make them mine alone",
            "Folders get the mode 0700 and files 0600.",
            _close,
            _open_again,
        ),
    ),
    Check("work_dir", Group.FILES, "Work directory", work_dir),
)
