"""What kind of place the data folder is in: SQLite's WAL needs a disk of this machine."""

from __future__ import annotations

import os
from pathlib import Path

NETWORK_TYPES = frozenset(
    (
        *("nfs", "nfs4", "cifs", "smb", "smb2", "smb3", "smbfs", "afpfs", "webdav", "davfs"),
        *("ceph", "glusterfs", "lustre", "9p", "virtiofs", "vboxsf", "prl_fs"),
    )
)
"""File systems whose locks or shared memory do not reach every machine that mounts them."""

LOCAL_FUSE = frozenset(
    f"fuse.{name}"
    for name in (
        *("ntfs", "ntfs-3g", "exfat", "ext2", "zfs", "apfs", "bindfs", "mergerfs", "unionfs"),
        *("fuse-overlayfs", "gocryptfs", "encfs", "cryfs", "securefs", "veracrypt"),
    )
)
"""Those in user space that keep their data on a disk of this machine. Any other may be shared."""

SYNC_FOLDERS = (
    "dropbox",
    "onedrive",
    "mobile documents",
    "icloud drive",
    "google drive",
    "googledrive",
    "nutstore",
    "坚果云",
    "我的坚果云",
    "baidusyncdisk",
    "百度网盘同步空间",
)
"""How names of synchronised folders begin, in lower case ("OneDrive - Company")."""


def is_writable(folder: Path) -> bool:
    """Return whether files can be made in `folder`."""
    return os.access(folder, os.W_OK | os.X_OK)


def shared_by(folder: Path) -> str | None:
    """Return what shares `folder` with other machines (a file system or a folder's name)."""
    resolved = folder.resolve()
    for part in resolved.parts:
        if part.lower().startswith(SYNC_FOLDERS):
            return part
    kind = _file_system(resolved)
    in_user_space = kind.startswith("fuse.") and kind not in LOCAL_FUSE
    return kind if kind in NETWORK_TYPES or in_user_space else None


def _file_system(folder: Path) -> str:
    import psutil

    best, kind = -1, ""
    for mount in psutil.disk_partitions(all=True):
        point = Path(mount.mountpoint)
        if folder.is_relative_to(point) and len(point.parts) > best:
            best, kind = len(point.parts), mount.fstype.lower()
    return kind
