"""Learning: is there enough feedback, did the last run work?"""

from __future__ import annotations

from aigc_desktop.config import settings as config
from aigc_desktop.config.i18n import tr
from aigc_desktop.config.messages import MESSAGES, describe
from aigc_desktop.core.diagnostics import Group, State
from aigc_desktop.core.errors import UserError
from aigc_desktop.core.learning import LearningRun, Outcome
from aigc_desktop.services import learning
from aigc_desktop.services.checks.check import Check, Finding, Mend, Place
from aigc_desktop.services.checks.spans import span
from aigc_desktop.store import feedback, learning_runs
from aigc_desktop.store.store import Db
from aigc_desktop.store.tables import LOCAL_USER_ID

LATE_SECONDS = 26 * 3600
"""It runs hourly while the program runs, which is not every hour of a day."""

LEARNING = "learning"


async def learner(place: Place) -> Finding:
    """Does learning from feedback work?"""
    if place.settings.get(config.LEARNING) == "off":
        return Finding(State.NOT_APPLICABLE, tr("Learning is switched off."), place=LEARNING)

    def read(db: Db) -> tuple[int, LearningRun | None]:
        count = sum(feedback.totals(db, user_id=LOCAL_USER_ID).values())
        return count, learning_runs.last(db, LOCAL_USER_ID, None)

    count, last = await place.read(read)
    able = place.app is not None
    if count < learning.MIN_FEEDBACK:
        said = tr(
            "Not enough feedback yet: {count} of {needed}. No model is asked before.",
            count=count,
            needed=learning.MIN_FEEDBACK,
        )
        return Finding(State.OK, said)
    if last is None:
        said = tr("There is enough feedback ({count}), but it has not run yet.", count=count)
        return Finding(State.WARNING, said, mendable=able, place=LEARNING)
    age = (place.clock.now_ms() - last.started_at) / 1000
    ran = tr("It ran {age} ago; feedback: {count}.", age=span(age), count=count)
    if last.outcome in (Outcome.FAILED, Outcome.NO_MODEL):
        return Finding(State.PROBLEM, _failed(last), ran, mendable=able, place=LEARNING)
    if age > LATE_SECONDS:
        return Finding(State.WARNING, ran, tr("It runs hourly."), mendable=able, place=LEARNING)
    return Finding(State.OK, ran)


def _failed(run: LearningRun) -> str:
    if run.outcome is Outcome.NO_MODEL:
        return tr("The last run found no model to ask.")
    if run.error in MESSAGES:
        title, _ = describe(run.error, {})
        return tr("The last run failed: {reason}", reason=title)
    return tr("The last run failed: the model's answer could not be used.")


async def _learn(place: Place) -> None:
    if place.app is None:
        raise UserError("no_mend", name=LEARNING)
    await learning.learn_all(place.app)


CHECKS = (
    Check(
        "learning",
        Group.AUTOMATION,
        "Learning",
        learner,
        mend=Mend("Learn now", "The model is asked once about your feedback.", _learn),
    ),
)
