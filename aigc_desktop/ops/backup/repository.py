"""The repository: a folder with a configuration, packs, their indexes, snapshots, and a lock."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from aigc_desktop.config.atomic import write_atomically
from aigc_desktop.core.errors import UserError
from aigc_desktop.ops.backup import keys
from aigc_desktop.ops.backup.keys import Key
from aigc_desktop.ops.backup.sealed import damaged

FORMAT = "aigc-backup"
VERSION = 1
CONFIGS = ("config.json", "config.copy.json")
"""The same twice: without the wrapped key in it nothing that is encrypted can be read any more."""

LOCK_TIMEOUT = 10.0
"""Seconds to wait for another process that works in the repository."""

_ID = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{8}")
_HASH = re.compile(r"[0-9a-f]{64}")


class Repository:
    """Where snapshots are. `key` is there when the passphrase is known and one was ever set."""

    def __init__(self, root: Path, config: dict[str, Any]) -> None:
        self.root = root
        self.config = config
        self.key: Key | None = None

    @classmethod
    def open(cls, root: Path) -> Repository:
        """Open a repository that is there.

        Raises UserError: `no_repository`, `backup_damaged`, `backup_newer`, `file_not_readable`.
        """
        return cls(root, _read_config(root))

    @classmethod
    def open_or_create(cls, root: Path) -> Repository:
        """Open the repository, made if there is none. Raises OSError, and UserError as `open`."""
        for folder in (root, root / "packs", root / "index", root / "snapshots"):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not any((root / name).exists() for name in CONFIGS):
            if any((root / "snapshots").iterdir()):
                raise damaged("config.json")
            now = int(time.time() * 1000)
            config = {"format": FORMAT, "version": VERSION, "id": os.urandom(8).hex(), "key": None}
            _write_config(root, {**config, "created_at": now})
        repository = cls.open(root)
        repository.mend_config()
        return repository

    def mend_config(self) -> None:
        """Write the one of the two configurations again that cannot be read. Raises OSError."""
        for name in CONFIGS:
            try:
                _load_config(self.root, self.root / name)
            except UserError:
                write_atomically(self.root / name, json.dumps(self.config, indent=1).encode())

    def unlock(self, passphrase: str | None) -> None:
        """Make the key ready. Raises UserError: `passphrase_missing`, `passphrase_wrong`."""
        if self.config["key"] is not None:
            self.key = keys.unwrap(self.config["key"], passphrase)

    def ensure_key(self, passphrase: str | None) -> Key:
        """Return the key; it is made when the repository has none yet. Raises as `unlock`."""
        if self.config["key"] is None:
            if not passphrase:
                raise UserError("passphrase_missing")
            self.key, kept = keys.make(passphrase)
            self.config = _write_config(self.root, {**self.config, "key": kept})
        if self.key is None:
            self.unlock(passphrase)
        assert self.key is not None
        return self.key

    def change_passphrase(self, old: str, new: str) -> None:
        """Wrap the key with another passphrase. Raises UserError("passphrase_wrong")."""
        self.unlock(old)
        if self.key is not None:
            kept = keys.wrap(self.key, new)
            self.config = _write_config(self.root, {**self.config, "key": kept})

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Work alone in the repository. Raises UserError("backup_locked").

        The lock is the system's: it is gone with the process that had it.
        """
        from filelock import FileLock, Timeout

        try:
            with FileLock(self.root / "repository.lock", timeout=LOCK_TIMEOUT):
                yield
        except Timeout as error:
            raise UserError("backup_locked", path=str(self.root)) from error

    def snapshot_ids(self) -> list[str]:
        """Return the ids of all snapshots, oldest first."""
        found = (self.root / "snapshots").glob("*")
        return sorted(path.name for path in found if _ID.fullmatch(path.name))

    def snapshot_file(self, snapshot_id: str) -> Path:
        """Return the file of a snapshot. Raises UserError("snapshot_not_found") if it has none."""
        file = self.root / "snapshots" / snapshot_id
        if not _ID.fullmatch(snapshot_id) or not file.is_file():
            raise UserError("snapshot_not_found")
        return file

    def index_files(self) -> list[Path]:
        """Return the index files."""
        found = (self.root / "index").glob("*")
        return sorted(path for path in found if _HASH.fullmatch(path.name))

    def pack_files(self) -> dict[str, Path]:
        """Return the finished packs by their names."""
        found = (self.root / "packs").glob("*/*")
        return {path.name: path for path in found if _HASH.fullmatch(path.name)}

    def pack_file(self, name: str) -> Path:
        """Return where a pack is or belongs."""
        return self.root / "packs" / name[:2] / name

    def set_pack_aside(self, name: str) -> None:
        """Keep a damaged pack under another name: what was in it is stored anew by the next backup.

        Only while locked.
        """
        file = self.pack_file(name)
        if file.is_file():
            file.replace(file.with_name(f"{name}.damaged-{time.time_ns()}"))

    def new_id(self, now_ms: int) -> str:
        """Return an id for a snapshot made now; ids sort by time."""
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now_ms / 1000))
        newest = max([*self.snapshot_ids(), ""])
        return max(f"{stamp}-{os.urandom(4).hex()}", _after(newest))

    def sweep(self) -> None:
        """Remove what a killed process left half written. Only while locked."""
        for folder in ("packs", "index", "snapshots", "."):
            for leftover in (self.root / folder).glob(".*.part"):
                leftover.unlink()


def _after(newest: str) -> str:
    """Return an id that sorts after `newest` (a clock that went back must not hide a snapshot)."""
    if not newest:
        return ""
    return f"{newest[:16]}-{(int(newest[17:], 16) + 1) % 2**32:08x}"


def _read_config(root: Path) -> dict[str, Any]:
    """Return the configuration, or its copy. Raises what is wrong with the first."""
    problem: UserError | None = None
    for name in CONFIGS:
        try:
            return _load_config(root, root / name)
        except UserError as error:
            problem = problem or error
    assert problem is not None
    raise problem


def _load_config(root: Path, file: Path) -> dict[str, Any]:
    try:
        config = json.loads(file.read_bytes())
    except FileNotFoundError as error:
        if any((root / "snapshots").glob("*")):
            raise damaged("config.json") from error
        raise UserError("no_repository", path=str(root)) from error
    except OSError as error:
        raise UserError("file_not_readable", path=str(file), reason=error.strerror or "") from error
    except (ValueError, RecursionError) as error:
        raise damaged("config.json") from error
    if not isinstance(config, dict) or config.get("check") != _check(config):
        raise damaged("config.json")
    if config.get("format") != FORMAT:
        raise damaged("config.json")
    if config["version"] > VERSION:
        raise UserError("backup_newer", version=config["version"])
    return config


def _write_config(root: Path, config: dict[str, Any]) -> dict[str, Any]:
    config = {**config, "check": _check(config)}
    for name in CONFIGS:
        write_atomically(root / name, json.dumps(config, indent=1).encode())
    return config


def _check(config: dict[str, Any]) -> str:
    checked = {key: value for key, value in config.items() if key != "check"}
    return hashlib.sha256(json.dumps(checked, sort_keys=True).encode()).hexdigest()
