"""How sure a choice is: eight signals, weighed by constants fitted once on public data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from aigc_desktop.scenarios.matching.heads import softmax
from aigc_desktop.scenarios.matching.index import Scores, Spread

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Calibration:
    """Logistic weights of the signals, and `sharpness`, which the logits are multiplied by."""

    weights: tuple[float, ...]
    bias: float
    sharpness: float


FULL = Calibration((0.935, -0.09, 0.436, 0.173, 1.259, 0.375, 0.418, 0.299), -1.175, 0.8)
LIGHT = Calibration((0.41, 0.328, 0.724, 1.536, 2.303, 0.453, -1.192, 0.693), -1.192, 1.6)
"""Fitted by `python -m benchmarks.fit_matching` on train splits of CLINC150 and MetaTool."""


def signals(scores: Scores, spread: Spread | None) -> Floats:
    """Return what confidence is judged by, shape (requests, 8).

    Energy against that of the candidates' own examples, log share of the best and its lead,
    cosine with its nearest text and its centre, and whether three other judges agree.
    """
    import numpy as np

    rows = np.arange(len(scores.logits))
    best = scores.logits.argmax(axis=1)
    shares = np.log(np.maximum(np.sort(softmax(scores.logits), axis=1), 1e-6))
    lead = shares[:, -1] - shares[:, -2] if shares.shape[1] > 1 else np.zeros(len(rows))
    energy = np.zeros(len(rows))
    if spread is not None:
        energy = np.clip((scores.energy - spread.mean) / spread.deviation, -4, 4)
    columns = (
        energy,
        shares[:, -1],
        np.minimum(lead, 8),
        scores.nearest[rows, best],
        scores.centroid[rows, best],
        scores.nearest.argmax(axis=1) == best,
        scores.lexical.argmax(axis=1) == best,
        scores.discriminant.argmax(axis=1) == best,
    )
    return np.stack([np.asarray(column, np.float32) for column in columns], axis=1)


def confidence(scores: Scores, spread: Spread | None, calibration: Calibration) -> Floats:
    """Return the probability that the best candidate is right, shape (requests,)."""
    import numpy as np

    weights = np.array(calibration.weights, np.float32)
    total = signals(scores, spread) @ weights + np.float32(calibration.bias)
    sure: Floats = 1 / (1 + np.exp(-total))
    return sure


def shares(scores: Scores, calibration: Calibration) -> Floats:
    """Return how belief is spread over the candidates, shape (requests, candidates)."""
    import numpy as np

    return softmax(scores.logits * np.float32(calibration.sharpness))


def probabilities(belief: Floats, sure: float) -> Floats:
    """Return belief in candidates, shape (candidates,), as percentages that agree with `sure`.

    The best one gets `sure`; the others keep their order and proportions, and what is missing to 1
    is the chance that none of them is right.
    """
    best = int(belief.argmax())
    top = float(belief[best])
    rest = max(1.0 - top, 1e-9)
    agreeing: Floats = belief * min((1.0 - sure) / rest, sure / top)
    agreeing[best] = sure
    return agreeing
