"""Hashed TF-IDF over words, word pairs and character n-grams; Chinese needs no segmenter."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from aigc_desktop.scenarios.matching.text import cjk_runs, words_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

BUCKETS = 1024


def features(text: str) -> list[str]:
    """Return the features of a text; the first character tells their kinds apart."""
    words = words_of(text)
    found = ["w" + word for word in words]
    found += [f"b{a} {b}" for a, b in pairwise(words)]
    if words:
        line = f" {' '.join(words)} "
        found += ["c" + line[i : i + n] for n in (3, 4, 5) for i in range(len(line) - n + 1)]
    for run in cjk_runs(text):
        found += ["z" + run[i : i + n] for n in (1, 2, 3) for i in range(len(run) - n + 1)]
    return found


def bucket(feature: str) -> int:
    """Return the place of a feature in the vector."""
    return zlib.crc32(feature.encode()) % BUCKETS


def count(text: str) -> Vectors:
    """Return the log counts of a text's features, shape (BUCKETS,)."""
    import numpy as np

    crc32 = zlib.crc32
    places = [crc32(feature.encode()) % BUCKETS for feature in features(text)]
    counts = np.bincount(np.array(places, dtype=np.int64), minlength=BUCKETS)
    counted: Vectors = np.log1p(counts).astype(np.float32)
    return counted


class LexicalSpace:
    """Weighs features by how few of the given texts have them."""

    def __init__(self, texts: Sequence[str]) -> None:
        import numpy as np

        counts = np.stack([count(text) for text in texts])
        seen = (counts > 0).sum(axis=0)
        self.idf: Vectors = (np.log((1 + len(texts)) / (1 + seen)) + 1).astype(np.float32)
        self.vectors = self._weigh(counts)
        """One unit row per text, shape (texts, BUCKETS)."""

    def transform(self, text: str) -> Vectors:
        """Return a text's unit vector, shape (BUCKETS,)."""
        vector: Vectors = self._weigh(count(text)[None])[0]
        return vector

    def _weigh(self, counts: Vectors) -> Vectors:
        import numpy as np

        weighed = counts * self.idf
        length = np.linalg.norm(weighed, axis=1, keepdims=True)
        vectors: Vectors = (weighed / np.maximum(length, 1e-9)).astype(np.float32)
        return vectors
