"""Opening files beneath a directory descriptor without ever following a link out of it."""

from __future__ import annotations

import ctypes
import errno
import functools
import os
import sys
from collections.abc import Sequence

_OPENAT2 = 437
"""The system call's number: the same on x86-64, aarch64 and riscv (openat2(2), Linux 5.6)."""

_RESOLVE_NO_MAGICLINKS = 0x02
_RESOLVE_BENEATH = 0x08


class _OpenHow(ctypes.Structure):
    _fields_ = (
        ("flags", ctypes.c_uint64),
        ("mode", ctypes.c_uint64),
        ("resolve", ctypes.c_uint64),
    )


def open_beneath(root: int, parts: Sequence[str], flags: int, mode: int = 0o600) -> int:
    """Open `parts` beneath the directory descriptor `root`; return a descriptor.

    Raises OSError (EXDEV or ELOOP when the path would leave the root).
    """
    flags |= os.O_CLOEXEC | getattr(os, "O_NOCTTY", 0)
    if _has_openat2():
        return _openat2(root, "/".join(parts) or ".", flags, mode)
    return _open_by_component(root, parts, flags, mode)


def _openat2(root: int, path: str, flags: int, mode: int) -> int:
    how = _OpenHow(
        flags,
        mode if flags & os.O_CREAT else 0,
        _RESOLVE_BENEATH | _RESOLVE_NO_MAGICLINKS,
    )
    for _ in range(16):
        descriptor = _libc().syscall(
            _OPENAT2, root, os.fsencode(path), ctypes.byref(how), ctypes.sizeof(how)
        )
        if descriptor >= 0:
            return int(descriptor)
        code = ctypes.get_errno()
        # A rename went on beside us: the kernel asks to try again (openat2(2), EAGAIN).
        if code != errno.EAGAIN:
            raise OSError(code, os.strerror(code), path)
    raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN), path)


def _open_by_component(root: int, parts: Sequence[str], flags: int, mode: int) -> int:
    """Without openat2 no link is followed at all, not even one that stays inside."""
    no_follow = getattr(os, "O_NOFOLLOW", 0)
    directory = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=root)
    try:
        for name in parts[:-1]:
            deeper = os.open(
                name, os.O_RDONLY | os.O_DIRECTORY | no_follow | os.O_CLOEXEC, dir_fd=directory
            )
            os.close(directory)
            directory = deeper
        if not parts:
            return os.dup(directory)
        return os.open(parts[-1], flags | no_follow, mode, dir_fd=directory)
    finally:
        os.close(directory)


@functools.cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


@functools.cache
def _has_openat2() -> bool:
    if not sys.platform.startswith("linux"):
        return False
    root = os.open("/", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.close(_openat2(root, ".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, 0))
    except OSError:
        return False
    finally:
        os.close(root)
    return True
