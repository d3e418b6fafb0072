"""A backup before the database or the program becomes another one.

It comes on top of the copy of the database that every migration keeps beside it: it holds the
files and the settings too. Where it cannot be made, or is not waited for, the work goes on, for
nothing else is changed by it; the user is told.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from aigc_desktop import __version__
from aigc_desktop.config.atomic import write_atomically
from aigc_desktop.config.paths import Paths
from aigc_desktop.config.settings import BACKUP_ENCRYPT, BACKUP_WORK_DIRS, Settings
from aigc_desktop.core.backup import Cause, Operation, Phase
from aigc_desktop.core.backup import Progress as BackupProgress
from aigc_desktop.core.bus import EventBus
from aigc_desktop.core.errors import Cancelled, UserError
from aigc_desktop.core.events import Event, NoticeLevel, NoticeRaised, SafetyBackupDeclined
from aigc_desktop.core.migration import Progress, Stage

if TYPE_CHECKING:
    from aigc_desktop.ops.backup.job import Job

logger = logging.getLogger(__name__)

NOTICE = "safety_backup_failed"

_SHARES = {
    Phase.PREPARING: (0.0, 0.0),
    Phase.REREADING: (0.0, 0.2),
    Phase.DATABASE: (0.2, 0.4),
    Phase.FILES: (0.4, 0.8),
    Phase.VERIFYING: (0.8, 1.0),
}
"""Between which shares of the whole a phase of a backup runs. Only for a bar: about as measured."""

OnProgress = Callable[[Progress], None]


def make(
    paths: Paths, settings: Settings, bus: EventBus, cause: Cause, on_progress: OnProgress
) -> str:
    """Make a snapshot on this machine and return its id; "" and a notice if that did not work.

    `SafetyBackupDeclined` on the bus ends it early. Blocks; nothing may have the database open
    that has not been opened by SQLite itself.
    """
    from aigc_desktop.ops.backup.process import BlockingWorker

    worker = BlockingWorker()

    def listen(event: Event) -> None:
        if isinstance(event, SafetyBackupDeclined):
            worker.stop()

    unsubscribe = bus.subscribe(listen)
    on_progress(Progress(Stage.BACKUP))
    try:
        job = _job(paths, settings, cause)
        made = worker.run(Operation.CREATE, job, lambda at: on_progress(_share(at)))
    except Cancelled:
        logger.info("the user did not wait for the backup (%s)", cause)
        return ""
    except (UserError, OSError, ValueError) as error:
        logger.warning("no backup was made (%s): %s", cause, error)
        bus.publish(_notice(error))
        return ""
    finally:
        unsubscribe()
    logger.info("a backup was made (%s): %s", cause, made["snapshot"])
    return str(made["snapshot"])


def is_new_version(paths: Paths) -> bool:
    """Return whether another version of the program used this data last, as far as is known."""
    try:
        return _mark(paths).read_text().strip() != __version__
    except (OSError, UnicodeError):
        return False


def note_version(paths: Paths) -> None:
    """Remember that this version uses the data; where that fails the next start does it."""
    if _mark(paths).is_file() and not is_new_version(paths):
        return
    try:
        write_atomically(_mark(paths), f"{__version__}\n".encode())
    except OSError as error:
        logger.warning("the program's version was not noted: %s", error)


def _job(paths: Paths, settings: Settings, cause: Cause) -> Job:
    from aigc_desktop.config.secrets import SecretStore
    from aigc_desktop.services import backup
    from aigc_desktop.store import folders

    # The keyring is not asked without need: it may ask the user.
    encrypts, far = settings.get(BACKUP_ENCRYPT), settings.get(BACKUP_WORK_DIRS)
    return backup.local_job(
        paths,
        settings,
        "create",
        {"label": "", "cause": cause.value},
        passphrase=backup.known_passphrase(SecretStore(paths)) if encrypts else None,
        folders=tuple(folders.work_dirs_in(paths.database) if far else ()),
    )


def _share(at: BackupProgress) -> Progress:
    low, high = _SHARES.get(at.phase, (1.0, 1.0))
    return Progress(
        Stage.BACKUP, share=low + (high - low) * (at.done / at.total if at.total else 0)
    )


def _notice(error: Exception) -> NoticeRaised:
    """Return what is told; an error that is none of our own, such as one of the system, as such."""
    from aigc_desktop.config.messages import describe_error

    if not isinstance(error, UserError):
        error = UserError("backup_failed", reason=str(error)[:200])
    reason, remedy = describe_error(error)
    params = {"reason": reason, "remedy": remedy}
    return NoticeRaised(NoticeLevel.WARNING, NOTICE, params, NOTICE)


def _mark(paths: Paths) -> Path:
    return paths.data_dir / "program-version"
