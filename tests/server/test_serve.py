"""`aigc-desktop serve` and `token` as processes of their own: started, asked, flooded, ended."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from aigc_desktop.config.paths import Paths
from aigc_desktop.config.secrets import SecretStore
from aigc_desktop.core import http
from tests.server.conftest import Client, read_answer

ROOT = Path(__file__).parents[2]
FLOOD = int(os.environ.get("AIGC_FLOOD", "2000"))
"""Requests of the flood; the full campaign has 10,000."""


def environment(paths: Paths, **more: str) -> dict[str, str]:
    return {**os.environ, "AIGC_HOME": str(paths.home), "LANG": "en_US.UTF-8", **more}


def run(paths: Paths, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "aigc_desktop", *arguments],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=environment(paths, **more),
        timeout=60,
    )


class Serving:
    """A running `serve`."""

    def __init__(self, paths: Paths, *arguments: str, **more: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "aigc_desktop", "serve", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=environment(paths, **more),
        )
        first = self.line()
        assert first.startswith("Serving at http://127.0.0.1:"), first + self.errors()
        self.port = int(first.rpartition(":")[2].split(".")[0])

    def line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def errors(self) -> str:
        assert self.process.stderr is not None
        return self.process.stderr.read() if self.process.poll() is not None else ""

    def end(self) -> int:
        """End it as the terminal or the system does; return its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(20)
        for stream in (self.process.stdout, self.process.stderr):
            assert stream is not None
            stream.close()
        return code


@pytest.fixture
def serve(paths: Paths) -> Iterator[Callable[..., Serving]]:
    started: list[Serving] = []

    def start(*arguments: str, **more: str) -> Serving:
        serving = Serving(paths, *arguments, **more)
        started.append(serving)
        return serving

    yield start
    for serving in started:
        serving.process.kill()
        serving.end()


async def test_served_asked_and_ended(serve: Callable[..., Serving], paths: Paths) -> None:
    """Tokens are made and revoked by another process; the key is where both find it."""
    SecretStore(paths).allow_file("placeholder", "x")
    serving = serve("--port", "0")
    client = Client(serving.port, "")
    health = await client.get(http.HEALTH, token=None)
    assert health.json["status"] == "ok"
    made = json.loads(run(paths, "token", "create", "--ttl", "1h", "--name", "t", "--json").stdout)
    client.token = made["token"]
    stats = await client.get(http.STATS)
    assert stats.json["total_sessions"] == 0
    listed = json.loads(run(paths, "token", "list", "--json").stdout)
    assert [(token["name"], token["state"]) for token in listed] == [("t", "valid")]
    assert listed[0]["used_at"] is not None
    assert run(paths, "token", "revoke", made["id"]).returncode == 0
    assert (await client.get(http.STATS)).status == 401
    assert run(paths, "token", "rotate").returncode == 0
    second = run(paths, "token", "create", "--ttl", "5m").stdout.strip()
    assert (await client.get(http.STATS, token=second)).status == 200, "the new key is found"
    assert serving.end() == 0
    for file in paths.logs_dir.iterdir():
        text = file.read_text()
        assert not [t for t in (made["token"], second) if t.split(".")[2] in text]


async def test_a_token_that_nobody_could_check_is_not_made(
    serve: Callable[..., Serving], paths: Paths
) -> None:
    refused = run(paths, "token", "create")
    assert refused.returncode == 1
    assert "--print-token" in refused.stderr
    assert run(paths, "token", "create", "--ttl", "10y").returncode == 1
    serving = serve("--port", "0", "--print-token", "10m")
    client = Client(serving.port, serving.line())
    assert (await client.get(http.STATS)).status == 200


async def test_case_182_183_port_and_host(serve: Callable[..., Serving], paths: Paths) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    serving = serve(PORT=str(port), HOST="localhost")
    assert serving.port == port
    second = run(paths, "serve", PORT=str(port))
    assert second.returncode == 1
    assert f"Port {port} is used by another program." in second.stderr
    beyond = run(paths, "serve", "--port", "99999")
    assert beyond.returncode == 1
    assert beyond.stderr.startswith("The system does not allow port 99999")
    for host in ("0.0.0.0", "::", "10.0.0.1"):
        refused = run(paths, "serve", "--port", "0", HOST=host)
        assert refused.returncode == 1
        assert "must not listen" in refused.stderr
    (paths.home / ".env").write_text("HOST=0.0.0.0\nPORT=8000\n")
    assert "must not listen" in run(paths, "serve", "--port", "0").stderr
    listening = [
        c.laddr.ip
        for c in psutil.Process(serving.process.pid).net_connections("inet")
        if c.status == psutil.CONN_LISTEN
    ]
    assert listening == ["127.0.0.1"]


STRANGER = """
import encodings.idna, json, os, pathlib, pwd, sys, urllib.error, urllib.request
home, pid, url = sys.argv[1:]
other = pwd.getpwnam("nobody")
os.setgroups([])
os.setgid(other.pw_gid)
os.setuid(other.pw_uid)
read = []
for folder, _, names in os.walk(home):
    for name in names:
        try:
            pathlib.Path(folder, name).read_bytes()
        except OSError:
            continue
        read.append(os.path.join(folder, name))
for name in ("environ", "mem", "maps"):
    try:
        with open(f"/proc/{pid}/{name}", "rb") as file:
            file.read(1)
    except OSError:
        continue
    read.append(name)
statuses = []
for token in (None, "", "x.y.z"):
    request = urllib.request.Request(url)
    if token is not None:
        request.add_header("Authorization", f"Bearer {token}")
    try:
        statuses.append(urllib.request.urlopen(request).status)
    except urllib.error.HTTPError as error:
        statuses.append(error.code)
print(json.dumps({"user": os.getuid(), "read": read, "statuses": statuses}))
"""


@pytest.mark.skipif(
    not hasattr(os, "getuid") or os.getuid() != 0, reason="only root can become another user"
)
def test_case_184_another_user_of_the_machine() -> None:
    """Everything above our own folder is open; the key is in a file, the token in no place."""
    with tempfile.TemporaryDirectory() as open_to_all:
        Path(open_to_all).chmod(0o755)
        paths = Paths(Path(open_to_all) / "aigc")
        paths.create()
        SecretStore(paths).allow_file("placeholder", "x")
        serving = Serving(paths, "--port", "0")
        try:
            assert run(paths, "token", "create", "--ttl", "1h").stdout
            assert (paths.home / "keys.json").is_file()
            url = f"http://127.0.0.1:{serving.port}{http.STATS}"
            told = subprocess.run(
                [
                    *(sys.executable, "-I", "-c", STRANGER),
                    *(open_to_all, str(serving.process.pid), url),
                ],
                check=True,
                capture_output=True,
                text=True,
                cwd="/",
            )
        finally:
            serving.process.kill()
            serving.end()
    found = json.loads(told.stdout)
    assert found["user"] != 0
    assert found["read"] == []
    assert found["statuses"] == [401, 401, 401]


async def test_case_186_a_flood(serve: Callable[..., Serving]) -> None:
    """Some requests get a 503, memory stays, and it answers afterwards."""
    serving = serve("--port", "0")
    client = Client(serving.port, "x")
    before = await _settled_memory(serving.process.pid)
    request = f"GET {http.STATS} HTTP/1.1\r\nHost: 127.0.0.1:{serving.port}\r\n\r\n".encode()
    statuses: dict[int, int] = {}

    async def send_many() -> None:
        sent = 0
        while sent < FLOOD // 40:
            reader, writer = await asyncio.open_connection("127.0.0.1", serving.port)
            try:
                for _ in range(50):
                    sent += 1
                    writer.write(request)
                    status = (await read_answer(reader)).status
                    statuses[status] = statuses.get(status, 0) + 1
            except (ConnectionError, asyncio.IncompleteReadError):
                statuses[0] = statuses.get(0, 0) + 1
            writer.close()

    began = time.monotonic()
    await asyncio.gather(*(send_many() for _ in range(40)))
    grown = psutil.Process(serving.process.pid).memory_info().rss - before
    print({"statuses": statuses, "grown_mb": grown >> 20, "s": time.monotonic() - began})
    assert sum(statuses.values()) >= FLOOD * 0.9
    assert set(statuses) <= {0, 401, 503}
    assert grown < 50 * 1024 * 1024
    await asyncio.sleep(1.5)
    assert (await client.get(http.HEALTH)).status == 200


async def _settled_memory(pid: int) -> int:
    """Wait until the program has loaded what it loads after its start."""
    process, still = psutil.Process(pid), 0
    before = process.memory_info().rss
    while still < 8:
        await asyncio.sleep(0.5)
        now = process.memory_info().rss
        still = still + 1 if abs(now - before) < 1_000_000 else 0
        before = now
    return before
