"""The summary of feedback that the learner works on, and its hash: same data, same hash."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aigc_desktop.core.learning import Feedback, FeedbackKind
from aigc_desktop.learning.guard import has_hidden

NEWEST = 50
"""Entries that a summary is made of (shared/DOMAIN.md)."""

FROM_ONE_SESSION = 20
"""Entries of one session among them at most: nobody floods the summary (CASES 158)."""

MAX_REQUEST = 300
MAX_TYPED = 500
VERSION = 1
"""Counted up when a summary is made differently, so that everything is learned from again."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What is given to the model. `entries` are those that count, the newest first."""

    entries: tuple[Feedback, ...]
    data: Mapping[str, Any]
    hash: str


def chosen(feedback: Sequence[Feedback], *, newest: int = NEWEST) -> tuple[Feedback, ...]:
    """Return the entries that count, the newest first: not all of one session's."""
    seen: Counter[int | None] = Counter()
    found = []
    for entry in sorted(feedback, key=lambda each: (each.at, each.id), reverse=True):
        if entry.session_id is not None and seen[entry.session_id] >= FROM_ONE_SESSION:
            continue
        seen[entry.session_id] += 1
        found.append(entry)
        if len(found) == newest:
            break
    return tuple(found)


def summarize(feedback: Sequence[Feedback], totals: Mapping[str, int]) -> Summary:
    """Return the summary of a user's or a session's feedback.

    `totals` count feedback by kind over all time. What is not feedback is left out on purpose:
    every message would change the hash, and a model would be asked though nothing was said.
    """
    entries = chosen(feedback)
    data = {
        "version": VERSION,
        "totals": {kind: totals[kind] for kind in sorted(totals)},
        "entries": [_entry(each) for each in entries],
    }
    text = json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return Summary(entries, data, hashlib.sha256(text.encode()).hexdigest())


def _entry(each: Feedback) -> dict[str, Any]:
    """Return an entry for the model: the user's words, numbers, and no text of any answer."""
    entry: dict[str, Any] = {
        "id": each.id,
        "kind": each.kind.value,
        "said_so": each.kind.is_explicit,
        "request": clipped(each.request, MAX_REQUEST),
    }
    if each.scenario_id is not None:
        entry["scenario_id"] = each.scenario_id
    if each.session_id is not None:
        entry["session_id"] = each.session_id
    if each.fault is not None:
        entry["what_failed"] = each.fault.value
    if each.typed:
        entry["user_wrote"] = clipped(each.typed, MAX_TYPED)
    if each.features:
        entry["changed"] = dict(sorted(each.features.items()))
    return entry


def clipped(text: str, limit: int) -> str:
    """Return the beginning of a text; one with hidden characters is left out whole."""
    text = " ".join(text.split())
    return "" if has_hidden(text) else text[:limit]


def kind_totals(feedback: Sequence[Feedback]) -> dict[str, int]:
    """Return how often each kind occurs."""
    counts = Counter(each.kind for each in feedback)
    return {kind.value: counts[kind] for kind in FeedbackKind if counts[kind]}
