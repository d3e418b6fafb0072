"""Foreign servers, each a process of its own on 127.0.0.1."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.foreign.seaweed import Server

HERE = Path(__file__).parent


def serve(argv: Sequence[str]) -> Iterator[str]:
    process = subprocess.Popen(
        argv,
        cwd=HERE,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    url = process.stdout.readline().strip()
    assert url.startswith("http://127.0.0.1:"), f"{argv} did not start; run .ci/run once: {url!r}"
    yield url
    process.kill()
    process.wait()
    process.stdout.close()


@pytest.fixture(scope="module")
def aimock() -> Iterator[str]:
    yield from serve(["node", "aimock.mjs"])


@pytest.fixture(scope="module")
def llama() -> Iterator[str]:
    yield from serve([sys.executable, "llama.py"])


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """An S3 server of the test's own; the test may kill it."""
    folder = tmp_path / "weed"
    folder.mkdir()
    running = Server(folder)
    yield running
    running.kill()
