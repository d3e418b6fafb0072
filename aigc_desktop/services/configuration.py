"""What a turn is answered with: scenario, merged settings and prompt, and where each is from."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from aigc_desktop.config import settings as config
from aigc_desktop.config.setting import Setting
from aigc_desktop.core.matching import Match
from aigc_desktop.core.scenario import Scenario
from aigc_desktop.core.session import Session, Turn, TurnConfig
from aigc_desktop.scenarios import precedence
from aigc_desktop.scenarios.composer import ComposedPrompt, PartKind, compose
from aigc_desktop.services import learned, matching
from aigc_desktop.services.app import App
from aigc_desktop.services.learned import Learned
from aigc_desktop.services.prompt import global_prompt
from aigc_desktop.services.runner import RunningTurn, TurnWish
from aigc_desktop.store import sessions as session_rows

_SETTINGS: dict[str, Setting[Any]] = {
    "model": config.MODEL,
    "permission_mode": config.PERMISSION_MODE,
    "max_turns": config.MAX_TURNS,
    "max_tokens": config.MAX_TOKENS,
    "token_limit": config.TOKEN_LIMIT,
    "cost_limit_usd": config.COST_LIMIT_USD,
    "web_search": config.WEB_SEARCH,
}


async def settle(app: App, running: RunningTurn, turn: Turn) -> tuple[TurnConfig, Match]:
    """Return what the turn is answered with, and how its scenario was chosen.

    A replayed turn takes what it was answered with.

    Raises UserError: `api_key_missing`, `provider_not_chosen` and others.
    """
    wish = app.runner.wishes.pop(turn.id, TurnWish())
    if wish.replay is not None:
        return await _replay(app, running, turn, wish.replay)
    session = await app.store.read(lambda db: session_rows.get(db, turn.session_id))
    scenario, library, match = await matching.choose(app, turn, wish, running)
    values, origins = merged(app, session, scenario, wish)
    provider = app.connection.provider_for(values["model"])
    client = await app.connection.model_for(provider)
    resolved = await client.resolve(values["model"])
    known = await learned.for_request(
        app,
        turn.user_text,
        session_id=turn.session_id,
        scenario_id=scenario.id,
        parent_id=turn.parent_id,
        without=wish.without_lessons,
    )
    prompt = composed(app, scenario, library, known, values)
    settled = TurnConfig(
        model=values["model"],
        resolved_model=resolved,
        provider=provider,
        system_prompt=prompt.text,
        allowed_tools=scenario.bundle.allowed_tools or (),
        permission_mode=values["permission_mode"],
        work_dir=values["work_dir"],
        max_turns=values["max_turns"],
        max_tokens=values["max_tokens"],
        token_limit=values["token_limit"] or None,
        cost_limit_usd=values["cost_limit_usd"] or None,
        web_search=values["web_search"] == "on" and client.offers_web_search(resolved),
        scenario_id=scenario.id or None,
        scenario_version=scenario.version,
        scenario_name=scenario.name,
        prompt_parts=tuple((part.kind.value, part.tokens) for part in prompt.parts),
        origins=origins,
        lessons=known.uses,
        lessons_left_out=known.left_out,
    )
    return settled, match


def merged(
    app: App, session: Session, scenario: Scenario, wish: TurnWish
) -> tuple[dict[str, Any], dict[str, str]]:
    """Return each setting's value and its origin: request > session > user > scenario > global."""
    user, default = _settings(app)
    bundle = scenario.bundle
    usual_mode = user.get("permission_mode") or default["permission_mode"]
    stricter = precedence.stricter(bundle.permission_mode, usual_mode)
    if stricter is not None:
        user.pop("permission_mode", None)
    return precedence.merge(
        {
            "request": {"permission_mode": wish.permission_mode},
            "session": {"model": session.model, "work_dir": session.work_dir},
            "user": user,
            "scenario": {
                "model": bundle.model,
                "permission_mode": stricter,
                "max_turns": bundle.max_turns,
                "work_dir": bundle.work_dir,
            },
            "global": default,
        }
    )


def composed(
    app: App,
    scenario: Scenario,
    library: matching.Library,
    known: Learned,
    values: Mapping[str, Any],
) -> ComposedPrompt:
    """Return the system prompt with its parts; `values` are the merged settings."""
    today = datetime.datetime.fromtimestamp(app.clock.now_ms() / 1000, tz=datetime.UTC).date()
    return compose(
        {
            PartKind.GLOBAL: global_prompt(values["work_dir"], today, values["permission_mode"]),
            PartKind.SCENARIO: scenario.bundle.system_prompt,
            PartKind.USER: library.user.custom_prompt,
            PartKind.SESSION: library.session.custom_prompt,
            PartKind.USER_PREFERENCES: known.user_text,
            PartKind.SESSION_PREFERENCES: known.session_text,
        }
    )


def _settings(app: App) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what the user has set, and the defaults of what nobody has."""
    user: dict[str, Any] = {}
    default: dict[str, Any] = {}
    for key, setting in _SETTINGS.items():
        chosen = app.settings.origin(setting) != "default"
        (user if chosen else default)[key] = app.settings.get(setting)
        default.setdefault(key, setting.default)
    work_dir = app.settings.get(config.WORK_DIR)
    if work_dir:
        user["work_dir"] = work_dir
    default["work_dir"] = str(app.paths.work_dir)
    return user, default


async def _replay(
    app: App, running: RunningTurn, turn: Turn, snapshot: TurnConfig
) -> tuple[TurnConfig, Match]:
    """Choose the scenario of a snapshot again, for the record, and take all else from it."""
    wish = TurnWish(scenario_id=snapshot.scenario_id)
    _, _, match = await matching.choose(app, turn, wish, running)
    return snapshot, match
