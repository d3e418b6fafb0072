"""The ScenarioMatcher: the scenario, the default, or unsure; with confidence and reasons."""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from aigc_desktop.core.matching import Candidate, Match, Outcome, Ranked, Reason, ReasonKind
from aigc_desktop.scenarios.matching import follow_up
from aigc_desktop.scenarios.matching.confidence import (
    FULL,
    LIGHT,
    confidence,
    probabilities,
    shares,
)
from aigc_desktop.scenarios.matching.embedding import SentenceEncoder
from aigc_desktop.scenarios.matching.index import Known, ScenarioIndex, Scores, texts_of
from aigc_desktop.scenarios.matching.text import shorten

logger = logging.getLogger("ScenarioMatcher")

ASK_BELOW = 0.49
"""Confidence under which a choice counts as unsure: above it 97 % of the choices among up to 20
scenarios were right (train splits, `benchmarks/fit_matching.py`)."""

REPEATED = 0.99
"""Confidence in an example that is asked again."""

NEAR = 0.2
"""Cosine with the nearest text under which a request is like nothing that is known: 1 in 200
requests of the train splits that do belong somewhere lies below."""

NEW_AT_ONCE = 60
"""Texts that are encoded while a request waits (about 40 ms); more than an edit brings."""

CACHED = 2_000
INDEXES = 8
SHOWN = 5
REASONS = 4

Submit = Callable[[Callable[[], None]], None]


@dataclass(slots=True)
class _Entry:
    """An index, and what makes it outdated."""

    index: ScenarioIndex
    scorer: str
    thorough: bool


class ScenarioMatcher:
    """Chooses among candidates; may be used from several threads.

    An index is kept per set of candidates and their versions. After an edit the first request gets
    one that is made at once; leaving-out, which takes longer, follows in `submit`'s thread. Until
    the embedding is loaded words alone decide.
    """

    def __init__(self, encoder: SentenceEncoder, submit: Submit) -> None:
        """`submit` runs a function in the background."""
        self._encoder = encoder
        self._submit = submit
        self._lock = threading.Lock()
        self._indexes: OrderedDict[str, _Entry] = OrderedDict()
        self._fitting: set[str] = set()
        self._answers: OrderedDict[tuple[str, str, int | None, str], Match] = OrderedDict()

    def match(
        self,
        text: str,
        candidates: Sequence[Candidate],
        *,
        default_id: int | None = None,
        previous_id: int | None = None,
    ) -> Match:
        """Choose for a request.

        `default_id` answers when nothing fits; it may be a candidate too. `previous_id` is the
        scenario of the session's turn before, which follow-ups stay in.
        """
        began = time.perf_counter()
        found = self._match(text, tuple(candidates), default_id, previous_id)
        found = replace(found, milliseconds=(time.perf_counter() - began) * 1000)
        logger.info(
            "%s: scenario %s, confidence %.2f, runner-up %s, %s scorer, %.1f ms",
            found.outcome.value,
            found.scenario_id,
            found.confidence,
            found.runner_up.id if found.runner_up else None,
            found.scorer,
            found.milliseconds,
        )
        return found

    def is_quick(self, candidates: Sequence[Candidate]) -> bool:
        """Whether `match` answers in milliseconds: nothing has to be indexed first."""
        with self._lock:
            return len(candidates) < 2 or _key(tuple(candidates)) in self._indexes

    def warm_up(self, candidates: Sequence[Candidate]) -> None:
        """Load the embedding and make the index, in the background."""
        wanted = tuple(candidates)
        self._submit(lambda: self.settle(wanted))

    def settle(self, candidates: Sequence[Candidate]) -> None:
        """Do the same here and now."""
        self._encoder.load()
        key = _key(tuple(candidates))
        with self._lock:
            entry = self._indexes.get(key)
        if candidates and (entry is None or not entry.thorough):
            self._refit(key, tuple(candidates))

    def _match(
        self,
        text: str,
        candidates: tuple[Candidate, ...],
        default_id: int | None,
        previous_id: int | None,
    ) -> Match:
        if not candidates:
            return Match(Outcome.DEFAULT, None, 0.0, scorer="rule")
        if len(candidates) == 1:
            only = candidates[0]
            reason = Reason(ReasonKind.ONLY)
            ranked = (Ranked(only.id, only.name, 1.0),)
            return Match(Outcome.SCENARIO, only.id, 1.0, ranked, (reason,), "rule")
        key = _key(candidates)
        entry = self._entry(key, candidates)
        question = (
            shorten(text),
            f"{key}{entry.scorer}{entry.thorough}",
            previous_id,
            str(default_id),
        )
        with self._lock:
            if question in self._answers:
                self._answers.move_to_end(question)
                return self._answers[question]
        answer = self._decide(entry, text, default_id, previous_id)
        with self._lock:
            self._answers[question] = answer
            while len(self._answers) > CACHED:
                self._answers.popitem(last=False)
        return answer

    def _decide(
        self, entry: _Entry, text: str, default_id: int | None, previous_id: int | None
    ) -> Match:
        index = entry.index
        repeated = index.exact(text)
        if repeated is not None:
            return _repeated(index, repeated, entry.scorer)
        scores = index.score([text])
        calibration = FULL if entry.scorer == "full" else LIGHT
        sure = float(confidence(scores, index.spread, calibration)[0])
        belief = shares(scores, calibration)[0]
        order = [int(place) for place in belief.argsort()[::-1]]
        ids = [candidate.id for candidate in index.candidates]
        share = [float(each) for each in probabilities(belief, sure)]
        ranked = tuple(Ranked(ids[p], index.candidates[p].name, share[p]) for p in order[:SHOWN])
        best = order[0]
        reasons = _reasons(index, scores, text, best)
        found = Match(Outcome.SCENARIO, ids[best], sure, ranked, reasons, entry.scorer)
        if previous_id in ids and previous_id != ids[best]:
            place = ids.index(previous_id)
            if follow_up.stays(text, sure, float(belief[place])):
                if place not in order[:SHOWN]:
                    name = index.candidates[place].name
                    last = Ranked(previous_id, name, share[place])
                    ranked = (*ranked[: SHOWN - 1], last)
                reason = Reason(ReasonKind.FOLLOW_UP)
                return replace(found, scenario_id=previous_id, ranked=ranked, reasons=(reason,))
            return found
        if previous_id is not None and previous_id == ids[best]:
            return found
        if _is_outside(index, scores):
            reason = Reason(ReasonKind.NOTHING)
            return replace(
                found, outcome=Outcome.DEFAULT, scenario_id=default_id, reasons=(reason,)
            )
        return replace(found, outcome=Outcome.UNSURE) if sure < ASK_BELOW else found

    def _entry(self, key: str, candidates: tuple[Candidate, ...]) -> _Entry:
        with self._lock:
            entry = self._indexes.get(key)
            if entry is not None:
                self._indexes.move_to_end(key)
        if entry is None:
            entry = self._quick(candidates)
            self._keep(key, entry)
        if not entry.thorough and self._encoder.is_ready:
            self._refit_later(key, candidates)
        return entry

    def _quick(self, candidates: tuple[Candidate, ...]) -> _Entry:
        """Make an index at once: with the embedding, if few texts are new to it."""
        full = self._encoder.is_ready
        if full:
            full = self._encoder.new_among(texts_of(candidates)) <= NEW_AT_ONCE
        index = ScenarioIndex(candidates, self._encoder if full else None, thorough=False)
        return _Entry(index, "full" if full else "light", thorough=False)

    def _refit_later(self, key: str, candidates: tuple[Candidate, ...]) -> None:
        with self._lock:
            if key in self._fitting:
                return
            self._fitting.add(key)
        self._submit(lambda: self._refit(key, candidates))

    def _refit(self, key: str, candidates: tuple[Candidate, ...]) -> None:
        try:
            index = ScenarioIndex(candidates, self._encoder, thorough=True)
            self._keep(key, _Entry(index, "full", thorough=True))
        finally:
            with self._lock:
                self._fitting.discard(key)

    def _keep(self, key: str, entry: _Entry) -> None:
        with self._lock:
            self._indexes[key] = entry
            while len(self._indexes) > INDEXES:
                self._indexes.popitem(last=False)


def _repeated(index: ScenarioIndex, known: Known, scorer: str) -> Match:
    """Return the match of a request that is one of the examples: there is nothing to weigh."""
    candidate = index.candidates[known.place]
    ranked = (Ranked(candidate.id, candidate.name, 1.0),)
    reason = Reason(ReasonKind.EXAMPLE, known.shown)
    return Match(Outcome.SCENARIO, candidate.id, REPEATED, ranked, (reason,), scorer)


def _is_outside(index: ScenarioIndex, scores: Scores) -> bool:
    """Whether a request is like none of the candidates."""
    if float(scores.nearest.max()) < NEAR:
        return True
    return index.spread is not None and float(scores.energy[0]) < index.spread.threshold


def _reasons(index: ScenarioIndex, scores: Scores, text: str, place: int) -> tuple[Reason, ...]:
    """Return what spoke for a candidate: its nearest text, and the words it shares with it."""
    known = index.nearest_text(scores, place)
    likeness = max(0.0, min(1.0, float(scores.nearest[0, place])))
    reasons = [Reason(known.kind, known.shown, likeness)]
    words = index.words_for(text, place)
    for word in words[: REASONS - 1]:
        kind = ReasonKind.KEYWORD if word.is_keyword else ReasonKind.WORDS
        reasons.append(Reason(kind, word.text, word.gain / words[0].gain))
    return tuple(reasons)


def _key(candidates: tuple[Candidate, ...]) -> str:
    """Name a set of candidates by their ids and versions."""
    named = "|".join(f"{candidate.id}:{candidate.version}" for candidate in candidates)
    return hashlib.sha256(named.encode()).hexdigest()[:24]
