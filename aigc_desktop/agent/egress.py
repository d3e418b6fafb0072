"""The one gate for what leaves: exact hosts, public addresses only, the vetted one is dialled."""

from __future__ import annotations

import asyncio
import ipaddress
import re
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from urllib.parse import SplitResult, urljoin, urlsplit

import httpx2
import idna

from aigc_desktop.core.errors import UserError

MAX_URL = 2048
MAX_BODY = 10 * 1024 * 1024
"""Bytes after decompression."""

MAX_REDIRECTS = 5
CONNECT_SECONDS = 10.0
TOTAL_SECONDS = 30.0
PORTS = {"http": 80, "https": 443}
USER_AGENT = "AIGC-Desktop/0.1"

_REDIRECTS = (301, 302, 303, 307, 308)
_HOST = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))+")
_NUMERIC = re.compile(r"(0x[0-9a-f]*|[0-9]+)(\.(0x[0-9a-f]*|[0-9]+))*", re.IGNORECASE)
_REFUSED_NETWORKS = tuple(
    ipaddress.ip_network(network)
    for network in (
        *("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "100::/64", "::/96"),
        *("ff00::/8", "224.0.0.0/4", "100.64.0.0/10", "192.88.99.0/24", "240.0.0.0/4"),
    )
)
"""What `ipaddress.is_global` lets pass though it leads elsewhere: NAT64, 6to4, Teredo, discard,
IPv4-compatible, multicast, carrier NAT, reserved (measured, TECH.md)."""

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
Allowed = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer: where it came from in the end, and what was in it (cut at MAX_BODY)."""

    url: str
    status: int
    content_type: str
    body: bytes
    truncated: bool


def host_of(url: str) -> str:
    """Return the host that a URL names, normalised: lower case, punycode, no trailing dot.

    Raises:
        UserError("url_refused"): it is no plain http(s) URL of a public host name.
    """
    return _checked(url)[1]


def host_named(name: str) -> str:
    """Return a host that was given by its name alone, normalised.

    Raises:
        UserError("url_refused"): it is no public host name, or more than a name.
    """
    if any(character in name for character in "/?#:@"):
        raise _refusal(name, "it is more than a host name")
    return host_of(f"https://{name}/")


def is_public(address: str) -> bool:
    """Return whether an IP address belongs to the public internet."""
    try:
        found: Address = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        if found.scope_id is not None:
            return False
        if found.ipv4_mapped is not None:
            found = found.ipv4_mapped
    if any(found in network for network in _REFUSED_NETWORKS if network.version == found.version):
        return False
    return found.is_global and not found.is_multicast


async def resolve(host: str, port: int) -> Sequence[str]:
    """Ask the system for a host's addresses, once."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


class Egress:
    """Fetches pages for tools. No cookies, no credentials, no proxies, no cache."""

    def __init__(
        self,
        resolver: Resolve = resolve,
        transport: Callable[[], httpx2.AsyncBaseTransport] | None = None,
    ) -> None:
        """`resolver` and `transport` are replaced in tests, where nothing is public."""
        self._resolve = resolver
        self._transport = transport or _transport

    async def fetch(self, url: str, allowed: Allowed) -> Fetched:
        """Get a URL; every redirect is checked like the first, and its host must be allowed.

        Raises:
            UserError: `url_refused`, `host_not_allowed`, `network_unreachable`.
        """
        try:
            async with asyncio.timeout(TOTAL_SECONDS):
                return await self._follow(url, allowed)
        except TimeoutError as error:
            raise UserError("network_unreachable", host=host_of(url)) from error

    async def _follow(self, url: str, allowed: Allowed) -> Fetched:
        for _ in range(MAX_REDIRECTS + 1):
            parts, host = _checked(url)
            if not allowed(host):
                raise UserError("host_not_allowed", host=host)
            address = await self.vetted(host, PORTS[parts.scheme])
            found, location = await self._get(url, parts, host, address)
            if location is None:
                return found
            url = urljoin(url, location)
        raise _refusal(url, "too many redirects")

    async def vetted(self, host: str, port: int) -> str:
        """Return the address to dial for a host; one that is not public refuses them all.

        Raises:
            UserError: `network_unreachable`, `url_refused`.
        """
        try:
            addresses = await self._resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise UserError("network_unreachable", host=host) from error
        if not addresses or not all(is_public(address) for address in addresses):
            raise _refusal(host, "it leads to an address that is not public")
        return addresses[0]

    async def _get(
        self, url: str, parts: SplitResult, host: str, address: str
    ) -> tuple[Fetched, str | None]:
        literal = f"[{address}]" if ":" in address else address
        target = parts._replace(netloc=literal, fragment="").geturl()
        headers = {"Host": host, "User-Agent": USER_AGENT, "Accept-Encoding": "gzip, deflate"}
        timeout = httpx2.Timeout(TOTAL_SECONDS, connect=CONNECT_SECONDS)
        try:
            async with (
                httpx2.AsyncClient(
                    transport=self._transport(), timeout=timeout, trust_env=False
                ) as client,
                client.stream(
                    "GET", target, headers=headers, extensions={"sni_hostname": host}
                ) as response,
            ):
                location = response.headers.get("location")
                if response.status_code in _REDIRECTS and location:
                    return Fetched(url, response.status_code, "", b"", False), location
                body, truncated = await _body(response)
                kind = response.headers.get("content-type", "")
                return Fetched(url, response.status_code, kind, body, truncated), None
        except (httpx2.HTTPError, httpx2.InvalidURL, ssl.SSLError, OSError) as error:
            raise UserError("network_unreachable", host=host) from error


def _transport() -> httpx2.AsyncBaseTransport:
    return httpx2.AsyncHTTPTransport(verify=ssl.create_default_context(), trust_env=False)


async def _body(response: httpx2.Response) -> tuple[bytes, bool]:
    body = bytearray()
    async for chunk in response.aiter_bytes(64 * 1024):
        body += chunk
        if len(body) > MAX_BODY:
            return bytes(body[:MAX_BODY]), True
    return bytes(body), False


def _checked(url: str) -> tuple[SplitResult, str]:
    """Return the URL's parts and its host; refuse what could be read in two ways."""
    if len(url) > MAX_URL or any(c.isspace() or ord(c) < 0x20 or c in "\\\x7f" for c in url):
        raise _refusal(url, "it is too long or has characters that no address has")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise _refusal(url, "it cannot be read") from error
    if parts.scheme not in PORTS:
        raise _refusal(url, "only http and https are fetched")
    if "@" in parts.netloc or "%" in parts.netloc:
        raise _refusal(url, "it hides its host")
    if port not in (None, PORTS[parts.scheme]):
        raise _refusal(url, "only the usual ports are used")
    try:
        host = idna.encode((parts.hostname or "").removesuffix("."), uts46=True).decode()
    except idna.IDNAError as error:
        raise _refusal(url, "it has no valid host name") from error
    if _NUMERIC.fullmatch(host) or not _HOST.fullmatch(host):
        raise _refusal(url, "it names no public host")
    return parts._replace(netloc=host), host


def _refusal(url: str, reason: str) -> UserError:
    shown = url[:200].encode("unicode_escape").decode()
    return UserError("url_refused", url=shown, reason=reason)
