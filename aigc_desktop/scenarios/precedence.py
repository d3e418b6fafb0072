"""Which scenarios are candidates for a request, and whose value of a setting holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from aigc_desktop.core.scenario import Available, Scenario

LAYERS = ("request", "session", "user", "scenario", "global")
"""Whose value holds, the first that has one (shared/DOMAIN.md)."""

MODES = ("plan", "ask", "accept_edits", "auto")
"""Permission modes, the strictest first."""


def candidates(
    visible: Sequence[Scenario], user: Available, session: Available
) -> tuple[tuple[Scenario, ...], str]:
    """Return the scenarios to choose from and whose list that is: session, user or all.

    Entries of a list that are gone or not visible do not count; a list of nothing else is none.
    """
    for origin, chosen in (("session", session), ("user", user)):
        wanted = set(chosen.scenario_ids)
        found = tuple(scenario for scenario in visible if scenario.id in wanted)
        if found:
            return found, origin
    return tuple(visible), "all"


def merge(layers: Mapping[str, Mapping[str, Any]]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return each key's value and its layer; None in a layer means "not set there"."""
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for layer in LAYERS:
        for key, value in layers.get(layer, {}).items():
            if value is not None and key not in values:
                values[key], origins[key] = value, layer
    return values, origins


def stricter(mode: str | None, than: str) -> str | None:
    """Return a scenario's permission mode if it is stricter than `than`, else None.

    A scenario may come from somebody else: it can take away what is allowed, never add to it.
    """
    if mode not in MODES or than not in MODES:
        return None
    return mode if MODES.index(mode) < MODES.index(than) else None


def tools_left(allowed: Iterable[str] | None, there: Iterable[str]) -> tuple[str, ...]:
    """Return those of the tools that a scenario leaves; None leaves all."""
    if allowed is None:
        return tuple(there)
    wanted = set(allowed)
    return tuple(name for name in there if name in wanted)
