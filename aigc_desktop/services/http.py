"""The local HTTP server as the user deals with it: on, off, at which port."""

from __future__ import annotations

from aigc_desktop.config import settings as config
from aigc_desktop.core.errors import UserError
from aigc_desktop.core.http import HttpState
from aigc_desktop.services.app import App


async def http_state(app: App) -> HttpState:
    """Return whether the server runs, where, and what keeps it from it."""
    return app.http.state


async def set_http(app: App, on: bool) -> HttpState:
    """Turn the server on or off, now and for later starts.

    Raises:
        UserError: `http_port_in_use`, `http_host_refused`; it stays off then.
    """
    if not on:
        app.settings.set(config.HTTP_SERVER, "off")
        await app.http.stop()
        return app.http.state
    state = await app.http.start()
    app.settings.set(config.HTTP_SERVER, "on")
    return state


async def set_http_port(app: App, port: int) -> HttpState:
    """Use another port, at once if the server runs. Raises UserError("setting_invalid") and
    `http_port_in_use` (it goes on at the port before then)."""
    wanted = config.HTTP_PORT.parse(port)
    before = app.http.state
    if before.running and wanted != before.port:
        await app.http.stop()
        try:
            await app.http.start(wanted)
        except UserError:
            await app.http.start(before.port)
            raise
    app.settings.set(config.HTTP_PORT, wanted)
    return app.http.state


async def start_if_enabled(app: App) -> None:
    """Start the server if it is turned on; a problem is told and is no reason not to go on."""
    from aigc_desktop.core.events import NoticeLevel, NoticeRaised

    if app.settings.get(config.HTTP_SERVER) != "on":
        return
    try:
        await app.http.start()
    except UserError as error:
        notice = NoticeRaised(NoticeLevel.WARNING, error.code, error.params, key="http_server")
        app.bus.publish(notice)
