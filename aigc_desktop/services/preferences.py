"""Settings that the user changes."""

from __future__ import annotations

import asyncio
from typing import TypeVar

from aigc_desktop.config.setting import Setting
from aigc_desktop.services.app import App

T = TypeVar("T")


async def set_setting(app: App, setting: Setting[T], value: T) -> None:
    """Validate and store one setting, in the order asked. Raises UserError("setting_invalid")."""
    async with app.settings.turn:
        await asyncio.to_thread(app.settings.set, setting, value)
