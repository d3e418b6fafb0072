"""Fits the matcher's calibration on train splits and prints the constants for `confidence.py`.

`python -m benchmarks.fit_matching --data DIR`. MASSIVE is left out: what confidence is worth is
measured on it, as on a set that the calibration has never seen.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from aigc_desktop.config.paths import resource
from aigc_desktop.scenarios.matching.confidence import signals
from aigc_desktop.scenarios.matching.embedding import SentenceEncoder
from aigc_desktop.scenarios.matching.heads import softmax
from aigc_desktop.scenarios.matching.index import ScenarioIndex
from benchmarks.matching_tasks import Recipe, make

RECIPES = (
    *(Recipe("clinc150", shots, "dev", n) for shots in (3, 5, 10) for n in (8, 20, 50, None)),
    *(Recipe("metatool", shots, "dev", n) for shots in (3, 5) for n in (20, 60, None)),
)
OUTSIDE_SHARE = 0.15
SURE = 0.97
FEW = 20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--seeds", default="100,101")
    options = parser.parse_args()
    encoder = SentenceEncoder(resource("matching/centres.npy"))
    for kind, used in (("full", encoder), ("light", None)):
        rows, right, weight, logits, few = [], [], [], [], []
        for recipe in RECIPES:
            for seed in map(int, options.seeds.split(",")):
                task = make(options.data, recipe, seed)
                index = ScenarioIndex(task.candidates, used)
                inside = index.score(task.texts)
                hit = inside.logits.argmax(axis=1) == task.truth
                rows.append(signals(inside, index.spread))
                right.append(hit.astype(float))
                weight.append(np.full(len(hit), 1 / len(hit)))
                few.append(np.full(len(hit), len(task.candidates) <= FEW))
                logits.append((inside.logits, task.truth))
                if task.outside:
                    outside = signals(index.score(task.outside), index.spread)
                    rows.append(outside)
                    right.append(np.zeros(len(outside)))
                    share = OUTSIDE_SHARE / (1 - OUTSIDE_SHARE)
                    weight.append(np.full(len(outside), share / len(outside)))
                    few.append(np.full(len(outside), len(task.candidates) <= FEW))
        x, y, w = np.concatenate(rows), np.concatenate(right), np.concatenate(weight)
        weights, bias = logistic(x, y, w)
        p = 1 / (1 + np.exp(-(x @ weights + bias)))
        usual = np.concatenate(few)
        ask_below, asked = threshold(p[usual], y[usual], w[usual])
        print(
            json.dumps(
                {
                    "kind": kind,
                    "weights": [round(float(v), 3) for v in weights],
                    "bias": round(float(bias), 3),
                    "sharpness": sharpness(logits),
                    "ask_below": round(ask_below, 3),
                    "asked": round(asked, 3),
                }
            )
        )


def logistic(x: np.ndarray, y: np.ndarray, w: np.ndarray) -> tuple[np.ndarray, float]:
    """Return weights and bias by Newton's method with a light ridge."""
    x = np.c_[x, np.ones(len(x))].astype(float)
    w = w / w.sum()
    beta = np.zeros(x.shape[1])
    ridge = 1e-4 * np.eye(x.shape[1])
    for _ in range(30):
        p = 1 / (1 + np.exp(-(x @ beta)))
        gradient = x.T @ (w * (y - p)) - ridge @ beta
        beta += np.linalg.solve((x * (w * p * (1 - p))[:, None]).T @ x + ridge, gradient)
    return beta[:-1], float(beta[-1])


def threshold(p: np.ndarray, y: np.ndarray, w: np.ndarray) -> tuple[float, float]:
    """Return the confidence from which SURE of the answers are right, and the share below."""
    order = np.argsort(-p)
    good = np.cumsum((w * y)[order]) / np.cumsum(w[order])
    last = int(np.flatnonzero(good >= SURE)[-1])
    return float(p[order][last]), float(1 - w[order][: last + 1].sum() / w.sum())


def sharpness(tasks: list[tuple[np.ndarray, np.ndarray]]) -> float:
    """Return the factor on the logits under which the right answers are likeliest."""

    def loss(factor: float) -> float:
        losses = []
        for logits, truth in tasks:
            share = softmax(logits * np.float32(factor))[np.arange(len(truth)), truth]
            losses.append(-np.log(np.maximum(share, 1e-9)).mean())
        return float(np.mean(losses))

    return min((round(f, 2) for f in np.arange(0.3, 4, 0.1)), key=loss)


if __name__ == "__main__":
    main()
