"""Puts prepared files into an area, never through a link; doing it twice does no harm.

The files wait in a folder beneath the area itself, so that each gets into its place by a rename.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from aigc_desktop.config.atomic import sync_directory
from aigc_desktop.files.trees import OPEN_FOLDER

_MODE = 0o700


class Placer:
    """Changes one area. Enter it, change, leave it."""

    def __init__(self, root: Path, stage: str) -> None:
        """`stage`: the name of the folder beneath `root` in which the files wait, by number."""
        self._root_path = root
        self._stage_name = stage
        self._open: dict[tuple[str, ...], int] = {}
        self.problems: list[str] = []

    def __enter__(self) -> Placer:
        self._open[()] = os.open(self._root_path, OPEN_FOLDER & ~os.O_NOFOLLOW)
        return self

    def __exit__(self, *_: object) -> None:
        for parts, descriptor in self._open.items():
            if parts and self._is_posix:
                with contextlib.suppress(OSError):
                    os.fsync(descriptor)
            os.close(descriptor)
        self._open.clear()
        sync_directory(self._root_path)

    _is_posix = os.name == "posix"

    def folder(self, path: str, mode: int) -> None:
        """Make a folder, if it is not there."""
        with self._noting(path):
            parts = path.split("/")
            self._folder(parts)
            if mode & 0o700 == 0o700:
                os.chmod(self._folder(parts), mode & 0o777)  # noqa: PTH101 a descriptor

    def put(self, number: int, path: str) -> None:
        """Put the waiting file `number` at `path`; nothing happens if that was done before."""
        with self._noting(path):
            *above, name = path.split("/")
            stage = self._folder([self._stage_name])
            if not _exists(stage, str(number)):
                return
            folder = self._folder(above)
            if _is_folder(folder, name):
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
            os.rename(str(number), name, src_dir_fd=stage, dst_dir_fd=folder)

    def link(self, path: str, target: str) -> None:
        """Make a symbolic link, in place of whatever file or link is there."""
        with self._noting(path):
            *above, name = path.split("/")
            folder = self._folder(above)
            with contextlib.suppress(OSError):
                if os.readlink(name, dir_fd=folder) == target:
                    return
            if _is_folder(folder, name):
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
            stage = self._folder([self._stage_name])
            with contextlib.suppress(FileNotFoundError):
                os.unlink("link", dir_fd=stage)
            os.symlink(target, "link", dir_fd=stage)
            os.rename("link", name, src_dir_fd=stage, dst_dir_fd=folder)

    def remove(self, path: str) -> None:
        """Remove a file, a link or an empty folder, if it is there."""
        with self._noting(path):
            *above, name = path.split("/")
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                folder = self._folder(above, make=False)
                if _is_folder(folder, name):
                    self._forget(tuple(path.split("/")))
                    with contextlib.suppress(OSError):
                        os.rmdir(name, dir_fd=folder)
                else:
                    os.unlink(name, dir_fd=folder)

    def _folder(self, parts: Sequence[str], *, make: bool = True) -> int:
        """Return the descriptor of a folder beneath the root; no link is followed."""
        key = tuple(parts)
        found = self._open.get(key)
        if found is not None:
            return found
        if len(self._open) > 256:
            self._close_some()
        above = self._folder(key[:-1], make=make)
        name = key[-1]
        if make:
            self._make(above, name)
        self._open[key] = os.open(name, OPEN_FOLDER, dir_fd=above)
        return self._open[key]

    @staticmethod
    def _make(above: int, name: str) -> None:
        try:
            status = os.stat(name, dir_fd=above, follow_symlinks=False)
        except FileNotFoundError:
            os.mkdir(name, _MODE, dir_fd=above)
            return
        if not stat.S_ISDIR(status.st_mode):
            os.unlink(name, dir_fd=above)
            os.mkdir(name, _MODE, dir_fd=above)

    def _close_some(self) -> None:
        kept = {(), (self._stage_name,)}
        for parts in [parts for parts in self._open if parts not in kept]:
            os.close(self._open.pop(parts))

    def _forget(self, parts: tuple[str, ...]) -> None:
        for known in [known for known in self._open if known[: len(parts)] == parts]:
            os.close(self._open.pop(known))

    @contextlib.contextmanager
    def _noting(self, path: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EIO):
                raise
            self.problems.append(path)


def remove_stage(root: Path, stage: str) -> None:
    """Remove the folder in which files waited; never follows a link."""
    if (root / stage).is_symlink():
        (root / stage).unlink()
    elif (root / stage).exists():
        shutil.rmtree(root / stage)


def _exists(folder: int, name: str) -> bool:
    try:
        os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def _is_folder(folder: int, name: str) -> bool:
    try:
        status = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return stat.S_ISDIR(status.st_mode)
