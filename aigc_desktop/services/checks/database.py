"""Is the database sound, free, complete and of the right revision?"""

from __future__ import annotations

import asyncio
import time
from typing import Any

from aigc_desktop.config.i18n import sentences, tr, tr_n
from aigc_desktop.config.messages import describe
from aigc_desktop.config.operation_words import size_text
from aigc_desktop.core.diagnostics import Group, State
from aigc_desktop.core.errors import UserError
from aigc_desktop.services.checks.check import Check, Finding, Mend, Place, blocking
from aigc_desktop.store import health, migration, reachable, volume
from aigc_desktop.store.health import Holder
from aigc_desktop.store.reachable import Census
from aigc_desktop.store.search import remove_index

INTEGRITY_SECONDS = 20.0
LOCK_SECONDS = 3.0
"""How long a lock may be held before it is called one; a save takes milliseconds."""

MAX_BEHIND = 20_000
"""Messages that the search index may lag behind without a word: it is fed quietly."""

BACKUP = "backup"


async def integrity(place: Place) -> Finding:
    """Is every page of the file what it should be?"""
    database = place.paths.database
    size = await blocking(lambda: database.stat().st_size if database.is_file() else None)
    if size is None:
        missing = not (database.exists() or database.is_symlink())
        return await _missing(place) if missing else _damaged(place, "")
    if size == 0:
        return _damaged(place, "")
    found = await blocking(lambda: health.check_integrity(database, INTEGRITY_SECONDS))
    if found.fault:
        locked = "locked" in found.fault
        return _locked() if locked else _damaged(place, found.fault)
    shown = size_text(size)
    if not found.complete:
        return Finding(
            State.OK,
            tr(
                "No fault found within {seconds} s ({size}).",
                seconds=round(INTEGRITY_SECONDS),
                size=shown,
            ),
            tr("A backup reads all of it."),
        )
    if size > health.FULL_CHECK_LIMIT:
        return Finding(State.OK, tr("The structure is sound ({size}).", size=shown))
    return Finding(State.OK, tr("Every page is sound ({size}).", size=shown))


async def locks(place: Place) -> Finding:
    """Can it be written to, and if not, who holds it?"""
    database = place.paths.database
    try:
        revision = await blocking(lambda: migration.current(database) if database.is_file() else "")
    except Exception as error:  # noqa: BLE001 the check of the integrity says what is wrong
        return Finding(State.UNKNOWN, tr("It cannot be opened."), detail=str(error))
    if revision not in migration.REVISIONS or not volume.is_writable(place.paths.data_dir):
        return Finding(State.NOT_APPLICABLE, tr("It is not written to."))
    began = time.monotonic()
    held: list[Holder] = []
    free = False
    while not free and time.monotonic() - began < LOCK_SECONDS:
        free = await blocking(lambda: health.wait_for_writing(database, 0.5))
        if not free:
            held = await blocking(lambda: health.lock_holders(database)) or held
    if free:
        waited = round((time.monotonic() - began) * 1000)
        return Finding(State.OK, tr("Free: a write could begin after {ms} ms.", ms=waited))
    return _locked(held, time.monotonic() - began)


async def sessions(place: Place) -> Finding:
    """Is everything that is stored also shown?"""
    try:
        found = await place.read(reachable.census)
    except UserError as error:
        return _unreadable(error)
    shown = found.listed + found.trashed
    counts = tr(
        "Sessions on disk {stored}, shown {shown} (in the trash: {trashed}). Messages: {messages}.",
        stored=found.stored,
        shown=shown,
        trashed=found.trashed,
        messages=f"{found.messages:,}",
    )
    return _census(found, shown, counts)


async def migrations(place: Place) -> Finding:
    """Does the database's revision fit this program?"""
    database = place.paths.database
    if not await blocking(database.is_file):
        return Finding(State.NOT_APPLICABLE, tr("There is no database yet."))
    try:
        revision = await blocking(lambda: migration.current(database))
    except Exception as error:  # noqa: BLE001 a driver's error: the reason is shown
        return Finding(State.UNKNOWN, tr("The revision cannot be read."), detail=str(error))
    if revision is None:
        return Finding(State.UNKNOWN, tr("It names no revision."), place="migrations")
    if revision not in migration.REVISIONS:
        title, remedy = describe("database_newer", {"revision": revision})
        return Finding(State.PROBLEM, title, remedy)
    waiting = migration.REVISIONS[migration.REVISIONS.index(revision) + 1 :]
    if waiting:
        said = tr(
            "It stands at {revision}; pending: {names}.",
            revision=revision,
            names=", ".join(waiting),
        )
        return Finding(
            State.WARNING,
            said,
            tr("They run at the next start, behind a backup and a verified copy."),
            place="migrations",
        )
    return Finding(
        State.OK, tr("It stands at the newest revision ({revision}).", revision=revision)
    )


async def search(place: Place) -> Finding:
    """Does the full-text index hold what is stored?"""
    try:
        found = await blocking(lambda: health.search_state(place.paths, INTEGRITY_SECONDS / 2))
    except UserError as error:
        return _unreadable(error)
    if not found.exists:
        return Finding(State.OK, tr("It is built when the program has run for a moment."))
    if found.fault:
        return Finding(
            State.PROBLEM,
            tr("The index is damaged: searching finds too little."),
            tr("It can be built anew; no chat is touched."),
            detail=found.fault,
            mendable=True,
        )
    if found.behind > MAX_BEHIND:
        said = tr("{count} messages are not in it yet.", count=f"{found.behind:,}")
        return Finding(
            State.WARNING, said, tr("It catches up while the program runs."), mendable=True
        )
    return Finding(
        State.OK, tr("It is sound; messages still to be added: {count}.", count=found.behind)
    )


def _census(found: Census, shown: int, counts: str) -> Finding:
    lost = found.lost_turns + found.lost_messages
    if shown != found.stored or lost:
        said = counts
        if lost:
            said += " " + tr("Rows whose chat is gone: {count}.", count=lost)
        return Finding(
            State.PROBLEM,
            said,
            tr("Restore a backup, or send us the support bundle."),
            place=BACKUP,
        )
    if found.misplaced:
        said = tr_n(
            "{count} chat does not show its messages.",
            "{count} chats do not show their messages.",
            len(found.misplaced),
        )
        return Finding(
            State.PROBLEM,
            sentences(counts, said),
            tr("They can be set to their newest message."),
            mendable=True,
        )
    return Finding(State.OK, counts)


async def _missing(place: Place) -> Finding:
    try:
        await blocking(lambda: migration.require_new(place.paths))
    except UserError as error:
        title, remedy = describe(error.code, error.params)
        return Finding(State.PROBLEM, title, remedy, place=BACKUP)
    if place.app is not None:
        return _damaged(place, "")
    return Finding(State.NOT_APPLICABLE, tr("There is no database yet."))


def _damaged(place: Place, fault: str) -> Finding:
    title, _ = describe("database_corrupt", {"path": place.paths.database.name})
    remedy = tr("Restore a backup, or open the window: it offers to rescue what can be read.")
    return Finding(State.PROBLEM, title, remedy, detail=fault, place=BACKUP)


def _locked(held: list[Holder] | None = None, seconds: float = 0.0) -> Finding:
    title, remedy = describe("database_locked", {})
    if not held:
        said = (
            tr("It has been locked for {seconds} s at least.", seconds=round(seconds))
            if seconds
            else title
        )
        return Finding(State.PROBLEM, said, remedy)
    names = ", ".join(
        tr("{program} (process {pid})", program=holder.program, pid=holder.pid) for holder in held
    )
    said = tr("Locked by {names}, for {seconds} s at least.", names=names, seconds=round(seconds))
    return Finding(
        State.PROBLEM, said, tr("End that program, or wait for it. What you do meanwhile is kept.")
    )


def _unreadable(error: UserError) -> Finding:
    title, remedy = describe(error.code, error.params)
    return Finding(State.UNKNOWN, title, remedy)


async def _place_chats(place: Place) -> dict[str, Any]:
    found = await place.read(reachable.census)
    before = await place.write(lambda db: reachable.place_at_newest(db, found.misplaced))
    return {str(session_id): turn_id for session_id, turn_id in before.items()}


async def _place_back(place: Place, before: Any) -> None:
    await place.write(
        lambda db: reachable.place(db, {int(session): turn for session, turn in before.items()})
    )


async def _rebuild_search(place: Place) -> None:
    if place.app is not None:
        await asyncio.to_thread(place.app.store.rebuild_search)
    else:
        await blocking(lambda: remove_index(place.paths.search_database))


CHECKS = (
    Check("database", Group.DATABASE, "Database", integrity, limit=INTEGRITY_SECONDS + 5),
    Check("locks", Group.DATABASE, "Locks", locks),
    Check(
        "sessions",
        Group.DATABASE,
        "Sessions",
        sessions,
        limit=30,
        mend=Mend(
            "Show their messages",
            "Each of these chats is set to its newest message.",
            _place_chats,
            _place_back,
        ),
    ),
    Check("migrations", Group.DATABASE, "Migrations", migrations),
    Check(
        "search",
        Group.DATABASE,
        "Search index",
        search,
        limit=20,
        mend=Mend(
            "Build it anew",
            "The index is deleted and built again in the background; no chat is touched.",
            _rebuild_search,
        ),
    ),
)
