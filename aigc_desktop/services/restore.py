"""Restore: look at what it would do, do it, undo it; one portable file out and in.

Restoring everything replaces the database, which the running program holds open: the new state is
staged and verified first, then `RestoreStaged` is published, upon which the window reopens the
program and the staged state is put in before anything else (see `ops.backup.staging`). Single
sessions and files come back at once, in the running program.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from aigc_desktop.config.paths import Paths
from aigc_desktop.core.backup import (
    FileDifference,
    FileState,
    Operation,
    RestorePreview,
    RestoreResult,
    Selection,
    SessionDifference,
    SessionState,
)
from aigc_desktop.core.events import (
    BackupsChanged,
    LessonsChanged,
    RestoreStaged,
    SessionCreated,
    SessionDeleted,
)
from aigc_desktop.ops.backup import catalog
from aigc_desktop.services.app import App
from aigc_desktop.services.backup import run_job
from aigc_desktop.store import behavior
from aigc_desktop.store import sessions as session_rows
from aigc_desktop.store.tables import LOCAL_USER_ID


async def preview_restore(app: App, snapshot_id: str) -> RestorePreview:
    """Return what restoring the snapshot would do, and what single things can be chosen.

    Raises UserError: `snapshot_not_found`, `passphrase_missing`, `passphrase_wrong`,
    `backup_damaged`, `backup_newer`.
    """
    found = await run_job(app, Operation.RESTORE, "preview", {"snapshot": snapshot_id})
    return RestorePreview(
        snapshot=catalog.snapshot_from(found["snapshot"]),
        sessions=tuple(
            SessionDifference(uid, title, at, SessionState(state))
            for uid, title, at, state in found["sessions"]
        ),
        files=tuple(
            FileDifference(path, size, at, FileState(state))
            for path, size, at, state in found["files"]
        ),
        files_same=found["files_same"],
        files_changed=found["files_changed"],
        files_missing=found["files_missing"],
        files_newer=found["files_newer"],
        settings=tuple(found["settings"]),
        bytes_needed=found["bytes_needed"],
        inert=tuple(found["inert"]),
    )


async def list_files(app: App, snapshot_id: str, folder: str = "") -> list[FileDifference]:
    """Return what is in one folder of a snapshot (folders end with a slash), for choosing.

    "" holds the areas: `work_dir/`, `data/`, … Raises UserError as `preview_restore`.
    """
    options = {"snapshot": snapshot_id, "folder": folder}
    found = await run_job(app, Operation.RESTORE, "list_files", options)
    return [FileDifference(p, size, at, FileState(state)) for p, size, at, state in found["files"]]


async def restore_snapshot(
    app: App, snapshot_id: str, selection: Selection | None = None
) -> RestoreResult:
    """Restore everything or what is selected, after a safety snapshot of what is there now.

    Everything: what runs is stopped first; when the result says `restarts`, the program reopens
    itself. Old or new, never between, whenever it is killed.

    Raises UserError: as `preview_restore`; `not_in_snapshot` (for something that is selected),
    `disk_full`, `backup_locked`; all is as it was then.
    """
    selection = selection or Selection()
    if selection.is_everything:
        return await _restore_everything(app, snapshot_id, replace=selection.replace)
    options = {
        "snapshot": snapshot_id,
        "sessions": list(selection.sessions),
        "files": list(selection.files),
    }
    return await _apply(app, await run_job(app, Operation.RESTORE, "restore_some", options))


async def undo_restore(app: App) -> RestoreResult:
    """Go back to what was there before the newest restore.

    After a restore of everything this restores its safety snapshot (the program reopens itself);
    after one of single things the restored sessions are removed and the files put back.

    Raises UserError: `no_restore_to_undo`; as `restore_snapshot`.
    """
    found = await run_job(app, Operation.RESTORE, "plan_undo", {})
    if found["everything"]:
        return await _restore_everything(app, found["safety_id"], replace=True, undo=True)
    return await _apply(app, await run_job(app, Operation.RESTORE, "undo_some", {}))


async def discard_staged_restore(app: App) -> bool:
    """Forget a staged restore that has not been put in yet; return whether there was one."""
    found = await run_job(app, Operation.RESTORE, "discard", {})
    return bool(found["discarded"])


def forget_waiting(paths: Paths) -> bool:
    """Forget a restore that waits for other programs to close; return whether one did. Blocks.

    Works where the program cannot be opened, which it cannot while a restore waits.
    """
    from aigc_desktop.ops.backup import staging

    return staging.forget_waiting(paths)


async def export_snapshot(
    app: App, snapshot_id: str, file: str, passphrase: str | None = None
) -> int:
    """Write a snapshot into one portable file; return its bytes.

    Without a passphrase a zip archive that any program opens; with one the same in the age format.
    The file appears under its name only when it is whole and was read back.

    Raises UserError: as `preview_restore`; `disk_full`, `folder_unwritable`, `passphrase_short`.
    """
    options = {"snapshot": snapshot_id, "file": str(Path(file).absolute()), "lock": passphrase}
    return int((await run_job(app, Operation.EXPORT, "export", options))["bytes"])


async def import_backup(app: App, file: str, passphrase: str | None = None) -> str:
    """Read a portable file into the repository as a (foreign) snapshot; return the snapshot's id.

    Nothing else is changed: look at it with `preview_restore`, then restore it.

    Raises UserError: `archive_refused` (with the reason), `import_passphrase_needed`,
    `passphrase_wrong`, `backup_newer`, `backup_damaged`, `disk_full`, `file_not_readable`.
    """
    options = {"file": str(Path(file).absolute()), "lock": passphrase}
    return str((await run_job(app, Operation.IMPORT, "import", options))["snapshot"])


async def _restore_everything(
    app: App, snapshot_id: str, *, replace: bool, undo: bool = False
) -> RestoreResult:
    for session_id in app.runner.running_sessions():
        await app.runner.stop(session_id, with_queue=True)
    options = {"snapshot": snapshot_id, "replace": replace, "undo": undo}
    result = _result(await run_job(app, Operation.RESTORE, "stage", options))
    app.bus.publish(RestoreStaged(snapshot_id))
    return result


async def _apply(app: App, found: dict[str, Any]) -> RestoreResult:
    """Tell the program which sessions came or went."""
    for session_id in found["deleted"]:
        app.bus.publish(SessionDeleted(session_id))
    for session_id in found["created"]:
        session = await app.store.read(partial(session_rows.get, session_id=session_id))
        app.bus.publish(SessionCreated(session))
    if found["created"]:
        app.store.wake_search()
        await app.store.write(partial(behavior.count_feedback, user_id=LOCAL_USER_ID))
        app.bus.publish(LessonsChanged())
    app.bus.publish(BackupsChanged())
    return _result(found)


def _result(found: dict[str, Any]) -> RestoreResult:
    return RestoreResult(
        snapshot_id=found["snapshot"],
        safety_id=found["safety"],
        sessions=found["sessions"],
        files=found["files"],
        removed=found["removed"],
        restarts=found["restarts"],
        inert=tuple(found["inert"]),
        problems=tuple(found["problems"]),
    )
