"""Scenarios as one readable file: written, and read back with suspicion."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from aigc_desktop.core.content import scrub
from aigc_desktop.core.errors import UserError
from aigc_desktop.core.scenario import Bundle
from aigc_desktop.scenarios.precedence import MODES

FORMAT = "aigc-desktop-scenarios"
FORMAT_VERSION = 1

MAX_BYTES = 5_000_000
MAX_SCENARIOS = 500
MAX_NAME = 100
MAX_DESCRIPTION = 2_000
MAX_PROMPT = 40_000
MAX_LIST = 200
MAX_ENTRY = 2_000
MAX_TURNS = 1000

_TEXTS = {"description": MAX_DESCRIPTION, "category": 100, "system_prompt": MAX_PROMPT}
_LISTS = ("tags", "keywords", "examples", "skills")
_HARMLESS = frozenset(
    ("name", *_TEXTS, *_LISTS, "allowed_tools", "model", "permission_mode", "max_turns")
)


@dataclass(frozen=True, slots=True)
class Imported:
    """A scenario as read from a file. `left_out` names what was in it and is not taken over:
    nothing from a file starts a program, opens a folder or changes a connection."""

    bundle: Bundle
    left_out: tuple[str, ...] = ()


def write(bundles: Sequence[Bundle]) -> str:
    """Return scenarios as the text of a file."""
    data = {
        "format": FORMAT,
        "version": FORMAT_VERSION,
        "scenarios": [_data(bundle) for bundle in bundles],
    }
    return json.dumps(data, ensure_ascii=False, indent=2) + "\n"


def read(data: bytes) -> tuple[Imported, ...]:
    """Return the scenarios of a file.

    Raises:
        UserError: `import_too_large`; `import_unreadable` with a reason; `import_newer`.
    """
    if len(data) > MAX_BYTES:
        raise UserError("import_too_large", limit=MAX_BYTES // 1_000_000)
    try:
        content = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise UserError("import_unreadable", reason=str(error)[:200]) from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise UserError("import_unreadable", reason=f"format is not {FORMAT}")
    version = content.get("version")
    if not isinstance(version, int) or version > FORMAT_VERSION:
        raise UserError("import_newer", version=str(version)[:20])
    entries = content.get("scenarios")
    if not isinstance(entries, list) or not 0 < len(entries) <= MAX_SCENARIOS:
        raise UserError("import_unreadable", reason=f"scenarios: 1 to {MAX_SCENARIOS}")
    return tuple(_imported(entry, place) for place, entry in enumerate(entries, 1))


def check(bundle: Bundle) -> Bundle:
    """Return a bundle as it may be stored: scrubbed, without blanks and repetitions.

    Raises:
        UserError("scenario_invalid"): `field` says which field, `problem` what is wrong with it:
            `empty`, `too_long` (with `limit`), `too_many` (with `limit`), `unknown`.
    """
    name = _checked_text("name", bundle.name, MAX_NAME)
    if not name:
        raise UserError("scenario_invalid", field="name", problem="empty")
    checked: dict[str, Any] = {
        key: _checked_text(key, getattr(bundle, key), limit) for key, limit in _TEXTS.items()
    }
    checked |= {key: _checked_list(key, getattr(bundle, key)) for key in _LISTS}
    if bundle.permission_mode is not None and bundle.permission_mode not in MODES:
        raise UserError("scenario_invalid", field="permission_mode", problem="unknown")
    if bundle.max_turns is not None and not 1 <= bundle.max_turns <= MAX_TURNS:
        raise UserError("scenario_invalid", field="max_turns", problem="too_many", limit=MAX_TURNS)
    return replace(bundle, name=name, **checked)


def _imported(entry: Any, place: int) -> Imported:
    if not isinstance(entry, Mapping) or not isinstance(entry.get("name"), str):
        raise UserError("import_unreadable", reason=f"scenario {place}: name")
    for key in (*_TEXTS, "model", "permission_mode"):
        if not isinstance(entry.get(key, ""), str | None):
            raise UserError("import_unreadable", reason=f"scenario {place}: {key}")
    for key in (*_LISTS, "allowed_tools"):
        given = entry.get(key)
        if given is not None and not (
            isinstance(given, list) and all(isinstance(value, str) for value in given)
        ):
            raise UserError("import_unreadable", reason=f"scenario {place}: {key}")
    turns = entry.get("max_turns")
    if turns is not None and (not isinstance(turns, int) or isinstance(turns, bool)):
        raise UserError("import_unreadable", reason=f"scenario {place}: max_turns")
    tools = entry.get("allowed_tools")
    values: dict[str, Any] = {key: entry.get(key) or "" for key in _TEXTS}
    values |= {key: tuple(entry.get(key) or ()) for key in _LISTS}
    bundle = Bundle(
        name=entry["name"],
        **values,
        allowed_tools=None if tools is None else tuple(tools),
        model=entry.get("model") or None,
        permission_mode=entry.get("permission_mode") or None,
        max_turns=turns,
    )
    left_out = tuple(sorted(str(key)[:60] for key in entry if key not in _HARMLESS))
    return Imported(check(bundle), left_out)


def _data(bundle: Bundle) -> dict[str, Any]:
    """Return what goes into a file: without paths and programs of this machine."""
    data: dict[str, Any] = {"name": bundle.name}
    data |= {key: getattr(bundle, key) for key in _TEXTS}
    data |= {key: list(getattr(bundle, key)) for key in _LISTS}
    if bundle.allowed_tools is not None:
        data["allowed_tools"] = list(bundle.allowed_tools)
    for key in ("model", "permission_mode", "max_turns"):
        if getattr(bundle, key) is not None:
            data[key] = getattr(bundle, key)
    return {key: value for key, value in data.items() if value not in ("", [])}


def _checked_text(field: str, text: str, limit: int) -> str:
    text = scrub(text).strip()
    if len(text) > limit:
        raise UserError("scenario_invalid", field=field, problem="too_long", limit=limit)
    return text


def _checked_list(field: str, values: Sequence[str]) -> tuple[str, ...]:
    checked = (_checked_text(field, value, MAX_ENTRY) for value in values)
    kept = tuple(dict.fromkeys(value for value in checked if value))
    if len(kept) > MAX_LIST:
        raise UserError("scenario_invalid", field=field, problem="too_many", limit=MAX_LIST)
    return kept
