"""The tool that runs a command."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aigc_desktop.agent.command import run_command
from aigc_desktop.agent.ports import ToolContext, ToolOutcome
from aigc_desktop.agent.sandbox import Sandbox
from aigc_desktop.agent.tools.folder import WorkFolder
from aigc_desktop.agent.tools.output import fitted
from aigc_desktop.core.ports import ToolSpec


@dataclass(frozen=True, slots=True)
class RunCommand:
    folder: WorkFolder
    outputs_dir: Path
    sandbox: Sandbox
    timeout: int
    read_only: bool = False
    spec = ToolSpec(
        "run_command",
        "Run a shell command in the work directory and return its output. There is no terminal, "
        "no input and, in the sandbox, no network. Long-running programs are ended after a time "
        "limit (`timeout` in seconds).",
        {
            "type": "object",
            "properties": {
                "command": {"type": "string"},
                "timeout": {"type": "integer", "description": "Seconds, at most the user's limit"},
            },
            "required": ["command"],
        },
    )

    async def run(self, input: Mapping[str, Any], context: ToolContext) -> ToolOutcome:
        timeout = min(max(int(input.get("timeout", self.timeout)), 1), self.timeout)
        argv = self.sandbox.wrap(input["command"], self.folder.root)
        done = await run_command(
            argv, cwd=self.folder.root, timeout=timeout, on_output=context.emit_output
        )
        lines = [done.output.rstrip("\n") or "(no output)"]
        if done.dropped:
            lines.insert(0, f"[the first {done.dropped} bytes of the output were not kept]")
        if done.timed_out:
            lines.append(f"[ended after {timeout} seconds]")
        lines.append(f"[exit code {done.exit_code}]")
        failed = done.timed_out or done.exit_code != 0
        return fitted("\n".join(lines), self.outputs_dir, is_error=failed)
