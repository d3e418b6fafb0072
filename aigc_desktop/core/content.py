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
    """Text of the user or of the assistant (Markdown)."""

    text: str


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


Block: TypeAlias = (
    TextBlock | ThinkingBlock | RedactedThinkingBlock | ToolUseBlock | ToolResultBlock
)


def block_to_api(block: Block) -> dict[str, Any]:
    """Return the block as the API's JSON object."""
    match block:
        case TextBlock(text):
            return {"type": "text", "text": text}
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
            return TextBlock(data["text"])
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
        case other:
            raise ValueError(f"unknown content block type: {other!r}")
