"""A SeaweedFS server: a real S3 peer, and a real network file system."""

from __future__ import annotations

import contextlib
import json
import random
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import urllib3
from minio import Minio

from aigc_desktop.ops.backup.job import Bucket

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
        self.filer = _free_port()
        self._parts = [f"-{part}.port={_free_port()}" for part in ("master", "volume")]
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
                *(*self._parts, f"-filer.port={self.filer}", "-master.telemetry=false"),
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

    @contextlib.contextmanager
    def mounted(self, folder: Path) -> Iterator[Path]:
        """Mount the server as a network file system."""
        mount = subprocess.Popen(
            [
                *(WEED, "mount", f"-filer=127.0.0.1:{self.filer}", f"-dir={folder}"),
                *(f"-cacheDir={self._folder}", "-allowOthers=false"),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            for _ in range(300):
                if folder.is_mount():
                    break
                with contextlib.suppress(subprocess.TimeoutExpired):
                    mount.wait(0.1)
                    pytest.skip("nothing can be mounted here")
            yield folder
        finally:
            subprocess.run(["umount", "-l", str(folder)], check=False)
            mount.terminate()
            mount.wait(20)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
