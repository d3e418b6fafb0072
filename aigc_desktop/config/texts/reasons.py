"""Why a file or an archive is not taken: the reasons that `files` and `ops.backup` give."""

from __future__ import annotations

REASONS = frozenset(
    {
        "not a whole zip archive",
        "a part is missing",
        "a part is too large",
        "it has too many entries",
        "its contents are too large",
        "a name comes twice",
        "its contents are larger than it says",
        "its contents are smaller than it says",
        "damaged",
        "its table of contents is too large",
        "it is encrypted",
        "an unknown compression",
        "a name that is not UTF-8",
        "something that is neither a file nor a folder",
        "a name that leads elsewhere",
        "a folder that is named like a file",
        "a folder with contents of its own",
        "a name is both a file and a folder",
        "damaged, or not encrypted by this program",
        "its manifest does not fit",
        "it is not a backup of this program",
        "its manifest cannot be read",
        "its database is damaged",
        "too long",
        "not a path of this system",
        "outside the work directory",
        "a name is too long",
        "a name has invisible or control characters",
        "a name has a character that some systems treat specially",
        "a name that some systems treat specially",
        "path too long",
        "cannot be read",
        "is a link",
        "too deep",
        "is not a plain file",
        "has several names (hard link)",
        "too large",
        "too many files",
        "too many files of this name",
    }
)
"""English; translated when shown. After a colon details may follow, which stay as they are."""
