"""The one archive reader against hostile archives (CASES b55–b76): refused whole, no residue."""

from __future__ import annotations

import io
import os
import stat
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aigc_desktop.core.errors import UserError
from aigc_desktop.files.archive import Archive, Limits, safe_name

Fill = Callable[[zipfile.ZipFile], None]


def build(path: Path, *entries: tuple[str, bytes], mode: int = 0o100644) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in entries:
            info = zipfile.ZipInfo("x")
            info.filename = name
            info.external_attr = mode << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, content)
    return path


def refuses(path: Path, folder: Path, limits: Limits | None = None) -> bool:
    """Whether the archive is refused, before or while it is read; what was written is counted."""
    folder.mkdir(exist_ok=True)
    try:
        with Archive(path, limits) as archive:
            archive.extract(folder, lambda _size: None)
    except UserError as error:
        assert error.code == "archive_refused"
        return True
    return False


@pytest.mark.parametrize(
    "name",
    [
        "../x", "a/../../x", "..\\x", "a\\..\\x", "/abs", "//host/share", "\\\\host\\share",
        "C:\\x", "C:x", "\\??\\x", "CON", "nul.txt", "a/COM1", "dot.", "space ", "a:b",
        "line\nbreak", "esc\x1b[31m", "bidi\u202etxt", "zero\u200bwidth", "n" * 256,
        "d/" * 2100 + "x", "a//b", ".", "a/./b", "",
    ],
)  # fmt: skip
def test_names_are_refused(name: str, tmp_path: Path) -> None:
    path = build(tmp_path / "a.zip", ("fine.txt", b"x"), (name, b"x"))
    assert refuses(path, tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []
    assert not (tmp_path / "x").exists()


def test_a_nul_in_a_name(tmp_path: Path) -> None:
    path = build(tmp_path / "a.zip", ("abXcd", b"x"))
    path.write_bytes(path.read_bytes().replace(b"abXcd", b"ab\0cd"))
    assert refuses(path, tmp_path / "out")


def test_a_name_that_is_not_utf8(tmp_path: Path) -> None:
    path = build(tmp_path / "a.zip", ("abcde", b"x"))
    path.write_bytes(path.read_bytes().replace(b"abcde", b"ab\xff\xfee"))
    assert refuses(path, tmp_path / "out")


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFSOCK])
def test_links_and_devices_are_refused(kind: int, tmp_path: Path) -> None:
    assert refuses(build(tmp_path / "a.zip", ("x", b"/etc"), mode=kind | 0o777), tmp_path / "out")


def test_setuid_bits_are_dropped(tmp_path: Path) -> None:
    path = build(tmp_path / "a.zip", ("tool", b"x"), mode=0o104755)
    assert not refuses(path, tmp_path / "out")
    assert stat.S_IMODE((tmp_path / "out/tool").stat().st_mode) == 0o700


def test_bombs(tmp_path: Path) -> None:
    bomb = build(tmp_path / "a.zip", ("zeros", bytes(200 * 1024 * 1024)))
    assert refuses(bomb, tmp_path / "out")
    nested = build(tmp_path / "b.zip", ("inner.zip", bomb.read_bytes()))
    assert not refuses(nested, tmp_path / "out2")
    assert (tmp_path / "out2/inner.zip").stat().st_size == bomb.stat().st_size


def test_too_many_entries(tmp_path: Path) -> None:
    path = build(tmp_path / "a.zip", *((f"{n}", b"") for n in range(200)))
    assert refuses(path, tmp_path / "out", Limits(entries=100))


def test_lying_sizes(tmp_path: Path) -> None:
    path = build(tmp_path / "a.zip", ("x", b"y" * 1000))
    for size in (10, 5000):
        data = bytearray(path.read_bytes())
        central = data.rfind(b"PK\x01\x02")
        struct.pack_into("<I", data, central + 24, size)
        (tmp_path / "lie.zip").write_bytes(data)
        assert refuses(tmp_path / "lie.zip", tmp_path / f"out{size}")


def test_names_that_come_twice_or_are_file_and_folder(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate"):
        twice = build(tmp_path / "a.zip", ("x", b"1"), ("x", b"2"))
    assert refuses(twice, tmp_path / "out")
    assert refuses(build(tmp_path / "b.zip", ("x", b"1"), ("x/y", b"2")), tmp_path / "out")


def test_damaged_encrypted_and_foreign_files(tmp_path: Path) -> None:
    whole = build(tmp_path / "a.zip", ("x", os.urandom(5000)), ("y", b"text " * 500))
    data = whole.read_bytes()
    for number, content in enumerate((data[:-30], data[:200], b"", b"\x1f\x8b junk", b"PK\5\6")):
        bad = tmp_path / f"bad{number}.zip"
        bad.write_bytes(content)
        assert refuses(bad, tmp_path / "out")
    flipped = bytearray(data)
    flipped[100] ^= 1
    (tmp_path / "crc.zip").write_bytes(flipped)
    assert refuses(tmp_path / "crc.zip", tmp_path / "out3")
    locked = bytearray(data)
    locked[data.rfind(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "locked.zip").write_bytes(locked)
    assert refuses(tmp_path / "locked.zip", tmp_path / "out4")
    with zipfile.ZipFile(tmp_path / "lzma.zip", "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("x", b"x" * 100)
    assert refuses(tmp_path / "lzma.zip", tmp_path / "out5")


def test_nothing_is_written_over(tmp_path: Path) -> None:
    path = build(tmp_path / "a.zip", ("x", b"new"))
    (tmp_path / "out").mkdir()
    (tmp_path / "outside").write_text("kept")
    (tmp_path / "out/x").symlink_to(tmp_path / "outside")
    with Archive(path) as archive, pytest.raises(FileExistsError):
        archive.extract(tmp_path / "out", lambda _size: None)
    assert (tmp_path / "outside").read_text() == "kept"


@example(".")
@example("a/./b")
@given(st.text(min_size=1, max_size=60).map(lambda text: text.strip("/") or "x"))
def test_a_safe_name_is_one_that_the_reader_takes(name: str) -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr(safe_name(name), b"x")
    path = Path(f"/tmp/safe-name-{os.getpid()}.zip")
    path.write_bytes(made.getvalue())
    try:
        with Archive(path) as found:
            assert len(found.members) == 1
    finally:
        path.unlink()


@given(st.binary(max_size=400))
def test_junk_never_does_more_than_be_refused(junk: bytes) -> None:
    path = Path(f"/tmp/junk-{os.getpid()}.zip")
    path.write_bytes(b"PK\x03\x04" + junk + b"PK\x05\x06" + junk[:18].ljust(18, b"\0"))
    try:
        Archive(path).__exit__(None, None, None)
    except UserError as error:
        assert error.code == "archive_refused"
    finally:
        path.unlink()
