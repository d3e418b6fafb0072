"""Why a snapshot was made and how what is in it stands to now, in the user's language."""

from __future__ import annotations

from aigc_desktop.config.i18n import tr
from aigc_desktop.core.backup import Cause, FileState, SessionState


def cause_text(cause: Cause) -> str:
    """Return why a snapshot was made."""
    return {
        Cause.MANUAL: tr("Made by hand"),
        Cause.SCHEDULED: tr("Made by schedule"),
        Cause.BEFORE_MIGRATION: tr("Before an upgrade of the database"),
        Cause.BEFORE_RESTORE: tr("Before a restore"),
        Cause.BEFORE_UPDATE: tr("Before an update of the program"),
        Cause.IMPORTED: tr("Imported"),
    }[cause]


def session_state_text(state: SessionState) -> str:
    """Return how a chat of the snapshot stands to now."""
    return {
        SessionState.SAME: tr("as it is now"),
        SessionState.CHANGED: tr("different now"),
        SessionState.MISSING: tr("not there now"),
        SessionState.NEWER: tr("not in the snapshot"),
    }[state]


def file_state_text(state: FileState) -> str:
    """Return how a file of the snapshot stands to now."""
    return {
        FileState.SAME: tr("as it is now"),
        FileState.CHANGED: tr("different now"),
        FileState.MISSING: tr("not there now"),
        FileState.NEWER: tr("not in the snapshot"),
    }[state]
