"""Scenarios: list, edit, publish, compare, share; and the corrections that users make."""

from __future__ import annotations

import asyncio
import contextlib
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from aigc_desktop.config.i18n import tr
from aigc_desktop.core.errors import UserError
from aigc_desktop.core.events import NoticeLevel, NoticeRaised, ScenariosChanged
from aigc_desktop.core.matching import Candidate, Match
from aigc_desktop.core.scenario import Available, Bundle, Label, Scenario, ScenarioVersion
from aigc_desktop.core.session import Session
from aigc_desktop.scenarios import exchange, versions
from aigc_desktop.scenarios.composer import ComposedPrompt
from aigc_desktop.services import chat, configuration, learned, matching
from aigc_desktop.services.app import App
from aigc_desktop.services.runner import TurnWish
from aigc_desktop.store import availability, matches
from aigc_desktop.store import scenarios as rows
from aigc_desktop.store import sessions as session_rows
from aigc_desktop.store import turns as turn_rows
from aigc_desktop.store.matches import VersionFigures
from aigc_desktop.store.store import Db

T = TypeVar("T")

MAX_LABEL = 2_000
"""Characters of a request that are kept as a labelled example."""


@dataclass(frozen=True, slots=True)
class Moved:
    """A labelled request that would go elsewhere after an edit. Names of scenarios."""

    text: str
    label: str
    before: str
    after: str

    @property
    def is_better(self) -> bool:
        return self.after == self.label

    @property
    def is_worse(self) -> bool:
        return self.before == self.label


@dataclass(frozen=True, slots=True)
class Trial:
    """What would happen to a request, without sending it."""

    match: Match
    scenario: Scenario
    prompt: ComposedPrompt
    origins: dict[str, str]
    values: dict[str, object]


@dataclass(frozen=True, slots=True)
class VersionReport:
    """A version, how its answers fared, and how that compares with the version before."""

    version: ScenarioVersion
    figures: VersionFigures | None
    change: versions.Change | None
    differences: tuple[versions.Difference, ...]


async def list_scenarios(app: App, trashed: bool = False) -> list[Scenario]:
    """Return the scenarios that the user sees, or those in the trash."""
    return await app.store.read(lambda db: rows.all_scenarios(db, trashed=trashed))


async def save_scenario(app: App, scenario_id: int | None, bundle: Bundle, note: str = "") -> int:
    """Publish a bundle as a new scenario (id None) or as a scenario's next version.

    Returns the id. Raises UserError("scenario_invalid") with field and problem.
    """
    checked = exchange.check(bundle)
    now = app.clock.now_ms()

    def write(db: Db) -> Scenario:
        if scenario_id is None:
            return rows.create(db, Scenario(0, 1, checked, is_public=False), now, note)
        return rows.publish(db, scenario_id, checked, now, note=note)

    saved = await _change(app, write)
    return saved.id


async def check_bundle(app: App, bundle: Bundle) -> None:
    """Raise UserError("scenario_invalid") for a bundle that could not be saved."""
    exchange.check(bundle)


async def duplicate_scenario(app: App, scenario_id: int) -> int:
    """Make a copy under another name; return its id."""

    def write(db: Db) -> Scenario:
        bundle = rows.get(db, scenario_id).bundle
        copy = replace(bundle, name=tr("{name} (copy)", name=bundle.name)[: exchange.MAX_NAME])
        return rows.create(db, Scenario(0, 1, copy, is_public=False), app.clock.now_ms())

    return (await _change(app, write)).id


async def trash_scenario(app: App, scenario_id: int) -> None:
    """Move to the trash; no request is answered in it any more."""
    await _change(app, lambda db: rows.trash(db, scenario_id, app.clock.now_ms()))


async def restore_scenario(app: App, scenario_id: int) -> None:
    """Take out of the trash."""
    await _change(app, lambda db: rows.restore(db, scenario_id))


async def delete_scenario(app: App, scenario_id: int) -> None:
    """Delete from the trash for good. A built-in scenario stays in the trash."""

    def write(db: Db) -> None:
        scenario = rows.get(db, scenario_id)
        if scenario.builtin is None and scenario.trashed_at is not None:
            rows.delete_forever(db, scenario_id)

    await _change(app, write)


async def set_default(app: App, scenario_id: int | None) -> None:
    """Let a scenario answer whatever fits nowhere; None: the built-in general one."""
    await _change(app, lambda db: rows.set_default(db, scenario_id))


async def set_public(app: App, scenario_id: int, is_public: bool) -> None:
    """Let other users of a shared database see a scenario, or not."""
    await _change(app, lambda db: rows.set_public(db, scenario_id, is_public))


async def preview_publish(app: App, scenario_id: int | None, bundle: Bundle) -> list[Moved]:
    """Replay all labelled requests: return those that would go elsewhere after the edit."""
    library = await app.store.read(matching.read_library)
    if not library.labels:
        return []
    checked = exchange.check(bundle)
    draft = -1 - zlib.crc32(repr(checked).encode())
    edited = Scenario(scenario_id or -1, draft, checked)
    after = tuple(edited if s.id == scenario_id else s for s in library.visible)
    after = after if scenario_id is not None else (*after, edited)
    names = {s.id: s.name for s in library.visible}
    names.setdefault(edited.id, edited.name)
    old = matching.candidates_of(library.visible, ())
    new = matching.candidates_of(after, ())
    return await asyncio.to_thread(_replay, app, library, (old, new), names)


async def try_request(app: App, text: str, session_id: int | None = None) -> Trial:
    """Return which scenario a request would be answered in, why, and with what prompt."""

    def read(db: Db) -> tuple[matching.Library, Session | None]:
        session = session_rows.get(db, session_id) if session_id is not None else None
        library = matching.read_library(db)
        if session is not None:
            library = replace(library, session=availability.of_session(db, session.id))
        return library, session

    library, session = await app.store.read(read)
    match = await asyncio.to_thread(
        app.matching.matcher.match,
        text,
        library.candidates(),
        default_id=library.fallback.id,
    )
    scenario = library.find(match.scenario_id) or library.fallback
    blank = session or Session(0, "", 0, 0)
    values, origins = configuration.merged(app, blank, scenario, TurnWish())
    known = await learned.for_request(app, text, session_id=session_id, scenario_id=scenario.id)
    prompt = configuration.composed(app, scenario, library, known, values)
    return Trial(match, scenario, prompt, origins, values)


async def settle_index(app: App) -> None:
    """Make the index of all scenarios whole now, for who wants the best answer at once."""
    library = await app.store.read(matching.read_library)
    await asyncio.to_thread(app.matching.matcher.settle, library.candidates())


async def switch_scenario(app: App, turn_id: int, scenario_id: int, pin: bool = False) -> None:
    """The user says that a turn belongs to another scenario: learn it, and answer it there.

    While the turn still waits for the choice it goes on with it; else a branch is made. `pin`
    keeps the whole session in that scenario.
    """
    now = app.clock.now_ms()

    def write(db: Db) -> int:
        turn = turn_rows.get_turn(db, turn_id)
        rows.get(db, scenario_id)
        was = turn.match.scenario_id if turn.match else None
        text = turn.user_text[:MAX_LABEL]
        if was != scenario_id or any(label.text == text for label in matches.labels(db)):
            known = was if was and rows.exists(db, was) else None
            matches.add_label(db, Label(0, text, scenario_id, known, now, turn_id))
            matches.mark_corrected(db, turn_id)
        if pin:
            _set_pin(db, turn.session_id, scenario_id)
        return turn.session_id

    session_id = await _change(app, write)
    running = app.runner.running(session_id)
    if running is not None and running.turn_id == turn_id and running.choose(scenario_id):
        return
    if app.runner.is_busy(session_id):
        await app.runner.stop(session_id)
        await app.runner.wait(session_id)
    await chat.answer_in(app, turn_id, scenario_id)
    await _report_drops(app, turn_id)


async def pin_scenario(app: App, session_id: int, scenario_id: int | None) -> None:
    """Answer everything in the session in one scenario; None: match again."""
    await _change(app, lambda db: _set_pin(db, session_id, scenario_id))


async def choices_of_session(
    app: App, session_id: int | None
) -> tuple[list[tuple[int, str]], int | None]:
    """Return (id, name) of all scenarios, and the one that the session stays in."""

    def read(db: Db) -> tuple[list[Scenario], Available]:
        session = availability.of_session(db, session_id) if session_id else Available()
        return rows.all_scenarios(db), session

    found, session = await app.store.read(read)
    pinned = session.pinned_id if any(s.id == session.pinned_id for s in found) else None
    return [(s.id, s.name) for s in found], pinned


async def available(app: App, session_id: int | None) -> Available:
    """Return the scenarios to choose from and the custom prompt of a session (None: the user)."""
    if session_id is None:
        return await app.store.read(availability.of_user)
    return await app.store.read(lambda db: availability.of_session(db, session_id))


async def set_available(app: App, session_id: int | None, chosen: Available) -> None:
    """Keep what is available to a session (None: to the user)."""

    def write(db: Db) -> None:
        if session_id is None:
            availability.set_for_user(db, chosen)
        else:
            availability.set_for_session(db, session_id, chosen)

    await _change(app, write)


async def list_labels(app: App) -> list[Label]:
    """Return all requests that the user has put right, the newest first."""
    return await app.store.read(matches.labels)


async def remove_label(app: App, label_id: int) -> None:
    """Forget a labelled request."""
    await _change(app, lambda db: matches.remove_label(db, label_id))


async def version_reports(app: App, scenario_id: int) -> list[VersionReport]:
    """Return all versions of a scenario, the newest first, with how each fared."""

    def read(db: Db) -> tuple[list[ScenarioVersion], dict[int, VersionFigures]]:
        figures = {f.version: f for f in matches.figures(db, scenario_id)}
        return rows.versions(db, scenario_id), figures

    found, figures = await app.store.read(read)
    reports = []
    for version, before in zip(found, [*found[1:], None], strict=True):
        change = None
        if before is not None:
            change = _change_between(figures.get(before.version), figures.get(version.version))
        differing = versions.differences(before.bundle, version.bundle) if before else ()
        reports.append(VersionReport(version, figures.get(version.version), change, differing))
    return reports


async def restore_version(app: App, scenario_id: int, version: int) -> None:
    """Publish an older version again, as the newest one."""

    def write(db: Db) -> None:
        old = next((v for v in rows.versions(db, scenario_id) if v.version == version), None)
        if old is None:
            raise UserError("scenario_not_found")
        note = tr("Back to version {version}", version=version)
        rows.publish(db, scenario_id, old.bundle, app.clock.now_ms(), note=note)

    await _change(app, write)


async def _change(app: App, write: Callable[[Db], T]) -> T:
    done = await app.store.write(write)
    app.bus.publish(ScenariosChanged())
    return done


def _replay(
    app: App,
    library: matching.Library,
    candidates: tuple[tuple[Candidate, ...], tuple[Candidate, ...]],
    names: dict[int, str],
) -> list[Moved]:
    """Fit both sets to the end first: only what the edit changes is to show."""
    default = library.fallback
    for each in candidates:
        app.matching.matcher.settle(each)
    moved = []
    for label in library.labels:
        went = []
        for each in candidates:
            match = app.matching.matcher.match(label.text, each, default_id=default.id)
            went.append(names.get(match.scenario_id or default.id, default.name))
        if went[0] != went[1]:
            meant = names.get(label.scenario_id or default.id, default.name)
            moved.append(Moved(label.text, meant, went[0], went[1]))
    return moved


def _set_pin(db: Db, session_id: int, scenario_id: int | None) -> None:
    available = availability.of_session(db, session_id)
    availability.set_for_session(db, session_id, replace(available, pinned_id=scenario_id))


def _change_between(
    before: VersionFigures | None, after: VersionFigures | None
) -> versions.Change | None:
    if before is None or after is None:
        return None
    return versions.compare(_good(before), before.turns, _good(after), after.turns)


def _good(figures: VersionFigures) -> int:
    return max(0, figures.turns - figures.corrected - figures.dislikes)


async def _report_drops(app: App, turn_id: int) -> None:
    """Tell the user when the version of the scenario that was left does worse than the last."""
    with contextlib.suppress(UserError):
        turn = await app.store.read(lambda db: turn_rows.get_turn(db, turn_id))
        if turn.match is None or not turn.match.scenario_id:
            return
        scenario_id = turn.match.scenario_id
        newest = (await version_reports(app, scenario_id))[0]
        if newest.change is not None and newest.change.is_drop:
            app.bus.publish(
                NoticeRaised(
                    NoticeLevel.WARNING,
                    "scenario_dropped",
                    {
                        "name": newest.version.bundle.name,
                        "version": newest.version.version,
                        "drop": round(-100 * newest.change.difference),
                        "low": round(-100 * newest.change.high),
                        "high": round(-100 * newest.change.low),
                    },
                    key=f"scenario_dropped_{scenario_id}",
                )
            )
