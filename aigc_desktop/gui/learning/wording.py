"""What learning says in words: kinds, scopes, states, outcomes, days."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime

from aigc_desktop.config.i18n import tr, tr_n
from aigc_desktop.core.learning import (
    Fault,
    FeedbackKind,
    Lesson,
    LessonKind,
    LessonState,
    Outcome,
    Scope,
    Target,
)
from aigc_desktop.core.trial import TrialVerdict
from aigc_desktop.gui.chat.safe_text import one_line

MAX_NAME = 40
DAY_MS = 86_400_000


def fault_text(fault: Fault) -> str:
    """Return what failed, as a chip says it."""
    return {
        Fault.SCENARIO: tr("Wrong scenario"),
        Fault.TOOL: tr("Wrong tool"),
        Fault.FACT: tr("Not true"),
        Fault.FORMAT: tr("Format"),
        Fault.TONE: tr("Tone"),
        Fault.LENGTH: tr("Length"),
    }[fault]


def feedback_text(kind: FeedbackKind) -> str:
    """Return what the user did with an answer."""
    return {
        FeedbackKind.LIKE: tr("You liked it"),
        FeedbackKind.DISLIKE: tr("You disliked it"),
        FeedbackKind.CORRECT: tr("You corrected it"),
        FeedbackKind.REGENERATE: tr("You had it answered anew"),
        FeedbackKind.REPHRASED: tr("You asked again in other words"),
        FeedbackKind.EDITED: tr("You edited what it made"),
        FeedbackKind.COPIED: tr("You copied it"),
        FeedbackKind.ABANDONED: tr("You stopped it"),
    }[kind]


def kind_text(kind: LessonKind) -> str:
    """Return what a lesson is about."""
    return {
        LessonKind.STYLE: tr("Style"),
        LessonKind.LENGTH: tr("Length"),
        LessonKind.LANGUAGE: tr("Reply language"),
        LessonKind.FORMAT: tr("Format"),
        LessonKind.TONE: tr("Tone"),
        LessonKind.CONTENT: tr("Content"),
        LessonKind.WORKFLOW: tr("Way of working"),
    }[kind]


def scope_text(scope: Scope) -> str:
    """Return where a lesson holds, without a name."""
    return {
        Scope.GLOBAL: tr("Everywhere"),
        Scope.SCENARIO: tr("In one scenario"),
        Scope.SESSION: tr("In one chat"),
    }[scope]


def target_text(target: Target, names: Names) -> str:
    """Return where a lesson holds."""
    if target.scope is Scope.SCENARIO:
        return tr("In “{name}”", name=names.scenario(target.scenario_id))
    if target.scope is Scope.SESSION:
        return tr("In the chat “{name}”", name=names.session(target.session_id))
    return scope_text(Scope.GLOBAL)


class Names:
    """The names of scenarios and chats, for showing."""

    def __init__(
        self, scenarios: Mapping[int, str] | None = None, sessions: Mapping[int, str] | None = None
    ) -> None:
        self.scenarios = dict(scenarios or {})
        self.sessions = dict(sessions or {})

    def scenario(self, scenario_id: int | None) -> str:
        return one_line(self.scenarios.get(scenario_id or 0, "–"), MAX_NAME)

    def session(self, session_id: int | None) -> str:
        return one_line(self.sessions.get(session_id or 0, "–"), MAX_NAME)


def state_text(lesson: Lesson) -> str:
    """Return whether a lesson is in force, and by whose decision."""
    if lesson.state is LessonState.ACTIVE and lesson.automatic:
        return tr("Applied by itself")
    return {
        LessonState.NOTICED: tr("Only noticed so far"),
        LessonState.PROPOSED: tr("Waits in the inbox"),
        LessonState.ACTIVE: tr("In force"),
        LessonState.OFF: tr("Switched off"),
        LessonState.REJECTED: tr("Rejected"),
        LessonState.SUPERSEDED: tr("Replaced by another"),
        LessonState.EXPIRED: tr("Expired"),
        LessonState.REMOVED: tr("Deleted"),
    }[lesson.state]


def change_text(state: LessonState) -> str:
    """Return what a step in a lesson's history made of it."""
    return {
        LessonState.NOTICED: tr("Noticed"),
        LessonState.PROPOSED: tr("Proposed"),
        LessonState.ACTIVE: tr("In force"),
        LessonState.OFF: tr("Switched off"),
        LessonState.REJECTED: tr("Rejected"),
        LessonState.SUPERSEDED: tr("Replaced by another"),
        LessonState.EXPIRED: tr("Expired"),
        LessonState.REMOVED: tr("Deleted"),
    }[state]


def waiting_text(outcome: Outcome, feedback: int, needed: int) -> str:
    """Return why the next run would ask nothing."""
    return {
        Outcome.UNCHANGED: tr("Nothing new since the last run; no model will be asked"),
        Outcome.TOO_LITTLE: tr(
            "Too little feedback yet: {count} of {needed}", count=feedback, needed=needed
        ),
        Outcome.NO_MODEL: tr("No model is connected"),
        Outcome.OFF: tr("Learning is switched off"),
    }.get(outcome, "")


def verdict_text(verdict: TrialVerdict) -> str:
    """Return what a test came to."""
    return {
        TrialVerdict.HELPS: tr("The lesson helps."),
        TrialVerdict.HARMS: tr("The lesson does harm."),
        TrialVerdict.UNDECIDED: tr("The test does not decide it."),
    }[verdict]


def day_text(at_ms: int) -> str:
    """Return a day; of another year with that."""
    at = datetime.fromtimestamp(at_ms / 1000).astimezone()
    now = datetime.now().astimezone()
    if at.date() == now.date():
        return tr("today")
    if (now.date() - at.date()).days == 1:
        return tr("yesterday")
    return f"{at:%Y-%m-%d}"


def moment_text(at_ms: int) -> str:
    """Return a day and the time of day."""
    at = datetime.fromtimestamp(at_ms / 1000).astimezone()
    return f"{day_text(at_ms)} {at:%H:%M}"


def capital(text: str) -> str:
    """Return `text` as it begins a line."""
    return text[:1].upper() + text[1:]


def uses_text(lesson: Lesson) -> str:
    """Return how often a lesson stood in a prompt, and when last."""
    if not lesson.uses or lesson.used_at is None:
        return tr("Not used yet")
    count = tr_n("Used {count} time", "Used {count} times", lesson.uses)
    return tr("{count}, last {day}", count=count, day=day_text(lesson.used_at))


def expiry_text(lesson: Lesson) -> str:
    """Return how long a lesson holds."""
    if lesson.expires_at is None:
        return tr("Does not expire")
    at = datetime.fromtimestamp(lesson.expires_at / 1000).astimezone()
    return tr("Until {day}", day=f"{at:%Y-%m-%d}")


def evidence_text(lesson: Lesson) -> str:
    """Return how many answers speak for a lesson."""
    if lesson.edited and not lesson.evidence:
        return tr("In your own words")
    return tr_n("From {count} answer", "From {count} answers", lesson.places)


def now_ms() -> int:
    """Return the time, for what is said about the past."""
    return int(time.time() * 1000)


def moment_before() -> int:
    """Return the last moment at which nothing of what happens now had happened."""
    return now_ms() - 1
