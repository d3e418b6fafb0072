"""Spans of time in words."""

from __future__ import annotations

from aigc_desktop.config.i18n import tr


def span(seconds: float) -> str:
    """Return how long that is, in the unit that fits."""
    if seconds < 120:
        return tr("{count} s", count=round(seconds))
    if seconds < 2 * 3600:
        return tr("{count} min", count=round(seconds / 60))
    if seconds < 48 * 3600:
        return tr("{count} h", count=round(seconds / 3600))
    return tr("{count} days", count=round(seconds / 86400))
