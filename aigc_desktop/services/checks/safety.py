"""Where keys are kept, what confines commands, and what scenarios would start."""

from __future__ import annotations

import asyncio

from aigc_desktop.agent.sandbox import Sandbox
from aigc_desktop.config import settings as config
from aigc_desktop.config.i18n import tr, tr_n
from aigc_desktop.config.messages import describe
from aigc_desktop.core.diagnostics import Group, State
from aigc_desktop.core.errors import UserError
from aigc_desktop.services.checks.check import Check, Finding, Place, blocking
from aigc_desktop.services.connection import ANTHROPIC
from aigc_desktop.store import scenarios

KEYRING_LIMIT = 45.0
"""Seconds; the keyring may be asking the user for a password."""


async def keyring(place: Place) -> Finding:
    """Can keys be kept safely?"""
    state = await blocking(place.secrets.state)
    in_file = await blocking(place.paths.key_file.exists)
    if state == "ok":
        if in_file:
            return Finding(
                State.WARNING,
                tr("There is a keyring, but keys are kept in a file only you can read."),
                tr("Enter the key again after deleting keys.json: it goes to the keyring."),
                place="settings",
            )
        return Finding(State.OK, tr("Keys are kept in the system's keyring."))
    title, remedy = describe(state, {"backend": tr("none that is trusted")})
    if in_file:
        said = tr("Keys are kept in a file only you can read: {reason}", reason=title)
        return Finding(State.WARNING, said, remedy)
    needed = place.settings.get(config.PROVIDER) == ANTHROPIC
    return Finding(State.PROBLEM if needed else State.WARNING, title, remedy, place="settings")


async def sandbox(place: Place) -> Finding:
    """Are commands confined?"""
    found = place.app.sandbox if place.app else await asyncio.to_thread(Sandbox.probe)
    if found.available:
        return Finding(State.OK, tr("Commands run confined by {name}.", name=found.kind.value))
    return Finding(
        State.WARNING,
        tr("Nothing confines commands here, so each of them asks ({reason}).", reason=found.reason),
        tr("On Linux, install bubblewrap."),
    )


async def mcp(place: Place) -> Finding:
    """Which MCP servers do scenarios name? None is ever started by the program."""
    try:
        found = await place.read(scenarios.all_scenarios)
    except UserError as error:
        title, remedy = describe(error.code, error.params)
        return Finding(State.UNKNOWN, title, remedy)
    naming = [scenario for scenario in found if scenario.bundle.mcp_servers]
    count = sum(len(scenario.bundle.mcp_servers) for scenario in naming)
    if not count:
        return Finding(State.NOT_APPLICABLE, tr("No scenario names an MCP server."))
    said = tr_n(
        "{count} MCP server is named in scenarios; it is inert: the program starts none.",
        "{count} MCP servers are named in scenarios; they are inert: the program starts none.",
        count,
    )
    return Finding(State.OK, said, detail=", ".join(scenario.name for scenario in naming[:8]))


CHECKS = (
    Check("keyring", Group.SAFETY, "Keyring", keyring, limit=KEYRING_LIMIT),
    Check("sandbox", Group.SAFETY, "Sandbox", sandbox),
    Check("mcp", Group.SAFETY, "MCP servers", mcp),
)
