"""Backup, first and after 1 % changed, verify and restore, beside restic's on the same data.

The data: a database of 1 million messages, 20,000 small files, 2 GB of big ones (of which a half
does not compress). Ratios are to `restic` with a local repository in the same run, rounds taken in
turn (targets: first ≤ 1, changed ≤ 1.2, restore ≤ 1). Ours includes what restic leaves out: a
consistent database while it may be written, and reading back what was stored.

    python -m benchmarks.backup --data DIR [--sessions 10000 --messages 1000000] [--rounds 1]
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

from sqlcipher3 import dbapi2

from aigc_desktop.config.paths import Paths
from aigc_desktop.core.backup import Operation
from aigc_desktop.ops.backup import staging
from aigc_desktop.ops.backup.job import Job
from aigc_desktop.ops.backup.process import BlockingWorker
from benchmarks import checkpoint, data

BIG_FILES = 20
BIG_BYTES = 100 * 1024 * 1024
SESSIONS, MESSAGES = 10_000, 1_000_000
PASSWORD = "benchmark"


def make_source(root: Path, sessions: int, messages: int) -> Path:
    """Make the data once; return the home folder."""
    home = root / "source"
    if (root / "made").exists():
        return home
    shutil.rmtree(home, ignore_errors=True)
    paths = Paths(home)
    data.fill(paths, sessions, messages)
    rng = random.Random(1)
    checkpoint.fill(paths.work_dir / "small", rng)
    words = rng.randbytes(1 << 16).hex().encode()
    for number in range(BIG_FILES):
        with (paths.work_dir / f"big{number}.bin").open("wb") as out:
            for _ in range(BIG_BYTES >> 20):
                start = rng.randrange(len(words) // 2)
                piece = rng.randbytes(1 << 20) if number % 2 else (words[start:] * 16)[: 1 << 20]
                out.write(piece)
    (root / "made").touch()
    return home


def change(home: Path, seed: int) -> None:
    """Change 1 %: of the small files, of the big ones' bytes, of the messages."""
    rng = random.Random(seed)
    small = sorted((home / "work_dir" / "small").rglob("*.py"))
    for file in rng.sample(small, len(small) // 100):
        with file.open("a") as out:
            out.write(" changed")
    for number in range(BIG_FILES):
        with (home / "work_dir" / f"big{number}.bin").open("r+b") as file:
            file.seek(rng.randrange(BIG_BYTES - (1 << 20)))
            file.write(rng.randbytes(1 << 20))
    db = dbapi2.connect(str(home / "data" / "sessions.db"))
    (last,) = db.execute("SELECT max(id) FROM turns").fetchone()
    rows = [
        (rng.randint(1, last), 2000 + seed % 10**9 * 10 + n % 10, f"new {n} text")
        for n in range(10_000)
    ]
    db.executemany(
        "INSERT OR IGNORE INTO messages (turn_id, position, role, message_type, content,"
        " created_at) VALUES (?, ?, 'user', 'text', ?, 1)",
        rows,
    )
    db.commit()
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()


class Watch:
    """Wall-clock and CPU seconds (of the children) since it was made."""

    def __init__(self) -> None:
        self._began = time.perf_counter()
        self._cpu = self._children()

    @staticmethod
    def _children() -> float:
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return used.ru_utime + used.ru_stime

    def stop(self, figures: dict[str, float], name: str) -> None:
        """Note the figures under a name."""
        figures[name] = time.perf_counter() - self._began
        figures[f"{name}_cpu"] = self._children() - self._cpu


def ours(home: Path, repository: Path, name: str, **options: Any) -> dict[str, Any]:
    """Do a job in a worker process, as the program does."""
    job = Job(
        name, str(home), str(repository), str(home / "work_dir"), version="bench", options=options
    )
    return BlockingWorker().run(Operation.CREATE, job)


def restic(repository: Path, *arguments: str) -> None:
    """Run restic."""
    environment = {
        **os.environ,
        "RESTIC_PASSWORD": PASSWORD,
        "RESTIC_CACHE_DIR": f"{repository}-cache",
    }
    subprocess.run(["restic", "-q", "-r", str(repository), *arguments], env=environment, check=True)


def measure(root: Path, home: Path, seed: int) -> dict[str, float]:
    """Return the seconds of one round."""
    for leftover in ("ours", "theirs", "theirs-cache", "back-ours", "back-theirs"):
        shutil.rmtree(root / leftover, ignore_errors=True)
    mine, theirs = root / "ours", root / "theirs"
    restic(theirs, "init")
    what = [str(home / "data" / "sessions.db"), str(home / "work_dir")]
    figures: dict[str, float] = {}
    snapshot = ""
    for name in ("first", "changed"):
        if name == "changed":
            change(home, seed)
        watch = Watch()
        snapshot = ours(home, mine, "create", label="", cause="manual")["snapshot"]
        watch.stop(figures, name)
        watch = Watch()
        restic(theirs, "backup", *what)
        watch.stop(figures, f"restic_{name}")
    watch = Watch()
    ours(home, mine, "verify", snapshot=snapshot)
    watch.stop(figures, "verify")
    watch = Watch()
    restic(theirs, "check", "--read-data")
    watch.stop(figures, "restic_verify")
    back = Paths(root / "back-ours")
    back.create()
    os.sync()
    watch = Watch()
    ours(back.home, mine, "stage", snapshot=snapshot, replace=True, undo=False)
    staging.finish(back)
    watch.stop(figures, "restore")
    watch = Watch()
    restic(theirs, "restore", "latest", "--target", str(root / "back-theirs"))
    os.sync()
    watch.stop(figures, "restic_restore")
    return figures


def main() -> None:
    """Measure and print one JSON line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sessions", type=int, default=SESSIONS)
    parser.add_argument("--messages", type=int, default=MESSAGES)
    parser.add_argument("--rounds", type=int, default=1)
    options = parser.parse_args()
    options.data.mkdir(parents=True, exist_ok=True)
    home = make_source(options.data, options.sessions, options.messages)
    began = time.time_ns()
    rounds = [measure(options.data, home, began + n) for n in range(options.rounds)]
    best = {key: round(min(each[key] for each in rounds), 2) for key in rounds[0]}
    ratios = {
        f"{key}_ratio": round(best[key] / max(best[f"restic_{key}"], 0.01), 2)
        for part in ("first", "changed", "verify", "restore")
        for key in (part, f"{part}_cpu")
    }
    ok = (
        ratios["first_ratio"] <= 1
        and ratios["changed_ratio"] <= 1.2
        and ratios["restore_ratio"] <= 1
    )
    print(json.dumps({"benchmark": "backup", **best, **ratios, "ok": ok}))


if __name__ == "__main__":
    main()
