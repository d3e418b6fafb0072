"""Scenarios and prompts of the library as plain values (words: shared/DOMAIN.md)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

GENERAL_KEY = "general"
"""The built-in scenario that answers when there is no default."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """What a scenario says and sets: the part that is versioned as a whole.

    None means "not set here": the value then comes from the user's or the global settings.
    `mcp_servers` and `workflow` are kept as they came; nothing starts them from here.
    """

    name: str
    description: str = ""
    category: str = ""
    tags: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    system_prompt: str = ""
    allowed_tools: tuple[str, ...] | None = None
    skills: tuple[str, ...] = ()
    mcp_servers: tuple[Mapping[str, Any], ...] = ()
    workflow: Mapping[str, Any] = field(default_factory=dict)
    model: str | None = None
    permission_mode: str | None = None
    max_turns: int | None = None
    work_dir: str | None = None


@dataclass(frozen=True, slots=True)
class Scenario:
    """A business context that requests are answered in. Times in epoch ms.

    `builtin` names the built-in scenario that this one is; `follows_builtin` says that the user
    has not changed it, so that it takes over the program's language and updates.
    """

    id: int
    version: int
    bundle: Bundle
    is_default: bool = False
    is_public: bool = True
    created_by: int | None = None
    builtin: str | None = None
    follows_builtin: bool = False
    trashed_at: int | None = None
    updated_at: int = 0

    @property
    def name(self) -> str:
        return self.bundle.name


@dataclass(frozen=True, slots=True)
class ScenarioVersion:
    """One published state of a scenario."""

    scenario_id: int
    version: int
    bundle: Bundle
    created_at: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class Label:
    """A request of which it is known where it belongs: made when the user switched a scenario.

    `scenario_id` None: none fitted. `was_id` is what had been chosen.
    """

    id: int
    text: str
    scenario_id: int | None
    was_id: int | None
    created_at: int
    turn_id: int | None = None


@dataclass(frozen=True, slots=True)
class Prompt:
    """A reusable template of the prompt library; `{{name}}` in it is a variable."""

    id: int
    name: str
    description: str
    category: str
    content: str
    usage_count: int = 0


@dataclass(frozen=True, slots=True)
class Available:
    """What a user or a session has chosen: scenarios (empty: all that are visible), own prompt.

    `pinned_id` is the scenario that every request of the session is answered in.
    """

    scenario_ids: tuple[int, ...] = ()
    custom_prompt: str = ""
    pinned_id: int | None = None
