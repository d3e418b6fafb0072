"""Is a model connected, does its server answer, and does what lies between let it through?"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from aigc_desktop.config import settings as config
from aigc_desktop.config.i18n import sentences, tr
from aigc_desktop.config.messages import describe
from aigc_desktop.core.diagnostics import Group, State
from aigc_desktop.core.errors import UserError
from aigc_desktop.services.checks.check import Check, Finding, Mend, Place
from aigc_desktop.services.checks.spans import span
from aigc_desktop.services.connection import ANTHROPIC, DEMO, SERVER
from aigc_desktop.store import reachable as reachable_rows

if TYPE_CHECKING:
    from aigc_desktop.agent.reach import Reached

SKEW_NOTED = 60.0
"""Seconds that two clocks may differ: a message and its answer take some."""

SKEW_HARMFUL = 300.0
"""Seconds; tokens and certificates of many servers allow five minutes."""

SETTINGS = "settings"

NETWORK_LIMIT = 45.0
"""Seconds; the keyring may be asking the user for a password before the server is asked."""


async def model(place: Place) -> Finding:
    """Is a provider chosen?"""
    provider = place.settings.get(config.PROVIDER)
    if provider == DEMO:
        return Finding(
            State.WARNING,
            tr("The demo model answers; it is not an AI."),
            tr("Enter a key or choose a server in the settings."),
            place=SETTINGS,
        )
    if provider == "":
        title, remedy = describe("provider_not_chosen", {})
        return Finding(State.PROBLEM, title, remedy, place=SETTINGS)
    name = tr("Anthropic") if provider == ANTHROPIC else tr("Local or other server")
    chosen = place.settings.get(config.MODEL)
    return Finding(State.OK, tr("{name}, model {model}", name=name, model=chosen))


async def key(place: Place) -> Finding:
    """Is there a key, and does the server take it?"""
    provider = place.settings.get(config.PROVIDER)
    if provider not in (ANTHROPIC, SERVER):
        return Finding(State.NOT_APPLICABLE, tr("No key is needed."))
    try:
        stored = await place.key()
    except UserError as error:
        title, remedy = describe(error.code, error.params)
        return Finding(State.PROBLEM, title, remedy, place=SETTINGS)
    if not stored and provider == ANTHROPIC:
        title, remedy = describe("api_key_missing", {})
        return Finding(State.PROBLEM, title, remedy, place=SETTINGS)
    reached = await place.reached()
    if reached is None or reached.status is None:
        said = tr("A key is stored.") if stored else tr("No key is stored.")
        return Finding(State.UNKNOWN, sentences(said, tr("It could not be tried: no connection.")))
    if reached.status in (401, 403):
        title, remedy = describe("api_key_invalid", {})
        return Finding(State.PROBLEM, title, remedy, place=SETTINGS)
    if not stored:
        return Finding(State.OK, tr("The server wants no key."))
    if reached.status != 200:
        return Finding(
            State.UNKNOWN,
            tr("A key is stored; the server answered with {status}.", status=reached.status),
        )
    return Finding(State.OK, tr("The server accepts the key."))


async def reachable(place: Place) -> Finding:
    """Does the server answer, and as a model's server does?"""
    reached = await place.reached()
    if reached is None:
        return Finding(State.NOT_APPLICABLE, tr("No server is configured."))
    if reached.status is None:
        return _unreachable(reached)
    milliseconds = round(reached.seconds * 1000)
    answered = tr("{host} answered after {ms} ms.", host=_host(reached.url), ms=milliseconds)
    if reached.status >= 500:
        title, remedy = describe("server_error", {"status": reached.status})
        return Finding(State.PROBLEM, title, remedy)
    if reached.status == 200 and "json" not in reached.content_type:
        title, remedy = describe("bad_response", {"content_type": reached.content_type or "?"})
        return Finding(State.PROBLEM, title, remedy, place=SETTINGS)
    if reached.status == 429:
        title, remedy = describe("rate_limited", {})
        return Finding(State.WARNING, title, remedy)
    return Finding(State.OK, answered)


async def base_url(place: Place) -> Finding:
    """Is the address of the server one that can work?"""
    provider = place.settings.get(config.PROVIDER)
    url = place.settings.get(config.BASE_URL)
    if provider != SERVER:
        if provider == ANTHROPIC and url and place.settings.origin(config.BASE_URL) != "file":
            said = tr("ANTHROPIC_BASE_URL is set, but Anthropic's own server is chosen.")
            return Finding(State.WARNING, said, place=SETTINGS)
        return Finding(State.NOT_APPLICABLE, tr("The address is fixed."))
    if not url:
        title, remedy = describe("base_url_missing", {})
        return Finding(State.PROBLEM, title, remedy, place=SETTINGS)
    try:
        parts = urlsplit(url)
        whole = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        whole = False
    if not whole:
        title, remedy = describe("base_url_invalid", {"base_url": url})
        return Finding(State.PROBLEM, title, remedy, place=SETTINGS)
    return _address(place, url)


async def proxy(place: Place) -> Finding:
    """Which proxy is used?"""
    reached = await place.reached()
    if reached is None:
        return Finding(State.NOT_APPLICABLE, tr("No server is configured."))
    if reached.trouble in ("proxy", "proxy_unsupported"):
        return Finding(
            State.PROBLEM,
            tr("The proxy {proxy} does not let it through.", proxy=reached.proxy or ""),
            tr("Check HTTPS_PROXY and NO_PROXY, or the system's proxy settings."),
            detail=reached.reason,
        )
    if reached.proxy is None:
        return Finding(State.OK, tr("No proxy: the server is reached directly."))
    return Finding(State.OK, tr("Requests go through {proxy}.", proxy=reached.proxy))


async def clock(place: Place) -> Finding:
    """Is this machine's clock right, and does time only go forward?"""
    wall, steady = time.time(), time.monotonic()
    await asyncio.sleep(0.1)
    drift = (time.time() - wall) - (time.monotonic() - steady)
    remedy = tr("Let the system set its clock by the network.")
    if abs(drift) > 1:
        return Finding(State.PROBLEM, tr("The clock is being set back and forth."), remedy)
    reached = await place.reached()
    skew = reached.skew if reached else None
    if skew is not None and abs(skew) > SKEW_NOTED:
        state = State.PROBLEM if abs(skew) > SKEW_HARMFUL else State.WARNING
        return Finding(state, _skew_words(skew), remedy)
    newest = await _newest(place)
    ahead = newest / 1000 - time.time()
    if ahead > SKEW_NOTED:
        said = tr(
            "The newest chat is {time} in the future: the clock was set back.", time=span(ahead)
        )
        return Finding(State.WARNING, said, remedy)
    if skew is None:
        return Finding(State.OK, tr("It goes steadily. There was no server to compare it with."))
    return Finding(
        State.OK, tr("It agrees with the server's to {seconds} s.", seconds=round(abs(skew)))
    )


async def _newest(place: Place) -> int:
    try:
        return await place.read(reachable_rows.newest_turn)
    except UserError:
        return 0


def _address(place: Place, url: str) -> Finding:
    from aigc_desktop.agent.proxy import is_loopback, masked

    parts = urlsplit(url)
    in_file = place.settings.origin(config.BASE_URL) == "file"
    if parts.username or parts.password:
        return Finding(
            State.WARNING,
            tr("The address holds a name or a password."),
            tr("Enter the key as a key: it is kept in the keyring then."),
            place=SETTINGS,
        )
    if parts.path.rstrip("/").endswith("/v1"):
        return Finding(
            State.PROBLEM,
            tr("The address ends in /v1, which is added anyway."),
            tr("Leave it out."),
            mendable=in_file,
            place=SETTINGS,
        )
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        return Finding(
            State.WARNING,
            tr("The address begins with http://: key and chats travel readable."),
            tr("Use https:// if the server has it."),
            place=SETTINGS,
        )
    return Finding(State.OK, tr("It is well-formed."), detail=masked(url))


async def _drop_v1(place: Place) -> str:
    before = place.settings.get(config.BASE_URL)
    await _set_address(place, before.rstrip("/").removesuffix("/v1"))
    return before


async def _set_address(place: Place, url: Any) -> None:
    await asyncio.to_thread(place.settings.set, config.BASE_URL, str(url))
    if place.app is not None:
        await place.app.connection.changed()


def _unreachable(reached: Reached) -> Finding:
    host = _host(reached.url)
    words = {
        "name": tr("The name {host} is not known: is the network there?", host=host),
        "refused": tr("{host} refuses the connection: nothing listens there.", host=host),
        "timeout": tr("{host} does not answer.", host=host),
        "tls": tr("The secure connection to {host} fails.", host=host),
        "proxy": tr("The proxy in between does not let it through."),
        "proxy_unsupported": tr("The proxy in between is of a kind that can't be used."),
        "url": tr("The server's address can't be used."),
    }
    _, remedy = describe("network_unreachable", {"host": host})
    said = words.get(reached.trouble) or tr("{host} cannot be reached.", host=host)
    return Finding(State.PROBLEM, said, remedy, detail=reached.reason, place=SETTINGS)


def _host(url: str) -> str:
    return urlsplit(url).netloc or url


def _skew_words(skew: float) -> str:
    if skew > 0:
        return tr("It is {time} ahead of the server's.", time=span(skew))
    return tr("It is {time} behind the server's.", time=span(-skew))


CHECKS = (
    Check("model", Group.CONNECTION, "Model", model),
    Check("key", Group.CONNECTION, "API key", key, limit=NETWORK_LIMIT),
    Check("server", Group.CONNECTION, "Server", reachable, limit=NETWORK_LIMIT),
    Check(
        "base_url",
        Group.CONNECTION,
        "Server address",
        base_url,
        mend=Mend(
            "Leave out /v1",
            "The address in the settings loses its ending.",
            _drop_v1,
            _set_address,
        ),
    ),
    Check("proxy", Group.CONNECTION, "Proxy", proxy, limit=NETWORK_LIMIT),
    Check("clock", Group.CONNECTION, "Clock", clock, limit=NETWORK_LIMIT),
)
