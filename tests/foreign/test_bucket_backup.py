"""Backups to a real S3 server (SeaweedFS), which also dies midway (CASES a51, a52)."""

from __future__ import annotations

import contextlib
import json
import os
import random
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import urllib3
from minio import Minio

from aigc_desktop.core.errors import UserError
from aigc_desktop.files.buckets import BucketClient
from aigc_desktop.ops.backup import catalog
from aigc_desktop.ops.backup.job import Bucket
from tests.ops.backup.conftest import Home, MakeHome, filled, make_home

__all__ = ["filled", "make_home"]
pytestmark = [pytest.mark.foreign, pytest.mark.timeout(300)]
WEED = Path(sys.executable).with_name("weed")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def _free_port() -> int:
    """A port whose gRPC companion (SeaweedFS takes the port + 10,000) is free too."""
    return next(
        port
        for port in random.sample(range(10_000, 22_000), 500)
        if _is_free(port) and _is_free(port + 10_000)
    )


class Server:
    """A SeaweedFS server with one bucket; it can be killed and started again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.port = _free_port()
        self._parts = [f"-{part}.port={_free_port()}" for part in ("master", "volume", "filer")]
        keys = [{"accessKey": "key", "secretKey": "secret-key"}]
        actions = ["Admin", "Read", "List", "Tagging", "Write"]
        (folder / "s3.json").write_text(
            json.dumps({"identities": [{"name": "t", "credentials": keys, "actions": actions}]})
        )
        self.bucket = Bucket(f"127.0.0.1:{self.port}", "backups", "key", "secret-key", secure=False)
        self.start()
        self._client().make_bucket(bucket_name="backups")

    def _client(self) -> Minio:
        return Minio(
            endpoint=self.bucket.endpoint,
            access_key="key",
            secret_key="secret-key",
            secure=False,
            region="us-east-1",
            http_client=urllib3.PoolManager(retries=False, timeout=5),
        )

    def objects(self) -> dict[str, bytes]:
        """Return everything in the bucket."""
        client = self._client()
        found = client.list_objects(bucket_name="backups", recursive=True)
        names = [str(each.object_name) for each in found]
        return {
            name: client.get_object(bucket_name="backups", object_name=name).data for name in names
        }

    def start(self) -> None:
        self._process = subprocess.Popen(
            [
                *(WEED, "server", f"-dir={self._folder}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1"),
                *("-filer", "-s3", f"-s3.port={self.port}", f"-s3.config={self._folder}/s3.json"),
                *(*self._parts, "-master.telemetry=false"),
                *("-s3.iam=false", "-volume.max=50", "-master.volumeSizeLimitMB=1024"),
                *("-s3.autoCreateBucket=false", "-s3.allowDeleteBucketNotEmpty=false"),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for _ in range(600):
            try:
                self._client().list_buckets()
                return
            except Exception:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._process.wait(0.1)
                    raise AssertionError("SeaweedFS stopped while starting") from None
        raise AssertionError("SeaweedFS did not start")

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    folder = tmp_path / "weed"
    folder.mkdir()
    running = Server(folder)
    yield running
    running.kill()


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
