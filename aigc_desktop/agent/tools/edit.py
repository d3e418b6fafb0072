"""Tools that change files."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aigc_desktop.agent.ports import ToolContext, ToolOutcome
from aigc_desktop.agent.tools.folder import WorkFolder
from aigc_desktop.core.content import scrub
from aigc_desktop.core.errors import UserError
from aigc_desktop.core.ports import ToolSpec


@dataclass(frozen=True, slots=True)
class WriteFile:
    folder: WorkFolder
    read_only: bool = False
    spec = ToolSpec(
        "write_file",
        "Write a whole file in the work directory: a new one, or in the place of an old one. "
        "Missing folders are made. For a small change prefer edit_file.",
        {
            "type": "object",
            "properties": {
                "path": {"type": "string", "description": "Path relative to the work directory"},
                "content": {"type": "string"},
            },
            "required": ["path", "content"],
        },
    )

    async def run(self, input: Mapping[str, Any], context: ToolContext) -> ToolOutcome:
        data = scrub(input["content"]).encode()
        await asyncio.to_thread(self.folder.write_bytes, input["path"], data)
        return ToolOutcome(f"Wrote {len(data)} bytes to {input['path']}.")


@dataclass(frozen=True, slots=True)
class DeletePath:
    folder: WorkFolder
    read_only: bool = False
    spec = ToolSpec(
        "delete_path",
        "Move a file or a folder with all that is in it from the work directory to the trash.",
        {
            "type": "object",
            "properties": {
                "path": {"type": "string", "description": "Path relative to the work directory"}
            },
            "required": ["path"],
        },
    )

    async def run(self, input: Mapping[str, Any], context: ToolContext) -> ToolOutcome:
        await asyncio.to_thread(self.folder.delete, input["path"])
        return ToolOutcome(f"Moved {input['path']} to the trash.")


@dataclass(frozen=True, slots=True)
class EditFile:
    folder: WorkFolder
    read_only: bool = False
    spec = ToolSpec(
        "edit_file",
        "Replace a piece of text in a file. `old_text` must stand there exactly once, unless "
        "`replace_all` is true. Read the file first.",
        {
            "type": "object",
            "properties": {
                "path": {"type": "string", "description": "Path relative to the work directory"},
                "old_text": {"type": "string"},
                "new_text": {"type": "string"},
                "replace_all": {"type": "boolean"},
            },
            "required": ["path", "old_text", "new_text"],
        },
    )

    async def run(self, input: Mapping[str, Any], context: ToolContext) -> ToolOutcome:
        old = await asyncio.to_thread(self.folder.read_bytes, input["path"])
        new, count = edited(old, input)
        await asyncio.to_thread(self.folder.write_bytes, input["path"], new)
        return ToolOutcome(f"Replaced {count} place(s) in {input['path']}.")


def edited(data: bytes, input: Mapping[str, Any]) -> tuple[bytes, int]:
    """Return the content after an edit and the number of places; line ends stay as they are.

    Raises:
        UserError("edit_refused"): the text is not there, or in several places.
    """
    old, new = scrub(input["old_text"]).encode(), scrub(input["new_text"]).encode()
    if b"\r\n" in data and b"\r\n" not in old:
        old, new = old.replace(b"\n", b"\r\n"), new.replace(b"\n", b"\r\n")
    count = data.count(old) if old else 0
    if count == 0:
        raise UserError("edit_refused", path=input["path"], reason="old_text is not in the file")
    if count > 1 and not input.get("replace_all"):
        reason = f"old_text is in {count} places; give more of its surroundings"
        raise UserError("edit_refused", path=input["path"], reason=reason)
    return data.replace(old, new), count
