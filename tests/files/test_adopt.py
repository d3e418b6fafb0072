"""A foreign work directory comes into ours: plain files only, nothing overwritten or outside."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from aigc_desktop.core.errors import Cancelled, UserError
from aigc_desktop.core.takeover import FilesReport
from aigc_desktop.files.adopt import adopt


@pytest.fixture
def source(tmp_path: Path) -> Path:
    made = tmp_path / "web_work"
    (made / "a" / "深").mkdir(parents=True)
    (made / "a" / "深" / "报告.md").write_text("报告")
    (made / "run.sh").write_text("#!/bin/sh")
    (made / "run.sh").chmod(0o4775)
    return made


@pytest.fixture
def target(tmp_path: Path) -> Path:
    made = tmp_path / "ours"
    made.mkdir()
    return made


def take(source: Path, target: Path, *, dry: bool = False) -> FilesReport:
    return adopt(source, target, dry=dry, on_file=lambda *_: None, stop=lambda: None)


def test_files_come_with_time_and_without_special_bits(source: Path, target: Path) -> None:
    os.utime(source / "run.sh", (1_700_000_000, 1_700_000_000))
    report = take(source, target)
    assert (report.copied, report.bytes, report.refused_count) == (2, 15, 0)
    assert (target / "a" / "深" / "报告.md").read_text() == "报告"
    status = (target / "run.sh").stat()
    assert (status.st_mode & 0o7777, status.st_mtime) == (0o755, 1_700_000_000)


def test_twice_copies_nothing(source: Path, target: Path) -> None:
    take(source, target)
    again = take(source, target)
    assert (again.copied, again.already) == (0, 2)


def test_another_file_of_the_name_stays(source: Path, target: Path) -> None:
    (target / "run.sh").write_text("mine")
    report = take(source, target)
    assert report.renamed == (("run.sh", "run (web).sh"),)
    assert (target / "run.sh").read_text() == "mine"
    assert (target / "run (web).sh").read_text() == "#!/bin/sh"
    assert take(source, target).copied == 0


def test_links_devices_and_odd_names_are_refused(
    source: Path, target: Path, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    (source / "link").symlink_to(secret)
    (source / "folder-link").symlink_to(tmp_path)
    os.link(secret, source / "hard")
    os.mkfifo(source / "pipe")
    for name in ("NUL.txt", "trailing.", "bi\u202edi", "new\nline", "a:b"):
        (source / name).write_text("x")
    (source / os.fsdecode(b"\xff\xfe")).write_text("x")
    report = take(source, target)
    assert report.copied == 2
    assert report.refused_count == len(report.refused) == 10
    reasons = dict(report.refused)
    assert reasons["link"] == reasons["folder-link"] == "is a link"
    assert reasons["pipe"] == "is not a plain file"
    assert "hard link" in reasons["hard"]
    assert all(path.isprintable() and path.isascii() for path in reasons)
    found = {path.name for path in target.rglob("*")}
    assert found == {"a", "深", "报告.md", "run.sh"}


def test_a_link_in_the_target_is_not_followed(source: Path, target: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (target / "a").symlink_to(outside)
    (target / "run.sh").symlink_to(outside / "run.sh")
    report = take(source, target)
    assert not list(outside.iterdir())
    assert [path for path, _ in report.refused] == ["a"]
    assert (target / "run (web).sh").exists()


def test_a_trial_writes_nothing(source: Path, target: Path) -> None:
    report = take(source, target, dry=True)
    assert report.copied == 2
    assert not list(target.iterdir())
    target.rmdir()
    assert take(source, target, dry=True).copied == 2
    assert not target.exists()


def test_folders_in_one_another_are_refused(source: Path) -> None:
    for target in (source, source / "a", source.parent):
        with pytest.raises(UserError, match="takeover_overlap"):
            take(source, target)


def test_no_folder_is_an_error(source: Path, target: Path) -> None:
    for missing in (source / "nothing", source / "run.sh"):
        with pytest.raises(UserError, match="file_not_readable"):
            take(missing, target)


def test_cancelling_leaves_no_half_file(source: Path, target: Path) -> None:
    calls = iter(range(100))

    def stop() -> None:
        if next(calls) == 4:
            raise Cancelled

    with pytest.raises(Cancelled):
        adopt(source, target, dry=False, on_file=lambda *_: None, stop=stop)
    assert not list(target.rglob("*.tmp"))
