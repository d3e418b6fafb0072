"""Backups in words: sizes, times, causes, what changed, what is going on."""

from __future__ import annotations

from aigc_desktop.config.backup_words import cause_text
from aigc_desktop.config.i18n import listing, tr, tr_n
from aigc_desktop.config.operation_words import size_text
from aigc_desktop.core.backup import (
    Changes,
    Operation,
    Phase,
    RestorePreview,
    SessionState,
    Snapshot,
)


def restored_text(chats: int, files: int) -> str:
    """Return how many chats and files came back."""
    return tr(
        "{chats}, {files}",
        chats=tr_n("{count} chat", "{count} chats", chats),
        files=tr_n("{count} file", "{count} files", files),
    )


def name_of(snapshot: Snapshot) -> str:
    """Return the label, or why the snapshot was made."""
    return snapshot.label or cause_text(snapshot.cause)


def content_text(snapshot: Snapshot) -> str:
    """Return what is in it, and what it cost."""
    return " · ".join(
        (
            tr_n("{count} chat", "{count} chats", snapshot.sessions),
            tr_n("{count} message", "{count} messages", snapshot.messages),
            tr_n("{count} file", "{count} files", snapshot.files),
            tr(
                "{size} whole, {added} stored for it",
                size=size_text(snapshot.size),
                added=size_text(snapshot.added),
            ),
        )
    )


def changes_text(changes: Changes | None) -> str:
    """Return what changed since the snapshot before."""
    if changes is None:
        return tr("The first one: everything in it is new.")
    if changes.is_empty:
        return tr("Nothing changed since the one before.")
    chats = _counted(changes.sessions_added, changes.sessions_changed, changes.sessions_removed)
    files = _counted(changes.files_added, changes.files_changed, changes.files_removed)
    parts = [
        *([tr("chats: {counts}", counts=chats)] if chats else []),
        *([tr("files: {counts}", counts=files)] if files else []),
    ]
    return tr("Since the one before: {what}", what=tr("; ").join(parts))


def _counted(added: int, changed: int, removed: int) -> str:
    parts = [
        tr("{count} new", count=added) if added else "",
        tr("{count} changed", count=changed) if changed else "",
        tr("{count} gone", count=removed) if removed else "",
    ]
    return listing(part for part in parts if part)


def operation_text(operation: Operation) -> str:
    """Return what is going on."""
    return {
        Operation.CREATE: tr("Backing up"),
        Operation.VERIFY: tr("Verifying"),
        Operation.RESTORE: tr("Restoring"),
        Operation.DRILL: tr("Restore drill"),
        Operation.EXPORT: tr("Exporting"),
        Operation.IMPORT: tr("Importing"),
        Operation.PRUNE: tr("Clearing old snapshots"),
        Operation.UPLOAD: tr("Sending to the bucket"),
        Operation.DOWNLOAD: tr("Fetching from the bucket"),
    }[operation]


def phase_text(phase: Phase) -> str:
    """Return what the work is at."""
    return {
        Phase.PREPARING: tr("preparing"),
        Phase.REREADING: tr("reading what is stored already"),
        Phase.DATABASE: tr("the database"),
        Phase.FILES: tr("files"),
        Phase.VERIFYING: tr("reading everything back"),
        Phase.UPLOADING: tr("sending"),
        Phase.DOWNLOADING: tr("fetching"),
        Phase.RESTORING: tr("putting files together"),
        Phase.WRITING: tr("writing"),
        Phase.CHECKING_DATABASE: tr("checking the database"),
        Phase.SEARCHING: tr("searching in it"),
    }[phase]


def everything_text(preview: RestorePreview, replace: bool) -> str:
    """Return what restoring everything would do, line by line."""
    chats = [session.state for session in preview.sessions]
    newer = chats.count(SessionState.NEWER)
    lines = [
        tr(
            "Chats: {back} come back, {changed} are as they were then, {same} stay as they are.",
            back=chats.count(SessionState.MISSING),
            changed=chats.count(SessionState.CHANGED),
            same=chats.count(SessionState.SAME),
        ),
        tr(
            "Files: {back} come back, {changed} are as they were then, {same} stay as they are.",
            back=preview.files_missing,
            changed=preview.files_changed,
            same=preview.files_same,
        ),
    ]
    if newer or preview.files_newer:
        said = (
            tr(
                "Made since then and taken away: {what}.",
                what=restored_text(newer, preview.files_newer),
            )
            if replace
            else tr(
                "Made since then and kept: {what}.",
                what=restored_text(newer, preview.files_newer),
            )
        )
        lines.append(said)
    if preview.settings:
        lines.append(tr("Settings that change: {names}.", names=listing(preview.settings)))
    if preview.inert:
        lines.append(tr("It comes from another installation: its rules and servers come in off."))
    return "\n".join(lines)
