"""What a request must be to get in. Everything is decided on the raw bytes, by exact comparison."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from aigc_desktop.server.answers import refusal
from aigc_desktop.server.guard import Rate

logger = logging.getLogger(__name__)

MAX_BODY = 64 * 1024
MAX_HEAD = 16 * 1024
"""Bytes of a request's line and headers."""

MAX_LINES_A_MINUTE = 60
"""Requests that the log tells of; a flood must not push everything else out of it."""

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
CREDENTIAL_FIELDS = frozenset(
    {"token", "access_token", "api_key", "apikey", "key", "auth", "authorization", "bearer", "jwt"}
)

Handler = Callable[[Request], Awaitable[Response]]
CheckToken = Callable[[str], Awaitable[str | None]]
Headers = Mapping[bytes, list[bytes]]


@dataclass(frozen=True)
class Route:
    """One address: its method, what it does, and whether a token is needed."""

    method: str
    run: Handler
    needs_token: bool = True


class Gate:
    """The ASGI application: refuses what may not come in, and hands the rest on."""

    def __init__(
        self,
        routes: Mapping[str, Route],
        port: int,
        check_token: CheckToken,
        rate: Rate,
        count: Callable[[str, str, int], None],
    ) -> None:
        """`count(path, method, status)` is told of every request; unknown paths are "other"."""
        self._routes = {path.encode(): route for path, route in routes.items()}
        self._hosts = {f"{name}:{port}".encode() for name in ("127.0.0.1", "localhost")}
        self._origins = {b"http://" + host for host in self._hosts}
        self._check_token = check_token
        self._rate = rate
        self._count = count
        self._lines = (0, 0)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        try:
            response = await self._answer(scope, receive)
        except Exception:
            logger.exception("a request failed")
            response = refusal(500, "internal")
        path = scope["raw_path"].decode("ascii") if scope["raw_path"] in self._routes else "other"
        method = scope["method"] if scope["method"] in METHODS else "other"
        self._count(path, method, response.status_code)
        self._log(method, path, response.status_code)
        await response(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive) -> Response:
        headers: dict[bytes, list[bytes]] = {}
        for name, value in scope["headers"]:
            headers.setdefault(name, []).append(value)
        refused = self._refused_sender(scope, headers)
        if refused is not None:
            return refused
        route = self._routes.get(scope["raw_path"])
        if route is None:
            return refusal(404, "not_found")
        allowed = (route.method, "HEAD") if route.method == "GET" else (route.method,)
        if scope["method"] not in allowed:
            return refusal(405, "method_not_allowed", allow=", ".join(allowed))
        refused = _refused_body(route, headers)
        if refused is not None:
            return refused
        if route.needs_token and not await self._has_token(scope, headers):
            return refusal(401, "unauthorized", www_authenticate="Bearer")
        return await route.run(Request(scope, receive))

    def _refused_sender(self, scope: Scope, headers: Headers) -> Response | None:
        """Return why nothing from there comes in, whatever it asks for."""
        if scope["method"] not in METHODS:
            return refusal(405, "method_not_allowed")
        if not self._rate.take():
            return refusal(503, "busy", retry_after="1")
        if scope["http_version"] not in ("1.0", "1.1"):
            return refusal(400, "bad_request")
        head = len(scope["raw_path"]) + len(scope["query_string"])
        if head + sum(len(name) + len(value) for name, value in scope["headers"]) > MAX_HEAD:
            return refusal(431, "too_large")
        host = headers.get(b"host", [])
        if len(host) != 1 or host[0].lower() not in self._hosts:
            return refusal(421, "misdirected")
        if b"upgrade" in headers:
            return refusal(403, "forbidden")
        if any(origin not in self._origins for origin in headers.get(b"origin", [])):
            return refusal(403, "forbidden")
        sites = headers.get(b"sec-fetch-site", [])
        if any(site not in (b"same-origin", b"none") for site in sites):
            return refusal(403, "forbidden")
        return None

    async def _has_token(self, scope: Scope, headers: Headers) -> bool:
        given = headers.get(b"authorization", [])
        query = scope["query_string"][:4096].decode("latin-1").lower()
        fields = {name for name, _ in parse_qsl(query, keep_blank_values=True)}
        elsewhere = b"cookie" in headers or b"x-api-key" in headers or fields & CREDENTIAL_FIELDS
        if len(given) != 1 or elsewhere:
            return False
        scheme, _, token = given[0].decode("latin-1").partition(" ")
        return scheme.lower() == "bearer" and await self._check_token(token.strip()) is not None

    def _log(self, method: str, path: str, status: int) -> None:
        minute = int(time.monotonic()) // 60
        lines = self._lines[1] + 1 if self._lines[0] == minute else 1
        self._lines = (minute, lines)
        if lines <= MAX_LINES_A_MINUTE:
            logger.info("%s %s: %s", method, path, status)
        elif lines == MAX_LINES_A_MINUTE + 1:
            logger.info("many requests: the rest of this minute is only counted")


def _refused_body(route: Route, headers: Headers) -> Response | None:
    length = headers.get(b"content-length", [b"0"])[0]
    if b"transfer-encoding" in headers and route.method == "POST":
        return refusal(411, "bad_request", "The body needs a Content-Length.")
    if not length.isdigit() or int(length) > MAX_BODY:
        return refusal(413, "too_large")
    if route.method != "POST":
        return None
    kinds = headers.get(b"content-type", [])
    wanted = [kind.partition(b";")[0].strip().lower() == b"application/json" for kind in kinds]
    if not all(wanted) or (length != b"0" and not kinds):
        return refusal(415, "unsupported_media_type")
    return None
