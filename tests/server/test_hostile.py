"""CASES (d): what other programs, web pages and other users may try against the local server."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import itertools
import json
import logging
import socket
import statistics
import time
from typing import Any

import jwt
import psutil
import pytest

from aigc_desktop.config import settings as config
from aigc_desktop.core import http
from aigc_desktop.core.errors import UserError
from aigc_desktop.server import endpoints, guard
from aigc_desktop.services import http as http_service
from aigc_desktop.services import tokens
from aigc_desktop.services.app import App
from tests.server.conftest import Client

HOSTILE_HOSTS = (
    "evil.com",
    "127.0.0.1",
    "127.0.0.1.evil.com:{port}",
    "localhost:{port}.evil.com",
    "127.0.0.1:{port}@evil.com",
    "127.0.0.1:1",
    "[::1]:{port}",
    "0.0.0.0:{port}",
    "2130706433:{port}",
    "localhost.:{port}",
)


async def test_case_168_171_another_host(client: Client) -> None:
    """Also what a DNS rebinding brings: the name stays the attacker's."""
    for host, target in itertools.product(HOSTILE_HOSTS, (http.HEALTH, http.STATS)):
        answer = await client.get(target, host=host.format(port=client.port))
        assert answer.status == 421, host
        assert "access-control-allow-origin" not in answer.headers


async def test_case_168_no_host_or_two(client: Client) -> None:
    none = await client.get(http.HEALTH, host=None)
    assert none.status == 400
    old = await client.raw(b"GET /api/v1/health HTTP/1.0\r\n\r\n")
    assert old.status == 421
    good = f"127.0.0.1:{client.port}"
    two = await client.raw(
        f"GET {http.HEALTH} HTTP/1.1\r\nHost: {good}\r\nHost: evil.com\r\n\r\n".encode()
    )
    assert two.status in (400, 421)


async def test_case_169_the_right_host(client: Client) -> None:
    for host in ("127.0.0.1", "localhost", "LOCALHOST"):
        assert (await client.get(http.STATS, host=f"{host}:{client.port}")).status == 200


ORIGINS = ("http://evil.com", "null", "http://127.0.0.1:1", "https://127.0.0.1:{port}", "*")


async def test_case_172_173_web_pages_are_refused(client: Client) -> None:
    for origin, method in itertools.product(ORIGINS, ("GET", "POST", "OPTIONS")):
        answer = await client.request(
            method,
            http.LEARN if method == "POST" else http.STATS,
            Origin=origin.format(port=client.port),
            Access_Control_Request_Method="POST",
            Access_Control_Request_Headers="authorization",
        )
        assert answer.status == 403, (origin, method)
        assert not [name for name in answer.headers if name.startswith("access-control")]


async def test_case_172_other_sites_without_an_origin(client: Client) -> None:
    answer = await client.get(http.STATS, Sec_Fetch_Site="cross-site")
    assert answer.status == 403


async def test_case_173_a_preflight_of_our_own_grants_nothing(client: Client) -> None:
    answer = await client.request(
        "OPTIONS", http.LEARN, token=None, Access_Control_Request_Method="POST"
    )
    assert answer.status == 405
    assert not [name for name in answer.headers if name.startswith("access-control")]


KINDS = ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "json", "")


async def test_case_174_forms(client: Client) -> None:
    for kind, token in itertools.product(KINDS, ("", None)):
        answer = await client.post(http.LEARN, body=b"a=b", token=token, Content_Type=kind)
        assert answer.status == 415, kind


async def test_case_175_only_post_triggers(client: Client) -> None:
    for method in ("GET", "HEAD", "PUT", "DELETE", "PATCH"):
        answer = await client.request(method, http.LEARN)
        assert (answer.status, answer.headers["allow"]) == (405, "POST")


WRONG_TOKENS = ("", "x", "a.b.c", "é", "x" * 5000, "..", "Bearer", "null", None)


async def test_case_176_wrong_or_no_token(client: Client) -> None:
    for target, token in itertools.product((http.STATS, http.METRICS, http.LEARN), WRONG_TOKENS):
        header = {} if token is None else {"Authorization": f"Bearer {token}"}
        method = "POST" if target == http.LEARN else "GET"
        answer = await client.request(method, target, token=None, **header)
        assert answer.status == 401
        assert answer.headers["www-authenticate"] == "Bearer"
        assert answer.code == "unauthorized"


async def test_case_176_all_refusals_look_alike(client: Client, app: App) -> None:
    head, body, signature = client.token.split(".")
    wrong = [f"{head}.{body}.{'A' * len(signature)}", f"{head}.{body}.", "a.b.c", "x"]
    other = await tokens.create_token(app, 3600)
    await tokens.revoke_token(app, other.about.id)
    seen = {(await client.get(http.STATS, token=token)).body for token in [*wrong, other.token]}
    assert len(seen) == 1


async def test_case_176_no_time_tells_how_much_of_a_signature_is_right(
    client: Client, app: App
) -> None:
    """The medians of a signature wrong at its first and at its last byte do not lie apart."""
    head, body, signature = client.token.split(".")
    raw = bytearray(base64.urlsafe_b64decode(signature + "="))
    taken: dict[int, list[float]] = {0: [], -1: []}
    for _ in range(400):
        for at, times in taken.items():
            changed = bytearray(raw)
            changed[at] ^= 1
            wrong = base64.urlsafe_b64encode(changed).rstrip(b"=").decode()
            began = time.perf_counter()
            assert await tokens.check_token(app, f"{head}.{body}.{wrong}") is None
            times.append(time.perf_counter() - began)
    first, last = (statistics.median(times) for times in taken.values())
    assert abs(first - last) < 0.25 * max(first, last)


async def _signed(app: App, algorithm: str = "HS256", **changes: Any) -> str:
    """Return a token as ours are, but for the changes; None leaves a claim out."""
    key = await app.signing_key.find()
    assert key is not None
    made = await tokens.create_token(app, 3600)
    claims = jwt.decode(made.token, options={"verify_signature": False}) | changes
    claims = {name: value for name, value in claims.items() if value is not None}
    headers = {"kid": tokens.key_id_of(key)}
    return jwt.encode(claims, None if algorithm == "none" else key, algorithm, headers=headers)


def _wrong_claims() -> list[dict[str, Any]]:
    now = int(time.time())
    return [
        {"exp": now - 10},
        {"nbf": now + 3600},
        {"iat": now + 3600},
        {"iss": "somebody"},
        {"aud": "another"},
        {"aud": ["aigc-desktop-http", "another"]},
        {"jti": "unknown"},
        {"exp": None},
        {"nbf": None},
        {"iat": None},
        {"iss": None},
        {"aud": None},
        {"jti": None},
        {"algorithm": "HS512"},
        {"algorithm": "none"},
    ]


async def test_case_177_claims(client: Client, app: App) -> None:
    for changes in _wrong_claims():
        token = await _signed(app, **changes)
        assert (await client.get(http.STATS, token=token)).status == 401, changes
    assert (await client.get(http.STATS, token=await _signed(app))).status == 200


async def test_case_179_a_token_in_another_place(
    client: Client, app: App, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for place in ("query", "field", "cookie", "x-api-key", "basic", "twice"):
        await _refused_in(place, client)
    signature = client.token.split(".")[2]
    assert signature not in caplog.text
    assert not [f for f in app.paths.logs_dir.glob("*") if signature in f.read_text()]


async def _refused_in(place: str, client: Client) -> None:
    token = client.token
    target = {"query": f"?access_token={token}", "field": f"?Token={token}"}.get(place, "")
    headers = {
        "cookie": {"Cookie": f"token={token}"},
        "x-api-key": {"X_Api_Key": token},
        "basic": {"Authorization": f"Basic {token}"},
        "twice": {"Authorization": f"Bearer {token}\r\nAuthorization: Bearer {token}"},
    }.get(place, {})
    alone = await client.get(http.STATS + target, token=None, **headers)
    assert alone.status in (400, 401)
    if place not in ("basic", "twice"):
        beside = await client.get(http.STATS + target, **headers)
        assert beside.status == 401, "a token elsewhere spoils the request"


async def test_case_180_revoked_and_rotated(client: Client, app: App) -> None:
    second = await tokens.create_token(app, 3600)
    assert (await client.get(http.STATS, token=second.token)).status == 200
    await tokens.revoke_token(app, second.about.id)
    assert (await client.get(http.STATS, token=second.token)).status == 401
    assert (await client.get(http.STATS)).status == 200
    await tokens.rotate_key(app)
    assert (await client.get(http.STATS)).status == 401
    third = await tokens.create_token(app, 3600)
    assert (await client.get(http.STATS, token=third.token)).status == 200
    states = {token.id: token.state for token in await tokens.list_tokens(app)}
    assert states[second.about.id] == "revoked"
    assert states[third.about.id] == "valid"


async def test_case_182_a_taken_port(app: App) -> None:
    """It stays off with the reason and a free port, and says nothing to the stranger."""
    heard: list[bytes] = []

    async def stranger(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read(1))
        writer.close()

    other = await asyncio.start_server(stranger, "127.0.0.1", 0)
    port = other.sockets[0].getsockname()[1]
    app.settings.set(config.HTTP_PORT, port)
    with pytest.raises(UserError) as caught:
        await http_service.set_http(app, True)
    assert caught.value.code == "http_port_in_use"
    state = app.http.state
    assert not state.running
    assert not state.enabled
    assert state.free_port not in (None, port)
    await http_service.start_if_enabled(app)
    other.close()
    await other.wait_closed()
    assert heard == []
    assert (await http_service.set_http(app, True)).running
    await http_service.set_http(app, False)
    assert not app.http.state.running


async def test_case_183_only_this_machine(client: Client) -> None:
    listening = [
        c.laddr.ip
        for c in psutil.Process().net_connections("inet")
        if c.status == psutil.CONN_LISTEN and c.laddr.port == client.port
    ]
    assert listening == ["127.0.0.1"]
    others = {
        str(info[4][0])
        for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)
        if not str(info[4][0]).startswith("127.")
    }
    for address in others:
        with pytest.raises(OSError):
            await asyncio.wait_for(asyncio.open_connection(address, client.port), 2)


async def test_case_183_another_host_is_refused(app: App) -> None:
    for host in ("0.0.0.0", "::", "192.168.1.2", "example.com", "::1"):
        app.settings.set(config.HTTP_HOST, host)
        with pytest.raises(UserError) as caught:
            await app.http.start(0)
        assert caught.value.code == "http_host_refused"
        assert not app.http.state.running
    app.settings.set(config.HTTP_HOST, "localhost")
    assert (await app.http.start(0)).running


async def test_case_184_no_token_lies_in_a_file(client: Client, app: App) -> None:
    """Another user of the machine reaches the port and finds nothing to show there."""
    signature = client.token.split(".")[2].encode()
    key = (await app.signing_key.find() or "").encode()
    await client.get(http.STATS)
    for file in app.paths.home.rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            assert signature not in content, file
            assert key not in content, file


async def test_case_185_slow_connections_are_closed(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert guard.REQUEST_SECONDS <= 10
    monkeypatch.setattr(guard, "REQUEST_SECONDS", 1.0)
    began = time.monotonic()
    slow = [await asyncio.open_connection("127.0.0.1", client.port) for _ in range(500)]
    head = f"GET {http.HEALTH} HTTP/1.1\r\nHost: 127.0.0.1:{client.port}\r\n".encode()

    async def drip(writer: asyncio.StreamWriter, text: bytes) -> None:
        with contextlib.suppress(ConnectionError):
            for byte in text:
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(0.2)

    drips = [asyncio.create_task(drip(writer, head)) for _, writer in slow[:20]]
    body = b"POST /api/v1/platform/cron/batch-learn-preferences HTTP/1.1\r\n"
    slow[20][1].write(body + head.partition(b"\r\n")[2] + b"Content-Length: 100\r\n\r\n{")
    ends = await asyncio.wait_for(asyncio.gather(*(_end(reader) for reader, _ in slow)), timeout=10)
    assert len(ends) == 500
    for task in drips:
        task.cancel()
    for _, writer in slow:
        writer.close()
    assert time.monotonic() - began < 60
    await _until_well(client)


async def _end(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.read()
    except ConnectionError:
        return b""


async def _until_well(client: Client) -> None:
    for _ in range(100):
        if (await client.get(http.HEALTH, token=None)).status == 200:
            return
        await asyncio.sleep(0.1)
    raise AssertionError("it does not answer any more")


STRANGE = (
    "TRACE /api/v1/health HTTP/1.1",
    "CONNECT evil.com:443 HTTP/1.1",
    "PROPFIND /api/v1/health HTTP/1.1",
    "get /api/v1/health HTTP/1.1",
    "JUNK",
    "\x00\x01\x02\x03",
    "GET /api/v1/health HTTP/9.9",
    "GET  /api/v1/health  HTTP/1.1",
    "PRI * HTTP/2.0",
    "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
)


async def test_case_188_strange_requests(client: Client) -> None:
    for line in STRANGE:
        request = f"{line}\r\nHost: 127.0.0.1:{client.port}\r\n\r\n"
        answer = await client.raw(request.encode("latin-1"))
        assert answer.status in (400, 404, 405), line
        if line.startswith(("TRACE", "CONNECT")):
            assert answer.status == 405
        assert b"Traceback" not in answer.body
    await _until_well(client)


async def test_case_188_smuggling(client: Client) -> None:
    host = f"Host: 127.0.0.1:{client.port}\r\nAuthorization: Bearer {client.token}\r\n"
    both = (
        f"POST {http.LEARN} HTTP/1.1\r\n{host}Content-Length: 4\r\n"
        "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\n"
    )
    assert (await client.raw(both.encode())).status in (400, 411)
    lengths = f"GET {http.HEALTH} HTTP/1.1\r\n{host}Content-Length: 1\r\nContent-Length: 2\r\n\r\n"
    assert (await client.raw(lengths.encode())).status == 400
    folded = f"GET {http.HEALTH} HTTP/1.1\r\nHost : 127.0.0.1:{client.port}\r\n\r\n"
    assert (await client.raw(folded.encode())).status == 400


async def test_case_188_too_large(client: Client) -> None:
    head = await client.get(http.HEALTH, X_Long="a" * 100_000)
    assert head.status in (400, 431)
    kind = {"Content_Type": "application/json"}
    body = await client.post(http.LEARN, body=b" " * 70_000, **kind)
    assert body.status == 413
    line = await client.get("/" + "a" * 100_000)
    assert line.status in (400, 404, 431)


async def test_case_190_health_says_no_more_than_it_must(client: Client) -> None:
    answer = await client.get(http.HEALTH, token=None)
    assert (answer.status, set(answer.json)) == (200, {"status", "version"})
    assert "server" not in answer.headers
    assert (await client.request("HEAD", http.HEALTH, token=None)).status == 200


TRICKS = (
    "//api/v1/health",
    "/api/v1//health",
    "/api/v1/%68ealth",
    "/api/v1/x/%2e%2e/health",
    "/api/v1/../v1/health",
    "/api/v1/health/",
    "/api/v1/health;a=b",
    "/API/v1/health",
    "/api/v1/Health",
    "/api/v1/health%00",
    "/api/v1/health%2f",
    "/api\\v1\\health",
    "/./metrics",
    "/",
    "/docs",
    "/api/v1/sessions",
    "http://127.0.0.1/api/v1/health",
    "*",
)


async def test_case_191_path_tricks(client: Client) -> None:
    for target in TRICKS:
        answer = await client.get(target)
        assert (answer.status, answer.code) == (404, "not_found"), target


async def test_case_192_websocket(client: Client) -> None:
    answer = await client.get(
        http.HEALTH,
        Upgrade="websocket",
        Sec_WebSocket_Key="dGhlIHNhbXBsZSBub25jZQ==",
        Sec_WebSocket_Version="13",
    )
    assert answer.status == 403
    raw = f"GET {http.STATS} HTTP/1.1\r\nHost: 127.0.0.1:{client.port}\r\nConnection: Upgrade\r\n"
    for protocol in ("websocket", "h2c"):
        upgrade = f"{raw}Upgrade: {protocol}\r\nSec-WebSocket-Key: eA==\r\n\r\n"
        assert (await client.raw(upgrade.encode())).status == 403


async def test_case_193_no_traceback(
    client: Client, monkeypatch: pytest.MonkeyPatch, allow_log: set[str]
) -> None:
    allow_log.add("a request failed")

    async def broken(app: App) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(endpoints.outside, "session_stats", broken)
    answer = await client.get(http.STATS)
    assert (answer.status, answer.code) == (500, "internal")
    assert b"detail" not in answer.body
    assert b"Traceback" not in answer.body


async def test_answers_are_not_kept_or_guessed_at(client: Client) -> None:
    for answer in (await client.get(http.STATS), await client.get("/nothing")):
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        json.loads(answer.body)
