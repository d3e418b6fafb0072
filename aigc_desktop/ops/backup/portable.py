"""One portable file: out of a snapshot, and into the repository as a snapshot.

A zip archive with the files as they are called and `manifest.json`. With a passphrase it is
encrypted with age, and put into an outer archive beside the key that opens it, which the passphrase
opens (`age -d -i identity.age backup.zip.age` does it without us).
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import time
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from aigc_desktop.core.backup import Cause, Phase
from aigc_desktop.core.errors import UserError
from aigc_desktop.files.archive import Archive, refused, safe_name
from aigc_desktop.ops.backup import create, restore, source
from aigc_desktop.ops.backup.manifest import DATABASE, SETTINGS, FileEntry, Manifest
from aigc_desktop.ops.backup.packs import Index
from aigc_desktop.ops.backup.reading import ChunkReader
from aigc_desktop.ops.backup.worker import Work
from aigc_desktop.store import migration, snapshots

FORMAT = "aigc-desktop-backup"
VERSION = 1
MANIFEST = "manifest.json"
IDENTITY, LOCKED = "identity.age", "backup.zip.age"
MAX_MANIFEST = 512 * 1024 * 1024
MIN_PASSPHRASE = 8
HARD_TO_COMPRESS, SUSPICIOUS = 1.05, 40.0
"""Ratios beyond which a file is stored as it is: the reader takes no archive of more than 100."""


def run_export(work: Work) -> dict[str, Any]:
    """Write a snapshot into one file, read it back, then give it its name."""
    options = work.job.options
    target, passphrase = Path(options["file"]), options["lock"]
    if passphrase is not None and len(passphrase) < MIN_PASSPHRASE:
        raise UserError("passphrase_short", minimum=MIN_PASSPHRASE)
    partial = target.parent / f".{target.name}.{os.urandom(4).hex()}.part"
    plain = partial.with_suffix(".zip") if passphrase is not None else partial
    try:
        with restore.opened(work, options["snapshot"]) as (repository, found):
            reader = ChunkReader(repository, index := Index.load(repository, lenient=True))
            try:
                _write_archive(work, found, reader, index, plain)
            finally:
                reader.close()
        if passphrase is not None:
            _lock(plain, partial, passphrase)
        with partial.open("rb") as file:
            os.fsync(file.fileno())
        partial.replace(target)
    finally:
        for leftover in (plain, partial):
            leftover.unlink(missing_ok=True)
    return {"bytes": target.stat().st_size}


def _write_archive(
    work: Work, found: Manifest, reader: ChunkReader, index: Index, file: Path
) -> None:
    work.begin(Phase.WRITING, 2 * sum(entry.size for entry in found.files))
    names = _names(found)
    rows: list[list[Any]] = []
    with zipfile.ZipFile(file, "x", allowZip64=True) as archive:
        file.chmod(0o600)
        for entry in found.files:
            digest = _write_member(archive, names[entry.path], entry, reader, index, work.advance)
            rows.append([names[entry.path], entry.mode, entry.size, entry.mtime_ns, digest])
        content = json.dumps(
            {
                "format": FORMAT,
                "version": VERSION,
                "header": found.header,
                "files": rows,
                "folders": [safe_name(path) for path, _ in found.folders],
                "links": found.links,
                "counts": found.counts,
            },
            ensure_ascii=False,
        )
        info = zipfile.ZipInfo(MANIFEST, time.localtime()[:6])
        info.external_attr = 0o100600 << 16
        archive.writestr(info, content.encode("utf-8", "replace"), zipfile.ZIP_DEFLATED)
    with Archive(file) as written:
        digests = written.digests(work.advance)
    if any(digests.get(row[0]) != row[4] for row in rows):
        raise UserError("backup_damaged", what=file.name)


def _names(found: Manifest) -> dict[str, str]:
    """Return what each file is called in the archive; names that are taken get a number."""
    names: dict[str, str] = {}
    taken = {MANIFEST}
    for entry in found.files:
        name = base = safe_name(entry.path)
        number = 1
        while name in taken:
            number += 1
            name = f"{base}_{number}"
        taken.add(name)
        names[entry.path] = name
    return names


def _write_member(
    archive: zipfile.ZipFile,
    name: str,
    entry: FileEntry,
    reader: ChunkReader,
    index: Index,
    advance: Callable[[int], None],
) -> str:
    stored = sum(index.places[chunk].stored for chunk in entry.chunks if chunk in index.places)
    ratio = entry.size / max(stored, 1)
    info = zipfile.ZipInfo(name, _zip_time(entry.mtime_ns))
    info.external_attr = (0o100700 if entry.mode & 0o100 else 0o100600) << 16
    deflate = HARD_TO_COMPRESS < ratio < SUSPICIOUS
    info.compress_type = zipfile.ZIP_DEFLATED if deflate else zipfile.ZIP_STORED
    info._compresslevel = 1  # type: ignore[attr-defined] # `open` has no other way (python 3.11)
    digest = hashlib.sha256()
    with archive.open(info, "w", force_zip64=True) as out:
        for data in reader.content(entry):
            out.write(data)
            digest.update(data)
            advance(len(data))
    return digest.hexdigest()


def _zip_time(mtime_ns: int) -> tuple[int, int, int, int, int, int]:
    when = time.localtime(mtime_ns // 1_000_000_000)
    return (min(max(when.tm_year, 1980), 2107), *when[1:6])


def _lock(plain: Path, target: Path, passphrase: str) -> None:
    """Encrypt to a fresh identity, which the passphrase opens."""
    import pyrage

    identity = pyrage.x25519.Identity.generate()
    locked = target.with_suffix(".age")
    try:
        with plain.open("rb") as source_file, locked.open("xb") as out:
            pyrage.encrypt_io(source_file, out, [identity.to_public()])
        key = pyrage.passphrase.encrypt(f"{identity}\n".encode(), passphrase)
        with zipfile.ZipFile(target, "x", allowZip64=True) as archive:
            target.chmod(0o600)
            archive.writestr(_member(IDENTITY), key)
            with (
                locked.open("rb") as file,
                archive.open(_member(LOCKED), "w", force_zip64=True) as out,
            ):
                shutil.copyfileobj(file, out, 1 << 20)
    finally:
        locked.unlink(missing_ok=True)


def _member(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, time.localtime()[:6])
    info.external_attr = 0o100600 << 16
    return info


def run_import(work: Work) -> dict[str, Any]:
    """Read a portable file into the repository as a snapshot of another installation."""
    options = work.job.options
    _require_readable(Path(options["file"]))
    scratch = work.paths.data_dir / f".import-{os.urandom(4).hex()}"
    for leftover in work.paths.data_dir.glob(".import-*"):
        shutil.rmtree(leftover, ignore_errors=True)
    scratch.mkdir(mode=0o700)
    try:
        file = _unlock(Path(options["file"]), scratch, options["lock"])
        home = scratch / "home"
        header = _extract(work, file, home)
        return {"snapshot": _store(work, home, header, Path(options["file"]).name)}
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _require_readable(file: Path) -> None:
    try:
        with file.open("rb"):
            pass
    except OSError as error:
        reason = error.strerror or ""
        raise UserError("file_not_readable", path=str(file), reason=reason) from error


def _unlock(file: Path, scratch: Path, passphrase: str | None) -> Path:
    """Return the inner archive, decrypted into the scratch folder if need be."""
    import pyrage

    with Archive(file) as outer:
        names = {member.name for member in outer.members}
        if names != {IDENTITY, LOCKED}:
            return file
        if not passphrase:
            raise UserError("import_passphrase_needed")
        try:
            key = pyrage.passphrase.decrypt(outer.content(IDENTITY, 64 * 1024), passphrase)
            identity = pyrage.x25519.Identity.from_str(key.decode().strip())
        except (pyrage.DecryptError, pyrage.IdentityError, ValueError) as error:
            raise UserError("passphrase_wrong") from error
        outer.extract(scratch / "outer", lambda _size: None)
    plain = scratch / "backup.zip"
    try:
        with (scratch / "outer" / LOCKED).open("rb") as locked, plain.open("xb") as out:
            pyrage.decrypt_io(locked, out, [identity])
    except (pyrage.DecryptError, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise refused("damaged, or not encrypted by this program") from error
    (scratch / "outer" / LOCKED).unlink()
    return plain


def _extract(work: Work, file: Path, home: Path) -> dict[str, Any]:
    """Check the archive and its manifest, then write it beneath `home`; return the header."""
    with Archive(file) as archive:
        described = _described(archive.content(MANIFEST, MAX_MANIFEST))
        expected = {row[0]: row for row in described["files"]}
        members = {member.name for member in archive.members} - {MANIFEST}
        if members != expected.keys() or any(
            source.split(name)[0] == "" and name not in (SETTINGS, DATABASE) for name in members
        ):
            raise refused("its manifest does not fit")
        total = sum(member.size for member in archive.members)
        if shutil.disk_usage(work.paths.data_dir).free < 2 * total + create.RESERVE:
            raise UserError("disk_full", path=str(work.paths.data_dir), reason="")
        work.begin(Phase.RESTORING, total)
        home.mkdir(mode=0o700)
        digests = archive.extract(home, work.advance)
    for name, mode, size, mtime_ns, digest in described["files"]:
        path = home / name
        if digests[name] != digest or path.stat().st_size != size:
            raise refused("damaged")
        path.chmod(0o700 if mode & 0o100 else 0o600)
        os.utime(path, ns=(mtime_ns, mtime_ns))
    (home / MANIFEST).unlink()
    _make_folders(home, described["folders"])
    _make_links(home, described["links"])
    _check_database(home, described)
    header: dict[str, Any] = described["header"]
    return header


def _described(content: bytes) -> dict[str, Any]:
    """Return the manifest. Raises UserError: `archive_refused`, `backup_newer`."""
    try:
        data = json.loads(content)
        if data["format"] != FORMAT:
            raise refused("it is not a backup of this program")
        if data["version"] > VERSION:
            raise UserError("backup_newer", version=str(data["header"]["version"])[:20])
        for name, mode, size, mtime_ns, digest in data["files"]:
            assert isinstance(name, str) and isinstance(digest, str)
            assert all(isinstance(n, int) and 0 <= n < 2**63 for n in (mode, size, mtime_ns))
        assert all(isinstance(p, str) and isinstance(t, str) for p, t in data["links"])
        assert all(isinstance(path, str) for path in data["folders"])
        assert isinstance(data["header"], dict) and isinstance(data["counts"], dict)
        revision = str(data["header"]["revision"])
    except (ValueError, KeyError, TypeError, AssertionError, RecursionError) as error:
        raise refused("its manifest cannot be read") from error
    if revision and revision not in migration.REVISIONS:
        raise UserError("backup_newer", version=str(data["header"].get("version"))[:20])
    return dict(data)


def _make_folders(home: Path, folders: list[str]) -> None:
    """Folders with nothing in them; the others are there already."""
    for path in folders:
        if safe_name(path) == path and source.split(path)[0]:
            with contextlib.suppress(OSError):
                (home / path).mkdir(mode=0o700, parents=True, exist_ok=True)


def _make_links(home: Path, links: list[list[str]]) -> None:
    """Links come along only where they stay inside their own area."""
    for path, target in links:
        name = safe_name(path)
        area, _ = source.split(name)
        lexical = os.path.normpath(PurePosixPath(name).parent / target)
        inside = area and not target.startswith("/") and f"{lexical}/".startswith(f"{area}/")
        place = home / name
        if inside and name == path and place.parent.is_dir() and not place.exists():
            place.symlink_to(target)


def _check_database(home: Path, described: dict[str, Any]) -> None:
    database = home / DATABASE
    if not database.exists():
        return
    try:
        with snapshots.opened(database, "immutable=1") as db:
            sound = db.execute("PRAGMA integrity_check(1)").fetchone() == ("ok",)
            sound = sound and snapshots.row_counts(db) == described["counts"]
            sound = sound and snapshots.revision_in(db) == described["header"]["revision"]
    except snapshots.DatabaseError:
        sound = False
    if not sound:
        raise refused("its database is damaged")


def _store(work: Work, home: Path, header: dict[str, Any], name: str) -> str:
    """Store what was extracted as a snapshot; its origin is not ours, so it is foreign."""
    repository, key = create.open_for_writing(work)
    folders = sorted(str(each) for each in (home / "folders").glob("*"))
    job = replace(work.job, home=str(home), work_dir=str(home / "work_dir"), folders=tuple(folders))
    made_at = time.strftime("%Y-%m-%d %H:%M", time.localtime(_stamp(header) / 1000))
    with repository.locked():
        inner = work.for_job(job)
        label = f"{name[:120]} ({made_at})"
        return create.make_snapshot(inner, repository, key, label, Cause.IMPORTED).id


def _stamp(header: dict[str, Any]) -> int:
    made_at = header.get("created_at")
    return made_at if isinstance(made_at, int) and 0 <= made_at < 2**42 else 0
