"""What the chat page knows of the shown session; folded from a snapshot and events, no Qt."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal

from aigc_desktop.config.i18n import tr
from aigc_desktop.core.events import (
    Event,
    OpinionChanged,
    ScenarioMatched,
    SessionChanged,
    TurnEnded,
    TurnEvent,
    TurnQueued,
    TurnStarted,
    TurnUnqueued,
)
from aigc_desktop.core.session import Session, Turn, TurnStatus, Usage
from aigc_desktop.core.transcript import TranscriptSnapshot


@dataclass
class SessionState:
    """The shown session: its turns by id, in order."""

    session: Session | None = None
    turns: dict[int, Turn] = field(default_factory=dict)

    @property
    def id(self) -> int | None:
        return self.session.id if self.session else None

    @property
    def running(self) -> bool:
        return any(turn.status is TurnStatus.RUNNING for turn in self.turns.values())

    @property
    def queued(self) -> int:
        return sum(turn.status is TurnStatus.QUEUED for turn in self.turns.values())

    @property
    def sent_texts(self) -> list[str]:
        """What the user said, oldest first."""
        return [turn.user_text for turn in self.turns.values()]

    def show(self, snapshot: TranscriptSnapshot) -> None:
        """Begin from a snapshot."""
        self.session = snapshot.session
        self.turns = {turn.id: turn for turn in snapshot.turns}

    def clear(self) -> None:
        """No session is shown."""
        self.session = None
        self.turns = {}

    def apply(self, event: Event) -> None:
        """Take in an event of this session; others are passed over."""
        if isinstance(event, SessionChanged) and event.session.id == self.id:
            self.session = event.session
        if not isinstance(event, TurnEvent) or event.session_id != self.id:
            return
        if isinstance(event, TurnQueued | TurnStarted | TurnEnded):
            self.turns[event.turn_id] = event.turn
        elif isinstance(event, ScenarioMatched) and event.turn_id in self.turns:
            self.turns[event.turn_id] = replace(self.turns[event.turn_id], match=event.match)
        elif isinstance(event, OpinionChanged) and event.turn_id in self.turns:
            self.turns[event.turn_id] = replace(self.turns[event.turn_id], opinion=event.opinion)
        elif isinstance(event, TurnUnqueued):
            self.turns.pop(event.turn_id, None)


def tokens_text(count: int) -> str:
    """Return a number of tokens, short."""
    if count < 1000:
        return str(count)
    if count < 1_000_000:
        return f"{count / 1000:.1f}k"
    return f"{count / 1_000_000:.2f}M"


def cost_text(cost: Decimal | None) -> str:
    """Return a cost in US dollars; what has no price is not free."""
    if cost is None:
        return tr("unpriced")
    if cost == 0:
        return "$0"
    return f"${cost:.4f}" if cost < 1 else f"${cost:.2f}"


def totals_text(usage: Usage, cost: Decimal | None) -> str:
    """Return a session's usage and cost on one line."""
    if not usage.total:
        return ""
    return tr("{tokens} tokens · {cost}", tokens=tokens_text(usage.total), cost=cost_text(cost))


def totals_tip(usage: Usage) -> str:
    """Return the usage in full."""
    return tr(
        "Input {input}, output {output}, read from cache {read}, written to cache {written}",
        input=f"{usage.input_tokens:,}",
        output=f"{usage.output_tokens:,}",
        read=f"{usage.cache_read_tokens:,}",
        written=f"{usage.cache_write_tokens:,}",
    )
