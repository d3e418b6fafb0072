"""What the user is told for each error code: what happened, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aigc_desktop.config.i18n import tr
from aigc_desktop.config.texts import (
    MessageText,
    backup,
    learning,
    migrations,
    operations,
    program,
    takeover,
)
from aigc_desktop.config.texts.reasons import REASONS
from aigc_desktop.core.errors import UserError
from aigc_desktop.core.learning import LearningRun
from aigc_desktop.core.learning import Outcome as LearningOutcome
from aigc_desktop.core.matching import Match, Outcome, Reason, ReasonKind
from aigc_desktop.core.migration import Progress, Stage
from aigc_desktop.core.takeover import Step, TakeOverProgress

MESSAGES: dict[str, MessageText] = {
    **program.MESSAGES,
    **learning.MESSAGES,
    **backup.MESSAGES,
    **operations.MESSAGES,
    **migrations.MESSAGES,
    **takeover.MESSAGES,
}


def describe(code: str, params: Mapping[str, Any]) -> tuple[str, str]:
    """Return (what happened, what to do) in the user's language.

    A `problem` that has words of its own, under "code:problem", is said with them.
    """
    text = MESSAGES.get(code, MESSAGES["internal_error"])
    values = _Defaults(params)
    problem = MESSAGES.get(f"{code}:{values['problem']}")
    if problem is not None:
        values["problem"] = tr(problem.title).format_map(values)
    if isinstance(values.get("reason"), str):
        values["reason"] = refusal_text(values["reason"])
    return tr(text.title).format_map(values), tr(text.remedy).format_map(values)


def refusal_text(reason: str) -> str:
    """Return why a file is not taken in the user's language; other reasons stay as they are."""
    known, colon, detail = reason.partition(": ")
    return f"{tr(known)}{colon}{detail}" if known in REASONS else reason


def describe_error(error: BaseException) -> tuple[str, str]:
    """Return (what happened, what to do) for any error."""
    if isinstance(error, UserError):
        return describe(error.code, error.params)
    return describe("internal_error", {})


def progress_text(progress: Progress) -> str:
    """Return in words what a migration is doing."""
    if progress.stage is Stage.REVISION:
        title, _ = describe(f"revision:{progress.revision}", {})
        return f"{progress.number}/{progress.count} {title}"
    return describe(f"stage:{progress.stage.value}", {})[0]


def take_over_text(progress: TakeOverProgress) -> str:
    """Return in words what a take-over is doing."""
    detail = progress.detail
    if progress.step is Step.MIGRATE:
        detail, _ = describe(f"revision:{detail}", {})
    elif progress.step is Step.MERGE and f"arrived:{detail}" in MESSAGES:
        detail, _ = describe(f"arrived:{detail}", {})
    return describe(f"takeover-step:{progress.step.value}", {"detail": detail})[0]


class _Defaults(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return ""


def reason_text(reason: Reason) -> str:
    """Return in words what spoke for a scenario."""
    text = reason.text.replace("\n", " ")[:160]
    match reason.kind:
        case ReasonKind.EXAMPLE:
            return tr("Like the example “{what}”", what=text)
        case ReasonKind.NAME:
            return tr("Close to the name “{what}”", what=text)
        case ReasonKind.DESCRIPTION:
            return tr("Fits the description “{what}”", what=text)
        case ReasonKind.KEYWORD:
            return tr("Keyword: {what}", what=text)
        case ReasonKind.KEYWORDS:
            return tr("Close to its keywords taken together")
        case ReasonKind.WORDS:
            return tr("The word “{what}”", what=text)
        case ReasonKind.FOLLOW_UP:
            return tr("Goes on with what was asked before")
        case ReasonKind.NAMED:
            return tr("You chose it for this request")
        case ReasonKind.PINNED:
            return tr("You pinned it for this chat")
        case ReasonKind.ONLY:
            return tr("It is the only one available here")
        case ReasonKind.MODEL:
            return tr("A small model chose it ({what})", what=text)
        case ReasonKind.NOTHING:
            return tr("The request is like none of the scenarios; the default answers")


def percent_text(probability: float) -> str:
    """Return a probability in percent; all and nothing only where it is exactly that."""
    if 0 < probability < 0.01:
        return "<1%"
    if 0.99 < probability < 1:
        return ">99%"
    return f"{probability:.0%}"


def confidence_text(match: Match) -> str:
    """Return how sure the matcher is; "" where nothing fits: that is about none that answers."""
    return "" if match.outcome is Outcome.DEFAULT else percent_text(match.confidence)


def outcome_text(match: Match) -> str:
    """Return in words what the matcher concluded."""
    if match.outcome is Outcome.UNSURE:
        return tr("not sure")
    if match.outcome is Outcome.DEFAULT:
        return tr("nothing fits")
    return tr("fits")


def learning_outcome(run: LearningRun) -> str:
    """Return in words what a run of the learner came to."""
    match run.outcome:
        case LearningOutcome.LEARNED:
            counts = (
                (run.proposed, tr("{count} proposed", count=run.proposed)),
                (run.applied, tr("{count} applied", count=run.applied)),
                (len(run.refused), tr("{count} not taken", count=len(run.refused))),
            )
            said = [text for count, text in counts if count]
            return tr(", ").join(said) or tr("No new lesson")
        case LearningOutcome.UNCHANGED:
            return tr("Nothing new since the last time; no model was asked")
        case LearningOutcome.TOO_LITTLE:
            return tr("Too little feedback yet ({count})", count=run.feedback)
        case LearningOutcome.NO_MODEL:
            return tr("No model is connected")
        case LearningOutcome.OFF:
            return tr("Learning is switched off")
        case LearningOutcome.FAILED:
            return tr("The model could not be asked, or its answer could not be used")
