"""Sessions: create, find, rename, pin, trash. Each function is one thing a user can do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from aigc_desktop.config.i18n import tr
from aigc_desktop.core.events import SessionChanged, SessionCreated, SessionDeleted
from aigc_desktop.core.session import Session
from aigc_desktop.files.workdir import WorkDir
from aigc_desktop.services import checkpointing
from aigc_desktop.services.app import App
from aigc_desktop.store import sessions as repository
from aigc_desktop.store.search import SearchHit
from aigc_desktop.store.store import Db

MAX_TITLE = 200
"""Characters of a title; longer ones are cut."""


@dataclass(frozen=True, slots=True)
class SearchResult:
    """Sessions whose title matches, and messages whose text does."""

    sessions: tuple[Session, ...]
    hits: tuple[SearchHit, ...]


async def create_session(app: App) -> Session:
    """Make an empty session and return it."""
    now = app.clock.now_ms()
    session = await app.store.write(lambda db: repository.create(db, tr("New chat"), now))
    app.bus.publish(SessionCreated(session))
    return session


async def get_session(app: App, session_id: int) -> Session:
    """Return the session. Raises UserError("session_not_found")."""
    return await app.store.read(lambda db: repository.get(db, session_id))


async def list_sessions(app: App, trashed: bool = False) -> list[Session]:
    """Return all sessions (or those in the trash): pinned first, then the newest activity."""
    return await app.store.read(lambda db: repository.list_sessions(db, trashed=trashed))


async def search(app: App, text: str, limit: int = 50) -> SearchResult:
    """Find sessions by title and messages by their words."""
    text = text.strip()
    if not text:
        return SearchResult((), ())
    sessions = await app.store.read(lambda db: repository.search_titles(db, text))
    hits = await app.store.search(text, limit)
    return SearchResult(tuple(sessions), tuple(hits))


async def rename_session(app: App, session_id: int, title: str) -> None:
    """Give the session a title of the user's own; an empty one is refused by keeping the old."""
    title = " ".join(title.split())[:MAX_TITLE]
    if title:
        await _change(app, session_id, lambda db: repository.rename(db, session_id, title))


async def pin_session(app: App, session_id: int, pinned: bool) -> None:
    """Keep the session at the top of the list, or no longer."""
    await _change(app, session_id, lambda db: repository.set_pinned(db, session_id, pinned))


async def trash_session(app: App, session_id: int) -> None:
    """Stop what runs in the session and move it to the trash."""
    await app.runner.stop(session_id, with_queue=True)
    now = app.clock.now_ms()
    await _change(app, session_id, lambda db: repository.trash(db, session_id, now))


async def restore_session(app: App, session_id: int) -> None:
    """Take the session out of the trash."""
    await _change(app, session_id, lambda db: repository.restore(db, session_id))


async def delete_session(app: App, session_id: int) -> None:
    """Delete a session for good."""
    await app.runner.stop(session_id, with_queue=True)
    await app.store.write(lambda db: repository.delete_forever(db, session_id))
    app.bus.publish(SessionDeleted(session_id))
    await checkpointing.prune(app)


async def empty_trash(app: App) -> int:
    """Delete for good what is in the trash; return how many sessions that were."""
    trashed = await list_sessions(app, trashed=True)
    for session in trashed:
        await delete_session(app, session.id)
    return len(trashed)


async def save_draft(app: App, session_id: int, text: str) -> None:
    """Keep what the user has typed and not sent."""
    await app.store.write(lambda db: repository.set_draft(db, session_id, text))


async def set_session_model(app: App, session_id: int, model: str | None) -> None:
    """Choose the session's model; None follows the settings."""
    await _change(app, session_id, lambda db: repository.set_model(db, session_id, model))


async def set_session_work_dir(app: App, session_id: int, path: str | None) -> None:
    """Choose where the session's agent works; None follows the settings.

    Raises UserError("work_dir_invalid") for a folder that must not be given to an agent.
    """
    if path is not None:
        path = str(Path(path).expanduser())
        WorkDir(Path(path), app.paths.home)
    await _change(app, session_id, lambda db: repository.set_work_dir(db, session_id, path))


async def _change(app: App, session_id: int, change: Callable[[Db], object]) -> None:
    def apply(db: Db) -> Session:
        change(db)
        return repository.get(db, session_id)

    app.bus.publish(SessionChanged(await app.store.write(apply)))
