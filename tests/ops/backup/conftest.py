"""A small home with a database, files of all kinds, and jobs done in this process."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from aigc_desktop.config.paths import Paths
from aigc_desktop.core.errors import UserError
from aigc_desktop.ops.backup import keys, worker
from aigc_desktop.ops.backup.job import Job
from benchmarks import data


@dataclass
class Home:
    """A home folder and its repository."""

    paths: Paths
    job: Job

    @property
    def repository(self) -> Path:
        return Path(self.job.repository)

    def do(self, name: str, **options: Any) -> dict[str, Any]:
        """Do a job; return its result or raise its UserError."""
        answer = worker.do(replace(self.job, name=name, options=options), lambda _message: None)
        if "error" in answer:
            raise UserError(answer["error"]["code"], **answer["error"]["params"])
        found: dict[str, Any] = answer["result"]
        return found

    def create(self, label: str = "", cause: str = "manual") -> str:
        return str(self.do("create", label=label, cause=cause)["snapshot"])

    def locked_with(self, passphrase: str) -> Home:
        return Home(self.paths, replace(self.job, encrypt=True, passphrase=passphrase))

    def write(self, name: str, content: bytes) -> Path:
        file = self.paths.work_dir / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        return file


@pytest.fixture(autouse=True)
def quick_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passphrases are tried hundreds of times here; what makes that slow is not what is tested."""
    monkeypatch.setattr(keys, "SCRYPT_N", 2**10)


MakeHome = Callable[[str], Home]


@pytest.fixture
def make_home(tmp_path: Path) -> MakeHome:
    def make(name: str) -> Home:
        paths = Paths(tmp_path / name)
        paths.create()
        job = Job(
            "", str(paths.home), str(paths.home / "backups"), str(paths.work_dir), version="test"
        )
        return Home(paths, job)

    return make


@pytest.fixture
def filled(make_home: MakeHome) -> Home:
    """A home with 10 sessions, 200 messages, files, a big one, a link, and settings."""
    home = make_home("filled")
    data.fill(home.paths, 10, 200)
    for number in range(40):
        home.write(f"notes/{number // 10}/n{number}.md", f"note {number} 笔记\n".encode() * number)
    home.write("big.bin", os.urandom(5_000_000))
    home.write("run.sh", b"#!/bin/sh\n").chmod(0o755)
    home.write("empty", b"")
    (home.paths.work_dir / "link").symlink_to("notes")
    (home.paths.work_dir / "hollow").mkdir()
    home.paths.settings_file.write_text('{"language": "en", "model": "opus"}')
    (home.paths.outputs_dir / "out.txt").write_text("whole output")
    return home


def tree(root: Path) -> dict[str, Any]:
    """Return everything below a folder: contents, modes, where links lead."""
    found: dict[str, Any] = {}
    for folder, folders, files in os.walk(root):
        for name in (*folders, *files):
            path = Path(folder) / name
            key = str(path.relative_to(root))
            if path.is_symlink():
                found[key] = ("link", str(path.readlink()))
            elif path.is_dir():
                found[key] = ("folder",)
            else:
                found[key] = (path.stat().st_mode & 0o777, path.read_bytes())
    return found
