"""Every byte class of a repository damaged in turn: rejected each time (CASES a26)."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from aigc_desktop.core.backup import Cause
from aigc_desktop.core.errors import UserError
from aigc_desktop.ops.backup import catalog
from aigc_desktop.ops.backup.repository import Repository
from tests.ops.backup.conftest import Home


def files_of(root: Path) -> dict[str, Path]:
    """The largest file of each kind."""
    found = {
        "config": root / "config.json",
        "index": max((root / "index").iterdir(), key=lambda file: file.stat().st_size),
        "pack": max(root.glob("packs/*/*"), key=lambda file: file.stat().st_size),
    }
    return {**found, "snapshot": root / "snapshots" / Repository.open(root).snapshot_ids()[-1]}


def forget_copy(home: Home) -> None:
    """Leave the configuration that is damaged as the only one."""
    (home.repository / "config.copy.json").unlink()


def rejected(home: Home, snapshot: str) -> bool:
    """Whether the snapshot is refused: by a verification and by a restore."""
    try:
        found = home.do("verify", snapshot=snapshot)
    except UserError as error:
        return error.code in ("backup_damaged", "passphrase_wrong", "snapshot_not_found")
    return not found["ok"]


@pytest.fixture(params=["plain", "encrypted"])
def home(request: pytest.FixtureRequest, filled: Home) -> Iterator[Home]:
    yield filled if request.param == "plain" else filled.locked_with("correct horse")


@pytest.mark.parametrize("kind", ["config", "index", "pack", "snapshot"])
def test_any_flipped_byte_is_found(
    home: Home, kind: str, tmp_path: Path, allow_log: set[str]
) -> None:
    allow_log.add("is set aside")
    snapshot = home.create()
    file = files_of(home.repository)[kind]
    forget_copy(home)
    kept = shutil.copytree(home.repository, tmp_path / "kept")
    whole = file.read_bytes()
    step = max(len(whole) // 12, 1)
    # Beginning and end byte by byte (magic, lengths, trailer), the rest in samples.
    places = {*range(0, min(16, len(whole)), 3), *range(len(whole) - 16, len(whole), 3)}
    places |= set(range(0, len(whole), step))
    for place in sorted(places):
        data = bytearray(whole)
        data[place] ^= 0x41
        if kind == "config" and bytes(data).split() == whole.split():
            continue
        file.write_bytes(data)
        assert rejected(home, snapshot), f"byte {place} of {len(whole)}"
        shutil.rmtree(home.repository)
        shutil.copytree(kept, home.repository)
    assert not rejected(home, snapshot)


def cut(file: Path) -> None:
    os.truncate(file, file.stat().st_size * 2 // 3)


def empty(file: Path) -> None:
    os.truncate(file, 0)


def longer(file: Path) -> None:
    with file.open("ab") as out:
        out.write(b"\0" * 7)


def remove(file: Path) -> None:
    file.unlink()


def to_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


@pytest.mark.parametrize("harm", [cut, empty, longer, remove, to_folder])
@pytest.mark.parametrize("kind", ["config", "index", "pack", "snapshot"])
def test_whatever_happens_to_a_file_is_found(
    filled: Home, kind: str, harm: Callable[[Path], None]
) -> None:
    snapshot = filled.create()
    forget_copy(filled)
    harm(files_of(filled.repository)[kind])
    with pytest.raises(UserError):
        if not filled.do("verify", snapshot=snapshot)["ok"]:
            raise UserError("backup_damaged")


@pytest.mark.parametrize("harm", [cut, empty, longer, remove, to_folder])
def test_one_damaged_configuration_costs_nothing(home: Home, harm: Callable[[Path], None]) -> None:
    """The key of what is encrypted is in it."""
    snapshot = home.create()
    harm(home.repository / "config.json")
    assert not rejected(home, snapshot)
    (home.paths.work_dir / "run.sh").unlink()
    done = home.do("restore_some", snapshot=snapshot, sessions=[], files=["work_dir/run.sh"])
    assert done["files"] == 1


def test_the_next_backup_mends_a_damaged_configuration(home: Home) -> None:
    home.create()
    whole = (home.repository / "config.json").read_bytes()
    cut(home.repository / "config.json")
    home.create()
    assert (home.repository / "config.json").read_bytes() == whole


@pytest.mark.parametrize("cause", list(Cause))
@pytest.mark.parametrize("is_noticed_before", [True, False])
def test_the_next_backup_heals_what_rotted(
    home: Home, is_noticed_before: bool, cause: Cause, allow_log: set[str]
) -> None:
    """A byte of a pack has changed, its size has not: nothing is built on it any more."""
    allow_log.add("is set aside")
    first = home.create()
    pack = files_of(home.repository)["pack"]
    rotten = bytearray(pack.read_bytes())
    rotten[len(rotten) // 2] ^= 1
    pack.write_bytes(rotten)
    if is_noticed_before:
        assert rejected(home, first)
    second = home.create(cause=cause)
    noted = [
        each.verified_at for each in catalog.snapshots(home.repository, "") if each.id == second
    ]
    assert noted != [None]
    assert not rejected(home, second) and not rejected(home, first)
    (aside,) = pack.parent.glob(f"{pack.name}.damaged-*")
    assert aside.read_bytes() == rotten


def rot(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)


@pytest.mark.parametrize("harm", [rot, cut])
@pytest.mark.parametrize("notices", ["verify", "manual", "before_restore"])
def test_what_is_whole_in_a_damaged_pack_is_not_lost(
    home: Home, notices: str, harm: Callable[[Path], None], allow_log: set[str]
) -> None:
    """Of files that are not there any more, those come back that the damage has not met."""
    allow_log.add("is set aside")
    home.create()
    names = [f"photos/{number}.jpg" for number in range(20)]
    contents = {name: os.urandom(100_000) for name in names}
    for name, content in contents.items():
        home.write(name, content)
    snapshot = home.create()
    shutil.rmtree(home.paths.work_dir / "photos")
    harm(max(home.repository.glob("packs/*/*"), key=lambda file: file.stat().st_mtime_ns))
    if notices == "verify":
        assert rejected(home, snapshot)
    else:
        home.create(cause=notices)
    came = 0
    for name, content in contents.items():
        try:
            home.do("restore_some", snapshot=snapshot, sessions=[], files=[f"work_dir/{name}"])
        except UserError as error:
            assert error.code == "backup_damaged"
        else:
            came += 1
            assert (home.paths.work_dir / name).read_bytes() == content
    assert came == (19 if harm is rot else 13)


def test_a_damaged_pack_is_not_freed(filled: Home) -> None:
    filled.create()
    pack = files_of(filled.repository)["pack"]
    cut(pack)
    left = pack.read_bytes()
    filled.write("big.bin", b"other")
    assert filled.do("prune")["freed"] == 0
    assert pack.read_bytes() == left


def test_swapped_files_are_found(filled: Home) -> None:
    first = filled.create()
    filled.write("big2.bin", os.urandom(3_000_000))
    second = filled.create()
    packs = sorted(filled.repository.glob("packs/*/*"), key=lambda file: file.stat().st_size)
    one, other = packs[-1], packs[-2]
    contents = one.read_bytes(), other.read_bytes()
    one.write_bytes(contents[1])
    other.write_bytes(contents[0])
    assert rejected(filled, first) and rejected(filled, second)
    one.write_bytes(contents[0])
    other.write_bytes(contents[1])
    snapshots = filled.repository / "snapshots"
    shutil.copy(snapshots / first, snapshots / second)
    assert not rejected(filled, first)
    assert rejected(filled, second)
    assert next(iter(catalog.snapshots(filled.repository, ""))).damaged


def test_a_damaged_snapshot_is_not_restored(filled: Home, allow_log: set[str]) -> None:
    allow_log.add("is set aside")
    snapshot = filled.create()
    filled.write("big.bin", b"changed since")
    rot(files_of(filled.repository)["pack"])
    before = filled.paths.database.read_bytes()
    with pytest.raises(UserError, match="backup_damaged"):
        filled.do("stage", snapshot=snapshot, replace=True, undo=False)
    assert filled.paths.database.read_bytes() == before
    assert (filled.paths.work_dir / "big.bin").read_bytes() == b"changed since"
    assert not list(filled.paths.work_dir.glob(".aigc-restore-*"))
    assert not (filled.paths.data_dir / "restore.json").exists()


def test_the_next_backup_mends_what_can_be_mended(filled: Home, allow_log: set[str]) -> None:
    allow_log.add("damaged index")
    first = filled.create()
    index = files_of(filled.repository)["index"]
    index.write_bytes(b"junk")
    second = filled.create()
    assert filled.do("verify", snapshot=first)["ok"]
    assert filled.do("verify", snapshot=second)["ok"]


def test_a_lost_pack_is_stored_again(filled: Home) -> None:
    first = filled.create()
    files_of(filled.repository)["pack"].unlink()
    assert rejected(filled, first)
    second = filled.create()
    assert filled.do("verify", snapshot=second)["ok"]
