"""The built-in scenarios: stored at the first start, kept up to date until the user edits one."""

from __future__ import annotations

import json
from typing import Any

from aigc_desktop.config import i18n
from aigc_desktop.config.paths import resource
from aigc_desktop.core.scenario import GENERAL_KEY, Bundle, Prompt, Scenario
from aigc_desktop.services.app import App
from aigc_desktop.store import prompts as prompt_rows
from aigc_desktop.store import scenarios as scenario_rows
from aigc_desktop.store.store import Db


def bundles(language: str) -> dict[str, Bundle]:
    """Return all built-in scenarios by key, in a language: `zh_CN`, else English.

    Examples and keywords of the other language are there too: users write in both.
    """
    own, other = ("zh", "en") if language.startswith("zh") else ("en", "zh")
    files = sorted(resource("scenarios").glob("*.json"))
    read = (json.loads(file.read_text(encoding="utf-8")) for file in files)
    return {data["key"]: _bundle(data, own, other) for data in read}


def prompts(language: str) -> list[Prompt]:
    """Return the prompts that a new library begins with."""
    own = "zh" if language.startswith("zh") else "en"
    read = json.loads(resource("prompts.json").read_text(encoding="utf-8"))
    return [
        Prompt(0, data[own]["name"], "", data[own]["category"], data[own]["content"])
        for data in read
    ]


async def refresh(app: App) -> None:
    """Store built-in scenarios that are new, and update those that the user has not edited."""
    wanted = bundles(i18n.current_language())
    now = app.clock.now_ms()

    def write(db: Db) -> None:
        there = scenario_rows.builtin_rows(db)
        if not there and not prompt_rows.all_prompts(db):
            for prompt in prompts(i18n.current_language()):
                prompt_rows.save(db, prompt)
        for key in sorted(wanted, key=lambda key: key != GENERAL_KEY):
            known = there.get(key)
            if known is None:
                new = Scenario(0, 1, wanted[key], builtin=key, follows_builtin=True)
                _add(db, new, now)
            elif known.follows_builtin and known.bundle != wanted[key]:
                scenario_rows.publish(db, known.id, wanted[key], now, follows_builtin=True)

    there = await app.store.read(scenario_rows.builtin_rows)
    outdated = (
        key not in there or (there[key].follows_builtin and there[key].bundle != wanted[key])
        for key in wanted
    )
    if not app.store.read_only and any(outdated):
        await app.store.write(write)


def _add(db: Db, new: Scenario, now: int) -> None:
    added = scenario_rows.create(db, new, now)
    has_default = any(s.is_default for s in scenario_rows.all_scenarios(db))
    if new.builtin == GENERAL_KEY and not has_default:
        scenario_rows.set_default(db, added.id)


def _bundle(data: dict[str, Any], own: str, other: str) -> Bundle:
    mine, theirs = data[own], data[other]
    return Bundle(
        name=mine["name"],
        description=mine["description"],
        category=data["category"][own],
        tags=tuple(mine["tags"]),
        keywords=(*mine["keywords"], *theirs["keywords"]),
        examples=(*mine["examples"], *theirs["examples"]),
        system_prompt=mine["system_prompt"],
    )
