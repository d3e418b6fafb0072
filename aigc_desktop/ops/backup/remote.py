"""The repository's mirror in a bucket: what is new is sent and read back, what is gone is deleted.

The snapshots here stay whatever happens there; one counts as sent only when all it needs was. What
was lost or damaged here comes back from there.
"""

from __future__ import annotations

import hashlib
import logging
import os
import time
from pathlib import Path
from typing import Any

from aigc_desktop.config.atomic import sync_directory
from aigc_desktop.core.backup import Phase
from aigc_desktop.core.errors import UserError
from aigc_desktop.files.buckets import BucketClient
from aigc_desktop.ops.backup import manifest, state
from aigc_desktop.ops.backup.packs import Index
from aigc_desktop.ops.backup.repository import Repository
from aigc_desktop.ops.backup.sealed import damaged
from aigc_desktop.ops.backup.worker import Work

logger = logging.getLogger(__name__)

PREFIX = "aigc-desktop/"
_ORDER = ("packs", "config.json", "index", "snapshots")
"""What is needed comes before what needs it; deleted is the other way round."""


def run_test_bucket(work: Work) -> dict[str, Any]:
    """Write, read and delete a small object."""
    bucket = connect(work)
    bucket.check()
    name = f"{PREFIX}.test-{os.urandom(6).hex()}"
    probe = work.paths.data_dir / f".bucket-test-{os.urandom(6).hex()}"
    try:
        probe.write_bytes(os.urandom(1024))
        bucket.put(name, probe)
        if bucket.digest(name) != _digest(probe):
            raise UserError("bucket_unreachable", bucket=bucket.label, reason="read-back")
        bucket.delete(name)
    finally:
        probe.unlink(missing_ok=True)
    return {"bucket": bucket.label}


def run_upload(work: Work) -> dict[str, Any]:
    """Send what the bucket does not have."""
    repository = Repository.open(work.root)
    with repository.locked():
        return {"files": send(work, repository)}


def run_fetch(work: Work) -> dict[str, Any]:
    """Get what is only in the bucket."""
    repository = Repository.open_or_create(work.root)
    with repository.locked():
        return {"snapshots": fetch(work, repository)}


def send(work: Work, repository: Repository) -> int:
    """Bring the bucket to what the locked repository is; return how many files were sent.

    Raises UserError: `backup_upload_failed`, with the reason; a part may have been sent, and is
    used the next time.
    """
    bucket = connect(work)
    try:
        return _send(work, repository, bucket)
    except UserError as error:
        if error.code == "backup_upload_failed":
            raise
        reason = error.params.get("reason") or error.code
        raise UserError("backup_upload_failed", bucket=bucket.label, reason=reason) from error


def _send(work: Work, repository: Repository, bucket: BucketClient) -> int:
    bucket.check()
    repository.mend_config()
    prefix = f"{PREFIX}{repository.config['id']}/"
    there = bucket.list(prefix)
    here = _files(repository)
    new = [name for name in here if _is_new(name, here[name], there.get(prefix + name))]
    work.begin(Phase.UPLOADING, sum(_size(here[name]) for name in new))
    for name in sorted(new, key=_rank):
        digest = _digest(here[name])
        if _is_named_by_hash(here[name]) and digest != here[name].name:
            raise damaged(name)
        bucket.put(prefix + name, here[name])
        if bucket.digest(prefix + name) != digest:
            bucket.delete(prefix + name)
            raise UserError("backup_upload_failed", bucket=bucket.label, reason="read-back")
        work.advance(_size(here[name]))
    gone = [name for name in there if name.removeprefix(prefix) not in here]
    if gone and not _is_complete(repository):
        came = _bring(work, repository, bucket, prefix, there)
        logger.warning("something was lost here: %d files came back from the bucket", came)
        gone = []
    for name in sorted(gone, key=lambda each: _rank(each.removeprefix(prefix)), reverse=True):
        bucket.delete(name)
    _note_sent(repository)
    return len(new)


def _is_new(name: str, here: Path, size_there: int | None) -> bool:
    """Return whether a file is to be sent. Only the configuration is ever another one."""
    if name == "config.json" or size_there is None:
        return True
    return _is_named_by_hash(here) and size_there != _size(here)


def _is_complete(repository: Repository) -> bool:
    """Return whether all is here that should be. What is lost here may be in the bucket."""
    known = state.read(repository.root)["snapshots"].keys()
    needed = manifest.needed_chunks(repository)
    if needed is None or not known <= set(repository.snapshot_ids()):
        return False
    return needed <= Index.load(repository, lenient=True).places.keys()


def _note_sent(repository: Repository) -> None:
    now = int(time.time() * 1000)

    def change(found: dict[str, Any]) -> None:
        for snapshot_id in repository.snapshot_ids():
            found["snapshots"].setdefault(snapshot_id, {})["uploaded_at"] = now

    state.change(repository.root, change)


def fetch(work: Work, repository: Repository) -> int:
    """Get snapshots from the bucket into the locked repository; return how many.

    A repository without snapshots becomes the bucket's (key and all); another one takes only what
    it has sent itself.

    Raises UserError: `bucket_*`, `fetch_needs_empty`, `backup_damaged`; OSError.
    """
    bucket = connect(work)
    bucket.check()
    there = bucket.list(PREFIX)
    prefix = _choose(repository, there)
    if prefix is None:
        return 0
    before = len(repository.snapshot_ids())
    _bring(work, repository, bucket, prefix, there)
    if before == 0:
        _fetch_file(bucket, f"{prefix}config.json", repository.root / "config.json")
        Repository.open(repository.root)
    return len(repository.snapshot_ids()) - before


def _bring(
    work: Work, repository: Repository, bucket: BucketClient, prefix: str, there: dict[str, int]
) -> int:
    """Get what is only in the bucket (`there`: names and bytes); return how many files."""
    here = _files(repository)
    names = [n.removeprefix(prefix) for n in there if n.startswith(prefix) and _is_ours(n, prefix)]
    wanted = [n for n in names if n not in here and n != "config.json"]
    work.begin(Phase.DOWNLOADING, sum(there[prefix + name] for name in wanted))
    for name in sorted(wanted, key=_rank):
        _fetch_file(bucket, prefix + name, repository.root / name)
        work.advance(there[prefix + name])
    return len(wanted)


def _choose(repository: Repository, there: dict[str, int]) -> str | None:
    """Return the prefix of the repository to be fetched: our own, or the one newest in use."""
    own = f"{PREFIX}{repository.config['id']}/"
    if f"{own}config.json" in there:
        return own
    newest = ""
    for name in there:
        prefix, found, snapshot_id = name.partition("/snapshots/")
        if found and snapshot_id > newest.rpartition("/")[2]:
            newest = f"{prefix}/{snapshot_id}"
    if not newest:
        return None
    if repository.snapshot_ids():
        raise UserError("fetch_needs_empty", path=str(repository.root))
    return f"{newest.rpartition('/')[0]}/"


def _is_ours(name: str, prefix: str) -> bool:
    """Whatever is in the bucket: only names of a repository become paths here."""
    parts = name.removeprefix(prefix).split("/")
    known = parts[0] in ("packs", "index", "snapshots")
    plain = all(p and p.replace("-", "").isalnum() and p.isascii() for p in parts[1:])
    return parts == ["config.json"] or (known and plain and len(parts) in (2, 3))


def _fetch_file(bucket: BucketClient, name: str, target: Path) -> None:
    """Get one file; packs and indexes are named by their hash, which is checked."""
    target.parent.mkdir(mode=0o700, exist_ok=True)
    partial = target.parent / f".{os.urandom(8).hex()}.part"
    try:
        digest = bucket.get(name, partial)
        if _is_named_by_hash(target) and digest != target.name:
            raise UserError("backup_damaged", what=target.name[:12])
        with partial.open("rb") as file:
            os.fsync(file.fileno())
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    sync_directory(target.parent)


def connect(work: Work) -> BucketClient:
    """Return the bucket. Raises UserError("bucket_incomplete")."""
    wanted = work.job.bucket
    if wanted is None:
        raise UserError("bucket_incomplete")
    return BucketClient(
        wanted.endpoint,
        wanted.name,
        wanted.access_key,
        wanted.secret_key,
        wanted.secure,
        wanted.region,
    )


def _files(repository: Repository) -> dict[str, Path]:
    found = [
        repository.root / "config.json",
        *repository.pack_files().values(),
        *repository.index_files(),
        *(repository.root / "snapshots" / each for each in repository.snapshot_ids()),
    ]
    return {path.relative_to(repository.root).as_posix(): path for path in found}


def _is_named_by_hash(file: Path) -> bool:
    """Return whether it is a pack or an index."""
    return len(file.name) == 64


def _rank(name: str) -> int:
    first = name.partition("/")[0]
    return _ORDER.index(first) if first in _ORDER else len(_ORDER)


def _size(file: Path) -> int:
    return file.stat().st_size


def _digest(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
