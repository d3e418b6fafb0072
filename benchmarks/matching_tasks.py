"""Few-shot tasks cut from folders of labelled requests (the form of shared/data/matching)."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from aigc_desktop.core.matching import Candidate

DEV_SIZE = 1500


@dataclass(frozen=True)
class Task:
    """Candidates, and requests with the place of the right candidate; `outside` fit none."""

    name: str
    candidates: tuple[Candidate, ...]
    texts: tuple[str, ...]
    truth: np.ndarray
    outside: tuple[str, ...] = ()


@dataclass(frozen=True)
class Recipe:
    """How a task is cut. `split` dev: rows of train that no example was taken from."""

    folder: str
    shots: int
    split: str = "val"
    candidates: int | None = None
    described: bool = True
    other: str | None = None
    """A folder with the same labels in another language: every second candidate's examples come
    from there, requests come from both."""


def make(data: Path, recipe: Recipe, seed: int) -> Task:
    """Cut a task; the seed decides on candidates and examples."""
    rng = np.random.default_rng(seed)
    rows = _by_label(data / recipe.folder / "train.jsonl")
    others = _by_label(data / recipe.other / "train.jsonl") if recipe.other else rows
    labels = sorted(set(rows) & set(others))
    if recipe.candidates is not None:
        labels = sorted(rng.choice(labels, min(recipe.candidates, len(labels)), replace=False))
    described = _descriptions(data / recipe.folder) if recipe.described else {}
    candidates: list[Candidate] = []
    used: set[str] = set()
    for place, label in enumerate(labels):
        source = others if place % 2 else rows
        taken = [source[label][i] for i in rng.permutation(len(source[label]))[: recipe.shots]]
        used.update(_key(row) for row in taken)
        candidates.append(_candidate(place, label, described, recipe, [r["text"] for r in taken]))
    texts, truth = _requests(data, recipe, labels, used, rng)
    outside = _outside(data / recipe.folder, recipe.split)
    return Task(_name(recipe), tuple(candidates), texts, truth, outside)


def _candidate(
    place: int, label: str, described: dict[str, Any], recipe: Recipe, examples: list[str]
) -> Candidate:
    known = described.get(label, {})
    name = str(known.get("name") or label.replace("_", " "))
    bare = Candidate(place, "1", name, examples=tuple(examples))
    return replace(bare, description=str(known.get("description", "")))


def _requests(
    data: Path, recipe: Recipe, labels: list[str], used: set[str], rng: np.random.Generator
) -> tuple[tuple[str, ...], np.ndarray]:
    places = {label: place for place, label in enumerate(labels)}
    found: list[tuple[str, int]] = []
    for folder in (recipe.folder, recipe.other):
        if folder is None:
            continue
        file = "train" if recipe.split == "dev" else recipe.split
        rows = [row for row in _rows(data / folder / f"{file}.jsonl") if row["label"] in places]
        rows = [row for row in rows if _key(row) not in used]
        if recipe.split == "dev":
            rows = [rows[i] for i in rng.permutation(len(rows))[:DEV_SIZE]]
        found += [(row["text"], places[row["label"]]) for row in rows]
    return tuple(text for text, _ in found), np.array([place for _, place in found])


def _outside(folder: Path, split: str) -> tuple[str, ...]:
    path = folder / f"oos_{'train' if split == 'dev' else split}.jsonl"
    return tuple(row["text"] for row in _rows(path)) if path.exists() else ()


def _descriptions(folder: Path) -> dict[str, Any]:
    files = [*folder.glob("scenarios*.jsonl"), *folder.glob("tools.jsonl")]
    return {row.get("label", row["name"]): row for file in files for row in _rows(file)}


def _by_label(path: Path) -> dict[str, list[dict[str, str]]]:
    grouped: defaultdict[str, list[dict[str, str]]] = defaultdict(list)
    for row in _rows(path):
        grouped[row["label"]].append(row)
    return grouped


@cache
def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.strip()]


def _key(row: dict[str, str]) -> str:
    return row.get("id") or row["text"]


def _name(recipe: Recipe) -> str:
    parts = [recipe.folder, f"{recipe.shots}-shot"]
    if recipe.other:
        parts.insert(1, f"and {recipe.other}")
    if recipe.candidates:
        parts.append(f"N={recipe.candidates}")
    if recipe.described:
        parts.append("described")
    return " ".join(parts)
