"""Runs revisions with Alembic; which ones, on what, and what then, is `store.migration`'s."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection
from sqlcipher3 import dbapi2

from aigc_desktop.config.paths import migrations_dir
from aigc_desktop.core.errors import UserError
from aigc_desktop.core.migration import Progress, Stage, StepTime
from aigc_desktop.store import aggregates
from aigc_desktop.store.snapshots import connect

logger = logging.getLogger(__name__)

_HISTORY = (
    "CREATE TABLE IF NOT EXISTS revision_history "
    "(revision VARCHAR(100) PRIMARY KEY, applied_at BIGINT NOT NULL, duration_ms BIGINT NOT NULL)"
)
"""Kept by the runner, as alembic_version is by Alembic."""


def run_revisions(
    database: Path, wanted: Sequence[str], progress: Callable[[Progress], None], *, derive: bool
) -> list[StepTime]:
    """Run revisions on a file that nobody else has, each in a transaction of its own.

    `derive`: afterwards make what follows from other tables.

    Raises UserError("migration_failed"), and what SQLAlchemy and Alembic raise.
    """
    from alembic import command
    from alembic.config import Config
    from sqlalchemy import create_engine, event

    engine = create_engine("sqlite://", module=dbapi2, creator=lambda: _private(database))

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    config = Config()
    config.set_main_option("script_location", str(migrations_dir()).replace("%", "%%"))
    steps: list[StepTime] = []
    try:
        with engine.connect() as connection:
            config.attributes["connection"] = connection
            for number, revision in enumerate(wanted, start=1):
                progress(Progress(Stage.REVISION, revision, number, len(wanted)))
                began = time.monotonic()
                with connection.begin():
                    command.upgrade(config, revision)
                    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
                    if broken is not None:
                        reason = f"foreign key: {broken[0]}"
                        raise UserError("migration_failed", reason=reason, revision=revision)
                    ms = int((time.monotonic() - began) * 1000)
                    _note(connection, revision, ms)
                steps.append(StepTime(revision, ms))
                logger.info("migrated to %s in %d ms", revision, ms)
            if derive:
                with connection.begin():
                    _derive(connection)
    finally:
        engine.dispose()
    return steps


def _derive(connection: Connection) -> None:
    """Make what follows from other tables, if it is not there or a revision has lost it.

    Revisions leave it to this: they do not change, the code that derives does.
    """
    if not aggregates.is_sound(connection):
        aggregates.install(connection)


def _private(database: Path) -> Any:
    """Open a file that nobody else has: it is made durable when it takes its place.

    What is sorted on the way goes to the disk: SQLCipher keeps it in memory, however much it is.
    """
    db = connect(database, "mode=rwc")
    db.execute("PRAGMA journal_mode=DELETE")
    db.execute("PRAGMA synchronous=OFF")
    db.execute("PRAGMA temp_store=FILE")
    return db


def _note(connection: Any, revision: str, ms: int) -> None:
    connection.exec_driver_sql(_HISTORY)
    connection.exec_driver_sql(
        "INSERT OR REPLACE INTO revision_history VALUES (?, ?, ?)",
        (revision, time.time_ns() // 1_000_000, ms),
    )
