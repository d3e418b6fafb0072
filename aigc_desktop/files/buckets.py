"""A bucket of an S3 or MinIO server: objects are put whole, and read back."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aigc_desktop.core.errors import UserError

if TYPE_CHECKING:
    from minio import Minio

PART = 128 * 1024 * 1024
"""Bytes; smaller objects are sent in one request, so that a server that dies keeps no part."""

CONNECT_TIMEOUT = 10.0
READ_TIMEOUT = 60.0
RETRIES = 2
PIECE = 1 << 20

_REFUSALS = frozenset(
    ("AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidSecurity")
)


class BucketClient:
    """Reads and writes objects of one bucket. Every method blocks."""

    def __init__(
        self, endpoint: str, name: str, access_key: str, secret_key: str, secure: bool, region: str
    ) -> None:
        import urllib3
        from minio import Minio

        self.name = name
        self.label = f"{endpoint}/{name}"
        retries = urllib3.Retry(total=RETRIES, backoff_factor=0.3, status_forcelist=(502, 503, 504))
        timeout = urllib3.Timeout(connect=CONNECT_TIMEOUT, read=READ_TIMEOUT)
        http = urllib3.PoolManager(timeout=timeout, retries=retries)
        try:
            self._client: Minio = Minio(
                endpoint=endpoint,
                access_key=access_key,
                secret_key=secret_key,
                secure=secure,
                region=region,
                http_client=http,
            )
        except ValueError as error:
            raise UserError("bucket_unreachable", bucket=self.label, reason=str(error)) from error

    def check(self) -> None:
        """Raise UserError: `bucket_unreachable`, `bucket_refused`, `bucket_missing`."""
        with self._told():
            if not self._client.bucket_exists(bucket_name=self.name):
                raise UserError("bucket_missing", bucket=self.label)

    def put(self, name: str, file: Path) -> None:
        """Store a file as an object. Raises UserError: `bucket_*`."""
        with self._told():
            self._client.fput_object(
                bucket_name=self.name, object_name=name, file_path=str(file), part_size=PART
            )

    def digest(self, name: str) -> str:
        """Read an object whole; return its SHA-256 in hex. Raises UserError: `bucket_*`."""
        found = hashlib.sha256()
        for piece in self._read(name):
            found.update(piece)
        return found.hexdigest()

    def get(self, name: str, file: Path) -> str:
        """Write an object into a new file; return its SHA-256. Raises OSError, UserError."""
        found = hashlib.sha256()
        with file.open("xb") as out:
            for piece in self._read(name):
                found.update(piece)
                out.write(piece)
        return found.hexdigest()

    def list(self, prefix: str) -> dict[str, int]:
        """Return names and sizes of the objects below `prefix`. Raises UserError: `bucket_*`."""
        with self._told():
            found = self._client.list_objects(bucket_name=self.name, prefix=prefix, recursive=True)
            return {str(each.object_name): int(each.size or 0) for each in found}

    def delete(self, name: str) -> None:
        """Delete an object. Raises UserError: `bucket_*`."""
        with self._told():
            self._client.remove_object(bucket_name=self.name, object_name=name)

    def _read(self, name: str) -> Iterator[bytes]:
        with self._told():
            answer: Any = self._client.get_object(bucket_name=self.name, object_name=name)
            try:
                yield from answer.stream(PIECE)
            finally:
                answer.close()
                answer.release_conn()

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """Say what goes wrong in words the user can act on."""
        import urllib3
        from minio.error import MinioException, S3Error

        try:
            yield
        except S3Error as error:
            raise self._refusal(str(error.code), error) from error
        except (MinioException, urllib3.exceptions.HTTPError, ValueError) as error:
            raise UserError(
                "bucket_unreachable", bucket=self.label, reason=type(error).__name__
            ) from error

    def _refusal(self, code: str, error: Exception) -> UserError:
        if code in _REFUSALS:
            return UserError("bucket_refused", bucket=self.label)
        if code == "NoSuchBucket":
            return UserError("bucket_missing", bucket=self.label)
        return UserError("bucket_unreachable", bucket=self.label, reason=code)
