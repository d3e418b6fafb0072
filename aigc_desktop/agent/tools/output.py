"""Long results: the model gets head and tail with a notice, the whole goes to a file."""

from __future__ import annotations

import logging
import secrets
from pathlib import Path

from aigc_desktop.agent.ports import ToolOutcome
from aigc_desktop.core.content import scrub

logger = logging.getLogger(__name__)

MAX_SHOWN = 30_000
"""Characters of a result that the model gets."""


def fitted(text: str, outputs_dir: Path, *, is_error: bool = False) -> ToolOutcome:
    """Return the outcome for a result of any length."""
    text = scrub(text)
    if len(text) <= MAX_SHOWN:
        return ToolOutcome(text, is_error)
    kept = keep_whole(text.encode(), outputs_dir)
    half = MAX_SHOWN // 2
    notice = f"\n\n[… {len(text) - MAX_SHOWN} characters left out of {len(text)} …]\n\n"
    return ToolOutcome(text[:half] + notice + text[-half:], is_error, kept)


def keep_whole(data: bytes, outputs_dir: Path) -> str | None:
    """Write a whole result to a file of its own; return its path, or None without room for it."""
    path = outputs_dir / f"{secrets.token_hex(8)}.txt"
    try:
        path.write_bytes(data)
    except OSError as error:
        logger.warning("a long tool result could not be kept: %s", error)
        path.unlink(missing_ok=True)
        return None
    return str(path)
