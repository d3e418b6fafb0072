"""Functions that SQL calls on values of the web version: what they return can be stored and read.

Values may be text that is no UTF-8, JSON encoded twice, blobs, numbers in text columns. None of
these functions raises: what cannot be kept becomes NULL and is counted.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from aigc_desktop.core.content import scrub, scrub_json

MAX_TEXT = 16 * 1024 * 1024
"""Characters of one text; what is beyond is cut off and counted."""

MAX_DEPTH = 200
"""Levels of JSON: far above what the web version writes, and within everybody's limits."""

_IDS = ("id", "tool_use_id", "tool_id", "tool_call_id")
_NAMES = ("name", "tool_name", "tool")
_INPUTS = ("input", "tool_input", "arguments", "parameters", "args")


class Cleaner:
    """Cleans values and counts what was lost, by the code of the reason."""

    def __init__(self) -> None:
        self.lost: Counter[str] = Counter()
        self.names: dict[str, int] = {}
        """String ids of scenarios and the keys that they stand for."""

    def register(self, db: Any) -> None:
        """Make the functions known to a connection."""
        functions: tuple[tuple[str, int, Callable[..., Any]], ...] = (
            ("web_text", 1, self.text),
            ("web_json", 1, self.json),
            ("web_list", 1, self.list),
            ("web_content", 3, self.content),
            ("web_extra", 3, self.extra),
            ("web_scenarios", 1, self.scenarios),
        )
        for name, arguments, function in functions:
            db.create_function(name, arguments, function, deterministic=True)

    def text(self, value: Any) -> str | None:
        """Return clean text: no lone surrogates, no NUL, not endless."""
        text = self._decoded(value)
        if text is None:
            return None
        if "\x00" in text:
            self.lost["takeover:nul"] += 1
            text = text.replace("\x00", "\ufffd")
        if len(text) > MAX_TEXT:
            self.lost["takeover:cut"] += 1
            text = text[:MAX_TEXT]
        return text

    def json(self, value: Any) -> str | None:
        """Return JSON that was encoded once, or NULL for what is none."""
        found = self.value(value)
        return None if found is None else _dump(found)

    def list(self, value: Any) -> str | None:
        """Return a JSON list of texts, from a list or from words with commas."""
        found = self.value(value, quiet=True)
        if found is None:
            text = self.text(value) or ""
            found = [part.strip() for part in text.split(",") if part.strip()]
        if not isinstance(found, list):
            found = [found]
        words = [str(entry) for entry in found if isinstance(entry, str | int)]
        return json.dumps(words, ensure_ascii=False) if words else None

    def value(self, value: Any, *, quiet: bool = False) -> Any:
        """Return the JSON value of a text that may have been encoded twice; None if it is none."""
        found: Any = self.text(value)
        if found is None or not found.strip():
            return None
        for _ in range(3):
            if not isinstance(found, str):
                break
            try:
                found = json.loads(found, parse_constant=lambda _name: None)
            except (ValueError, RecursionError):
                break
        if isinstance(found, str) or not _is_shallow(found) or _dump(found) is None:
            if not quiet:
                self.lost["takeover:json"] += 1
            return None
        return scrub_json(found)

    def content(self, kind: Any, content: Any, extra: Any) -> str:
        """Return a message's text; of a tool call the name of the tool."""
        text = self.text(content) or ""
        if kind == "tool_use":
            name, _, _ = self._call(text, extra)
            return name or text
        if kind == "tool_result" and text.lstrip().startswith(("[", "{")):
            return _result_text(self.value(text, quiet=True)) or text
        return text

    def extra(self, kind: Any, content: Any, extra: Any) -> str | None:
        """Return a message's extra data; tool calls and results in our own shape."""
        if kind == "tool_use":
            name, id_, arguments = self._call(self.text(content) or "", extra)
            known = {"id": id_, "name": name, "input": arguments}
            return _dump({key: value for key, value in known.items() if value})
        if extra is None:
            return None
        found = self.value(extra)
        if not isinstance(found, dict):
            return None
        if kind == "tool_result":
            of = _first(found, ("tool_use_id", *_IDS))
            error = found.get("is_error")
            kept: dict[str, Any] = {"is_error": error if isinstance(error, bool) else False}
            return _dump({**kept, "tool_use_id": str(of)} if of else kept)
        return None

    def scenarios(self, value: Any) -> str | None:
        """Return a JSON list of scenario keys; names that are known become keys."""
        found = self.value(value, quiet=True)
        entries = found if isinstance(found, list) else [found]
        keys = (self._key(entry) for entry in entries)
        return json.dumps([key for key in keys if key is not None])

    def _key(self, entry: Any) -> int | None:
        if isinstance(entry, str) and entry in self.names:
            return self.names[entry]
        try:
            return int(str(entry))
        except ValueError:
            return None

    def _call(self, text: str, extra: Any) -> tuple[str, str, Mapping[str, Any]]:
        """Return (name, id, input) of a tool call, wherever the web version put them."""
        known = self.value(extra, quiet=True) if extra is not None else None
        inside = self.value(text, quiet=True) if text.lstrip().startswith("{") else None
        places = [place for place in (known, inside) if isinstance(place, dict)]
        merged: dict[str, Any] = {}
        for place in reversed(places):
            merged.update(place)
        arguments = _first(merged, _INPUTS)
        if isinstance(arguments, str):
            arguments = self.value(arguments, quiet=True)
        name = _first(merged, _NAMES)
        plain = "" if inside is not None else text
        return str(name or plain)[:200], str(_first(merged, _IDS) or ""), _mapping(arguments)

    def _decoded(self, value: Any) -> str | None:
        match value:
            case None:
                return None
            case bytes():
                try:
                    return value.decode()
                except UnicodeDecodeError:
                    self.lost["takeover:encoding"] += 1
                try:
                    return scrub(value.decode("utf-8", "surrogatepass"))
                except UnicodeDecodeError:
                    return value.decode("utf-8", "replace")
            case str():
                return scrub(value)
            case _:
                return str(value)


def _dump(value: Any) -> str | None:
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    except ValueError:
        return None


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _first(data: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    return next((data[name] for name in names if data.get(name)), None)


def _result_text(value: Any) -> str:
    """Return the text of a list of content blocks, as the API has them."""
    if not isinstance(value, list):
        return ""
    texts = (entry.get("text") for entry in value if isinstance(entry, dict))
    return "\n".join(text for text in texts if isinstance(text, str))


def _is_shallow(value: Any) -> bool:
    level, depth = [value], 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            return False
        level = [
            inner
            for each in level
            if isinstance(each, dict | list)
            for inner in (each.values() if isinstance(each, dict) else each)
        ]
    return True
