"""What a worker is asked to do: one JSON line on its standard input, never in its arguments."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket of an S3 or MinIO server."""

    endpoint: str
    name: str
    access_key: str
    secret_key: str = field(repr=False)
    secure: bool = True
    region: str = "us-east-1"

    @property
    def label(self) -> str:
        """Return `endpoint/bucket`."""
        return f"{self.endpoint}/{self.name}"


@dataclass(frozen=True, slots=True)
class Keep:
    """How many snapshots retention keeps: the newest of so many days, weeks and months."""

    daily: int = 7
    weekly: int = 4
    monthly: int = 6


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of work: its name, where everything is, and its own options (JSON-able)."""

    name: str
    home: str
    repository: str
    work_dir: str
    folders: tuple[str, ...] = ()
    """Further work directories that are backed up."""
    version: str = ""
    keep: Keep = Keep()
    encrypt: bool = False
    passphrase: str | None = field(default=None, repr=False)
    bucket: Bucket | None = None
    options: dict[str, Any] = field(default_factory=dict)


def dump(job: Job) -> bytes:
    """Return the job as one line."""
    return json.dumps(dataclasses.asdict(job)).encode() + b"\n"


def load(line: bytes) -> Job:
    """Return the job that `dump` wrote."""
    data = json.loads(line)
    data["folders"] = tuple(data["folders"])
    data["keep"] = Keep(**data["keep"])
    data["bucket"] = Bucket(**data["bucket"]) if data["bucket"] else None
    return Job(**data)
