"""Settings that the user changes."""

from __future__ import annotations

import asyncio

from aigc_desktop.config import settings as config
from aigc_desktop.config.settings import Settings
from aigc_desktop.core.bus import EventBus
from aigc_desktop.services import preferences
from aigc_desktop.services.app import App


async def test_the_last_choice_stands_however_fast_they_come(app: App) -> None:
    values = [*range(1, 30), 7]
    await asyncio.gather(
        *(preferences.set_setting(app, config.MAX_TURNS, value) for value in values)
    )
    assert app.settings.get(config.MAX_TURNS) == 7
    assert Settings(app.paths, EventBus()).get(config.MAX_TURNS) == 7
