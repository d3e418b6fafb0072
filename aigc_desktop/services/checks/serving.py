"""The local HTTP server: on or off, and who can reach it."""

from __future__ import annotations

from typing import Any

from aigc_desktop.config import settings as config
from aigc_desktop.config.i18n import tr
from aigc_desktop.config.messages import describe
from aigc_desktop.core.diagnostics import Group, State
from aigc_desktop.core.errors import UserError
from aigc_desktop.services import http
from aigc_desktop.services.checks.check import Check, Finding, Mend, Place, blocking

LOOPBACK = ("127.0.0.1", "::1")
HTTP = "http"


async def server(place: Place) -> Finding:
    """Does it run as it should, and on this machine alone?"""
    on = place.settings.get(config.HTTP_SERVER) == "on"
    port = place.settings.get(config.HTTP_PORT)
    state = place.app.http.state if place.app is not None else None
    if state is not None and state.problem is not None and not state.running:
        title, remedy = describe(*state.problem)
        return Finding(
            State.PROBLEM, title, remedy, mendable=state.free_port is not None, place=HTTP
        )
    if not on and not (state is not None and state.running):
        return Finding(State.NOT_APPLICABLE, tr("It is off. Nothing listens."))
    if state is not None:
        port = state.port
    listening = await blocking(lambda: _listeners(port))
    wide = sorted({address for address in listening if address not in LOOPBACK})
    if wide and state is not None and state.running:
        said = tr("Port {port} listens on {addresses}.", port=port, addresses=", ".join(wide))
        return Finding(State.PROBLEM, said, tr("Turn it off, and send us the report."), place=HTTP)
    if state is None:
        said = tr("It is on, at port {port}, while the program runs.", port=port)
        return Finding(State.OK, said)
    if not state.running:
        return Finding(State.WARNING, tr("It is on, but does not run."), place=HTTP)
    return Finding(
        State.OK, tr("It listens at {address}, on this machine only.", address=state.address)
    )


def _listeners(port: int) -> list[str]:
    """Return the addresses at which this process listens on `port`."""
    import psutil

    connections = psutil.Process().net_connections(kind="inet")
    listening = (c for c in connections if c.status == psutil.CONN_LISTEN)
    return [c.laddr.ip for c in listening if c.laddr.port == port]


async def _other_port(place: Place) -> int:
    if place.app is None or (free := place.app.http.state.free_port) is None:
        raise UserError("no_mend", name="http")
    before = place.settings.get(config.HTTP_PORT)
    await http.set_http_port(place.app, free)
    await http.set_http(place.app, on=True)
    return before


async def _old_port(place: Place, port: Any) -> None:
    await blocking(lambda: place.settings.set(config.HTTP_PORT, int(port)))
    if place.app is not None:
        await place.app.http.stop()
        await http.start_if_enabled(place.app)


CHECKS = (
    Check(
        "http",
        Group.AUTOMATION,
        "HTTP server",
        server,
        mend=Mend(
            "Use a free port",
            "The settings get the next free port, and the server starts there.",
            _other_port,
            _old_port,
        ),
    ),
)
