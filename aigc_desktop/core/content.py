"""Content blocks: what messages are made of, in the shape of the Anthropic Messages API."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

Role: TypeAlias = Literal["user", "assistant"]

_SURROGATES = re.compile("[\ud800-\udfff]")


def scrub(text: str) -> str:
    """Return `text` without lone surrogates, which neither UTF-8 nor a database takes.

    Two halves that came in separate pieces become the character that they are.
    """
    if _SURROGATES.search(text) is None:
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def scrub_json(value: Any) -> Any:
    """Return a JSON value with every string in it scrubbed."""
    match value:
        case str():
            return scrub(value)
        case list():
            return [scrub_json(entry) for entry in value]
        case dict():
            return {scrub(key): scrub_json(entry) for key, entry in value.items()}
        case _:
            return value


@dataclass(frozen=True, slots=True)
class TextBlock:
    """Text of the user or of the assistant (Markdown), with the API's citations for it."""

    text: str
    citations: tuple[Mapping[str, Any], ...] = ()

    @property
    def shown(self) -> str:
        """The text with a line of links to what it cites."""
        links = {str(c.get("url", "")): str(c.get("title") or "") for c in self.citations}
        line = " · ".join(filter(None, (_link(title, url) for url, title in links.items())))
        return f"{self.text}\n\n{line}" if line else self.text


@dataclass(frozen=True, slots=True)
class ThinkingBlock:
    """The model's thinking; the API accepts it back only with its signature."""

    thinking: str
    signature: str = ""


@dataclass(frozen=True, slots=True)
class RedactedThinkingBlock:
    """Thinking that the server has encrypted; sent back unchanged."""

    data: str


@dataclass(frozen=True, slots=True)
class ToolUseBlock:
    """A tool call that the model asks for."""

    id: str
    name: str
    input: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ToolResultBlock:
    """What a tool answered."""

    tool_use_id: str
    content: str
    is_error: bool = False


@dataclass(frozen=True, slots=True)
class ServerBlock:
    """A call of a tool that runs on the provider's side, or its result; sent back unchanged."""

    data: Mapping[str, Any]

    @property
    def is_call(self) -> bool:
        return self.data.get("type") == SERVER_CALL

    @property
    def call_id(self) -> str:
        """The call that this is, or that it answers."""
        return str(self.data.get("id" if self.is_call else "tool_use_id", ""))

    @property
    def name(self) -> str:
        return str(self.data.get("name", ""))

    @property
    def input(self) -> Mapping[str, Any]:
        found = self.data.get("input")
        return found if isinstance(found, dict) else {}

    @property
    def failed(self) -> bool:
        return isinstance(self.data.get("content"), dict)

    @property
    def shown(self) -> str:
        """What was found, a title and an address a line; or what went wrong."""
        content = self.data.get("content")
        if isinstance(content, dict):
            return str(content.get("error_code", "error")).replace("_", " ")
        found = [entry for entry in content or () if isinstance(entry, dict)]
        return "\n".join(f"{e.get('title', '')}\n  {e.get('url', '')}" for e in found)


SERVER_CALL = "server_tool_use"

Block: TypeAlias = (
    TextBlock | ThinkingBlock | RedactedThinkingBlock | ToolUseBlock | ToolResultBlock | ServerBlock
)


def is_server_type(kind: str) -> bool:
    """Return whether a block of that type belongs to a tool on the provider's side."""
    return kind == SERVER_CALL or kind.endswith("_tool_result")


def _link(title: str, url: str) -> str:
    """Return a Markdown link, or "" for what is no plain web address."""
    if not re.fullmatch(r"https?://[^\s<>()\[\]\\]+", url):
        return ""
    words = re.sub(r"[\[\]\\`*_<>\s]+", " ", title).strip()
    return f"[{words[:80] or url[:80]}](<{url}>)"


def block_to_api(block: Block) -> dict[str, Any]:
    """Return the block as the API's JSON object."""
    match block:
        case TextBlock(text, citations):
            cited = {"citations": [dict(c) for c in citations]} if citations else {}
            return {"type": "text", "text": text, **cited}
        case ServerBlock(data):
            return dict(data)
        case ThinkingBlock(thinking, signature):
            return {"type": "thinking", "thinking": thinking, "signature": signature}
        case RedactedThinkingBlock(data):
            return {"type": "redacted_thinking", "data": data}
        case ToolUseBlock(id_, name, input_):
            return {"type": "tool_use", "id": id_, "name": name, "input": dict(input_)}
        case ToolResultBlock(tool_use_id, content, is_error):
            return {
                "type": "tool_result",
                "tool_use_id": tool_use_id,
                "content": content,
                "is_error": is_error,
            }


def block_from_api(data: Mapping[str, Any]) -> Block:
    """Return the block of an API JSON object.

    Raises:
        ValueError: the block's type is none that we know.
    """
    match data.get("type"):
        case "text":
            return TextBlock(data["text"], tuple(data.get("citations") or ()))
        case "thinking":
            return ThinkingBlock(data["thinking"], data.get("signature", ""))
        case "redacted_thinking":
            return RedactedThinkingBlock(data["data"])
        case "tool_use":
            return ToolUseBlock(data["id"], data["name"], data["input"])
        case "tool_result":
            return ToolResultBlock(
                data["tool_use_id"], data["content"], bool(data.get("is_error", False))
            )
        case str(kind) if is_server_type(kind):
            return ServerBlock(data)
        case other:
            raise ValueError(f"unknown content block type: {other!r}")
