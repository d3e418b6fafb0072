"""The tool that runs a command."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aigc_desktop.agent.command import Finished, run_command
from aigc_desktop.agent.egress import Egress
from aigc_desktop.agent.gateway import Dial, Gateway, granted_hosts
from aigc_desktop.agent.ports import ToolContext, ToolOutcome
from aigc_desktop.agent.rules import hosts_of
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
    egress: Egress
    dial: Dial = asyncio.open_connection
    read_only: bool = False
    spec = ToolSpec(
        "run_command",
        "Run a shell command in the work directory and return its output. There is no terminal, "
        "no input and no network but to the `hosts` that you name, each of which the user has to "
        "allow (https and http through the proxy that the environment names). Long-running "
        "programs are ended after a time limit (`timeout` in seconds).",
        {
            "type": "object",
            "properties": {
                "command": {"type": "string"},
                "timeout": {"type": "integer", "description": "Seconds, at most the user's limit"},
                "hosts": {
                    "type": "array",
                    "items": {"type": "string"},
                    "description": "Host names that the command needs, such as pypi.org",
                },
            },
            "required": ["command"],
        },
    )

    async def run(self, input: Mapping[str, Any], context: ToolContext) -> ToolOutcome:
        timeout = min(max(int(input.get("timeout", self.timeout)), 1), self.timeout)
        gateway = Gateway(self.egress, granted_hosts(hosts_of(input)), self.dial)
        done = await self._run(input["command"], timeout, gateway, context)
        lines = [done.output.rstrip("\n") or "(no output)"]
        if done.dropped:
            lines.insert(0, f"[the first {done.dropped} bytes of the output were not kept]")
        if done.timed_out:
            lines.append(f"[ended after {timeout} seconds]")
        if done.disk_full:
            lines.append("[ended: it wrote more than the disk has room for]")
        if gateway.reached:
            lines.append(f"[hosts reached: {', '.join(sorted(gateway.reached))}]")
        if gateway.refused:
            lines.append(f"[hosts refused: {', '.join(sorted(gateway.refused))}]")
        lines.append(f"[exit code {done.exit_code}]")
        failed = done.timed_out or done.disk_full or done.exit_code != 0
        return fitted("\n".join(lines), self.outputs_dir, is_error=failed)

    async def _run(
        self, command: str, timeout: int, gateway: Gateway, context: ToolContext
    ) -> Finished:
        root, emit = self.folder.root, context.emit_output
        if not (gateway.hosts and self.sandbox.available):
            argv = self.sandbox.wrap(command, root)
            return await run_command(argv, cwd=root, timeout=timeout, on_output=emit)
        async with gateway.open(by_socket=self.sandbox.door_by_socket) as door:
            argv = self.sandbox.wrap(command, root, door)
            return await run_command(
                argv, cwd=root, timeout=timeout, on_output=emit, extra=door.environment()
            )
