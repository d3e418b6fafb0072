"""Where the data is: a read-only place, a shared folder, few file handles. Real processes."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from aigc_desktop.config.paths import Paths
from aigc_desktop.core.errors import UserError
from aigc_desktop.store import volume
from tests import shared_folder

ROOT = Path(__file__).resolve().parents[2]
ASK = ("ask", "Write a report into r.md", "--model", "demo", "--yes")


def run(*arguments: str, prefix: tuple[str, ...] = (), **options: object) -> tuple[int, str]:
    done = subprocess.run(
        [*prefix, sys.executable, "-m", "aigc_desktop", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        **options,  # type: ignore[call-overload]
    )
    return done.returncode, done.stdout + done.stderr


def tree(folder: Path) -> dict[str, bytes]:
    return {str(p): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.fixture
def read_only(paths: Paths) -> tuple[str, ...]:
    """What to put before a command so that it sees the data on a read-only file system."""
    bwrap = shutil.which("bwrap")
    assert bwrap is not None, "scripts/test.sh installs bubblewrap"
    home = str(paths.home)
    return (bwrap, "--dev-bind", "/", "/", "--ro-bind", home, home, "--")


def test_a_read_only_place_can_be_read(paths: Paths, read_only: tuple[str, ...]) -> None:
    code, said = run(*ASK)
    assert code == 0, said
    before = tree(paths.home)
    code, said = run("sessions", prefix=read_only)
    assert code == 0, said
    assert "report" in said
    code, said = run(*ASK, prefix=read_only)
    assert code == 1
    assert "cannot be written to" in said
    assert tree(paths.home) == before


def test_a_read_only_place_can_be_searched(paths: Paths, read_only: tuple[str, ...]) -> None:
    assert run(*ASK)[0] == 0
    script = (
        "import asyncio\n"
        "from aigc_desktop import bootstrap\n"
        "from aigc_desktop.config.paths import Paths\n"
        "from aigc_desktop.services import sessions\n"
        "async def go():\n"
        "    paths = Paths.default()\n"
        "    settings, bus, stop = bootstrap.prepare(paths)\n"
        "    said = []\n"
        "    bus.subscribe(lambda event: said.append(getattr(event, 'code', '')))\n"
        "    async with bootstrap.open_app(paths, settings, bus) as app:\n"
        "        found = await sessions.search(app, 'report')\n"
        "        print(len(found.hits), said)\n"
        "asyncio.run(go())\n"
    )
    for prefix in ((), read_only):
        done = subprocess.run(
            [*prefix, sys.executable, "-c", script],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        count, said = done.stdout.split(maxsplit=1)
        assert int(count) >= 1, done.stderr
    assert "database_read_only" in said


async def test_a_synchronised_folder_is_warned_of_and_has_no_wal(tmp_path: Path) -> None:
    assert "data_dir_shared" in await shared_folder.use(tmp_path / "OneDrive - 公司" / "aigc")


@pytest.mark.parametrize(
    ("name", "shared"),
    [("Dropbox", True), ("我的坚果云", True), ("dropped", False), ("data", False)],
)
def test_names_of_synchronised_folders(tmp_path: Path, name: str, shared: bool) -> None:
    folder = tmp_path / name
    folder.mkdir()
    assert (volume.shared_by(folder) is not None) is shared


@pytest.mark.parametrize(
    ("kind", "shared"),
    [
        *((each, True) for each in ("nfs4", "cifs", "9p", "fuse.sshfs", "fuse.nobody-knows-it")),
        *((each, False) for each in ("ext4", "tmpfs", "fuseblk", "fuse.gocryptfs")),
    ],
)
def test_kinds_of_file_systems(
    tmp_path: Path, kind: str, shared: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    mount = SimpleNamespace(mountpoint=str(tmp_path), fstype=kind)
    monkeypatch.setattr(psutil, "disk_partitions", lambda *, all: [mount])
    assert volume.shared_by(tmp_path) == (kind if shared else None)


@pytest.mark.parametrize("handles", [64, 40, 24])
def test_few_file_handles_are_an_error_or_no_matter(paths: Paths, handles: int) -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (handles, handles))

    code, said = run(*ASK, preexec_fn=limit)
    if handles == 64:
        assert code == 0, said
    assert code in (0, 1), said
    code, said = run("sessions")
    assert code == 0, said


def test_no_place_for_the_first_start_says_so(home: Path) -> None:
    target = home / "file"
    target.write_text("")
    code, said = run("sessions", env={**os.environ, "AIGC_HOME": str(target / "aigc")})
    assert code == 1
    assert "AIGC_HOME" in said
    with pytest.raises(UserError, match="data_dir_read_only"):
        Paths(target / "aigc").create()
