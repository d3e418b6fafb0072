"""The way out of a sandboxed command: real sandboxes and sockets, no real look-up and dial."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aigc_desktop.agent import gateway, sandbox
from aigc_desktop.agent.egress import Egress
from aigc_desktop.agent.gateway import Gateway, granted_hosts
from aigc_desktop.agent.hello import server_name
from aigc_desktop.agent.ports import ToolContext, ToolOutcome
from aigc_desktop.agent.sandbox import Sandbox
from aigc_desktop.agent.tools.command import RunCommand
from aigc_desktop.core.errors import UserError
from aigc_desktop.files.workdir import WorkDir

PUBLIC = "93.184.215.14"


def hello(host: str | None) -> bytes:
    """Return the greeting that a real TLS client sends."""
    context = ssl.create_default_context()
    context.check_hostname = False
    outgoing = ssl.MemoryBIO()
    client = context.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname=host)
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()


@dataclass
class Peer:
    """A server on this machine that stands for the whole internet."""

    port: int = 0
    heard: list[bytes] = field(default_factory=list)
    dialled: list[tuple[str, int]] = field(default_factory=list)
    addresses: dict[str, str] = field(default_factory=dict)
    answer: bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.heard.append(await reader.read(65536))
        writer.write(self.answer)
        await writer.drain()
        writer.close()

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        return [self.addresses.get(host, PUBLIC)]

    async def dial(self, address: str, port: int) -> gateway.Streams:
        self.dialled.append((address, port))
        return await asyncio.open_connection("127.0.0.1", self.port)


@pytest.fixture
async def peer() -> AsyncIterator[Peer]:
    found = Peer()
    server = await asyncio.start_server(found.serve, "127.0.0.1", 0)
    found.port = server.sockets[0].getsockname()[1]
    yield found
    server.close()
    await server.wait_closed()


def gate(peer: Peer, *hosts: str) -> Gateway:
    return Gateway(Egress(peer.resolve), granted_hosts(hosts), peer.dial)


async def say(subject: Gateway, *parts: bytes) -> bytes:
    """Send parts one after another over the gateway's socket; return all that comes back."""
    async with subject.open(by_socket=True) as door:
        reader, writer = await asyncio.open_unix_connection(door.socket)
        answer = b""
        for number, part in enumerate(parts):
            if number:
                answer += await reader.readuntil(b"\r\n\r\n")
            writer.write(part)
        answer += await reader.read()
        writer.close()
    return answer


CONNECT = b"CONNECT ok.example:443 HTTP/1.1\r\nHost: ok.example:443\r\n\r\n"


async def test_a_granted_host_is_reached_at_the_vetted_address(peer: Peer) -> None:
    subject = gate(peer, "OK.example.")
    greeting = hello("ok.example")
    answer = await say(subject, CONNECT, greeting)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.endswith(b"hello")
    assert peer.heard == [greeting]
    assert peer.dialled == [(PUBLIC, 443)]
    assert (subject.reached, subject.refused) == ({"ok.example"}, set())


@pytest.mark.parametrize(
    "target",
    [
        *(b"evil.example:443", b"ok.example.evil:443", b"93.184.215.14:443", b"ok.example:22"),
        *(
            b"ok.example:80",
            b"[::1]:443",
            b"localhost:443",
            b"xok.example:443",
            b"x@ok.example:443",
        ),
    ],
)
async def test_whatever_was_not_granted_is_refused(peer: Peer, target: bytes) -> None:
    subject = gate(peer, "ok.example")
    answer = await say(subject, b"CONNECT %s HTTP/1.1\r\n\r\n" % target)
    assert answer.startswith((b"HTTP/1.1 403", b"HTTP/1.1 400"))
    assert (peer.dialled, peer.heard) == ([], [])


@pytest.mark.parametrize("greeting", [hello("evil.example"), hello(None), b"\x16\x03\x01\x00\x01x"])
async def test_a_tunnel_that_is_meant_for_another_host_is_cut(peer: Peer, greeting: bytes) -> None:
    subject = gate(peer, "ok.example")
    answer = await say(subject, CONNECT, greeting)
    assert b"403" in answer
    assert peer.heard in ([], [b""])
    assert not subject.reached
    assert subject.refused == {"ok.example"}


async def test_a_host_that_leads_inside_is_refused(peer: Peer) -> None:
    peer.addresses["ok.example"] = "10.0.0.1"
    assert b"502" in await say(gate(peer, "ok.example"), CONNECT)
    assert peer.dialled == []


async def test_plain_http_goes_under_the_granted_name_and_alone(peer: Peer) -> None:
    subject = gate(peer, "ok.example")
    request = (
        b"POST http://ok.example/a?b=c HTTP/1.1\r\nHost: other.example\r\nX-Mine: 1\r\n"
        b"Proxy-Connection: keep-alive\r\nConnection: keep-alive\r\nContent-Length: 3\r\n\r\n"
        b"xyzGET / HTTP/1.1\r\nHost: other.example\r\n\r\n"
    )
    assert (await say(subject, request)).endswith(b"hello")
    head, _, body = peer.heard[0].partition(b"\r\n\r\n")
    assert head.split(b"\r\n") == [
        b"POST /a?b=c HTTP/1.1",
        b"Host: ok.example",
        b"X-Mine: 1",
        b"Content-Length: 3",
        b"Connection: close",
    ]
    assert body in (b"", b"xyz")


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET http://ok.example/ HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", b"411"),
        (
            b"GET http://ok.example/ HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
            b"400",
        ),
        (b"GET http://ok.example/ HTTP/1.1\r\nContent-Length: -1\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\n\r\n", b"400"),
        (b"GET ftp://ok.example/ HTTP/1.1\r\n\r\n", b"400"),
        (b"junk\r\n\r\n", b"400"),
        (b"GET http://ok.example:x/ HTTP/1.1\r\n\r\n", b"400"),
        (b"GET http://\xff/ HTTP/1.1\r\n\r\n", b"400"),
    ],
)
async def test_odd_requests_are_refused(peer: Peer, request_: bytes, status: bytes) -> None:
    assert (await say(gate(peer, "ok.example"), request_)).startswith(b"HTTP/1.1 " + status)
    assert peer.heard in ([], [b""])


async def test_a_head_without_end_is_dropped(peer: Peer) -> None:
    assert await say(gate(peer, "ok.example"), b"x" * (gateway.MAX_HEAD * 3)) == b""


async def test_what_a_command_moves_is_capped(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway, "MAX_BYTES", 1000)
    peer.answer = b"x" * 5_000_000
    answer = await say(gate(peer, "ok.example"), CONNECT, hello("ok.example"))
    assert len(answer) < 1000


async def test_connections_are_counted(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway, "MAX_CONNECTIONS", 0)
    assert b"503" in await say(gate(peer, "ok.example"), CONNECT)


async def test_a_port_asks_for_the_token(peer: Peer) -> None:
    subject = gate(peer, "ok.example")
    async with subject.open(by_socket=False) as door:
        for header in (b"", b"Proxy-Authorization: Basic eDp5\r\n"):
            reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
            writer.write(CONNECT[:-2] + header + b"\r\n")
            assert b"407" in await reader.read()
            writer.close()
        assert door.token in door.environment()["https_proxy"]
    assert peer.dialled == []


async def test_nothing_of_a_gateway_remains(peer: Peer) -> None:
    subject = gate(peer, "ok.example")
    async with subject.open(by_socket=True) as door:
        assert door.socket is not None
        reader, writer = await asyncio.open_unix_connection(door.socket)
        writer.write(b"CONNECT ok")
        await asyncio.sleep(0)
    assert await reader.read() == b""
    writer.close()
    assert not door.socket.parent.exists()


def test_hosts_are_named_and_few() -> None:
    assert granted_hosts(["A.example", "a.example."]) == {"a.example"}
    for bad in (["127.0.0.1"], ["*.example.com"], ["a.example/x"], ["u@a.example"], ["a.b"] * 21):
        with pytest.raises(UserError, match="url_refused"):
            granted_hosts(bad)


@given(st.binary(max_size=300))
def test_no_greeting_is_too_odd_to_read(data: bytes) -> None:
    assert server_name(data) is None or isinstance(server_name(data), str)


def test_every_cut_of_a_greeting_names_nobody() -> None:
    whole = hello("ok.example")
    assert server_name(whole) == "ok.example"
    for end in range(len(whole)):
        assert server_name(whole[:end]) is None
    assert server_name(b"\x17" + whole[1:]) is None
    at = whole.index(b"ok.example") - 3
    assert server_name(whole[:at] + b"\x01" + whole[at + 1 :]) is None
    assert server_name(whole[:5] + b"\x02" + whole[6:]) is None


CLIENT = (
    "import os, socket\n"
    "from urllib.parse import urlsplit\n"
    "proxy = urlsplit(os.environ['http_proxy'])\n"
    "import urllib.request\n"
    "print(urllib.request.urlopen('http://{host}/x', timeout=10).read())\n"
)


@pytest.fixture(params=["bubblewrap", "landlock"])
def box(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    if request.param == "landlock":
        monkeypatch.setattr(sandbox.shutil, "which", lambda _name: None)
    found = Sandbox.probe()
    assert found.kind.value == request.param
    return found


async def in_sandbox(box: Sandbox, peer: Peer, folder: Path, command: str) -> ToolOutcome:
    tool = RunCommand(
        WorkDir(folder, folder.parent / "home"),
        folder.parent,
        box,
        60,
        Egress(peer.resolve),
        peer.dial,
    )
    context = ToolContext(1, 1, "call", lambda _text: None)
    return await tool.run({"command": command, "hosts": ["ok.example"]}, context)


async def test_a_sandboxed_command_reaches_what_was_granted_and_nothing_else(
    box: Sandbox, peer: Peer, tmp_path: Path
) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "get.py").write_text(CLIENT.format(host="ok.example"))
    (folder / "other.py").write_text(CLIENT.format(host="evil.example"))
    (folder / "raw.py").write_text(
        f"import socket; socket.create_connection(('127.0.0.1', {peer.port}), 3)"
    )
    (folder / "name.py").write_text("import socket; socket.getaddrinfo('ok.example', 443)")
    good = await in_sandbox(box, peer, folder, "python3 get.py")
    assert "b'hello'" in good.content, good.content
    assert "[hosts reached: ok.example]" in good.content
    assert len(peer.heard) == 1
    for script, words in (("other", "403"), ("raw", "Error"), ("name", "rror")):
        bad = await in_sandbox(box, peer, folder, f"python3 {script}.py")
        assert bad.is_error
        assert words in bad.content
    assert len(peer.heard) == 1
