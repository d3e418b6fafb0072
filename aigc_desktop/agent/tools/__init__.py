"""The tools that the agent can call."""

from __future__ import annotations

from pathlib import Path

from aigc_desktop.agent.ports import ToolBox
from aigc_desktop.agent.sandbox import Sandbox
from aigc_desktop.agent.tools.command import RunCommand
from aigc_desktop.agent.tools.edit import EditFile, WriteFile
from aigc_desktop.agent.tools.folder import WorkFolder
from aigc_desktop.agent.tools.look import Glob, Grep, ListFiles, ReadFile


def build_toolbox(
    folder: WorkFolder, outputs_dir: Path, sandbox: Sandbox, command_timeout: int
) -> ToolBox:
    """Return the tools for one work directory; `command_timeout` in seconds."""
    return ToolBox(
        [
            ReadFile(folder, outputs_dir),
            WriteFile(folder),
            EditFile(folder),
            ListFiles(folder, outputs_dir),
            Glob(folder, outputs_dir),
            Grep(folder, outputs_dir),
            RunCommand(folder, outputs_dir, sandbox, command_timeout),
        ]
    )


__all__ = ["build_toolbox"]
