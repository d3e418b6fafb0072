"""The writer under a full disk, a lock, and a read-only file (CASES a16, a20, a23, a28)."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import pytest
from sqlalchemy import text

from aigc_desktop.config.paths import Paths
from aigc_desktop.core.errors import UserError
from aigc_desktop.core.session import TurnStatus
from aigc_desktop.store import migration, sessions, turns
from aigc_desktop.store.engine import check_sqlite_version
from aigc_desktop.store.store import Db, Store


def limit_pages(store: Store, pages: int) -> None:
    """Let the database grow no further: SQLite then says what a full disk makes it say."""

    def limit(db: Db) -> None:
        size = db.execute(text("PRAGMA page_count")).scalar_one()
        db.execute(text(f"PRAGMA max_page_count = {size + pages if pages >= 0 else 1 << 30}"))

    store.write_sync(limit)


def add(title: str) -> object:
    return lambda db: sessions.create(db, title, 1)


async def test_a_full_disk_fails_others_at_once_and_keeps_the_journal(
    store: Store, troubles: list[str], allow_log: set[str]
) -> None:
    allow_log.add("disk_full")
    session = await store.write(lambda db: sessions.create(db, "chat", 1))
    limit_pages(store, 0)
    big = "x" * 200_000
    with pytest.raises(UserError, match="disk_full"):
        await store.write(lambda db: sessions.set_draft(db, session.id, big))
    waiting = [
        asyncio.ensure_future(
            store.write(
                lambda db, n=n: turns.add_turn(  # type: ignore[misc]
                    db, session.id, None, f"{n}{big}", TurnStatus.DONE, n
                ),
                patient=True,
            )
        )
        for n in range(3)
    ]
    done, _ = await asyncio.wait(waiting, timeout=1)
    assert not done
    assert "disk_full" in troubles
    assert (await store.read(lambda db: sessions.get(db, session.id))).title == "chat"
    limit_pages(store, -1)
    written = await asyncio.gather(*waiting)
    assert [turn.created_at for turn in written] == [0, 1, 2]
    assert [turn.id for turn in written] == sorted(turn.id for turn in written)
    assert "over:disk_full" in troubles


async def test_a_locked_database_is_waited_for(
    store: Store, paths: Paths, troubles: list[str], allow_log: set[str]
) -> None:
    allow_log.add("database_locked")
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys; from sqlcipher3 import dbapi2 as d;"
            "c = d.connect(sys.argv[1], isolation_level=None); c.execute('BEGIN IMMEDIATE');"
            "print('held', flush=True); sys.stdin.readline(); c.execute('COMMIT')",
            str(paths.database),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"
    writes = [asyncio.ensure_future(store.write(add(f"s{n}"))) for n in range(5)]  # type: ignore[arg-type]
    while "database_locked" not in troubles:
        await asyncio.sleep(0.05)
    assert await store.read(sessions.list_sessions) == []
    holder.communicate(b"\n")
    await asyncio.gather(*writes)
    assert len(await store.read(sessions.list_sessions)) == 5
    assert troubles[-1] == "over:database_locked"


async def test_cancelling_the_caller_does_not_cancel_the_write(store: Store) -> None:
    task = asyncio.ensure_future(store.write(add("kept")))  # type: ignore[arg-type]
    await asyncio.sleep(0)
    task.cancel()
    await store.write(add("second"))  # type: ignore[arg-type]
    titles = [s.title for s in await store.read(sessions.list_sessions)]
    assert sorted(titles) == ["kept", "second"]


async def test_many_writers_lose_nothing(store: Store) -> None:
    await asyncio.gather(*(store.write(add(f"s{n}")) for n in range(200)))  # type: ignore[arg-type]
    assert len(await store.read(sessions.list_sessions)) == 200


def test_read_only(store: Store, paths: Paths) -> None:
    store.write_sync(add("there"))  # type: ignore[arg-type]
    reader = Store.open(
        paths, on_trouble=lambda *_: None, on_recovered=lambda _: None, read_only=True
    )
    assert [s.title for s in reader.read_sync(sessions.list_sessions)] == ["there"]
    with pytest.raises(UserError, match="database_read_only"):
        reader.write_sync(add("no"))  # type: ignore[arg-type]
    reader.close()


def test_old_sqlite_is_refused() -> None:
    with pytest.raises(UserError, match="sqlite_too_old"):
        check_sqlite_version((3, 51, 2))
    check_sqlite_version((3, 51, 3))


def test_head_is_what_the_tables_say(store: Store) -> None:
    assert migration.current(store.paths.database) == migration.HEAD
