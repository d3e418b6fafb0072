"""The local HTTP server as values: its state, its tokens, and what the services ask of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
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


@dataclass(frozen=True, slots=True)
class SessionStats:
    """Sums over everything that is stored."""

    sessions: int
    trashed_sessions: int
    turns: int
    messages: int
    input_tokens: int
    output_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int
    cost_micros: int
    unpriced_turns: int
    """Turns without a price: not counted in the cost, which is not to say that they were free."""

    @property
    def tokens(self) -> int:
        return (
            self.input_tokens
            + self.output_tokens
            + self.cache_read_tokens
            + self.cache_write_tokens
        )

    @property
    def cost_usd(self) -> str:
        """US dollars, as an exact decimal."""
        return str(Decimal(self.cost_micros).scaleb(-6))


class HttpControl(Protocol):
    """The server as the services see it."""

    @property
    def state(self) -> HttpState: ...

    async def start(self, port: int | None = None) -> HttpState:
        """Listen, at the port of the settings or another. Raises UserError if it cannot."""

    async def stop(self) -> None:
        """Close all connections and listen no more."""
