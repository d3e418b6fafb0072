"""Backups to a real S3 server (SeaweedFS), which also dies midway (CASES a51, a52)."""

from __future__ import annotations

import os
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from aigc_desktop.core.errors import UserError
from aigc_desktop.files.buckets import BucketClient
from aigc_desktop.ops.backup import catalog
from tests.foreign.seaweed import Server
from tests.ops.backup.conftest import Home, MakeHome, filled, make_home

__all__ = ["filled", "make_home"]
pytestmark = [pytest.mark.foreign, pytest.mark.timeout(300)]


def test_to_a_bucket_and_back(filled: Home, make_home: MakeHome, server: Server) -> None:
    home = Home(filled.paths, replace(filled.job, bucket=server.bucket))
    assert home.do("test_bucket") == {"bucket": server.bucket.label}
    assert home.do("create", label="", cause="manual")["uploaded"]
    assert catalog.snapshots(home.repository, catalog.origin(home.paths))[0].uploaded_at
    wrong = replace(server.bucket, secret_key="wrong")
    with pytest.raises(UserError, match="bucket_refused"):
        Home(filled.paths, replace(filled.job, bucket=wrong)).do("test_bucket")
    with pytest.raises(UserError, match="bucket_missing"):
        missing = replace(server.bucket, name="no-such-bucket")
        Home(filled.paths, replace(filled.job, bucket=missing)).do("test_bucket")
    other = make_home("other")
    other = Home(other.paths, replace(other.job, bucket=server.bucket))
    assert other.do("fetch") == {"snapshots": 1}
    fetched = catalog.snapshots(other.repository, catalog.origin(other.paths))[0]
    assert fetched.foreign
    assert other.do("verify", snapshot=fetched.id)["ok"]


def test_a_server_that_dies_midway(
    filled: Home, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Home(filled.paths, replace(filled.job, bucket=server.bucket))
    put, sent = BucketClient.put, threading.Event()

    def put_and_die(self: BucketClient, name: str, file: Path) -> None:
        if "/packs/" in name:
            timer = threading.Timer(0.02, server.kill)
            timer.start()
            sent.set()
        put(self, name, file)

    monkeypatch.setattr(BucketClient, "put", put_and_die)
    home.write("big2.bin", os.urandom(30_000_000))
    with pytest.raises(UserError, match="backup_upload_failed"):
        home.create()
    assert sent.is_set()
    monkeypatch.undo()
    shown = catalog.snapshots(home.repository, catalog.origin(home.paths))[0]
    assert shown.uploaded_at is None
    assert filled.do("verify", snapshot=shown.id)["ok"]
    server.start()
    home.do("upload")
    assert catalog.snapshots(home.repository, catalog.origin(home.paths))[0].uploaded_at


def test_what_reads_back_otherwise_is_not_done(
    filled: Home, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Home(filled.paths, replace(filled.job, bucket=server.bucket))
    monkeypatch.setattr(BucketClient, "digest", lambda _self, _name: "0" * 64)
    with pytest.raises(UserError, match="backup_upload_failed"):
        home.create()
    shown = catalog.snapshots(home.repository, catalog.origin(home.paths))[0]
    assert shown.uploaded_at is None


def test_what_is_damaged_or_lost_here_comes_back_from_there(
    filled: Home, server: Server, allow_log: set[str]
) -> None:
    allow_log |= {"came back from the bucket", "is set aside"}
    home = Home(filled.paths, replace(filled.job, bucket=server.bucket))
    first = home.create()
    home.write("big.bin", b"another")
    pack = max(home.repository.glob("packs/*/*"), key=lambda file: file.stat().st_size)
    whole = pack.read_bytes()
    before = server.objects()
    assert whole in before.values()
    os.truncate(pack, len(whole) // 2)
    with pytest.raises(UserError, match="backup_upload_failed"):
        home.do("upload")
    assert server.objects() == before
    home.create()
    assert pack.read_bytes() == whole
    pack.unlink()
    (home.repository / "snapshots" / first).unlink()
    home.do("upload")
    assert pack.read_bytes() == whole
    assert home.do("verify", snapshot=first)["ok"]
    assert before.keys() <= server.objects().keys()
