"""The restore journal: a restore is prepared whole, then put in; killed, it is as if it had not
begun or it is finished at the next start.

`data/restore.json` is the journal. State `staging`: files are being prepared; nothing of the
user's has been touched, and the next start removes what was prepared. State `ready`: everything is
prepared, verified and on disk; whoever comes next puts it in, as often as it takes.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from aigc_desktop.config.atomic import sync_directory, write_atomically
from aigc_desktop.config.paths import Paths
from aigc_desktop.core.errors import UserError
from aigc_desktop.ops.backup import state
from aigc_desktop.ops.backup.placing import Placer, remove_stage
from aigc_desktop.ops.backup.source import STAGE

logger = logging.getLogger(__name__)

STAGING, READY = "staging", "ready"
DATABASE = "restored.db"
SETTINGS = "restored-settings.json"


@dataclass(slots=True)
class AreaPlan:
    """What happens in one area."""

    root: str
    folders: list[tuple[str, int]] = field(default_factory=list)
    puts: list[str] = field(default_factory=list)
    """Paths; the waiting file of each is named by its number here."""
    links: list[tuple[str, str]] = field(default_factory=list)
    removes: list[str] = field(default_factory=list)
    """Files before the folders that they are in."""


@dataclass(slots=True)
class Journal:
    """A restore that is being prepared or put in."""

    id: str
    state: str
    repository: str
    areas: list[AreaPlan] = field(default_factory=list)
    database: bool = False
    settings: bool = False
    record: dict[str, Any] = field(default_factory=dict)
    """What is remembered of it: `last_restore`, and how single things are undone."""

    @property
    def stage(self) -> str:
        return f"{STAGE}{self.id}"


def journal_file(paths: Paths) -> Path:
    """Return where the journal is."""
    return paths.data_dir / "restore.json"


def read(paths: Paths) -> Journal | None:
    """Return the journal if there is one; a damaged one is set aside, and counts as none."""
    try:
        data = json.loads(journal_file(paths).read_bytes())
        data["areas"] = [
            AreaPlan(
                area["root"],
                [(path, mode) for path, mode in area["folders"]],
                area["puts"],
                [(path, target) for path, target in area["links"]],
                area["removes"],
            )
            for area in data["areas"]
        ]
        return Journal(**data)
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        aside = journal_file(paths).with_suffix(f".damaged-{time.time_ns()}")
        journal_file(paths).replace(aside)
        logger.warning("the journal of a restore is damaged and kept as %s: %s", aside.name, error)
        return None


def write(paths: Paths, journal: Journal) -> None:
    """Write the journal, durably. Raises OSError."""
    write_atomically(journal_file(paths), json.dumps(asdict(journal)).encode())


def finish(paths: Paths) -> list[str] | None:
    """Put a prepared restore in, or forget one that was not prepared whole.

    Returns the paths that could not be put back; None when nothing was put in. Called before
    anything else opens the database, and by a worker that has prepared nothing but files.

    Raises:
        UserError: `restore_waits` (another program has the database open), `disk_full`.
    """
    if not journal_file(paths).exists():
        return None
    journal = read(paths)
    if journal is None:
        return None
    if journal.state != READY:
        discard(paths, journal)
        return None
    problems: list[str] = []
    try:
        if journal.database:
            _put_database(paths)
        for area in journal.areas:
            problems += _put_files(area, journal.stage)
        if journal.settings:
            _put_settings(paths)
        _note(journal)
    except OSError as error:
        code = "disk_full" if error.errno == 28 else "data_dir_read_only"
        raise UserError(code, path=str(paths.home), reason=error.strerror or "") from error
    _clean(paths, journal)
    logger.info("restored %s; %d problems", journal.id, len(problems))
    return problems


def discard(paths: Paths, journal: Journal) -> None:
    """Forget a restore that has not been put in. Raises OSError."""
    _clean(paths, journal)
    logger.info("a restore was not finished and is forgotten: %s", journal.id)


def forget_waiting(paths: Paths) -> bool:
    """Forget a restore that waits to be put in; return whether one did. Raises OSError.

    The database goes first: while it is still there nothing else has been put in.
    """
    from aigc_desktop.store import migration

    with migration.locked(paths):
        journal = read(paths)
        whole = (paths.data_dir / DATABASE).exists()
        if journal is None or journal.state != READY or not whole:
            return False
        discard(paths, journal)
        return True


def _put_database(paths: Paths) -> None:
    from aigc_desktop.store import migration, rescue, snapshots
    from aigc_desktop.store.search import remove_index

    staged = paths.data_dir / DATABASE
    with migration.locked(paths):
        if not staged.exists() or not paths.database.exists():
            remove_index(paths.search_database)
            if staged.exists():
                snapshots.swap_in(staged, paths.database)
            return
        try:
            with snapshots.held(paths.database):
                remove_index(paths.search_database)
                aside = snapshots.free_name(paths.data_dir, snapshots.ASIDE)
                snapshots.keep_aside(paths.database, aside)
                snapshots.swap_in(staged, paths.database)
        except UserError as error:
            raise UserError("restore_waits") from error
        except snapshots.DatabaseError as error:
            logger.info("the database that is replaced is damaged: %s", error)
            remove_index(paths.search_database)
            rescue.set_aside(paths)
            snapshots.swap_in(staged, paths.database)
        snapshots.prune(paths)


def _put_files(area: AreaPlan, stage: str) -> list[str]:
    root = Path(area.root)
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    with Placer(root, stage) as placer:
        for path in area.removes:
            placer.remove(path)
        for path, _ in area.folders:
            placer.folder(path, 0)
        for number, path in enumerate(area.puts):
            placer.put(number, path)
        for path, target in area.links:
            placer.link(path, target)
        for path, mode in reversed(area.folders):
            placer.folder(path, mode)
        return placer.problems


def _put_settings(paths: Paths) -> None:
    staged = paths.data_dir / SETTINGS
    if staged.exists():
        os.replace(staged, paths.settings_file)  # noqa: PTH105
        sync_directory(paths.home)


def _note(journal: Journal) -> None:
    """Remember the restore, so that it can be undone."""
    root = Path(journal.repository)
    if journal.record and root.is_dir():
        state.change(root, lambda found: found.update(journal.record))


def _clean(paths: Paths, journal: Journal) -> None:
    for area in journal.areas:
        remove_stage(Path(area.root), journal.stage)
    for name in (DATABASE, SETTINGS):
        for suffix in ("", "-wal", "-shm", "-journal"):
            (paths.data_dir / f"{name}{suffix}").unlink(missing_ok=True)
    with contextlib.suppress(FileNotFoundError):
        journal_file(paths).unlink()
    sync_directory(paths.data_dir)
