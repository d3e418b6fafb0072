"""The web version's database: copied without touching it, recognised, its step found."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlcipher3 import dbapi2

from aigc_desktop.core.errors import UserError
from aigc_desktop.core.takeover import LeftOut
from aigc_desktop.store import snapshots

MAGIC = b"SQLite format 3\x00"
CHUNK = 1024 * 1024
TRIES = 3
"""How often the copy is tried while the web version writes."""

PARTS = ("", "-wal", "-journal")
LEARNING = ("user_feedback", "user_preferences_cache", "session_preferences", "user_behavior_stats")

CHANGED = LeftOut("takeover:changed")

Stop = Callable[[], None]
"""Raises when the user has cancelled."""


@dataclass(frozen=True, slots=True)
class Source:
    """A private copy of the web version's database; `tables`: columns and their types."""

    path: Path
    copy: Path
    sha256: str
    size: int
    tables: Mapping[str, Mapping[str, str]]

    @property
    def has_string_ids(self) -> bool:
        """Whether scenarios (still) have string ids beside their keys."""
        return "scenario_id" in self.tables.get("business_scenarios", ())

    @property
    def refers_by_string(self) -> bool:
        """Whether scenarios are referred to by their string ids; these may outlive that."""
        referring = self.tables.get("user_configs", {}).get("associated_scenario_id", "")
        return self.has_string_ids and "INT" not in referring.upper()

    @property
    def step(self) -> str:
        """The web version's migration that was run last."""
        scenarios = self.tables.get("business_scenarios", {})
        if any(table in self.tables for table in LEARNING):
            return "add_phase3_evolution_tables"
        if "user_scenario_configs" in self.tables:
            by_string = self.refers_by_string
            return (
                "add_user_scenario_config_table" if by_string else "migrate_string_ids_to_integer"
            )
        if "is_default" in scenarios:
            return "add_scenario_is_default_field"
        if "meta" in scenarios or "category" in scenarios:
            return "add_scenario_meta_fields"
        return "init_database"


def bring(path: Path, folder: Path, stop: Stop) -> Source:
    """Copy the database with its -wal into `folder` and look at it.

    Raises:
        UserError: `takeover_unreadable`, `takeover_busy`, `takeover_not_web`, `takeover_ours`,
            `takeover_damaged`.
    """
    _require_database(path)
    copy = folder / "web.db"
    digest = _copy_quietly(path, copy, stop)
    try:
        with snapshots.opened(copy, "mode=rw") as db:
            db.execute("PRAGMA journal_mode=DELETE")
            if not snapshots.is_sound(db):
                raise UserError("takeover_damaged", path=str(path))
            tables = _tables(db)
    except dbapi2.DatabaseError as error:
        raise UserError("takeover_damaged", path=str(path)) from error
    _require_web(path, tables)
    return Source(path, copy, digest, copy.stat().st_size, tables)


def digest_of(path: Path, stop: Stop) -> str:
    """Return the SHA-256 over the file and its -wal and -journal."""
    total = hashlib.sha256()
    for suffix in PARTS:
        part = Path(f"{path}{suffix}")
        total.update(suffix.encode())
        if part.exists():
            for chunk in _chunks(part, stop):
                total.update(chunk)
    return total.hexdigest()


def _copy_quietly(path: Path, copy: Path, stop: Stop) -> str:
    for _ in range(TRIES):
        total = hashlib.sha256()
        for suffix in PARTS:
            part, target = Path(f"{path}{suffix}"), Path(f"{copy}{suffix}")
            target.unlink(missing_ok=True)
            total.update(suffix.encode())
            if part.exists():
                with target.open("wb") as file:
                    for chunk in _chunks(part, stop):
                        total.update(chunk)
                        file.write(chunk)
        if digest_of(path, stop) == total.hexdigest():
            return total.hexdigest()
    raise UserError("takeover_busy", path=str(path))


def _chunks(part: Path, stop: Stop) -> Iterator[bytes]:
    with part.open("rb") as file:
        while chunk := file.read(CHUNK):
            stop()
            yield chunk


def _require_database(path: Path) -> None:
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):  # noqa: PTH116 nothing is opened before this
            raise UserError("takeover_not_web", path=str(path))
        with path.open("rb") as file:
            if file.read(16) != MAGIC:
                raise UserError("takeover_not_web", path=str(path))
    except OSError as error:
        reason = error.strerror or ""
        raise UserError("takeover_unreadable", path=str(path), reason=reason) from error


def _tables(db: Any) -> dict[str, dict[str, str]]:
    names = db.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    ).fetchall()
    return {
        name: dict(db.execute("SELECT name, type FROM pragma_table_info(?)", (name,)).fetchall())
        for (name,) in names
    }


def _require_web(path: Path, tables: Mapping[str, Mapping[str, str]]) -> None:
    if "turns" in tables or "turn_journal" in tables:
        raise UserError("takeover_ours", path=str(path))
    wanted = {"sessions": {"session_id"}, "messages": {"session_id", "role", "content"}}
    for table, columns in wanted.items():
        if not columns <= set(tables.get(table, {})):
            raise UserError("takeover_not_web", path=str(path))
