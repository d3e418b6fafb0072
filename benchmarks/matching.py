"""How well scenarios are matched, beside BM25 and semantic-router's rule; one JSON line a figure.

`python -m benchmarks.matching --data DIR --split val --seeds 0,1,2` works on folders of the form of
shared/data/matching. Thresholds and calibration are those in the program, fitted on train only.
"""

from __future__ import annotations

import argparse
import json
import resource as limits
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from aigc_desktop.config.paths import resource
from aigc_desktop.core.matching import Candidate
from aigc_desktop.scenarios.matching.confidence import FULL, confidence
from aigc_desktop.scenarios.matching.embedding import SentenceEncoder
from aigc_desktop.scenarios.matching.index import ScenarioIndex
from aigc_desktop.scenarios.matching.lexical import features
from aigc_desktop.scenarios.matching.matcher import ASK_BELOW, ScenarioMatcher
from benchmarks.matching_tasks import Recipe, Task, make

TARGETS = {
    "clinc150 5-shot": {"accuracy": 87, "r95": 81, "auroc": 96},
    "clinc150 10-shot": {"accuracy": 90.5},
    "clinc150 5-shot N=20": {"accuracy": 97, "r95": 94},
    "massive_zh 5-shot described": {"accuracy": 69},
    "massive_zh and massive_en 5-shot described": {"accuracy": 64},
}
BINS = 15
AIM = 0.97


def recipes(data: Path, split: str) -> Iterator[Recipe]:
    """Yield what is measured, as far as the data are there."""

    def there(*folders: str) -> bool:
        return all((data / folder / f"{split}.jsonl").exists() for folder in folders)

    if there("clinc150"):
        yield Recipe("clinc150", 5, split, described=False)
        yield Recipe("clinc150", 10, split, described=False)
        for count in (5, 20, 50):
            yield Recipe("clinc150", 5, split, count, described=False)
    if there("massive_zh"):
        yield Recipe("massive_zh", 5, split)
        yield Recipe("massive_zh", 5, split, described=False)
        yield Recipe("massive_zh", 0, split)
    if there("massive_zh", "massive_en"):
        yield Recipe("massive_zh", 5, split, other="massive_en")
        yield Recipe("massive_zh", 5, split, other="massive_en", described=False)
    if there("metatool"):
        yield Recipe("metatool", 5, split)
        yield Recipe("metatool", 0, split)
    given = {"clinc150", "massive_zh", "massive_en", "metatool"}
    for folder in sorted(path.parent.name for path in data.glob(f"*/{split}.jsonl")):
        if folder not in given and (data / folder / "train.jsonl").exists():
            yield Recipe(folder, 5, split)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--split", default="val")
    parser.add_argument("--seeds", default="0,1,2")
    options = parser.parse_args()
    seeds = [int(seed) for seed in options.seeds.split(",")]
    encoder = SentenceEncoder(resource("matching/centres.npy"))
    report(import_cost())
    report(speed(encoder))
    for recipe in recipes(options.data, options.split):
        figures: defaultdict[str, list[float]] = defaultdict(list)
        for seed in seeds:
            task = make(options.data, recipe, seed)
            for name, value in measure(task, encoder).items():
                figures[name].append(value)
        report(summary(task.name, options.split, figures))


def measure(task: Task, encoder: SentenceEncoder) -> dict[str, float]:
    """Return all figures of one task, in per cent (ECE and Brier as they are)."""
    index = ScenarioIndex(task.candidates, encoder)
    inside = index.score(task.texts)
    right = inside.logits.argmax(axis=1) == task.truth
    sure = confidence(inside, index.spread, FULL)
    found = {"accuracy": 100 * right.mean(), **calibration(sure, right)}
    asked = sure < ASK_BELOW
    found["asked_at_threshold"] = 100 * asked.mean()
    found["accuracy_of_not_asked"] = 100 * right[~asked].mean()
    found["asked_for_97"] = 100 * asked_for(sure, right)
    for name, logits in (("bm25", bm25(task)), ("semantic_router", semantic_router(task, encoder))):
        found[f"{name}_accuracy"] = 100 * (logits(task.texts).argmax(axis=1) == task.truth).mean()
        if task.outside:
            best = logits(task.texts).max(axis=1), logits(task.outside).max(axis=1)
            found[f"{name}_r95"], found[f"{name}_auroc"] = 100 * r95(*best), 100 * auroc(*best)
    if task.outside:
        energies = inside.energy, index.score(task.outside).energy
        found["r95"], found["auroc"] = 100 * r95(*energies), 100 * auroc(*energies)
        if index.spread is not None:
            limit = index.spread.threshold
            found["kept_inside"] = 100 * (energies[0] >= limit).mean()
            found["refused_outside"] = 100 * (energies[1] < limit).mean()
    return {name: float(value) for name, value in found.items()}


def calibration(sure: np.ndarray, right: np.ndarray) -> dict[str, float]:
    """Return expected calibration error over equal-width bins, and the Brier score."""
    places = np.minimum((sure * BINS).astype(int), BINS - 1)
    error = 0.0
    for place in range(BINS):
        inside = places == place
        if inside.any():
            error += inside.mean() * abs(sure[inside].mean() - right[inside].mean())
    return {"ece": error, "brier": float(((sure - right) ** 2).mean())}


def asked_for(sure: np.ndarray, right: np.ndarray) -> float:
    """Return the least share to hand on so that of all, with those answered rightly, AIM is met."""
    order = np.argsort(sure)
    wrong_after = (~right[order])[::-1].cumsum()[::-1] / len(right)
    enough = np.flatnonzero(np.append(wrong_after, 0) <= 1 - AIM)
    return float(enough[0] / len(right))


def r95(inside: np.ndarray, outside: np.ndarray) -> float:
    """Return the share of outside requests below the score that 95 % of the inside ones reach."""
    return float((outside < np.quantile(inside, 0.05)).mean())


def auroc(inside: np.ndarray, outside: np.ndarray) -> float:
    """Return the probability that an inside request scores above an outside one."""
    order = np.sort(outside)
    below = np.searchsorted(order, inside, "left") + np.searchsorted(order, inside, "right")
    return float(below.mean() / 2 / len(outside))


def bm25(task: Task, k1: float = 1.2, b: float = 0.75):
    """Return Okapi BM25 over each candidate's texts as one document (words; Chinese 1-2-grams)."""
    documents = [_tokens(" ".join(_texts(candidate))) for candidate in task.candidates]
    mean = statistics.mean(len(document) for document in documents)
    postings: defaultdict[str, dict[int, int]] = defaultdict(dict)
    for place, document in enumerate(documents):
        for token in document:
            postings[token][place] = postings[token].get(place, 0) + 1
    size = len(documents)

    def score(texts: Sequence[str]) -> np.ndarray:
        scores = np.zeros((len(texts), size))
        for row, text in enumerate(texts):
            for token in set(_tokens(text)):
                held = postings.get(token, {})
                idf = np.log(1 + (size - len(held) + 0.5) / (len(held) + 0.5))
                for place, count in held.items():
                    norm = k1 * (1 - b + b * len(documents[place]) / mean)
                    scores[row, place] += idf * count * (k1 + 1) / (count + norm)
        return scores

    return score


def semantic_router(task: Task, encoder: SentenceEncoder, top: int = 5):
    """Return semantic-router's rule: the mean cosine of a route's texts among the nearest five."""
    known = [(place, text) for place, c in enumerate(task.candidates) for text in _texts(c)]
    owner = np.array([place for place, _ in known])
    vectors = encoder.encode([text for _, text in known])

    def score(texts: Sequence[str]) -> np.ndarray:
        similar = encoder.encode(texts) @ vectors.T
        nearest = np.argsort(-similar, axis=1)[:, :top]
        scores = np.full((len(texts), len(task.candidates)), -1.0)
        for row, places in enumerate(nearest):
            for candidate in set(owner[places].tolist()):
                mine = places[owner[places] == candidate]
                scores[row, candidate] = similar[row, mine].mean()
        return scores

    return score


def _tokens(text: str) -> list[str]:
    return [f for f in features(text) if f[0] == "w" or (f[0] == "z" and len(f) <= 3)]


def _texts(candidate: Candidate) -> list[str]:
    return [t for t in (candidate.name, candidate.description, *candidate.examples) if t]


def speed(encoder: SentenceEncoder, scenarios: int = 200, requests: int = 300) -> dict[str, Any]:
    """Measure a match among 200 scenarios: the whole matcher, answers not from its cache."""
    before = limits.getrusage(limits.RUSAGE_SELF).ru_maxrss
    began = time.perf_counter()
    encoder.load()
    load = time.perf_counter() - began
    loaded = limits.getrusage(limits.RUSAGE_SELF).ru_maxrss
    words = ["report", "budget", "flight", "invoice", "chart", "server", "email", "code", "music"]
    words += ["预算", "报告", "翻译", "合同", "会议"]
    rng = np.random.default_rng(0)

    def sentence(length: int) -> str:
        return " ".join(rng.choice(words, length)) + f" {rng.integers(1_000_000)}"

    made = [
        Candidate(i, "1", f"scenario {sentence(2)}", examples=tuple(sentence(8) for _ in range(5)))
        for i in range(scenarios)
    ]
    began = time.perf_counter()
    ScenarioIndex(made, encoder, thorough=False)
    index = time.perf_counter() - began
    began = time.perf_counter()
    ScenarioIndex(made, encoder, thorough=True)
    thorough = time.perf_counter() - began
    matcher = ScenarioMatcher(encoder, lambda work: work())
    matcher.match("warm", made)
    matcher.match("warm up", made)
    usual = [sentence(int(rng.integers(2, 30)))[:200] for _ in range(requests)]
    long = [sentence(int(rng.integers(400, 8000))) for _ in range(60)]
    return {
        "figure": "speed",
        "scenarios": scenarios,
        **{f"usual_{name}_ms": value for name, value in _times(matcher, made, usual).items()},
        **{f"any_length_{name}_ms": value for name, value in _times(matcher, made, long).items()},
        "index_s": round(index, 2),
        "leaving_out_in_background_s": round(thorough, 2),
        "embedding_load_s": round(load, 2),
        "embedding_mb": round((loaded - before) / 1024),
        "targets": {"usual_p95_ms": 4, "any_length_p95_ms": 10, "index_s": 1},
    }


def _times(matcher: ScenarioMatcher, made: list[Candidate], texts: list[str]) -> dict[str, float]:
    times = []
    for text in texts:
        began = time.perf_counter()
        matcher.match(text, made)
        times.append((time.perf_counter() - began) * 1000)
    return {
        "median": round(statistics.median(times), 2),
        "p95": round(statistics.quantiles(times, n=20)[18], 2),
    }


def import_cost() -> dict[str, Any]:
    """Measure what importing the matcher adds to a start, in a process of its own."""
    code = (
        "import aigc_desktop.core.matching, time, logging, hashlib, re, zlib\n"
        "from pathlib import Path\nbegan = time.perf_counter()\n"
        "import aigc_desktop.scenarios.matching.matcher\n"
        "print((time.perf_counter() - began) * 1000)"
    )
    times = [
        float(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout)
        for _ in range(7)
    ]
    return {"figure": "import_ms", "value": round(statistics.median(times), 1), "target": 20}


def summary(name: str, split: str, figures: dict[str, list[float]]) -> dict[str, Any]:
    """Return mean and deviation of each figure."""
    line: dict[str, Any] = {"figure": name, "split": split, "seeds": len(figures["accuracy"])}
    for key, values in figures.items():
        digits = 3 if key in ("ece", "brier") else 1
        deviation = statistics.stdev(values) if len(values) > 1 else 0.0
        line[key] = [round(statistics.mean(values), digits), round(deviation, digits)]
    if name in TARGETS:
        line["targets"] = TARGETS[name]
    return line


def report(line: dict[str, Any]) -> None:
    """Print one figure."""
    print(json.dumps({"benchmark": "matching", **line}, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main()
