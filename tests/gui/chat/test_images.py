from __future__ import annotations

import os
from pathlib import Path

import pytest
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from aigc_desktop.gui.chat.images import MAX_BYTES, ImageLoader, local_path, read_image


@pytest.fixture
def work(tmp_path: Path) -> Path:
    work = tmp_path / "work"
    work.mkdir()
    picture = QImage(40, 30, QImage.Format.Format_RGB32)
    picture.fill(0xFF2244)
    assert picture.save(str(work / "chart 1.png"))
    assert picture.save(str(tmp_path / "outside.png"))
    return work


@pytest.mark.parametrize(
    "source",
    [
        "https://evil.example/beacon.png",
        "//evil.example/beacon.png",
        "file://host/share.png",
        "file:///etc/passwd",
        "\\\\host\\share.png",
        "data:image/png;base64,AAAA",
        "javascript:alert(1)",
        "../outside.png",
        "link.png",
        "a\0.png",
        "",
    ],
)
def test_nothing_outside_the_work_directory(work: Path, source: str) -> None:
    (work / "link.png").symlink_to(work.parent / "outside.png")
    assert local_path(source, work) is None


def test_reads_what_is_inside(work: Path) -> None:
    path = local_path("chart%201.png", work)
    assert path is not None
    image = read_image(path)
    assert image is not None
    assert (image.width(), image.height()) == (40, 30)
    assert local_path("chart 1.png", None) is None


def test_unfit_files_are_no_pictures(work: Path) -> None:
    (work / "empty.png").touch()
    (work / "junk.png").write_bytes(b"not a picture at all")
    (work / "drawing.svg").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>'
    )
    with (work / "huge.png").open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    os.mkfifo(work / "pipe.png")
    names = ("empty.png", "junk.png", "drawing.svg", "huge.png", "pipe.png", "absent.png", ".")
    assert [read_image(work / name) for name in names] == [None] * len(names)


def test_a_picture_with_a_huge_side_is_not_decoded(work: Path) -> None:
    wide = QImage(20_000, 1, QImage.Format.Format_Mono)
    assert wide.save(str(work / "wide.png"))
    assert read_image(work / "wide.png") is None


def test_loads_in_the_background(qtbot: QtBot, work: Path) -> None:
    loader = ImageLoader()
    loader.work_dir = work
    with qtbot.waitSignal(loader.loaded):
        assert loader.get("chart 1.png") is False
    assert isinstance(loader.get("chart 1.png"), QImage)
    assert loader.get("https://evil.example/x.png") is None
    loader.close()
