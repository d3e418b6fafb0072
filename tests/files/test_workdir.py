"""Nothing leads out of the work directory (CASES c105–119, c127)."""

from __future__ import annotations

import contextlib
import os
import stat
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aigc_desktop.core.errors import UserError
from aigc_desktop.files import beneath
from aigc_desktop.files.uploads import save_attachment
from aigc_desktop.files.workdir import WorkDir


@pytest.fixture(params=["openat2", "by component"])
def folder(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> WorkDir:
    if request.param == "by component":
        monkeypatch.setattr(beneath, "_has_openat2", lambda: False)
    (tmp_path / "secret.txt").write_text("secret")
    return WorkDir(tmp_path / "work", tmp_path / "app")


def refused(folder: WorkDir, path: str) -> None:
    for attempt in (
        lambda: folder.read_bytes(path),
        lambda: folder.write_bytes(path, b"x"),
        lambda: folder.list_dir(path),
    ):
        with pytest.raises(UserError) as caught:
            attempt()
        assert caught.value.code in ("path_refused", "file_missing")


@pytest.mark.parametrize(
    "path",
    [
        "../secret.txt",
        "a/../../secret.txt",
        "/etc/passwd",
        "//server/share/x",
        "\\\\server\\share",
        "C:\\Windows\\x",
        "\\??\\C:\\x",
        "a\0b",
        "a\nb",
        "a\u202eb",
        "a\u200bb",
        "CON",
        "nul.txt",
        "a:stream",
        "trailing.",
        "trailing ",
        "a" * 256,
        "a/" * 3000,
        "\ud800",
    ],
)
def test_paths_that_are_refused(folder: WorkDir, path: str) -> None:
    refused(folder, path)
    assert list(folder.walk()) == []


def test_links_out_are_refused(folder: WorkDir, tmp_path: Path) -> None:
    (folder.root / "link").symlink_to(tmp_path / "secret.txt")
    (folder.root / "dir").symlink_to(tmp_path)
    (folder.root / "proc").symlink_to("/proc/self/root")
    refused(folder, "dir/secret.txt")
    refused(folder, "proc/etc")
    for path in ("link",):
        with pytest.raises(UserError):
            folder.read_bytes(path)
        with pytest.raises(UserError):
            folder.write_bytes(path, b"x")
    assert (tmp_path / "secret.txt").read_text() == "secret"
    assert [entry.path for entry in folder.walk()] == []


def test_hard_links_fifos_and_devices(folder: WorkDir, tmp_path: Path) -> None:
    os.link(tmp_path / "secret.txt", folder.root / "hard")
    os.mkfifo(folder.root / "fifo")
    for name in ("hard", "fifo"):
        with pytest.raises(UserError, match="path_refused"):
            folder.read_bytes(name)
        with pytest.raises(UserError, match="path_refused"):
            folder.write_bytes(name, b"x")
    assert (tmp_path / "secret.txt").read_text() == "secret"


def test_roots_that_are_refused(tmp_path: Path, home: Path) -> None:
    app = home / "aigc"
    for root in (home, home.parent, Path("/"), app, app / "data", Path("relative")):
        with pytest.raises(UserError, match="work_dir_invalid"):
            WorkDir(root, app)
    assert WorkDir(app / "work_dir" / "x", app).root.is_dir()


def test_write_read_and_mode(folder: WorkDir) -> None:
    folder.write_bytes("deep/er/f.sh", b"one")
    (folder.root / "deep/er/f.sh").chmod(0o755)
    folder.write_bytes("deep/er/f.sh", "zwei 二".encode())
    assert folder.read_bytes(str(folder.root / "deep/er/f.sh")).decode() == "zwei 二"
    assert stat.S_IMODE((folder.root / "deep/er/f.sh").stat().st_mode) == 0o755
    assert [e.path for e in folder.walk()] == ["deep/er/f.sh"]


def test_changes_whoever_made_them(folder: WorkDir) -> None:
    folder.write_bytes("a", b"1")
    folder.write_bytes("b", b"1")
    before = folder.snapshot()
    (folder.root / "a").write_bytes(b"other")
    folder.write_bytes("sub/c", b"new")
    assert sorted(file.path for file in folder.changed_since(before)) == ["a", "sub/c"]


def test_attachments_never_replace(folder: WorkDir) -> None:
    assert save_attachment(folder, "a/b: c?.txt", b"1") == "uploads/a_b_ c_.txt"
    assert save_attachment(folder, "a/b: c?.txt", b"2") == "uploads/a_b_ c_-2.txt"
    assert folder.read_bytes("uploads/a_b_ c_.txt") == b"1"
    assert save_attachment(folder, "\u202e", b"3") == "uploads/_"


def test_swapped_links_never_let_a_write_out(tmp_path: Path) -> None:
    folder = WorkDir(tmp_path / "work", tmp_path / "app")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "f").write_text("untouched")
    stop = threading.Event()

    def swap() -> None:
        target = folder.root / "d"
        while not stop.is_set():
            target.mkdir()
            (target / "f").write_text("inside")
            (target / "f").unlink(missing_ok=True)
            for left in target.iterdir():
                left.unlink(missing_ok=True)
            try:
                target.rmdir()
            except OSError:
                continue
            target.symlink_to(outside)
            target.unlink()

    swapper = threading.Thread(target=lambda: _quietly(swap))
    swapper.start()
    for number in range(1500):
        with contextlib.suppress(UserError):
            folder.write_bytes("d/f", f"{number}".encode())
            folder.read_bytes("d/f")
    stop.set()
    swapper.join()
    assert [p.name for p in outside.iterdir()] == ["f"]
    assert (outside / "f").read_text() == "untouched"


def _quietly(work: Callable[[], None]) -> None:
    with contextlib.suppress(OSError):
        work()


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.sampled_from(
            ["..", ".", "a", "link", "/", "", "\\", "C:", "\0", "中", "proc", "x" * 300]
        ),
        max_size=6,
    )
)
def test_no_combination_of_names_leaves(tmp_path: Path, names: list[str]) -> None:
    folder = WorkDir(tmp_path / "work", tmp_path / "app")
    outside = tmp_path / "out"
    outside.mkdir(exist_ok=True)
    if not (folder.root / "link").is_symlink():
        (folder.root / "link").symlink_to(outside)
        (folder.root / "proc").symlink_to("/proc/self/root")
    with contextlib.suppress(UserError):
        folder.write_bytes("/".join(names), b"x")
    assert list(outside.iterdir()) == []
    assert sorted(p.name for p in tmp_path.iterdir()) == ["home", "out", "work"]
