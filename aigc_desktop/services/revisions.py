"""Tells whether a session has changed while it was being read."""

from __future__ import annotations

from collections import Counter

from aigc_desktop.core.bus import EventBus
from aigc_desktop.core.events import (
    BranchSwitched,
    Event,
    SessionChanged,
    TurnEnded,
    TurnQueued,
    TurnStarted,
    TurnUnqueued,
)

COUNTED = (BranchSwitched, TurnQueued, TurnUnqueued, TurnStarted, TurnEnded)


class SessionRevisions:
    """Counts, for each session, the events that change it or say which turns there are.

    What streams inside a running turn is not counted: `LiveTurn` has that.
    """

    def __init__(self, bus: EventBus) -> None:
        self._counts: Counter[int] = Counter()
        bus.subscribe(self._count)

    def __getitem__(self, session_id: int) -> int:
        return self._counts[session_id]

    def _count(self, event: Event) -> None:
        if isinstance(event, SessionChanged):
            self._counts[event.session.id] += 1
        elif isinstance(
            event, BranchSwitched | TurnQueued | TurnUnqueued | TurnStarted | TurnEnded
        ):
            self._counts[event.session_id] += 1
