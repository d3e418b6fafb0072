"""Anthropic's own server, and what other servers are sent in place of a key."""

from __future__ import annotations

ANTHROPIC_URL = "https://api.anthropic.com"
LOCAL_KEY = "not-needed"
"""Sent to servers that want no key; the SDK insists on one."""
