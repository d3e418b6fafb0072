"""Messages about backup, restore, migrations and taking over."""

from __future__ import annotations

from aigc_desktop.config.texts import MessageText

MESSAGES: dict[str, MessageText] = {}
