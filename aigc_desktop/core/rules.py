"""Permission rules as plain values: what may be done, to what, where, for how long."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Effect(StrEnum):
    """What a rule says about what it matches. Deny wins over ask, ask over allow."""

    ALLOW = "allow"
    ASK = "ask"
    DENY = "deny"


class Scope(StrEnum):
    """How long a rule holds. What is allowed once is no rule."""

    SESSION = "session"
    """For one session, until the program ends; kept in memory only."""
    SCENARIO = "scenario"
    """Whenever the same scenario answers."""
    ALWAYS = "always"


class Area(StrEnum):
    """What a call does, whichever tool it uses."""

    READ = "read"
    WRITE = "write"
    RUN = "run"
    FETCH = "fetch"
    CONNECT = "connect"
    """A command reaches a host, to read from it and to send to it."""


class Match(StrEnum):
    """How a rule's resource is compared."""

    ANY = "any"
    EXACT = "exact"
    """The same path, the same command letter by letter, the same host."""
    PREFIX = "prefix"
    """A folder and all below it; the first words of a command that is nothing but words."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. It holds in `folder` only; `id` is 0 for one that is not stored.

    `resource` is a path beneath the folder, a command, or a host. Times in epoch ms.
    """

    effect: Effect
    area: Area
    match: Match
    resource: str
    folder: str
    scope: Scope
    session_id: int | None = None
    id: int = 0
    created_at: int = 0
    used_at: int | None = None
    uses: int = 0
    last_subject: str = ""
    scenario_id: int | None = None
