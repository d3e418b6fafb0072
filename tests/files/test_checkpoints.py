"""Checkpoints: byte for byte back, whatever was done; other people's work is kept."""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import stat
import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aigc_desktop.core.errors import UserError
from aigc_desktop.files import trees
from aigc_desktop.files.checkpoints import Checkpoints

State = dict[str, tuple[int, bytes]]


def state(root: Path) -> State:
    """Return kind, mode and content of everything below `root`."""
    found: State = {}
    for path in sorted(root.rglob("*")):
        status = path.lstat()
        name = str(path.relative_to(root))
        if stat.S_ISLNK(status.st_mode):
            found[name] = (stat.S_IFLNK, os.fsencode(path.readlink()))
        elif stat.S_ISDIR(status.st_mode):
            found[name] = (status.st_mode, b"")
        else:
            found[name] = (status.st_mode, path.read_bytes())
    return found


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    for name in ("src/deep", "empty", "docs", ".git"):
        (root / name).mkdir(parents=True)
    (root / "readme.md").write_text("# hi\n" * 200)
    (root / "src/main.py").write_text("print(1)\n")
    (root / "src/deep/data.bin").write_bytes(bytes(range(256)) * 50)
    (root / "src/run.sh").write_text("#!/bin/sh\n")
    (root / "src/run.sh").chmod(0o755)
    (root / "docs/数据 报告.txt").write_text("内容")
    (root / "docs/secret.txt").write_text("s")
    (root / "docs/secret.txt").chmod(0o600)
    (root / ".git/HEAD").write_text("ref")
    (root / "link").symlink_to("src/main.py")
    (root / "outside").symlink_to("/etc/passwd")
    (root / "empty-file").touch()
    (root / os.fsdecode(b"bad-\xff-name")).write_text("x")
    return root


@pytest.fixture
def checkpoints(tmp_path: Path) -> Checkpoints:
    return Checkpoints(tmp_path / "checkpoints")


DESTRUCTIVE = (
    "rm -rf *",
    "rm -rf .git src",
    "mv src elsewhere; mv readme.md src",
    "sed -i s/print/puts/ src/main.py; sed -i 's/.*//' readme.md",
    ": > readme.md; : > src/deep/data.bin",
    "chmod -R 000 docs; chmod 777 src/run.sh; chmod 000 readme.md",
    "ln -sf readme.md link; rm outside; mkdir outside; echo x > outside/y",
    "rm readme.md; mkdir readme.md; touch readme.md/inside",
    "rm -r docs; echo file > docs",
    "find . -name '*.py' -delete; rmdir empty",
    "chmod a-w . src; touch src/new 2>/dev/null; true",
    "for f in $(find . -type f); do echo junk > $f; done; rm -rf src/deep; mkdir -p a/b/c;"
    " echo n > a/b/c/new; chmod 500 a/b; mv docs src/; ln -s a b; chmod 111 src/run.sh",
)


@pytest.mark.parametrize("command", DESTRUCTIVE)
def test_back_and_forth_byte_for_byte(checkpoints: Checkpoints, root: Path, command: str) -> None:
    before, old = state(root), checkpoints.take(root)
    subprocess.run(["bash", "-c", command], cwd=root, check=False, capture_output=True)
    after, new = state(root), checkpoints.take(root)
    assert after != before
    assert checkpoints.go(root, new.tree, old.tree).conflicts == []
    assert state(root) == before
    assert checkpoints.go(root, old.tree, new.tree).conflicts == []
    assert state(root) == after


def test_hand_edits_made_since_are_kept_and_named(checkpoints: Checkpoints, root: Path) -> None:
    old = checkpoints.take(root)
    (root / "readme.md").write_text("by the agent")
    (root / "src/main.py").unlink()
    (root / "made").mkdir()
    (root / "made/by-agent").write_text("1")
    new = checkpoints.take(root)
    (root / "readme.md").write_text("by hand")
    (root / "made/by-hand").write_text("2")
    (root / "docs/mine").write_text("3")
    done = checkpoints.go(root, new.tree, old.tree)
    assert sorted(done.conflicts) == ["made", "readme.md"]
    assert (root / "readme.md").read_text() == "by hand"
    assert (root / "made/by-hand").read_text() == "2"
    assert not (root / "made/by-agent").exists()
    assert (root / "docs/mine").read_text() == "3"
    assert (root / "src/main.py").read_text() == "print(1)\n"


def test_only_what_changed_is_stored(checkpoints: Checkpoints, root: Path, tmp_path: Path) -> None:
    def stored() -> int:
        return sum(file.stat().st_size for file in (tmp_path / "checkpoints/packs").iterdir())

    (root / "big").write_bytes(os.urandom(500_000))
    first = checkpoints.take(root)
    size = stored()
    assert checkpoints.take(root).tree == first.tree
    assert stored() == size
    (root / "src/main.py").write_text("print(2)\n")
    checkpoints.take(root)
    assert stored() - size < 3000
    checkpoints.save()
    again = Checkpoints(tmp_path / "checkpoints")
    assert again.take(root).tree == checkpoints.take(root).tree
    assert list((tmp_path / "checkpoints").glob("seen-*"))


def test_a_file_written_twice_in_a_moment_is_read_twice(
    checkpoints: Checkpoints, root: Path
) -> None:
    seen = set()
    for number in range(50):
        (root / "fast").write_text(f"{number:03}")
        seen.add(checkpoints.take(root).tree)
    assert len(seen) == 50


def test_links_are_never_followed_when_restoring(
    checkpoints: Checkpoints, root: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "main.py").write_text("precious")
    old = checkpoints.take(root)
    (root / "src/main.py").write_text("changed")
    new = checkpoints.take(root)
    (root / "src").rename(root / "moved")
    (root / "src").symlink_to(outside)
    done = checkpoints.go(root, new.tree, old.tree)
    assert done.conflicts == ["src/main.py"]
    assert (outside / "main.py").read_text() == "precious"


def test_caps_are_said(
    checkpoints: Checkpoints, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trees, "MAX_FILE", 900)
    assert checkpoints.take(root).skipped == ["readme.md", "src/deep/data.bin"]
    monkeypatch.setattr(trees, "MAX_FILES", 3)
    with pytest.raises(UserError, match="checkpoint_too_large"):
        checkpoints.take(root)


def test_fifos_are_left_out_and_nothing_hangs(checkpoints: Checkpoints, root: Path) -> None:
    os.mkfifo(root / "fifo")
    old = checkpoints.take(root)
    (root / "readme.md").unlink()
    checkpoints.go(root, checkpoints.take(root).tree, old.tree)
    assert (root / "readme.md").exists()
    assert stat.S_ISFIFO((root / "fifo").stat().st_mode)


def test_ignored_folders_stay_as_they_are(checkpoints: Checkpoints, root: Path) -> None:
    (root / "node_modules/x").mkdir(parents=True)
    old = checkpoints.take(root)
    (root / "node_modules/x/y").write_text("z")
    (root / "readme.md").unlink()
    checkpoints.go(root, checkpoints.take(root).tree, old.tree)
    assert (root / "node_modules/x/y").read_text() == "z"


def test_damaged_packs_and_caches_are_noticed(
    checkpoints: Checkpoints, root: Path, tmp_path: Path
) -> None:
    old = checkpoints.take(root)
    (root / "readme.md").write_text("new")
    new = checkpoints.take(root)
    checkpoints.save()
    for file in (tmp_path / "checkpoints").glob("seen-*"):
        file.write_text("{")
    [first, *_] = sorted((tmp_path / "checkpoints/packs").glob("*.pack"), key=os.path.getmtime)
    data = bytearray(first.read_bytes())
    data[len(data) // 2 :] = bytes(len(data) - len(data) // 2)
    first.write_bytes(data)
    again = Checkpoints(tmp_path / "checkpoints")
    again.take(root)
    with pytest.raises(UserError, match="checkpoint_damaged"):
        again.go(root, new.tree, old.tree)
    assert (root / "readme.md").read_text() == "new"


def test_an_unfinished_pack_is_swept_and_unneeded_ones_are_deleted(
    checkpoints: Checkpoints, root: Path, tmp_path: Path
) -> None:
    packs = tmp_path / "checkpoints/packs"
    old = checkpoints.take(root)
    for name in ("killed", "being-written"):
        (packs / f"{name}.pack").write_bytes(b"half")
    os.utime(packs / "killed.pack", (1, 1))
    (root / "readme.md").write_text("new")
    again = Checkpoints(tmp_path / "checkpoints")
    new = again.take(root)
    assert not (packs / "killed.pack").exists()
    assert (packs / "being-written.pack").exists()
    assert again.forget_all_but([old.tree, new.tree], min_age=0) == 0
    assert again.forget_all_but([old.tree]) == 0, "it may be a turn's that begins just now"
    assert again.forget_all_but([old.tree], min_age=0) > 0
    (root / "readme.md").unlink()
    assert again.go(root, again.take(root).tree, old.tree).conflicts == []


def test_what_another_process_deletes_is_stored_again(
    checkpoints: Checkpoints, root: Path, tmp_path: Path
) -> None:
    """Two programs on the same data (window and command line) share the store."""
    checkpoints.take(root)
    checkpoints.save()
    other = Checkpoints(tmp_path / "checkpoints")
    assert other.forget_all_but([], min_age=0) > 0
    old = checkpoints.take(root)
    before = state(root)
    (root / "readme.md").unlink()
    new = other.take(root)
    assert other.go(root, new.tree, old.tree).conflicts == []
    assert state(root) == before


def test_what_is_gone_is_noticed_where_nothing_else_changed(
    checkpoints: Checkpoints, tmp_path: Path
) -> None:
    root = tmp_path / "small"
    for make, unmake in (
        ((root / "folder").mkdir, (root / "folder").rmdir),
        (lambda: (root / "link").symlink_to("x"), (root / "link").unlink),
        ((root / "just-made").touch, (root / "just-made").unlink),
    ):
        root.mkdir(exist_ok=True)
        (root / "file").write_text("x")
        os.utime(root / "file", (1, 1))
        make()
        with_it = checkpoints.take(root).tree
        again = checkpoints.take(root).tree
        unmake()
        without = checkpoints.take(root).tree
        assert with_it == again != without


NAMES = st.sampled_from(["a", "b", "c", "d/a", "d/b", "d/e/a", "f"])
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["write", "delete", "folder", "link", "mode"]), NAMES, st.integers(0, 9)
    ),
    min_size=1,
    max_size=8,
)


@settings(max_examples=120, deadline=None)
@given(rounds=st.lists(STEPS, min_size=1, max_size=4))
def test_what_was_seen_before_never_hides_a_change(
    rounds: list[list[tuple[str, str, int]]],
) -> None:
    """With and without a memory of the last time the same state is found, and gone back to."""
    with tempfile.TemporaryDirectory() as home:
        root = Path(home, "root")
        root.mkdir()
        knowing = Checkpoints(Path(home, "knowing"))
        taken = [(knowing.take(root).tree, state(root))]
        for number, steps in enumerate(rounds):
            for step in steps:
                _do(root, *step)
            tree = knowing.take(root).tree
            assert tree == Checkpoints(Path(home, f"fresh{number}")).take(root).tree
            taken.append((tree, state(root)))
        for (later, _), (earlier, expected) in itertools.pairwise(reversed(taken)):
            assert knowing.go(root, later, earlier).conflicts == []
            assert state(root) == expected


def _do(root: Path, step: str, name: str, number: int) -> None:
    path = root / name
    with contextlib.suppress(OSError):
        if step == "delete":
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        elif step == "folder":
            path.mkdir(parents=True)
        elif step == "link":
            path.symlink_to(f"target{number}")
        elif path.is_symlink():
            pass
        elif step == "mode":
            path.chmod(0o700 + number % 3)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("x" * number)
