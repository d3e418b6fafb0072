"""What is known of a set of candidates, made ready to score requests against it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aigc_desktop.core.matching import Candidate, ReasonKind
from aigc_desktop.scenarios.matching import heads
from aigc_desktop.scenarios.matching.embedding import Encoder
from aigc_desktop.scenarios.matching.lexical import LexicalSpace, bucket
from aigc_desktop.scenarios.matching.shared import SharedWord, features_of, shared_words
from aigc_desktop.scenarios.matching.text import cjk_share, parts_of, shorten

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Ints = NDArray[np.int64]

LEXICAL_WEIGHT = 0.45
FOREIGN_WEIGHT = 0.09
"""The lexical part's weight, and that for a request in a language that only some of the
candidates are written in: shared letters would then draw it to those."""

DISCRIMINANT_WEIGHT = 0.2
"""Divided by the texts per candidate: the fewer there are, the more the shared spread helps.
All three measured on the training splits (CLINC150, MASSIVE zh-CN, MetaTool; 3 seeds)."""

FOLDS = 5
FEWEST_HELD_OUT = 20
"""Below this many examples nothing is concluded from leaving some of them out."""

RETAINED = 5.0
"""Percentile of the candidates' own examples under which a request counts as out of scope."""


@dataclass(frozen=True, slots=True)
class Known:
    """One text that stands for a candidate (by its place in the list)."""

    place: int
    kind: ReasonKind
    text: str
    shown: str
    """What is shown of it as a reason."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Energies of the candidates' own examples while they were left out of the fit."""

    mean: float
    deviation: float
    threshold: float


@dataclass(frozen=True, slots=True)
class Scores:
    """How requests fare; first axis: requests. Logits and similarities: (requests, candidates)."""

    logits: Floats
    energy: Floats
    regression: Floats
    discriminant: Floats
    lexical: Floats
    nearest: Floats
    """Cosine with the nearest text of each candidate."""
    similar: Floats
    """Cosine with every text of `ScenarioIndex.known`."""
    centroid: Floats


@dataclass(frozen=True, slots=True)
class _Heads:
    regression: Floats
    regression_lexical: Floats
    weights: Floats
    bias: Floats
    centroids: Floats


class ScenarioIndex:
    """Scores requests against candidates.

    Without an encoder words alone are compared. A `thorough` one is fitted to the end, and looks
    how the candidates' own examples fare when left out, which tells what is out of scope
    (`spread`); the other is there sooner and a point or two less often right.
    """

    def __init__(
        self, candidates: Sequence[Candidate], encoder: Encoder | None, *, thorough: bool = True
    ) -> None:
        import numpy as np

        self.candidates = tuple(candidates)
        self.encoder = encoder
        self.known = tuple(
            known for place, c in enumerate(candidates) for known in _known_of(place, c)
        )
        texts = [known.text for known in self.known]
        self._y: Ints = np.array([known.place for known in self.known], dtype=np.int64)
        self._starts: Ints = np.searchsorted(self._y, np.arange(len(self.candidates)))
        self._space = LexicalSpace(texts)
        self._lexical = self._space.vectors
        self._x = encoder.encode(texts) if encoder is not None else self._lexical
        self._steps = heads.STEPS if thorough else heads.QUICK_STEPS
        self._heads = self._fit(np.arange(len(self.known)))
        self._covers = self._coverage(texts)
        self._examples = {
            known.text.casefold(): known for known in self.known if known.kind is ReasonKind.EXAMPLE
        }
        self._places: dict[str, Counter[int]] = defaultdict(Counter)
        for known in self.known:
            for name in {feature.name for feature in features_of(known.text.lower())}:
                self._places[name][known.place] += 1
        self.spread = self._leave_out() if thorough else None

    def score(self, texts: Sequence[str]) -> Scores:
        """Return the scores of requests."""
        import numpy as np

        short = [shorten(text) for text in texts]
        lexical = np.stack([self._space.transform(text) for text in short])
        x = self.encoder.encode(short) if self.encoder is not None else lexical
        return self._score(self._heads, x, lexical, self._lexical_weight(short))

    def nearest_text(self, scores: Scores, place: int) -> Known:
        """Return the text of a candidate that is nearest to the first of the scored requests."""
        first, last = (int(at) for at in (*self._starts, len(self.known))[place : place + 2])
        return self.known[first + int(scores.similar[0, first:last].argmax())]

    def exact(self, text: str) -> Known | None:
        """Return the example that a request repeats letter by letter, if there is one."""
        return self._examples.get(shorten(text).casefold())

    def words_for(self, text: str, place: int) -> list[SharedWord]:
        """Return the words of a request that spoke for a candidate, the strongest first."""
        weights = self._heads.regression_lexical
        few = max(1, len(self.candidates) // 5)

        def gain_of(feature: str) -> float:
            having = self._places.get(feature, ())
            if place not in having or len(having) > few:
                return 0.0
            row = weights[bucket(feature)]
            return float(row[place] - row.mean()) * float(self._space.idf[bucket(feature)])

        def texts_with(feature: str) -> int:
            return sum(self._places.get(feature, {}).values())

        keywords = self.candidates[place].keywords
        return shared_words(shorten(text).lower(), keywords, gain_of, texts_with)

    def _fit(self, rows: Ints) -> _Heads:
        import numpy as np

        x, y, n = self._x[rows], self._y[rows], len(self.candidates)
        weights, bias = heads.discriminant(x, y, n)
        lexical = heads.softmax_regression(self._lexical[rows], y, n, self._steps)
        regression = (
            lexical if self.encoder is None else heads.softmax_regression(x, y, n, self._steps)
        )
        centroids = np.zeros((n, x.shape[1]), np.float32)
        np.add.at(centroids, y, x)
        length = np.linalg.norm(centroids, axis=1, keepdims=True)
        return _Heads(regression, lexical, weights, bias, centroids / np.maximum(length, 1e-9))

    def _score(self, fitted: _Heads, x: Floats, lexical: Floats, weight: Floats) -> Scores:
        import numpy as np

        regression = x @ fitted.regression
        discriminant = x @ fitted.weights + fitted.bias
        words = lexical @ fitted.regression_lexical
        per_candidate = max(1.0, len(self.known) / len(self.candidates))
        logits = regression + weight * words
        if self.encoder is not None:
            logits = logits + np.float32(DISCRIMINANT_WEIGHT / per_candidate) * discriminant
        similar = x @ self._x.T
        return Scores(
            logits,
            heads.energy(logits),
            regression,
            discriminant,
            words,
            np.maximum.reduceat(similar, self._starts, axis=1),
            similar,
            x @ fitted.centroids.T,
        )

    def _coverage(self, texts: Sequence[str]) -> tuple[float, float]:
        """Return the shares of candidates that have Latin and that have Chinese texts."""
        import numpy as np

        n = len(self.candidates)
        share = np.array([cjk_share(text) for text in texts])
        latin, chinese = np.zeros(n, bool), np.zeros(n, bool)
        latin[self._y[share < 0.5]] = True
        chinese[self._y[share >= 0.5]] = True
        return float(latin.mean()), float(chinese.mean())

    def _lexical_weight(self, texts: Sequence[str]) -> Floats:
        import numpy as np

        latin, chinese = self._covers
        weights = [
            LEXICAL_WEIGHT
            if (chinese if cjk_share(text) >= 0.5 else latin) >= 0.95
            else FOREIGN_WEIGHT
            for text in texts
        ]
        return np.array(weights, np.float32)[:, None]

    def _leave_out(self) -> Spread | None:
        import numpy as np

        examples = np.array(
            [i for i, known in enumerate(self.known) if known.kind is ReasonKind.EXAMPLE],
            dtype=np.int64,
        )
        if len(examples) < FEWEST_HELD_OUT:
            return None
        order = np.random.default_rng(0).permutation(examples)
        energies = []
        weight = np.full((1, 1), LEXICAL_WEIGHT, np.float32)
        for fold in range(FOLDS):
            held = order[fold::FOLDS]
            fitted = self._fit(np.setdiff1d(np.arange(len(self.known)), held))
            energies.append(self._score(fitted, self._x[held], self._lexical[held], weight).energy)
        all_energies = np.concatenate(energies)
        return Spread(
            float(all_energies.mean()),
            max(float(all_energies.std()), 1e-3),
            float(np.percentile(all_energies, RETAINED)),
        )


def texts_of(candidates: Sequence[Candidate]) -> list[str]:
    """Return all texts that stand for candidates."""
    return [known.text for place, c in enumerate(candidates) for known in _known_of(place, c)]


def _known_of(place: int, candidate: Candidate) -> list[Known]:
    """Return all texts that stand for a candidate; there is always one, its name."""
    name, description = candidate.name, candidate.description
    found = [Known(place, ReasonKind.NAME, shorten(name), name)]
    if description:
        described = [description, f"{name}：{description}", *parts_of(description)]
        found += [
            Known(place, ReasonKind.DESCRIPTION, shorten(text), description) for text in described
        ]
    if candidate.keywords:
        text = " ".join(candidate.keywords)
        found.append(Known(place, ReasonKind.KEYWORDS, shorten(text), text))
    found += [Known(place, ReasonKind.EXAMPLE, shorten(text), text) for text in candidate.examples]
    return found
