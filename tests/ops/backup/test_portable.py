"""One portable file out and in; what is not ours is refused and leaves nothing (b74, b81)."""

from __future__ import annotations

import json
import os
import subprocess
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aigc_desktop.core.errors import UserError
from aigc_desktop.ops.backup import catalog, staging
from tests.ops.backup.conftest import Home, MakeHome, tree


@pytest.mark.parametrize("passphrase", [None, "correct horse"])
def test_out_and_in_again(
    filled: Home, make_home: MakeHome, tmp_path: Path, passphrase: str | None
) -> None:
    filled.write("odd:name?.txt", b"odd")
    filled.write("zeros.bin", bytes(3_000_000))
    (filled.paths.work_dir / "away").symlink_to("/etc/passwd")
    file = tmp_path / "export.aigc"
    snapshot = filled.create()
    size = filled.do("export", snapshot=snapshot, file=str(file), lock=passphrase)["bytes"]
    assert size == file.stat().st_size and file.stat().st_mode & 0o777 == 0o600
    if passphrase is None:
        assert "work_dir/run.sh" in zipfile.ZipFile(file).namelist()
    else:
        assert b"note 3" not in file.read_bytes()
    other = make_home("other")
    taken = other.do("import", file=str(file), lock=passphrase)["snapshot"]
    shown = catalog.snapshots(other.repository, catalog.origin(other.paths))[0]
    assert (shown.id, shown.foreign, shown.cause, shown.messages) == (taken, True, "imported", 200)
    other.do("stage", snapshot=taken, replace=True, undo=False)
    assert staging.finish(other.paths) == []
    wanted, found = tree(filled.paths.work_dir), tree(other.paths.work_dir)
    assert found["run.sh"] == (0o700, b"#!/bin/sh\n")
    assert found["odd_name?.txt"][1] == b"odd"
    assert found["link"] == ("link", "notes")
    assert "away" not in found
    same = [name for name in wanted if name not in ("odd:name?.txt", "away")]
    assert {name: found[name][-1] for name in same} == {name: wanted[name][-1] for name in same}
    assert not list(other.paths.data_dir.glob(".import-*"))


def test_wrong_and_missing_passphrase(filled: Home, tmp_path: Path) -> None:
    file = tmp_path / "export.aigc"
    filled.do("export", snapshot=filled.create(), file=str(file), lock="correct horse")
    with pytest.raises(UserError, match="import_passphrase_needed"):
        filled.do("import", file=str(file), lock=None)
    with pytest.raises(UserError, match="passphrase_wrong"):
        filled.do("import", file=str(file), lock="wrong horse")
    with pytest.raises(UserError, match="passphrase_short"):
        filled.do("export", snapshot=filled.create(), file=str(file), lock="short")


def rewrite(source: Path, target: Path, **changes: object) -> Path:
    """Copy an export with another manifest."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for info in old.infolist():
            content = old.read(info)
            if info.filename == "manifest.json":
                data = json.loads(content)
                content = json.dumps({**data, **changes}).encode()
            new.writestr(info, content)
    return target


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"format": "another-program"}, "archive_refused"),
        ({"version": 99}, "backup_newer"),
        ({"header": {"revision": "from_the_future", "version": "9"}}, "backup_newer"),
        ({"files": []}, "archive_refused"),
        ({"files": [["../../x", 420, 1, 1, "0"]]}, "archive_refused"),
        ({"counts": {"sessions": 5}}, "archive_refused"),
        ({"header": "junk"}, "archive_refused"),
        ({"links": [[1, 2]]}, "archive_refused"),
    ],
)
def test_manifests_that_do_not_fit(
    filled: Home, tmp_path: Path, changes: dict[str, object], code: str
) -> None:
    file = tmp_path / "export.zip"
    filled.do("export", snapshot=filled.create(), file=str(file), lock=None)
    before = tree(filled.paths.home)
    bad = rewrite(file, tmp_path / "bad.zip", **changes)
    with pytest.raises(UserError, match=code):
        filled.do("import", file=str(bad), lock=None)
    after = tree(filled.paths.home)
    assert {k: v for k, v in after.items() if "origin" not in k} == {
        k: v for k, v in before.items() if "origin" not in k
    }


def test_a_damaged_export_is_refused_wherever_it_is_damaged(filled: Home, tmp_path: Path) -> None:
    file, bad = tmp_path / "export.zip", tmp_path / "bad.zip"
    (filled.paths.work_dir / "big.bin").write_bytes(os.urandom(100_000))
    filled.do("export", snapshot=filled.create(), file=str(file), lock="correct horse")
    data = file.read_bytes()
    for place in range(200, len(data) - 200, len(data) // 8):
        bad.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
        with pytest.raises(UserError, match=r"archive_refused|passphrase_wrong"):
            filled.do("import", file=str(bad), lock="correct horse")
        bad.write_bytes(data[:place])
        with pytest.raises(UserError, match="archive_refused"):
            filled.do("import", file=str(bad), lock="correct horse")
    assert not list(filled.paths.data_dir.glob(".import-*"))


def test_no_manifest(filled: Home, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "plain.zip", "w") as archive:
        archive.writestr("hello.txt", "hello")
    with pytest.raises(UserError, match="archive_refused"):
        filled.do("import", file=str(tmp_path / "plain.zip"), lock=None)
    subprocess.run(["tar", "cf", tmp_path / "a.tar", "-C", tmp_path, "plain.zip"], check=True)
    with pytest.raises(UserError, match="archive_refused"):
        filled.do("import", file=str(tmp_path / "a.tar"), lock=None)


@settings(
    max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(content=st.binary(min_size=0, max_size=600_000), tail=st.binary(max_size=50))
def test_any_content_comes_back(make_home: MakeHome, content: bytes, tail: bytes) -> None:
    home = make_home(f"any-{os.urandom(4).hex()}")
    home.write("a.bin", content)
    home.write("b.bin", content + tail)
    snapshot = home.create()
    before = tree(home.paths.work_dir)
    home.write("a.bin", tail)
    (home.paths.work_dir / "b.bin").unlink()
    home.do("stage", snapshot=snapshot, replace=True, undo=False)
    staging.finish(home.paths)
    assert tree(home.paths.work_dir) == before
