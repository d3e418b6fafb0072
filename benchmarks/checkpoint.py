"""A checkpoint of a folder of 20,000 files, first and after 1 % changed, beside git's.

The ratio is to `git add -A && git commit` on a copy of the folder in the same run (target ≤ 1).
"""

from __future__ import annotations

import json
import os
import random
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from aigc_desktop.files.checkpoints import Checkpoints

FILES = 20_000
PER_FOLDER = 50
ROUNDS = 3
CHANGED = FILES // 100
_WORDS = (
    "def",
    "class",
    "return",
    "import",
    "self",
    "value",
    "data",
    "数据",
    "report",
    "if",
    "else",
)


def fill(root: Path, rng: random.Random) -> list[Path]:
    """Make FILES text files of 0.2 to 6 KB."""
    made = []
    for number in range(FILES):
        folder = root / f"d{number // PER_FOLDER // 20}" / f"e{number // PER_FOLDER}"
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"f{number}.py"
        file.write_text(" ".join(rng.choices(_WORDS, k=rng.randint(40, 1000))))
        made.append(file)
    return made


def timed(work: Callable[[Path], object], root: Path) -> float:
    """Return how many milliseconds `work(root)` takes."""
    began = time.perf_counter()
    work(root)
    return (time.perf_counter() - began) * 1000


def git(root: Path) -> None:
    """Commit everything."""
    run = [
        *("git", "-c", "user.name=x", "-c", "user.email=x@x", "-c", "gc.auto=0"),
        *("-c", "commit.gpgsign=false"),
    ]
    subprocess.run([*run, "add", "-A"], cwd=root, check=True)
    subprocess.run([*run, "commit", "-qm", "x"], cwd=root, check=True)


def measure(home: Path) -> dict[str, object]:
    """Return the figures: medians over ROUNDS."""
    first: list[tuple[float, float]] = []
    later: list[tuple[float, float]] = []
    for number in range(ROUNDS):
        rng = random.Random(number)
        ours, theirs = home / f"ours{number}", home / f"theirs{number}"
        files = [file.relative_to(ours) for file in fill(ours, rng)]
        shutil.copytree(ours, theirs)
        subprocess.run(["git", "init", "-q"], cwd=theirs, check=True)
        os.sync()
        time.sleep(0.1)
        checkpoints = Checkpoints(home / f"checkpoints{number}")
        first.append((timed(checkpoints.take, ours), timed(git, theirs)))
        for file in rng.sample(files, CHANGED):
            for root in (ours, theirs):
                with (root / file).open("a") as out:
                    out.write(" changed")
        time.sleep(0.1)
        later.append((timed(checkpoints.take, ours), timed(git, theirs)))
        shutil.rmtree(ours)
        shutil.rmtree(theirs)

    def median(pairs: list[tuple[float, float]], which: int) -> int:
        return round(statistics.median(pair[which] for pair in pairs))

    ratios = [median(pairs, 0) / median(pairs, 1) for pairs in (first, later)]
    return {
        "benchmark": "checkpoint",
        "files": FILES,
        "first_ms": median(first, 0),
        "git_first_ms": median(first, 1),
        "first_ratio": round(ratios[0], 2),
        "changed_ms": median(later, 0),
        "git_changed_ms": median(later, 1),
        "changed_ratio": round(ratios[1], 2),
        "target_ratio": 1.0,
        "ok": max(ratios) <= 1,
    }


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as home:
        print(json.dumps(measure(Path(home))))


if __name__ == "__main__":
    main()
