"""What the jobs do, and their results in words."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Protocol

from aigc_desktop.config.i18n import sentences, tr, tr_n
from aigc_desktop.config.operation_words import size_text
from aigc_desktop.core.backup import Cause
from aigc_desktop.core.errors import UserError
from aigc_desktop.core.jobs import JobCause

if TYPE_CHECKING:
    from aigc_desktop.services.app import App

Result = Mapping[str, Any]

_LEARNING_CAUSES = {JobCause.MANUAL: "button", JobCause.HTTP: "http"}


class Progress(Protocol):
    """Says how far a job is: steps done, steps in all (0: unknown), and at what."""

    def __call__(self, done: int, total: int, text: str = "", /) -> None: ...


async def learn(
    app: App,
    progress: Progress,
    cause: JobCause,
    min_feedback: int | None = None,
    user_ids: Sequence[int] | None = None,
    max_users: int | None = None,
) -> Result:
    """Learn from feedback; asks a model only where there is enough that is new."""
    from aigc_desktop.core.events import Event, LearningProgress
    from aigc_desktop.services import learning

    def listen(event: Event) -> None:
        if isinstance(event, LearningProgress):
            progress(event.done, event.total)

    with _listening(app, listen):
        report = await learning.learn_all(
            app,
            min_feedback=min_feedback or learning.MIN_FEEDBACK,
            user_ids=tuple(user_ids or ()),
            max_users=max_users,
            cause=_LEARNING_CAUSES.get(cause, "scheduled"),
        )
    return {"proposed": report.proposed, "applied": report.applied, "looked_at": len(report.runs)}


def learn_words(result: Result) -> str:
    """Say what was learned."""
    proposed, applied = int(result["proposed"]), int(result["applied"])
    if not proposed and not applied:
        return tr("Nothing new was learned.")
    parts = []
    if proposed:
        parts.append(tr_n("{count} lesson proposed.", "{count} lessons proposed.", proposed))
    if applied:
        parts.append(tr_n("{count} lesson applied.", "{count} lessons applied.", applied))
    return sentences(*parts)


async def back_up(app: App, progress: Progress, cause: JobCause) -> Result:
    """Make and verify a snapshot."""
    from aigc_desktop.services import backup

    with _backup_progress(app, progress):
        by_hand = cause is JobCause.MANUAL
        return await backup.create_backup(app, cause=Cause.MANUAL if by_hand else Cause.SCHEDULED)


def back_up_words(result: Result) -> str:
    """Say what was backed up."""
    text = tr(
        "{size} backed up, {added} of it new; verified.",
        size=size_text(result["size"]),
        added=size_text(result["added"]),
    )
    pruned = len(result["pruned"])
    if pruned:
        old = tr_n("{count} old backup removed.", "{count} old backups removed.", pruned)
        return sentences(text, old)
    return text


async def drill(app: App, progress: Progress, cause: JobCause) -> Result:
    """Prove that the newest snapshot can be restored."""
    from aigc_desktop.services import backup

    try:
        with _backup_progress(app, progress):
            return await backup.run_drill(app)
    except UserError as error:
        if error.code not in ("snapshot_not_found", "no_repository"):
            raise
        return {"nothing": True}


def drill_words(result: Result) -> str:
    """Say what was proven."""
    if result.get("nothing"):
        return tr("There is no backup yet that could be tried.")
    return tr(
        "The newest backup can be restored: {sessions} chats, {files} files, {size}.",
        sessions=f"{result['sessions']:,}",
        files=f"{result['files']:,}",
        size=size_text(result["size"]),
    )


async def retain(app: App, progress: Progress, cause: JobCause) -> Result:
    """Tidy away what the rules say."""
    from aigc_desktop.services import retention

    return asdict(await retention.tidy(app, progress))


def retain_words(result: Result) -> str:
    """Say what was tidied away."""
    parts = []
    if trashed := result["trashed"]:
        parts.append(
            tr_n("{count} chat moved to the trash.", "{count} chats moved to the trash.", trashed)
        )
    if deleted := result["deleted"]:
        parts.append(
            tr_n("{count} chat deleted for good.", "{count} chats deleted for good.", deleted)
        )
    if count := result["files"]:
        parts.append(tr_n("{count} orphan file removed.", "{count} orphan files removed.", count))
    if result["freed"]:
        parts.append(tr("{size} freed.", size=size_text(result["freed"])))
    if result["put_off"] == "busy":
        parts.append(tr("Making the database file smaller was put off: it was in use."))
    if result["put_off"] == "space":
        parts.append(tr("There was no room to make the database file smaller."))
    return sentences(*parts) or tr("There was nothing to tidy away.")


async def count_anew(app: App, progress: Progress, cause: JobCause) -> Result:
    """Count the statistics anew, and say whether they were right."""
    from aigc_desktop.services import statistics

    if app.runner.running_sessions():
        return {"busy": True}
    before = await statistics.summary(app)
    await statistics.rebuild(app)
    after = await statistics.summary(app)
    return {"turns": after.turns, "messages": after.messages, "corrected": before != after}


def count_words(result: Result) -> str:
    """Say what was counted."""
    if result.get("busy"):
        return tr("Put off: answers are being written.")
    counted = tr(
        "{turns} requests and {messages} messages counted.",
        turns=f"{result['turns']:,}",
        messages=f"{result['messages']:,}",
    )
    right = tr("Some figures were put right.") if result["corrected"] else tr("All was right.")
    return sentences(counted, right)


async def update_prices(app: App, progress: Progress, cause: JobCause) -> Result:
    """Read the user's prices and price what had none."""
    from aigc_desktop.services import prices

    return await prices.update_prices(app)


def prices_words(result: Result) -> str:
    """Say which prices are in use."""
    parts = [tr("The bundled price list is in use ({table}).", table=result["table"])]
    if result["own"]:
        parts.append(
            tr_n("{count} price of your own.", "{count} prices of your own.", result["own"])
        )
    if result["priced"]:
        parts.append(
            tr_n("{count} answer priced now.", "{count} answers priced now.", result["priced"])
        )
    return sentences(*parts)


@contextlib.contextmanager
def _listening(app: App, listen: Any) -> Iterator[None]:
    unsubscribe = app.bus.subscribe(listen)
    try:
        yield
    finally:
        unsubscribe()


@contextlib.contextmanager
def _backup_progress(app: App, progress: Progress) -> Iterator[None]:
    from aigc_desktop.core.events import BackupProgressed, Event

    def listen(event: Event) -> None:
        if isinstance(event, BackupProgressed):
            progress(event.progress.done, event.progress.total)

    with _listening(app, listen):
        yield
