"""Which paths may be named at all: the same refusals on every system."""

from __future__ import annotations

import re
import unicodedata
from pathlib import PurePath, PurePosixPath

from aigc_desktop.core.errors import UserError

MAX_NAME = 255
MAX_PATH = 4096

_WINDOWS_DEVICES = re.compile(
    r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)(\..*)?$", re.I
)
_BIDI = frozenset(
    "\u200b\u200c\u200d\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e"
    "\u2060\u2066\u2067\u2068\u2069\ufeff"
)


def refuse(path: str, reason: str) -> UserError:
    """Return the error for a path that is not opened."""
    return UserError(
        "path_refused", path=path[:200].encode("unicode_escape").decode(), reason=reason
    )


def parts_of(path: str, root: PurePath) -> tuple[str, ...]:
    """Return the names from `root` down to `path`; () is the root itself.

    A path is relative to the root, or absolute and beneath it, component by component.

    Raises:
        UserError("path_refused"): it leads outside, or has a name that no system should get.
    """
    if len(path) > MAX_PATH:
        raise refuse(path, "too long")
    if path.startswith(("\\\\", "//")) or (re.match(r"[A-Za-z]:", path) and root.drive == ""):
        raise refuse(path, "not a path of this system")
    pure = PurePosixPath(path)
    parts = pure.parts
    if pure.is_absolute():
        base = PurePosixPath(root.as_posix()).parts
        if parts[: len(base)] != base:
            raise refuse(path, "outside the work directory")
        parts = parts[len(base) :]
    for name in parts:
        _check(name, path)
    return parts


def _check(name: str, path: str) -> None:
    if name == "..":
        raise refuse(path, "outside the work directory")
    if len(name.encode("utf-8", "surrogatepass")) > MAX_NAME:
        raise refuse(path, "a name is too long")
    if any(c in _BIDI or unicodedata.category(c) in ("Cc", "Cs") for c in name):
        raise refuse(path, "a name has invisible or control characters")
    if "\\" in name or ":" in name:
        raise refuse(path, "a name has a character that some systems treat specially")
    if _WINDOWS_DEVICES.match(name) or (name != "." and name[-1] in ". "):
        raise refuse(path, "a name that some systems treat specially")
