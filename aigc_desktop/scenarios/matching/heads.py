"""The two linear classifiers whose scores are added: one learns from errors, one from spread."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Ints = NDArray[np.int64]

STEPS = 60
QUICK_STEPS = 12
"""For an index that is wanted at once, until the whole one is there."""

PENALTY = 1e-5
SHRINKAGE = 0.8


def softmax_regression(x: Floats, y: Ints, classes: int, steps: int = STEPS) -> Floats:
    """Return the weights (features, classes) of multinomial logistic regression.

    Nesterov's accelerated gradient from zero; stopping early is the regularisation that the few
    examples need (measured on the training data: more steps cost accuracy in Chinese). `x` has
    unit rows, shape (texts, features); `y` the class of each.
    """
    import numpy as np

    target = np.zeros((len(y), classes), np.float32)
    target[np.arange(len(y)), y] = 1
    size = len(y)
    rate = 1.0 / (0.5 * _largest_eigenvalue(x) / size + PENALTY)
    weights: Floats = np.zeros((x.shape[1], classes), np.float32)
    before = weights
    momentum = 1.0
    for _ in range(steps):
        following = (1 + math.sqrt(1 + 4 * momentum * momentum)) / 2
        ahead = weights + np.float32((momentum - 1) / following) * (weights - before)
        before = weights
        error = (softmax(x @ ahead) - target) / size
        step = x.T @ error + np.float32(PENALTY) * ahead
        weights = (ahead - np.float32(rate) * step).astype(np.float32)
        momentum = following
    return weights


def discriminant(x: Floats, y: Ints, classes: int) -> tuple[Floats, Floats]:
    """Return weights (features, classes) and biases (classes,) of shrunk linear discriminants.

    All classes share one covariance, drawn towards a sphere by SHRINKAGE: the few examples of one
    class say little about its spread, those of all classes together a good deal.
    """
    import numpy as np

    count = np.bincount(y, minlength=classes)[:, None]
    means: Floats = np.zeros((classes, x.shape[1]), np.float32)
    np.add.at(means, y, x)
    means = (means / np.maximum(count, 1)).astype(np.float32)
    apart = x - means[y]
    spread = apart.T @ apart / max(1, len(y) - classes)
    size = x.shape[1]
    mean_variance = max(float(np.trace(spread)) / size, MIN_VARIANCE)
    shrunk = (1 - SHRINKAGE) * spread
    shrunk[np.diag_indices(size)] += SHRINKAGE * mean_variance
    weights: Floats = np.linalg.solve(shrunk, means.T).astype(np.float32)
    bias: Floats = (-0.5 * np.einsum("nd,dn->n", means, weights)).astype(np.float32)
    return weights, bias


MIN_VARIANCE = 1e-3
"""Of unit vectors of 512 dimensions; about what five examples each show. For sets in which no
scenario has two texts, where nothing is known of the spread."""


def softmax(scores: Floats) -> Floats:
    """Return probabilities over the last axis."""
    import numpy as np

    raised = np.exp(scores - scores.max(axis=-1, keepdims=True))
    shares: Floats = raised / raised.sum(axis=-1, keepdims=True)
    return shares


def energy(scores: Floats) -> Floats:
    """Return log(sum(exp(scores))) over the last axis: low where nothing fits."""
    import numpy as np

    top = scores.max(axis=-1, keepdims=True)
    total: Floats = np.log(np.exp(scores - top).sum(axis=-1)) + top[..., 0]
    return total


def _largest_eigenvalue(x: Floats, rounds: int = 20) -> float:
    """Return the largest eigenvalue of xᵀx by power iteration, a little too large for safety."""
    import numpy as np

    vector = np.full(x.shape[1], x.shape[1] ** -0.5, np.float32) + x.mean(axis=0)
    for _ in range(rounds):
        vector = x.T @ (x @ vector)
        length = np.linalg.norm(vector)
        if length == 0:
            return 1.0
        vector /= length
    return 1.05 * float(np.linalg.norm(x.T @ (x @ vector)))
