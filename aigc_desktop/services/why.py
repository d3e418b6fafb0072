"""Why an answer is as it is: scenario, skills and lessons; and the answer without one of them."""

from __future__ import annotations

from aigc_desktop.core.errors import UserError
from aigc_desktop.core.learning import Why
from aigc_desktop.core.session import TurnConfig
from aigc_desktop.services import chat, lessons
from aigc_desktop.services.app import App
from aigc_desktop.services.runner import TurnWish
from aigc_desktop.store import scenarios as scenario_rows
from aigc_desktop.store import turns as turn_rows
from aigc_desktop.store.store import Db


async def why(app: App, turn_id: int) -> Why:
    """Return what an answer was given with. Raises UserError: `turn_not_found`, `no_snapshot`."""

    def read(db: Db) -> tuple[TurnConfig | None, tuple[str, ...]]:
        turn_rows.get_turn(db, turn_id)
        settled = turn_rows.turn_config(db, turn_id)
        return settled, _skills(db, settled)

    settled, skills = await app.store.read(read)
    if settled is None:
        raise UserError("no_snapshot")
    return Why(
        turn_id,
        settled.scenario_name,
        settled.scenario_version,
        skills,
        settled.lessons,
        settled.lessons_left_out,
    )


async def answer_without(app: App, turn_id: int, lesson_id: int, switch_off: bool = False) -> int:
    """Answer again without a lesson, beside the old answer; return the new turn's id.

    `switch_off` switches the lesson off for good. What was left out before stays left out.
    """
    before = await why(app, turn_id)
    if switch_off:
        await lessons.switch_lesson(app, lesson_id, False)
    left_out = frozenset({lesson_id, *(use.id for use in before.without)})
    return await chat.answer_as(app, turn_id, TurnWish(without_lessons=left_out))


def _skills(db: Db, settled: TurnConfig | None) -> tuple[str, ...]:
    """Return the skills of the scenario in the version that answered."""
    if settled is None or settled.scenario_id is None:
        return ()
    try:
        found = scenario_rows.versions(db, settled.scenario_id)
    except UserError:
        return ()
    wanted = (each for each in found if each.version == settled.scenario_version)
    version = next(wanted, None)
    return version.bundle.skills if version else ()
