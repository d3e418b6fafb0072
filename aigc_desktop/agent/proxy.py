"""Which proxy a request goes through: decided here, so that what is shown is what is used."""

from __future__ import annotations

import ipaddress
import urllib.request
from urllib.parse import urlsplit, urlunsplit

import httpx2

from aigc_desktop.core.errors import UserError


def proxy_for(url: str) -> str | None:
    """Return the proxy that the environment (or the system) names for `url`; None: direct.

    This machine's own servers are reached directly: no proxy elsewhere could reach them.
    """
    parts = urlsplit(url)
    host = parts.hostname
    if not host or is_loopback(host) or urllib.request.proxy_bypass(host):
        return None
    proxies = urllib.request.getproxies()
    found = proxies.get(parts.scheme) or proxies.get("all")
    if not found:
        return None
    return found if "://" in found else f"http://{found}"


def is_loopback(host: str) -> bool:
    """Return whether `host` names this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def masked(url: str) -> str:
    """Return `url` without the name and password that may be in it."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=host))


def transport_for(url: str) -> httpx2.AsyncHTTPTransport:
    """Return the transport for requests to `url`.

    Raises:
        UserError("proxy_unsupported"): the proxy is of a kind that cannot be used (SOCKS).
    """
    proxy = proxy_for(url)
    try:
        return httpx2.AsyncHTTPTransport(proxy=proxy)
    except (ImportError, ValueError, httpx2.InvalidURL) as error:
        raise UserError("proxy_unsupported", proxy=masked(proxy or "")) from error
