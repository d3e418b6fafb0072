"""Backup and restore as plain values. Times in epoch milliseconds, sizes in bytes."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Cause(StrEnum):
    """Why a snapshot was made."""

    MANUAL = "manual"
    SCHEDULED = "scheduled"
    BEFORE_MIGRATION = "before_migration"
    BEFORE_RESTORE = "before_restore"
    BEFORE_UPDATE = "before_update"
    IMPORTED = "imported"


class Operation(StrEnum):
    """What is going on in the repository; only one at a time."""

    CREATE = "create"
    VERIFY = "verify"
    RESTORE = "restore"
    DRILL = "drill"
    EXPORT = "export"
    IMPORT = "import"
    PRUNE = "prune"
    UPLOAD = "upload"
    DOWNLOAD = "download"


class Phase(StrEnum):
    """What an operation is at."""

    PREPARING = "preparing"
    REREADING = "rereading"
    DATABASE = "database"
    FILES = "files"
    VERIFYING = "verifying"
    UPLOADING = "uploading"
    DOWNLOADING = "downloading"
    RESTORING = "restoring"
    WRITING = "writing"
    CHECKING_DATABASE = "checking_database"
    SEARCHING = "searching"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an operation is. `total` is 0 while it is not known."""

    operation: Operation
    phase: Phase
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed since the snapshot before."""

    files_added: int = 0
    files_changed: int = 0
    files_removed: int = 0
    sessions_added: int = 0
    sessions_changed: int = 0
    sessions_removed: int = 0

    @property
    def is_empty(self) -> bool:
        return not (
            self.files_added
            or self.files_changed
            or self.files_removed
            or self.sessions_added
            or self.sessions_changed
            or self.sessions_removed
        )


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One snapshot, as the list shows it."""

    id: str
    label: str
    cause: Cause
    created_at: int
    version: str
    """Of the program that made it."""
    revision: str
    """Of the database in it."""
    sessions: int
    messages: int
    files: int
    size: int
    """Of everything in it."""
    added: int
    """What it added to the repository, compressed."""
    changes: Changes | None
    """None: there was none before it, so everything is new."""
    encrypted: bool
    foreign: bool
    """Made by another installation: its permission rules and servers come in off."""
    skipped: int
    """Files that could not be read and are not in it."""
    verified_at: int | None
    """When all that it needs was last found whole."""
    proven_at: int | None = None
    """When a restore drill last brought it back."""
    damaged: bool = False
    uploaded_at: int | None = None
    """When it was last found whole in the bucket; None: it is only here."""


class TargetKind(StrEnum):
    """Where snapshots go."""

    FOLDER = "folder"
    BUCKET = "bucket"


@dataclass(frozen=True, slots=True)
class DrillResult:
    """What a restore drill found. It brought the newest snapshot back into a scratch folder."""

    snapshot_id: str
    started_at: int
    seconds: float
    ok: bool
    sessions: int = 0
    messages: int = 0
    files: int = 0
    size: int = 0
    searched: str = ""
    """The words that the full-text search was asked for, and found."""
    problem: str = ""
    """What went wrong, if it did: a UserError code."""


@dataclass(frozen=True, slots=True)
class LastRestore:
    """The newest restore, as long as it can be undone."""

    snapshot_id: str
    safety_id: str
    restored_at: int
    sessions: int
    files: int
    everything: bool


@dataclass(frozen=True, slots=True)
class BackupOverview:
    """What the panel shows above the list."""

    target: TargetKind
    folder: str
    bucket: str
    """`endpoint/bucket`, or nothing."""
    encrypted: bool
    """Whether new snapshots are encrypted."""
    passphrase_known: bool
    """Whether the passphrase is at hand (keyring or this session)."""
    snapshots: int
    stored: int
    """Bytes that the repository takes."""
    free: int
    """Bytes that are free where the repository is."""
    newest: Snapshot | None
    last_drill: DrillResult | None
    last_proven: DrillResult | None
    """The last drill that succeeded: "last proven restorable"."""
    last_restore: LastRestore | None
    running: Operation | None


class SessionState(StrEnum):
    """How a session of a snapshot stands to what is there now."""

    SAME = "same"
    CHANGED = "changed"
    MISSING = "missing"
    """It is in the snapshot and not there now."""
    NEWER = "newer"
    """It is there now and not in the snapshot."""


@dataclass(frozen=True, slots=True)
class SessionDifference:
    """A session in the snapshot, or one that is only there now."""

    uid: str
    """Its lasting name (`sessions.session_id`); what `Selection.sessions` holds."""
    title: str
    last_activity: int
    state: SessionState


class FileState(StrEnum):
    """How a file of a snapshot stands to what is there now."""

    SAME = "same"
    CHANGED = "changed"
    MISSING = "missing"
    """It is in the snapshot and not there now."""
    NEWER = "newer"
    """It is there now and not in the snapshot."""


@dataclass(frozen=True, slots=True)
class FileDifference:
    """A file in the snapshot, or one that is only there now."""

    path: str
    """`area/path/in/it`, e.g. `work_dir/report.md`; what `Selection.files` holds."""
    size: int
    modified_at: int
    state: FileState


@dataclass(frozen=True, slots=True)
class RestorePreview:
    """What restoring everything would do; the lists are for choosing single things."""

    snapshot: Snapshot
    sessions: tuple[SessionDifference, ...]
    """Newest activity first."""
    files: tuple[FileDifference, ...]
    """Only what differs from now, by path; at most MAX_LISTED."""
    files_same: int
    files_changed: int
    files_missing: int
    files_newer: int
    settings: tuple[str, ...]
    """Keys of settings that would change."""
    bytes_needed: int
    """Free disk space that restoring everything takes, for a while."""
    inert: tuple[str, ...] = ()
    """What comes in off because the snapshot is another installation's: `rules`, `servers`, …"""


MAX_LISTED = 5_000
"""Files that a preview names; the counts are of all."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What is to be restored. Without sessions and files: everything.

    `sessions` come back beside what is there, as sessions of their own; nothing is overwritten.
    `files` (or folders, named as in the preview) are put back over what is there.
    With everything, `replace` also removes files that the snapshot does not have; without it they
    stay, and so do sessions that the snapshot does not have.
    """

    sessions: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    replace: bool = True

    @property
    def is_everything(self) -> bool:
        return not self.sessions and not self.files


@dataclass(frozen=True, slots=True)
class RestoreResult:
    """What a restore did. `restarts`: the program reopens itself now to put the database in."""

    snapshot_id: str
    safety_id: str
    sessions: int
    files: int
    removed: int = 0
    restarts: bool = False
    inert: tuple[str, ...] = ()
    problems: tuple[str, ...] = field(default=())
    """Paths that could not be put back, and stay as they were."""


@dataclass(frozen=True, slots=True)
class Verification:
    """What verifying a snapshot found."""

    snapshot_id: str
    ok: bool
    packs: int
    chunks: int
    size: int
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pruned:
    """What retention removed."""

    snapshots: tuple[str, ...]
    freed: int
