"""One request to the configured server, and everything that it tells about the connection."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

import httpx2

from aigc_desktop.agent.address import ANTHROPIC_URL, LOCAL_KEY
from aigc_desktop.agent.proxy import masked, proxy_for, transport_for
from aigc_desktop.core.errors import UserError

TIMEOUT = 10.0


@dataclass(frozen=True, slots=True)
class Reached:
    """How the server answered. `trouble` says why it did not: a short word, then words.

    `skew` is how many seconds this machine's clock is ahead of the server's.
    """

    url: str
    proxy: str | None
    status: int | None = None
    content_type: str = ""
    seconds: float = 0.0
    skew: float | None = None
    trouble: str = ""
    reason: str = ""


async def reach(api_key: str | None, base_url: str | None) -> Reached:
    """Ask for the list of models, once. Never raises for what a network can do."""
    url = base_url or ANTHROPIC_URL
    key = api_key or LOCAL_KEY
    headers = {"x-api-key": key, "anthropic-version": "2023-06-01"}
    if base_url is not None:
        headers["Authorization"] = f"Bearer {key}"
    proxy = proxy_for(url)
    shown = masked(proxy) if proxy else None
    began = time.monotonic()
    try:
        async with (
            httpx2.AsyncClient(transport=transport_for(url), timeout=TIMEOUT) as client,
            client.stream("GET", f"{url}/v1/models", headers=headers) as response,
        ):
            return Reached(
                masked(url),
                shown,
                response.status_code,
                response.headers.get("content-type", ""),
                time.monotonic() - began,
                _skew(response.headers.get("date", "")),
            )
    except UserError as error:
        trouble = error.code, str(error.params.get("proxy", ""))
    except (httpx2.InvalidURL, httpx2.UnsupportedProtocol, ValueError) as error:
        trouble = "url", str(error)
    except (httpx2.TransportError, OSError) as error:
        trouble = _trouble(error)
    seconds = time.monotonic() - began
    return Reached(masked(url), shown, None, "", seconds, None, trouble[0], trouble[1][:200])


def _skew(date: str) -> float | None:
    try:
        return time.time() - parsedate_to_datetime(date).timestamp()
    except (TypeError, ValueError):
        return None


def _trouble(error: BaseException) -> tuple[str, str]:
    """Return what kind of failure it was: name, refused, tls, proxy, timeout or network."""
    causes = list(_causes(error))
    reason = str(causes[-1]) or type(error).__name__
    if isinstance(error, httpx2.ProxyError):
        return "proxy", str(error)
    if isinstance(error, httpx2.TimeoutException):
        return "timeout", ""
    for cause in causes:
        if isinstance(cause, ssl.SSLError):
            return "tls", str(cause)
        if isinstance(cause, socket.gaierror):
            return "name", str(cause)
        if isinstance(cause, ConnectionRefusedError):
            return "refused", ""
    return "network", reason


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield `error`, what caused it, and so on; of a group the first."""
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        inner = seen.exceptions[0] if isinstance(seen, BaseExceptionGroup) else None
        seen = inner or seen.__cause__ or seen.__context__
