"""Sessions, turns and messages as plain values (words: shared/DOMAIN.md)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any

from aigc_desktop.core.content import Block, Role
from aigc_desktop.core.learning import LessonUse, Opinion
from aigc_desktop.core.matching import Match

STEP_POSITIONS = 1000
"""Positions that one step (one model call and its tool results) of a turn may use."""

RESULT_OFFSET = 500
"""Within a step: 0..499 are the assistant's blocks, 500..999 the user-role answers to them."""

USER_POSITION = 0
"""Position of the user's own message in a turn; step n (from 1) starts at n * STEP_POSITIONS."""


def assistant_position(step: int, index: int) -> int:
    """Return the position in the turn of block `index` of the model's answer in `step` (from 1)."""
    return step * STEP_POSITIONS + index


def result_position(step: int, index: int) -> int:
    """Return the position of answer `index` (tool result or note) that ends `step`."""
    return step * STEP_POSITIONS + RESULT_OFFSET + index


class TurnStatus(StrEnum):
    """How far a turn came."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"
    """By the user."""
    INTERRUPTED = "interrupted"
    """By a crash or a kill; found at the next start."""
    FAILED = "failed"


class StopReason(StrEnum):
    """Why a turn ended."""

    END_TURN = "end_turn"
    MAX_TOKENS = "max_tokens"
    REFUSAL = "refusal"
    TURN_LIMIT = "turn_limit"
    TOKEN_LIMIT = "token_limit"  # noqa: S105
    COST_LIMIT = "cost_limit"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the API counts them; `input_tokens` excludes cached ones."""

    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    web_searches: int = 0
    """Searches on the provider's side, which are priced apart; counted while a turn runs."""

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            self.cache_read_tokens + other.cache_read_tokens,
            self.cache_write_tokens + other.cache_write_tokens,
            self.web_searches + other.web_searches,
        )

    @property
    def total(self) -> int:
        """All tokens that passed, cached or not."""
        return (
            self.input_tokens
            + self.output_tokens
            + self.cache_read_tokens
            + self.cache_write_tokens
        )


@dataclass(frozen=True, slots=True)
class TurnConfig:
    """Snapshot of the configuration that a turn was answered with.

    `model` is what was asked for (`sonnet`), `resolved_model` what it meant at that moment.
    `origins` maps each key to where its value came from: request, session, user, scenario, global.
    """

    model: str
    resolved_model: str
    provider: str
    system_prompt: str
    allowed_tools: tuple[str, ...]
    permission_mode: str
    work_dir: str
    max_turns: int
    max_tokens: int
    token_limit: int | None = None
    cost_limit_usd: Decimal | None = None
    web_search: bool = False
    scenario_id: int | None = None
    scenario_version: int = 0
    scenario_name: str = ""
    prompt_parts: tuple[tuple[str, int], ...] = ()
    """What the system prompt was made of: (kind, about how many tokens), in order."""
    origins: Mapping[str, str] = field(default_factory=dict)
    lessons: tuple[LessonUse, ...] = ()
    """What was learned and stood in the prompt."""
    lessons_left_out: tuple[LessonUse, ...] = ()
    """Lessons that the user wanted this answer to be without."""


@dataclass(frozen=True, slots=True)
class Session:
    """A conversation. Times in epoch ms; `current_turn_id` is the shown branch's leaf."""

    id: int
    title: str
    created_at: int
    last_activity: int
    pinned: bool = False
    trashed_at: int | None = None
    current_turn_id: int | None = None
    model: str | None = None
    work_dir: str | None = None
    draft: str = ""
    title_is_manual: bool = False


@dataclass(frozen=True, slots=True)
class Effects:
    """How many files a turn made, changed and deleted in its work directory."""

    created: int = 0
    changed: int = 0
    deleted: int = 0
    undone: bool = False

    @property
    def total(self) -> int:
        return self.created + self.changed + self.deleted


@dataclass(frozen=True, slots=True)
class Turn:
    """One user message and all that was done to answer it.

    `siblings` are the ids of all turns with the same parent, oldest first, itself included: the
    branches made by edit and regenerate. `cost_usd` None means unpriced, which is not zero.
    `error` is a UserError's code with its params, for a turn that failed. `effects` is None for a
    turn that had none on the work directory. `match` says which scenario answered, and why.
    """

    id: int
    session_id: int
    parent_id: int | None
    status: TurnStatus
    created_at: int
    user_text: str
    stop_reason: StopReason | None = None
    ended_at: int | None = None
    usage: Usage = field(default_factory=Usage)
    cost_usd: Decimal | None = None
    model: str = ""
    error: tuple[str, Mapping[str, Any]] | None = None
    siblings: tuple[int, ...] = ()
    effects: Effects | None = None
    permission_mode: str = ""
    match: Match | None = None
    opinion: Opinion = field(default_factory=Opinion)


@dataclass(frozen=True, slots=True)
class Message:
    """An entry of a turn: one content block and who said it.

    `extra` holds what the block itself has no place for: `duration_ms`, `decision`,
    `full_output` (path of the untruncated tool output), `partial` (True while streaming).
    """

    turn_id: int
    position: int
    role: Role
    block: Block
    created_at: int
    extra: Mapping[str, Any] = field(default_factory=dict)
