"""What rows say in words: tool names, states, amounts, why a turn ended."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from aigc_desktop.config.i18n import tr, tr_n
from aigc_desktop.config.messages import describe
from aigc_desktop.core.session import Effects, StopReason, Turn, TurnStatus
from aigc_desktop.core.transcript import ItemKind, ToolCall, ToolState
from aigc_desktop.gui.chat.safe_text import one_line, visible

_SUMMARY_KEYS = ("command", "path", "file_path", "pattern", "query", "url", "name")

_TOOL_ICONS = (
    (("write", "edit"), "edit"),
    (("read",), "file"),
    (("list", "glob", "ls"), "folder"),
    (("web", "fetch"), "globe"),
    (("grep", "search"), "search"),
    (("delete",), "trash"),
    (("run", "bash", "command", "shell"), "terminal"),
)

STATE_TOKENS = {
    ToolState.PENDING: "text_muted",
    ToolState.ASKING: "warning",
    ToolState.RUNNING: "accent",
    ToolState.DONE: "success",
    ToolState.FAILED: "danger",
    ToolState.DENIED: "danger",
    ToolState.NOT_RUN: "text_muted",
    ToolState.UNKNOWN: "warning",
}


def tool_icon(name: str) -> str:
    """Return the name of the icon for a tool."""
    words = name.lower().replace("-", "_").split("_")
    for known, icon in _TOOL_ICONS:
        if any(word in known for word in words):
            return icon
    return "tool"


def tool_label(name: str) -> str:
    """Return what a tool is called in the user's language."""
    labels = {
        "read": tr("Read file"),
        "read_file": tr("Read file"),
        "write": tr("Write file"),
        "write_file": tr("Write file"),
        "edit": tr("Edit file"),
        "edit_file": tr("Edit file"),
        "list": tr("List folder"),
        "list_files": tr("List folder"),
        "list_dir": tr("List folder"),
        "list_directory": tr("List folder"),
        "glob": tr("Find files"),
        "grep": tr("Search in files"),
        "run": tr("Run command"),
        "bash": tr("Run command"),
        "run_command": tr("Run command"),
        "command": tr("Run command"),
        "delete_path": tr("Move to the trash"),
        "web_fetch": tr("Fetch web page"),
        "web_search": tr("Search the web"),
    }
    return labels.get(name) or one_line(name, 60)


def tool_summary(call: ToolCall) -> str:
    """Return the argument that says most, on one line."""
    for key in _SUMMARY_KEYS:
        value = call.input.get(key)
        if isinstance(value, str) and value:
            return one_line(value)
    first = next((value for value in call.input.values() if isinstance(value, str | int)), "")
    return one_line(str(first))


def arguments_text(arguments: Mapping[str, Any]) -> str:
    """Return a call's arguments, one a line; long texts below their name."""
    lines = []
    for key, value in arguments.items():
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        lines.append(f"{key}:\n{text}" if "\n" in text else f"{key}: {text}")
    return visible("\n".join(lines))


def state_text(state: ToolState) -> str:
    """Return a tool call's state in words."""
    return {
        ToolState.PENDING: tr("Waiting"),
        ToolState.ASKING: tr("Needs your approval"),
        ToolState.RUNNING: tr("Running…"),
        ToolState.DONE: tr("Done"),
        ToolState.FAILED: tr("Failed"),
        ToolState.DENIED: tr("Denied"),
        ToolState.NOT_RUN: tr("Not run"),
        ToolState.UNKNOWN: tr("Outcome unknown"),
    }[state]


def duration_text(milliseconds: int) -> str:
    """Return a duration as people say it."""
    seconds = milliseconds / 1000
    if seconds < 1:
        return tr("{count} ms", count=milliseconds)
    if seconds < 10:
        return tr("{count} s", count=f"{seconds:.1f}")
    if seconds < 60:
        return tr("{count} s", count=round(seconds))
    return tr("{minutes} min {seconds} s", minutes=int(seconds // 60), seconds=int(seconds % 60))


def thinking_text(duration_ms: int | None, streaming: bool) -> str:
    """Return the headline of folded thinking."""
    if streaming:
        return tr("Thinking…")
    if duration_ms is None:
        return tr("Thoughts")
    return tr_n(
        "Thought for {count} second",
        "Thought for {count} seconds",
        max(1, round(duration_ms / 1000)),
    )


def usage_text(turn: Turn) -> str:
    """Return model, tokens and cost of a turn; what is unpriced is said to be."""
    parts = [one_line(turn.model, 60)] if turn.model else []
    if turn.usage.total:
        parts.append(tr("{count} tokens", count=f"{turn.usage.total:,}"))
        parts.append(cost_text(turn.cost_usd))
    return " · ".join(parts)


def effects_text(effects: Effects) -> str:
    """Return how many files a turn touched; said of an undone turn too."""
    text = tr_n("{count} file changed", "{count} files changed", effects.total)
    return tr("{what}, undone", what=text) if effects.undone else text


def cost_text(cost: Decimal | None) -> str:
    """Return a cost in dollars; None is unpriced, which is not zero."""
    if cost is None:
        return tr("unpriced")
    digits = 2 if cost >= 1 or cost == 0 else 4
    return f"${cost:.{digits}f}"


def ending(turn: Turn) -> tuple[str, str, str] | None:
    """Return (colour token, title, remedy) if a turn's end is worth a word."""
    if turn.status is TurnStatus.FAILED:
        code, params = turn.error or ("internal_error", {})
        title, remedy = describe(code, params)
        return "danger", visible(title), visible(remedy)
    if turn.status is TurnStatus.INTERRUPTED:
        return (
            "warning",
            tr("This answer was interrupted."),
            tr("The program was closed before it was complete. What had arrived is kept."),
        )
    if turn.status is TurnStatus.STOPPED:
        return "text_muted", tr("You stopped this answer."), ""
    reasons = {
        StopReason.MAX_TOKENS: tr("The answer reached the length limit."),
        StopReason.REFUSAL: tr("The model declined to go on."),
        StopReason.TURN_LIMIT: tr("The limit of model calls for one request was reached."),
        StopReason.TOKEN_LIMIT: tr("The token limit for one request was reached."),
        StopReason.COST_LIMIT: tr("The cost limit for one request was reached."),
    }
    title = reasons.get(turn.stop_reason, "") if turn.stop_reason else ""
    return ("warning", title, "") if title else None


def row_name(kind: ItemKind | None, text: str) -> str:
    """Return what a screen reader says first about a row."""
    speaker = {
        ItemKind.USER: tr("You"),
        ItemKind.TEXT: tr("Assistant"),
        ItemKind.THINKING: tr("Thoughts"),
        ItemKind.TOOL: tr("Tool"),
        ItemKind.NOTE: tr("Note"),
    }
    return f"{speaker[kind]}: {text}" if kind is not None else text
