"""Which scenario answers a turn: asked for, pinned, matched here, or asked about."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial

from aigc_desktop.config import settings as config
from aigc_desktop.config.paths import resource
from aigc_desktop.core.events import ScenarioMatched
from aigc_desktop.core.matching import Candidate, Match, Outcome, Ranked, Reason, ReasonKind
from aigc_desktop.core.scenario import GENERAL_KEY, Available, Bundle, Label, Scenario
from aigc_desktop.core.session import Turn
from aigc_desktop.scenarios import precedence
from aigc_desktop.scenarios.matching.embedding import SentenceEncoder
from aigc_desktop.scenarios.matching.matcher import ScenarioMatcher
from aigc_desktop.services import model_choice
from aigc_desktop.services.app import App
from aigc_desktop.services.runner import RunningTurn, TurnWish
from aigc_desktop.store import availability, matches
from aigc_desktop.store import scenarios as scenario_rows
from aigc_desktop.store.store import Db

logger = logging.getLogger("ScenarioMatcher")

WARM_UP_DELAY = 2.0
"""Seconds after the start until the embedding is loaded: the window comes first."""

PATIENCE = 10.0
"""Seconds for which a turn waits for the user to choose; then the best scenario answers."""

LAST_RESORT = Scenario(0, 0, Bundle("General"))
"""Answers when every scenario is gone: a user always gets an answer."""


@dataclass(frozen=True, slots=True)
class Library:
    """All that a choice depends on, read at one moment."""

    visible: tuple[Scenario, ...]
    user: Available
    session: Available
    labels: tuple[Label, ...]
    previous_id: int | None = None

    @property
    def fallback(self) -> Scenario:
        """The default, else the built-in general scenario, else the last resort."""
        default = next((s for s in self.visible if s.is_default), None)
        general = next((s for s in self.visible if s.builtin == GENERAL_KEY), None)
        return default or general or LAST_RESORT

    def find(self, scenario_id: int | None) -> Scenario | None:
        """Return a visible scenario by its id."""
        return next((s for s in self.visible if s.id == scenario_id), None)

    def candidates(self, *, with_labels: bool = True) -> tuple[Candidate, ...]:
        """Return what the matcher chooses from."""
        chosen, _ = precedence.candidates(self.visible, self.user, self.session)
        return candidates_of(chosen, self.labels if with_labels else ())


@cache
def shared_encoder() -> SentenceEncoder:
    """Return the embedding of this process: it is large, and the same for all that is opened."""
    return SentenceEncoder(resource("matching/centres.npy"))


class Matching:
    """The matcher with its background thread, and the budget for asking a model."""

    def __init__(self) -> None:
        self.encoder = shared_encoder()
        self.matcher = ScenarioMatcher(self.encoder, _in_background)
        self.choices = model_choice.ModelChoices()
        self.cache = LibraryCache()

    async def warm_up_later(self, app: App) -> None:
        """Load what matching needs, a little after the start."""
        await asyncio.sleep(WARM_UP_DELAY)
        library = await app.store.read(read_library)
        self.matcher.warm_up(library.candidates())


def candidates_of(scenarios: Sequence[Scenario], labels: Sequence[Label]) -> tuple[Candidate, ...]:
    """Return scenarios as the matcher sees them; labelled requests are examples too."""
    known: defaultdict[int, list[Label]] = defaultdict(list)
    for label in labels:
        if label.scenario_id is not None:
            known[label.scenario_id].append(label)
    return tuple(
        Candidate(
            s.id,
            f"{s.version}.{'.'.join(str(label.id) for label in known[s.id])}",
            s.bundle.name,
            s.bundle.description,
            s.bundle.keywords,
            (*s.bundle.examples, *(label.text for label in known[s.id])),
        )
        for s in scenarios
    )


class LibraryCache:
    """The scenarios and labels read last; read again only when the database has others."""

    def __init__(self) -> None:
        self._kept: tuple[object, tuple[Scenario, ...], tuple[Label, ...]] | None = None

    def read(self, db: Db) -> tuple[tuple[Scenario, ...], tuple[Label, ...]]:
        """Return all visible scenarios and all labels."""
        stamp = (scenario_rows.stamp(db), matches.labels_stamp(db))
        kept = self._kept
        if kept is None or kept[0] != stamp:
            found = tuple(scenario_rows.all_scenarios(db)), tuple(matches.labels(db))
            kept = self._kept = (stamp, *found)
        return kept[1], kept[2]


def read_library(db: Db, turn: Turn | None = None, cache: LibraryCache | None = None) -> Library:
    """Read what a choice depends on."""
    scenarios, labels = (cache or LibraryCache()).read(db)
    return Library(
        scenarios,
        availability.of_user(db),
        availability.of_session(db, turn.session_id) if turn else Available(),
        labels,
        matches.scenario_before(db, turn.id) if turn else None,
    )


async def choose(
    app: App, turn: Turn, wish: TurnWish, running: RunningTurn
) -> tuple[Scenario, Library, Match]:
    """Choose the scenario that answers a turn, and publish the choice."""
    cache = app.matching.cache
    library = await app.store.read(lambda db: read_library(db, turn, cache))
    match = _settled(library, wish) or await _matched(app, turn, library, running)
    scenario = library.find(match.scenario_id) or library.fallback
    match = replace(match, scenario_id=scenario.id)
    running.publish(ScenarioMatched(turn.session_id, turn.id, match))
    return scenario, library, match


def _settled(library: Library, wish: TurnWish) -> Match | None:
    """Return the choice where the user has made it."""
    for wanted, kind in (
        (wish.scenario_id, ReasonKind.NAMED),
        (library.session.pinned_id, ReasonKind.PINNED),
    ):
        scenario = library.find(wanted)
        if scenario is not None:
            ranked = (Ranked(scenario.id, scenario.name, 1.0),)
            return Match(Outcome.SCENARIO, scenario.id, 1.0, ranked, (Reason(kind),), "rule")
    return None


async def _matched(app: App, turn: Turn, library: Library, running: RunningTurn) -> Match:
    matcher, candidates = app.matching.matcher, library.candidates()
    choose = partial(
        matcher.match,
        turn.user_text,
        candidates,
        default_id=library.fallback.id,
        previous_id=library.previous_id,
    )
    # A thread of its own would cost more than the match itself once the index is there.
    match = choose() if matcher.is_quick(candidates) else await asyncio.to_thread(choose)
    if match.outcome is not Outcome.UNSURE:
        return match
    when_unsure = app.settings.get(config.WHEN_UNSURE)
    if when_unsure == "model":
        return await app.matching.choices.ask(app, turn.user_text, library.visible, match)
    if when_unsure == "ask" and app.runner.attended and match.scorer == "full":
        return await _ask_user(running, match)
    return match


async def _ask_user(running: RunningTurn, match: Match) -> Match:
    """Let the user choose for a while; without an answer the best one stands."""
    running.chosen = asyncio.get_running_loop().create_future()
    running.question = ScenarioMatched(running.session_id, running.turn_id, match, waits=True)
    running.publish(running.question)
    try:
        chosen = await asyncio.wait_for(running.chosen, PATIENCE)
    except TimeoutError:
        return match
    finally:
        running.chosen = running.question = None
    reason = Reason(ReasonKind.NAMED)
    return replace(match, outcome=Outcome.SCENARIO, scenario_id=chosen, reasons=(reason,))


def _in_background(work: Callable[[], None]) -> None:
    threading.Thread(target=_logged, args=(work,), name="matcher", daemon=True).start()


def _logged(work: Callable[[], None]) -> None:
    try:
        work()
    except Exception:
        logger.exception("the matcher's background work failed; words alone decide")
