"""Text in the user's language: English in the source, 简体中文 from resources/translations."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterable
from typing import Any

from aigc_desktop.config.paths import resource

ENGLISH = "en"
CHINESE = "zh_CN"
AUTO = "auto"

_state: dict[str, Any] = {"language": ENGLISH, "catalog": {}}
_lock = threading.Lock()

_WIDE_ENDS = "。！？；：，、）"


def system_language() -> str:
    """Return the language that the system is set to: `zh_CN` or `en`."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANGUAGE", "LANG"):
        if value := os.environ.get(name):
            return CHINESE if value.lower().startswith("zh") else ENGLISH
    import locale

    try:
        code = locale.getlocale()[0] or ""
    except ValueError:
        code = ""
    return CHINESE if code.lower().startswith(("zh", "chinese")) else ENGLISH


def set_language(language: str) -> str:
    """Switch to `auto`, `zh_CN` or `en`; return the language that is used now."""
    chosen = system_language() if language == AUTO else language
    with _lock:
        _state["catalog"] = _load(chosen) if chosen == CHINESE else {}
        _state["language"] = chosen
    return chosen


def current_language() -> str:
    """Return `zh_CN` or `en`."""
    return str(_state["language"])


def tr(text: str, **params: Any) -> str:
    """Return `text` in the user's language, its `{placeholders}` filled from `params`."""
    translated: str = _state["catalog"].get(text, text)
    return translated.format(**params) if params else translated


def tr_n(singular: str, plural: str, count: int, **params: Any) -> str:
    """Return the form that fits `count`, which also fills `{count}`, its thousands apart."""
    return tr(singular if count == 1 else plural, count=f"{count:,}", **params)


def _load(language: str) -> dict[str, str]:
    catalog: dict[str, str] = {}
    for file in sorted(resource(f"translations/{language}").glob("*.json")):
        catalog.update(json.loads(file.read_text(encoding="utf-8")))
    return catalog


def listing(parts: Iterable[str]) -> str:
    """Return things one after the other, as the language puts marks between them."""
    return ("、" if _state["language"] == CHINESE else ", ").join(parts)


def sentences(*parts: str) -> str:
    """Return sentences one after the other; after a full stop that has its own room, no space."""
    joined = ""
    for part in filter(None, parts):
        gap = " " if joined and joined[-1] not in _WIDE_ENDS else ""
        joined += gap + part
    return joined
