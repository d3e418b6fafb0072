"""The conversation as the API takes it: paired, merged, clean, and within the model's context."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from aigc_desktop.agent.guard import INVALID_INPUT
from aigc_desktop.core.content import (
    Block,
    RedactedThinkingBlock,
    ServerBlock,
    TextBlock,
    ThinkingBlock,
    ToolResultBlock,
    ToolUseBlock,
    scrub,
)
from aigc_desktop.core.ports import ApiMessage
from aigc_desktop.core.session import Message

MISSING_RESULT = "This tool call has no result: it was not run."
DROPPED_RESULT = "[An older tool result was left out to make room.]"
KEPT_MESSAGES = 8
"""The newest messages, which compaction leaves alone."""

CHARS_PER_TOKEN = 3.0
"""Careful estimate for mixed text; Chinese has fewer characters a token, see `estimate`."""

_WIDE = re.compile("[\u2e80-\uffef]")


def build_messages(
    messages: Iterable[Message], *, with_server_blocks: bool = False
) -> tuple[ApiMessage, ...]:
    """Return the messages for the API: neighbours of one role merged, every tool call answered.

    What a provider's own tools left behind is sent back to that provider only.
    """
    merged: list[tuple[str, list[Block]]] = []
    for message in messages:
        block = clean(message.block)
        if not with_server_blocks:
            block = _without_server_parts(block)
        if block is None:
            continue
        if merged and merged[-1][0] == message.role:
            merged[-1][1].append(block)
        else:
            merged.append((message.role, [block]))
    return _paired(merged)


def clean(block: Block) -> Block | None:
    """Return the block as the API accepts it, or None for one that it would refuse."""
    match block:
        case TextBlock(text, citations):
            return TextBlock(scrub(text), citations) if text.strip() else None
        case ThinkingBlock(signature=signature):
            return block if signature else None
        case ToolResultBlock(tool_use_id, content, is_error):
            return ToolResultBlock(tool_use_id, scrub(content) or "(no output)", is_error)
        case ToolUseBlock(id_, name, input_):
            return ToolUseBlock(id_, name, {} if INVALID_INPUT in input_ else input_)
        case RedactedThinkingBlock() | ServerBlock():
            return block


def _without_server_parts(block: Block | None) -> Block | None:
    match block:
        case ServerBlock():
            return None
        case TextBlock(text):
            return TextBlock(text)
        case _:
            return block


def _paired(merged: Sequence[tuple[str, list[Block]]]) -> tuple[ApiMessage, ...]:
    result: list[ApiMessage] = []
    pending: list[str] = []
    for role, blocks in merged:
        if role == "assistant":
            result.extend(_missing(pending))
            pending = [block.id for block in blocks if isinstance(block, ToolUseBlock)]
            result.append(ApiMessage("assistant", tuple(blocks)))
            continue
        answers = {b.tool_use_id: b for b in blocks if isinstance(b, ToolResultBlock)}
        first: list[Block] = [
            answers.get(id_) or ToolResultBlock(id_, MISSING_RESULT, True) for id_ in pending
        ]
        pending = []
        rest = [block for block in blocks if not isinstance(block, ToolResultBlock)]
        if first or rest:
            result.append(ApiMessage("user", (*first, *rest)))
    result.extend(_missing(pending))
    return tuple(result)


def _missing(pending: Sequence[str]) -> list[ApiMessage]:
    if not pending:
        return []
    return [
        ApiMessage("user", tuple(ToolResultBlock(id_, MISSING_RESULT, True) for id_ in pending))
    ]


def estimate(messages: Iterable[ApiMessage]) -> int:
    """Return a careful estimate of the messages' tokens."""
    total = 0.0
    for message in messages:
        for block in message.blocks:
            text = _text_of(block)
            wide = len(_WIDE.findall(text))
            total += wide + (len(text) - wide) / CHARS_PER_TOKEN + 8
    return int(total)


def fit(messages: tuple[ApiMessage, ...], budget: int) -> tuple[ApiMessage, ...]:
    """Return the messages made small enough for `budget` tokens; only this request is changed.

    Old tool results go first; then whole exchanges from the beginning, never the newest ones.
    """
    if estimate(messages) <= budget:
        return messages
    old, new = messages[:-KEPT_MESSAGES], messages[-KEPT_MESSAGES:]
    old = tuple(replace(message, blocks=tuple(map(_shorter, message.blocks))) for message in old)
    while old and estimate((*old, *new)) > budget:
        old = old[_first_exchange(old) :]
    return (*old, *new)


def _shorter(block: Block) -> Block:
    if isinstance(block, ToolResultBlock) and len(block.content) > len(DROPPED_RESULT):
        return replace(block, content=DROPPED_RESULT)
    return block


def _first_exchange(messages: Sequence[ApiMessage]) -> int:
    """Return where the second request begins: a user message that answers no tool call."""
    for at, message in enumerate(messages[1:], start=1):
        if message.role == "user" and not isinstance(message.blocks[0], ToolResultBlock):
            return at
    return len(messages)


def _text_of(block: Block) -> str:
    match block:
        case TextBlock(text):
            return text
        case ThinkingBlock(thinking):
            return thinking
        case RedactedThinkingBlock(data):
            return data
        case ToolUseBlock(_, name, input_):
            return name + str(dict(input_))
        case ToolResultBlock(_, content):
            return content
        case ServerBlock(data):
            return str(dict(data))
