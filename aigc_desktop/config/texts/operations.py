"""Messages about jobs, logs, statistics, diagnostics and the HTTP server."""

from __future__ import annotations

from aigc_desktop.config.texts import MessageText

MESSAGES: dict[str, MessageText] = {}
