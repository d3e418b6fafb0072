"""The local HTTP server as values: its state, its tokens, and what the services ask of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

HEALTH = "/api/v1/health"
STATS = "/api/v1/sessions/stats"
LEARN = "/api/v1/platform/cron/batch-learn-preferences"
OPENAPI = "/api/v1/openapi.json"
METRICS = "/metrics"


@dataclass(frozen=True, slots=True)
class HttpState:
    """Whether the server runs, and where; `problem` is a UserError's code and params."""

    enabled: bool
    running: bool
    port: int
    problem: tuple[str, Mapping[str, Any]] | None = None
    free_port: int | None = None
    """Another port that could be used, when this one is taken."""

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"


class TokenState(StrEnum):
    VALID = "valid"
    EXPIRED = "expired"
    REVOKED = "revoked"
    OLD_KEY = "old_key"
    """Signed with a key that is not in use any more."""


@dataclass(frozen=True, slots=True)
class ApiToken:
    """What is known about a token; never the token itself. Times in epoch milliseconds."""

    id: str
    name: str
    created_at: int
    expires_at: int
    revoked_at: int | None
    used_at: int | None
    state: TokenState = TokenState.VALID


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token at the one moment when it is shown."""

    token: str
    about: ApiToken
    lasting: bool
    """False: the signing key is kept for this session only, so that the token ends with it."""


class HttpControl(Protocol):
    """The server as the services see it."""

    @property
    def state(self) -> HttpState: ...

    async def start(self, port: int | None = None) -> HttpState:
        """Listen, at the port of the settings or another. Raises UserError if it cannot."""

    async def stop(self) -> None:
        """Close all connections and listen no more."""
