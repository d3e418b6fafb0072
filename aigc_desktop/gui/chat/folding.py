"""Events of a turn brought into the rows."""

from __future__ import annotations

import time
from dataclasses import replace
from decimal import Decimal

from aigc_desktop.core import events as ev
from aigc_desktop.core.session import USER_POSITION
from aigc_desktop.gui.chat.message_views import estimate
from aigc_desktop.gui.chat.rows import (
    FOOTER_POSITION,
    Row,
    Rows,
    close_open_tools,
    fold,
    new_row,
)

NEW_TURN_HEIGHTS = (80, 44)
"""First guesses for a new turn's own two rows, in pixels."""


def apply(rows: Rows, event: ev.TurnEvent, column: int) -> list[Row]:
    """Change `rows` by `event`; return those rows that are to be drawn anew."""
    match event:
        case ev.TurnQueued(turn=turn) | ev.TurnStarted(turn=turn):
            rows.show_turn(turn, NEW_TURN_HEIGHTS)
            return _ends(rows, turn.id)
        case ev.TurnEnded(turn=turn):
            if turn.id not in rows.turns:
                return []
            rows.show_turn(turn, NEW_TURN_HEIGHTS)
            rows.turns[turn.id].asks_scenario = False
            return [*close_open_tools(_rows_of(rows, turn.id)), *_ends(rows, turn.id)]
        case ev.TurnUnqueued(turn_id=turn_id):
            rows.remove_turn(turn_id)
            return []
    state = rows.turns.get(event.turn_id)
    if state is None:
        return []
    if isinstance(event, ev.UsageUpdated):
        cost = None if event.cost_usd is None else Decimal(event.cost_usd)
        state.turn = replace(state.turn, usage=event.usage, cost_usd=cost)
        return _ends(rows, event.turn_id)
    if isinstance(event, ev.ScenarioMatched):
        state.turn = replace(state.turn, match=event.match)
        state.asks_scenario = event.waits
        return _ends(rows, event.turn_id)
    if isinstance(event, ev.OpinionChanged):
        state.turn = replace(state.turn, opinion=event.opinion)
        return _ends(rows, event.turn_id)
    if isinstance(event, ev.RetryScheduled):
        state.retry, state.retry_at = event, time.monotonic() + event.seconds
        return _ends(rows, event.turn_id)
    retried, state.retry = state.retry is not None, None
    changed = _ends(rows, event.turn_id) if retried else []
    return [*changed, *_apply_to_row(rows, event, column)]


def _apply_to_row(rows: Rows, event: ev.TurnEvent, column: int) -> list[Row]:
    position = getattr(event, "position", None)
    if position is None:
        return []
    row = rows.find(event.turn_id, position)
    if row is None:
        row = new_row(rows.turns[event.turn_id], event)
        if row is None:
            return []
        rows.add(row, estimate(row, column))
    return [row] if fold(row, event) else []


def _ends(rows: Rows, turn_id: int) -> list[Row]:
    found = (rows.find(turn_id, USER_POSITION), rows.find(turn_id, FOOTER_POSITION))
    return [row for row in found if row is not None]


def _rows_of(rows: Rows, turn_id: int) -> list[Row]:
    at = rows.index[(turn_id, FOOTER_POSITION)]
    found: list[Row] = []
    while at >= 0 and rows.rows[at].turn_id == turn_id:
        found.append(rows.rows[at])
        at -= 1
    return found
