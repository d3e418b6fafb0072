"""Run on a tiny disk: fills it so far, then backs up or restores; prints what became of it."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from pathlib import Path
from typing import Any

from aigc_desktop.config.paths import Paths
from aigc_desktop.ops.backup import catalog, create, restore, staging, worker
from aigc_desktop.ops.backup.job import Job
from benchmarks import data


def digest(paths: Paths) -> str:
    """Return a hash of everything that a backup or a restore must leave alone."""
    found = hashlib.sha256(paths.database.read_bytes())
    for file in sorted(paths.work_dir.rglob("*")):
        found.update(str(file).encode() + (file.read_bytes() if file.is_file() else b""))
    return found.hexdigest()


def fill(file: Path, leave: int) -> None:
    with file.open("wb") as out:
        while (room := os.statvfs(file).f_bavail * os.statvfs(file).f_frsize - leave) > 0:
            out.write(b"x" * min(room, 4096))
            out.flush()


def main(what: str, leave_kb: int, preflight: bool) -> None:
    paths = Paths(Path(os.environ["AIGC_HOME"]))
    paths.create()
    create.RESERVE = 1024 * 1024 if preflight else -(2**40)
    data.fill(paths, 5, 100)
    for number in range(12):
        (paths.work_dir / f"f{number}").write_bytes(os.urandom(80_000))
    job = Job("create", str(paths.home), str(paths.home / "backups"), str(paths.work_dir))

    def do(name: str, **options: Any) -> dict[str, Any]:
        import dataclasses

        return worker.do(dataclasses.replace(job, name=name, options=options), lambda _m: None)

    first = do("create", label="", cause="manual")["result"]["snapshot"]
    for number in range(12):
        (paths.work_dir / f"f{number}").write_bytes(os.urandom(80_000))
    before = digest(paths)
    filler = paths.home / "filler"
    fill(filler, leave_kb * 1024)
    if what == "backup":
        answer = do("create", label="", cause="manual")
    else:
        restore.make_safety = lambda _work, _repository: ""
        answer = do("stage", snapshot=first, replace=True, undo=False)
        if "error" in answer:
            assert staging.finish(paths) is None
    same = digest(paths) == before
    residue = [str(f) for f in paths.home.rglob("*") if ".part" in f.name or ".aigc" in f.name]
    filler.unlink()
    sound = do("verify", snapshot=first)["result"]["ok"]
    listed = len(catalog.snapshots(paths.home / "backups", catalog.origin(paths)))
    again = "result" in do("create", label="", cause="manual")
    code = answer.get("error", {}).get("code", "")
    print(
        json.dumps(
            {
                "code": code,
                "same": same,
                "residue": residue,
                "sound": sound,
                "listed": listed,
                "again": again,
            }
        )
    )


main(sys.argv[1], int(sys.argv[2]), sys.argv[3] == "preflight")
