"""Events: what changed, said once, to whoever listens. An event never means "reload everything"."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from aigc_desktop.core.backup import Progress
from aigc_desktop.core.content import Block
from aigc_desktop.core.diagnostics import CheckResult
from aigc_desktop.core.http import HttpState
from aigc_desktop.core.jobs import JobProgress, JobRun
from aigc_desktop.core.learning import LearnReport, Opinion
from aigc_desktop.core.matching import Match
from aigc_desktop.core.migration import Progress as MigrationProgress
from aigc_desktop.core.session import Session, Turn, Usage
from aigc_desktop.core.takeover import TakeOverProgress
from aigc_desktop.core.transcript import ToolState, TranscriptSnapshot
from aigc_desktop.core.trial import Proof


@dataclass(frozen=True, slots=True)
class Event:
    """Base of all events."""


@dataclass(frozen=True, slots=True)
class SessionCreated(Event):
    session: Session


@dataclass(frozen=True, slots=True)
class SessionsArrived(Event):
    """Many sessions came at once, from elsewhere."""

    count: int


@dataclass(frozen=True, slots=True)
class MigrationProgressed(Event):
    """The database is being brought up to date; nothing can be read until that is done."""

    progress: MigrationProgress


@dataclass(frozen=True, slots=True)
class SafetyBackupDeclined(Event):
    """The user does not wait for the backup before an upgrade."""


@dataclass(frozen=True, slots=True)
class TakeOverProgressed(Event):
    """Data of the web version is coming in."""

    progress: TakeOverProgress


@dataclass(frozen=True, slots=True)
class SessionChanged(Event):
    """Title, pin, trash state, model, work directory or activity of one session changed."""

    session: Session


@dataclass(frozen=True, slots=True)
class SessionDeleted(Event):
    """Gone for good (out of the trash)."""

    session_id: int


@dataclass(frozen=True, slots=True)
class SessionOpened(Event):
    """A session's transcript as of this very moment: every later event comes on top of it.

    Published by `services.chat.open_session`; pending approvals are asked again right after it.
    """

    snapshot: TranscriptSnapshot


@dataclass(frozen=True, slots=True)
class ScenariosChanged(Event):
    """Scenarios, what is available where, prompts or labelled requests changed."""


@dataclass(frozen=True, slots=True)
class LessonsChanged(Event):
    """Lessons came, went or changed; the next request of every session follows."""


@dataclass(frozen=True, slots=True)
class LearningProgress(Event):
    """A run of the learner: `done` of `total` users and sessions; `report` when it has ended."""

    done: int
    total: int
    report: LearnReport | None = None


@dataclass(frozen=True, slots=True)
class TrialProgress(Event):
    """A test of a lesson: `done` of `total` calls of the model; `proof` when it has ended."""

    lesson_id: int
    done: int
    total: int
    proof: Proof | None = None


@dataclass(frozen=True, slots=True)
class FilesChanged(Event):
    """A turn of the session made or changed files in the work directory."""

    session_id: int


@dataclass(frozen=True, slots=True)
class BranchSwitched(Event):
    """The session shows another branch now; its leaf is `turn_id` (None: no turn left)."""

    session_id: int
    turn_id: int | None


@dataclass(frozen=True, slots=True)
class TurnEvent(Event):
    """Base of what happens inside a turn."""

    session_id: int
    turn_id: int


@dataclass(frozen=True, slots=True)
class TurnQueued(TurnEvent):
    """The user's message is stored; it runs when the turn before it has ended."""

    turn: Turn


@dataclass(frozen=True, slots=True)
class TurnUnqueued(TurnEvent):
    """A queued message was taken back by the user before it ran."""


@dataclass(frozen=True, slots=True)
class ScenarioMatched(TurnEvent):
    """The turn's scenario is chosen, or (while `match` is unsure and `waits`) being asked for."""

    match: Match
    waits: bool = False


@dataclass(frozen=True, slots=True)
class OpinionChanged(TurnEvent):
    """The user has said what the answer is worth, or has taken that back."""

    opinion: Opinion


@dataclass(frozen=True, slots=True)
class TurnStarted(TurnEvent):
    turn: Turn


@dataclass(frozen=True, slots=True)
class BlockStarted(TurnEvent):
    """The model begins a block: `kind` is text, thinking or tool_use."""

    position: int
    kind: str


@dataclass(frozen=True, slots=True)
class TextDelta(TurnEvent):
    position: int
    text: str


@dataclass(frozen=True, slots=True)
class ThinkingDelta(TurnEvent):
    position: int
    text: str


@dataclass(frozen=True, slots=True)
class BlockFinished(TurnEvent):
    """The block at `position` is whole (or, after a fault, as whole as it will be)."""

    position: int
    block: Block


@dataclass(frozen=True, slots=True)
class NoteAdded(TurnEvent):
    """A user-role note that the program wrote into the conversation (e.g. "continue")."""

    position: int
    text: str


@dataclass(frozen=True, slots=True)
class ToolRequested(TurnEvent):
    """The model's call is whole and stored; nothing has been done yet."""

    position: int
    tool_use_id: str
    name: str
    input: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ApprovalRequested(TurnEvent):
    """The user is asked. `preview` shows what will happen: a diff, or the exact command.

    `fingerprint` binds the answer to tool, arguments and directory; it must be sent back with it.
    """

    position: int
    tool_use_id: str
    name: str
    input: Mapping[str, Any]
    preview: str
    preview_kind: str
    """`diff`, `command` or `text`."""
    fingerprint: str
    covered: str = ""
    """What a lasting answer allows (see `core.ports.ApprovalRequest`)."""


@dataclass(frozen=True, slots=True)
class ToolStarted(TurnEvent):
    position: int
    tool_use_id: str


@dataclass(frozen=True, slots=True)
class ToolOutput(TurnEvent):
    """A piece of a running tool's output, for the eye only; the result follows whole."""

    position: int
    tool_use_id: str
    text: str


@dataclass(frozen=True, slots=True)
class ToolFinished(TurnEvent):
    position: int
    tool_use_id: str
    state: ToolState
    result: str
    duration_ms: int | None
    full_output: str | None = None


@dataclass(frozen=True, slots=True)
class RetryScheduled(TurnEvent):
    """The model could not be reached; the next try comes in `seconds` (a countdown may be shown).

    `code` is a UserError code. `attempt` counts from 1.
    """

    code: str
    seconds: float
    attempt: int
    max_attempts: int
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class UsageUpdated(TurnEvent):
    """Usage and cost of the turn so far. `cost_usd` is a decimal string; None means unpriced."""

    usage: Usage
    cost_usd: str | None


@dataclass(frozen=True, slots=True)
class TurnEnded(TurnEvent):
    turn: Turn


class NoticeLevel(StrEnum):
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class NoticeRaised(Event):
    """Something the user should know: `code` and `params` as in UserError.

    `key` identifies it: a notice with the same key replaces the one shown; NoticeCleared ends it.
    """

    level: NoticeLevel
    code: str
    params: Mapping[str, Any] = field(default_factory=dict)
    key: str = ""


@dataclass(frozen=True, slots=True)
class NoticeCleared(Event):
    key: str


@dataclass(frozen=True, slots=True)
class SettingChanged(Event):
    key: str
    value: Any


@dataclass(frozen=True, slots=True)
class CheckFinished(Event):
    """One check of the diagnostics has its result."""

    result: CheckResult


@dataclass(frozen=True, slots=True)
class ConnectionChanged(Event):
    """Provider, key or base URL changed: a new model client is in use."""

    provider: str


@dataclass(frozen=True, slots=True)
class JobChanged(Event):
    """A job began, went on, ended, or (run None) its plan changed."""

    job: str
    run: JobRun | None
    progress: JobProgress | None = None


@dataclass(frozen=True, slots=True)
class BackupProgressed(Event):
    """A backup, restore or drill has come so far; at most some times a second."""

    progress: Progress


@dataclass(frozen=True, slots=True)
class BackupsChanged(Event):
    """Snapshots came or went, or what is known about them changed; nothing is running now."""


@dataclass(frozen=True, slots=True)
class RestoreStaged(Event):
    """A restored database is ready: the program is to be reopened, which puts it in."""

    snapshot_id: str


@dataclass(frozen=True, slots=True)
class HttpChanged(Event):
    """The local HTTP server was started, stopped or could not be; or its tokens changed."""

    state: HttpState
