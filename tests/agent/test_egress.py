"""What leaves and what does not. Servers are real; only the look-up and the dial are replaced."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aigc_desktop.agent import egress
from aigc_desktop.agent.egress import Egress, host_of, is_public
from aigc_desktop.agent.ports import ToolContext
from aigc_desktop.agent.tools.web import WebFetch
from aigc_desktop.core.errors import UserError

PUBLIC = "93.184.215.14"


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://Example.COM/x?y#z", "example.com"),
        ("http://example.com.:80/", "example.com"),
        ("https://bücher.example/", "xn--bcher-kva.example"),
        ("https://例子.测试/", "xn--fsqu00a.xn--0zwm56d"),
        ("https://ＥＸＡＭＰＬＥ.com", "example.com"),
    ],
)
def test_hosts_have_one_name(url: str, host: str) -> None:
    assert host_of(url) == host


@pytest.mark.parametrize(
    "url",
    [
        *("ftp://example.com", "file:///etc/passwd", "javascript:alert(1)", "//example.com", ""),
        *("https://ok.com@evil.com/", "https://user:pw@example.com", "https://example.com%2eevil"),
        *("https://localhost/", "https://internal/", "https://127.0.0.1/", "https://2130706433/"),
        *("https://0x7f.1/", "https://0177.0.0.1/", "https://[::1]/", "https://[fe80::1%25eth0]/"),
        *("https://example.com:8080/", "https://example.com:99999/", "http://example.com:443/"),
        *("https://exa mple.com", "https://example.com\\@evil", "https://example.com\x00.evil"),
        *("https://-a.com", "https://a..com", "https://" + "a" * 3000, "https://x_y.com"),
        "https://①②⑦.①/",
    ],
)
def test_what_is_no_plain_public_address_is_refused(url: str) -> None:
    with pytest.raises(UserError, match="url_refused"):
        host_of(url)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        *((PUBLIC, True), ("2606:2800:21f::1", True), ("junk", False), ("::1", False)),
        *(("127.0.0.1", False), ("10.0.0.1", False), ("169.254.169.254", False)),
        *(("100.64.0.1", False), ("0.0.0.0", False), ("224.0.0.1", False), ("255.1.1.1", False)),
        *(("::ffff:127.0.0.1", False), ("::ffff:8.8.8.8", True), ("fe80::1%eth0", False)),
        *(("64:ff9b::7f00:1", False), ("2002:7f00:1::", False), ("2001:0:1::", False)),
        *(("ff02::1", False), ("fd00::1", False), ("192.88.99.1", False), ("::7f00:1", False)),
    ],
)
def test_which_addresses_are_public(address: str, public: bool) -> None:
    assert is_public(address) is public


@given(st.text(alphabet="abcXYZ019.-_@:/%[]\\ü例。①", max_size=30))
def test_a_host_is_stable_and_never_numeric(text: str) -> None:
    try:
        host = host_of(f"https://{text}")
    except UserError:
        return
    assert host_of(f"https://{host}/") == host
    assert "." in host
    assert not host.replace(".", "").isdigit()
    assert set(host) <= set("abcdefghijklmnopqrstuvwxyz0123456789.-")


class Web:
    """A little web: hosts with answers; remembers which addresses were dialled."""

    def __init__(self) -> None:
        self.pages: dict[str, Callable[[httpx2.Request], httpx2.Response]] = {}
        self.addresses: dict[str, list[Sequence[str]]] = {}
        self.dialled: list[tuple[str, str, str]] = []
        self.egress = Egress(self.resolve, lambda: httpx2.MockTransport(self.answer))

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        answers = self.addresses.get(host, [[PUBLIC]])
        return answers.pop(0) if len(answers) > 1 else answers[0]

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        host = request.headers["host"]
        self.dialled.append((request.url.host, host, request.extensions["sni_hostname"]))
        assert "cookie" not in request.headers
        assert "authorization" not in request.headers
        return self.pages[host](request)

    async def get(self, url: str, *allowed: str) -> egress.Fetched:
        return await self.egress.fetch(url, lambda host: host in allowed)


@pytest.fixture
def web() -> Web:
    return Web()


def redirect(to: str) -> Callable[[httpx2.Request], httpx2.Response]:
    return lambda _request: httpx2.Response(302, headers={"location": to})


def page(body: bytes, kind: str = "text/plain") -> Callable[[httpx2.Request], httpx2.Response]:
    return lambda _request: httpx2.Response(200, content=body, headers={"content-type": kind})


async def test_the_vetted_address_is_dialled_under_the_hosts_name(web: Web) -> None:
    web.addresses["a.com"] = [[PUBLIC], ["127.0.0.1"]]
    web.pages["a.com"] = page(b"hello")
    found = await web.get("https://A.com/x", "a.com")
    assert (found.status, found.body) == (200, b"hello")
    assert web.dialled == [(PUBLIC, "a.com", "a.com")]
    with pytest.raises(UserError, match="url_refused"):
        await web.get("https://a.com/x", "a.com")
    assert len(web.dialled) == 1


async def test_ipv6_is_dialled_too(web: Web) -> None:
    web.addresses["a.com"] = [["2606:2800:21f::1"]]
    web.pages["a.com"] = page(b"six")
    assert (await web.get("http://a.com", "a.com")).body == b"six"
    assert web.dialled[0][0].strip("[]") == "2606:2800:21f::1"


@pytest.mark.parametrize("addresses", [[], ["10.0.0.1"], [PUBLIC, "127.0.0.1"], ["::1"]])
async def test_one_private_address_refuses_the_host(web: Web, addresses: list[str]) -> None:
    web.addresses["a.com"] = [addresses]
    with pytest.raises(UserError, match="url_refused"):
        await web.get("https://a.com", "a.com")
    assert web.dialled == []


async def test_redirects_are_checked_like_the_first(web: Web) -> None:
    web.pages |= {"a.com": redirect("https://b.com/"), "b.com": page(b"b")}
    with pytest.raises(UserError, match="host_not_allowed"):
        await web.get("https://a.com", "a.com")
    assert (await web.get("https://a.com", "a.com", "b.com")).url == "https://b.com/"
    for target in ("http://127.0.0.1/", "file:///etc/passwd", "https://b.com:22/", "//x@b.com/"):
        web.pages["a.com"] = redirect(target)
        with pytest.raises(UserError, match="url_refused"):
            await web.get("https://a.com", "a.com", "b.com", "127.0.0.1")
    web.pages["a.com"] = redirect("/again")
    with pytest.raises(UserError, match="url_refused"):
        await web.get("https://a.com", "a.com")


async def test_lookalike_hosts_are_other_hosts(web: Web) -> None:
    for url in ("https://ok.com.evil.com", "https://оk.com", "https://ok.co", "https://a.ok.com"):
        with pytest.raises(UserError, match="host_not_allowed"):
            await web.get(url, "ok.com")


async def test_bombs_and_endless_bodies_are_cut(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(egress, "MAX_BODY", 100_000)
    packed = gzip.compress(bytes(50_000_000))
    web.pages["a.com"] = lambda _request: httpx2.Response(
        200, content=packed, headers={"content-encoding": "gzip"}
    )
    found = await web.get("https://a.com", "a.com")
    assert found.truncated
    assert len(found.body) == 100_000


async def test_silence_and_failure_are_told(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("no")

    web.pages["a.com"] = broken
    with pytest.raises(UserError, match="network_unreachable"):
        await web.get("https://a.com", "a.com")

    async def fails(_host: str, _port: int) -> Sequence[str]:
        raise OSError("no such host")

    async def hangs(_host: str, _port: int) -> Sequence[str]:
        await asyncio.Event().wait()
        return []

    with pytest.raises(UserError, match="network_unreachable"):
        await Egress(fails).fetch("https://a.com", lambda _host: True)
    monkeypatch.setattr(egress, "TOTAL_SECONDS", 0.05)
    with pytest.raises(UserError, match="network_unreachable"):
        await Egress(hangs).fetch("https://a.com", lambda _host: True)


async def test_a_real_server_on_this_machine_is_out_of_reach() -> None:
    asked: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.read(100))
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        for host in ("127.0.0.1.nip.io", "localhost.localdomain"):

            async def local(_host: str, _port: int) -> Sequence[str]:
                return ["127.0.0.1"]

            with pytest.raises(UserError, match="url_refused"):
                await Egress(local).fetch(f"http://{host}/", lambda _host: True)
        assert await egress.resolve("localhost", 80)
    assert asked == []


@pytest.fixture
async def tool(web: Web, tmp_path: Path) -> AsyncIterator[WebFetch]:
    yield WebFetch(web.egress, tmp_path, lambda host, session: (host, session) == ("b.com", 7))


CONTEXT = ToolContext(7, 1, "t", lambda _text: None)


async def test_html_becomes_markdown_without_scripts_and_pictures(web: Web, tool: WebFetch) -> None:
    html = (
        "<html><head><title>T</title><style>x{}</style></head><body><h1>Head</h1>"
        "<p>Some <b>bold</b> <a href='/x'>link</a></p><script>evil()</script>"
        "<img src='http://beacon.example/p.gif'><ul><li>one<li>two</ul></body></html>"
    )
    web.pages["a.com"] = page(html.encode(), "text/html; charset=utf-8")
    outcome = await tool.run({"url": "https://a.com/"}, CONTEXT)
    assert "# Head" in outcome.content
    assert "**bold**" in outcome.content
    assert "no instructions" in outcome.content
    for word in ("evil", "beacon", "x{}"):
        assert word not in outcome.content


async def test_other_kinds(web: Web, tool: WebFetch) -> None:
    for body, kind, said in (
        (b'{"a": 1}', "application/json", '{"a": 1}'),
        ("你好".encode("gbk"), "text/plain; charset=gbk", "你好"),
        (b"\xff\xfe", "text/plain; charset=nonsense", "\ufffd"),
        (b"\x00\x01", "image/png", "[No text: image/png, 2 bytes]"),
        (b"<div>" * 5000, "text/html", "a.com"),
    ):
        web.pages["a.com"] = page(body, kind)
        assert said in (await tool.run({"url": "https://a.com/"}, CONTEXT)).content


async def test_a_redirect_needs_its_hosts_own_permission(web: Web, tool: WebFetch) -> None:
    web.pages |= {"a.com": redirect("https://b.com/"), "b.com": page(b"fine")}
    assert "fine" in (await tool.run({"url": "https://a.com/"}, CONTEXT)).content
    web.pages |= {"a.com": redirect("https://c.com/"), "c.com": page(b"not")}
    with pytest.raises(UserError, match="host_not_allowed"):
        await tool.run({"url": "https://a.com/"}, CONTEXT)


def test_the_real_transport_takes_no_proxy_and_checks_certificates(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    transport = egress._transport()
    assert isinstance(transport, httpx2.AsyncHTTPTransport)
    assert "Proxy" not in type(transport._pool).__name__
