"""The tools that the agent can call."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from aigc_desktop.agent.egress import Egress
from aigc_desktop.agent.ports import ToolBox
from aigc_desktop.agent.sandbox import Sandbox
from aigc_desktop.agent.tools.command import RunCommand
from aigc_desktop.agent.tools.edit import DeletePath, EditFile, WriteFile
from aigc_desktop.agent.tools.folder import WorkFolder
from aigc_desktop.agent.tools.look import Glob, Grep, ListFiles, ReadFile
from aigc_desktop.agent.tools.web import WebFetch


def build_toolbox(
    folder: WorkFolder,
    outputs_dir: Path,
    sandbox: Sandbox,
    command_timeout: int,
    host_allowed: Callable[[str, int], bool],
) -> ToolBox:
    """Return the tools for one work directory.

    `command_timeout` in seconds; `host_allowed(host, session_id)` says whether a rule allows a
    host that a page redirects to.
    """
    egress = Egress()
    return ToolBox(
        [
            ReadFile(folder, outputs_dir),
            WriteFile(folder),
            EditFile(folder),
            DeletePath(folder),
            ListFiles(folder, outputs_dir),
            Glob(folder, outputs_dir),
            Grep(folder, outputs_dir),
            RunCommand(folder, outputs_dir, sandbox, command_timeout, egress),
            WebFetch(egress, outputs_dir, host_allowed),
        ]
    )


__all__ = ["build_toolbox"]
