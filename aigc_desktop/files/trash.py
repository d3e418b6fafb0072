"""Where deleted things go: into a folder of their own in the program's trash, never lost."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import stat
import time
from pathlib import Path

OPEN_FOLDER = os.O_RDONLY | os.O_CLOEXEC | getattr(os, "O_DIRECTORY", 0) | os.O_NOFOLLOW


def move_to_trash(parent: int, name: str, trash: Path) -> Path:
    """Move the entry `name` of the folder descriptor `parent` to the trash; return where it is.

    A link is moved as a link. Across drives it is copied first and removed when the copy is whole.
    """
    place = trash / f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(3)}"
    place.mkdir(mode=0o700, parents=True)
    target = os.open(place, OPEN_FOLDER)
    try:
        try:
            os.rename(name, name, src_dir_fd=parent, dst_dir_fd=target)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            _copy(parent, name, target)
            _remove(parent, name)
    except BaseException:
        shutil.rmtree(place, ignore_errors=True)
        raise
    finally:
        os.close(target)
    return place / name


def _copy(source: int, name: str, target: int) -> None:
    status = os.stat(name, dir_fd=source, follow_symlinks=False)
    if stat.S_ISLNK(status.st_mode):
        os.symlink(os.readlink(name, dir_fd=source), name, dir_fd=target)
    elif stat.S_ISDIR(status.st_mode):
        os.mkdir(name, 0o700, dir_fd=target)
        inner, copied = (os.open(name, OPEN_FOLDER, dir_fd=fd) for fd in (source, target))
        try:
            with os.scandir(inner) as found:
                for entry in found:
                    _copy(inner, entry.name, copied)
            os.fchmod(copied, stat.S_IMODE(status.st_mode))
        finally:
            os.close(inner)
            os.close(copied)
    elif stat.S_ISREG(status.st_mode):
        read = os.open(name, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW, dir_fd=source)
        write = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        with (
            os.fdopen(read, "rb") as old,
            os.fdopen(os.open(name, write, 0o600, dir_fd=target), "wb") as new,
        ):
            shutil.copyfileobj(old, new)
            new.flush()
            os.fsync(new.fileno())
            os.fchmod(new.fileno(), stat.S_IMODE(status.st_mode))


def _remove(parent: int, name: str) -> None:
    status = os.stat(name, dir_fd=parent, follow_symlinks=False)
    if stat.S_ISDIR(status.st_mode):
        shutil.rmtree(name, dir_fd=parent)
    else:
        os.unlink(name, dir_fd=parent)
