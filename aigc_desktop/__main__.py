"""Entry point: without a command the window opens; the commands work without one."""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence
from typing import Any


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program and return its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:1] == ["--confined"]:
        from aigc_desktop.agent.landlock_stage import main as run_confined

        return run_confined(given[1:])
    if given[:1] == ["--relayed"]:
        from aigc_desktop.agent.relay_stage import main as run_relayed

        return run_relayed(given[1:])
    if given[:1] == ["--backup-worker"]:
        from aigc_desktop.ops.backup.worker import main as run_worker

        run_worker()
    if given:
        from aigc_desktop.cli.main import parse, run_command

        options = parse(given)
        if options.command is not None or options.self_test:
            return run_command(options)
    gc.disable()  # Importing makes no garbage; gui.collector takes over.
    from aigc_desktop.config.paths import Paths
    from aigc_desktop.gui.opening import run

    return run(Paths.default(), _make_backend)


def _make_backend(*args: Any) -> Any:
    """Import the backend when the window is already there."""
    from aigc_desktop.bootstrap import Backend

    return Backend(*args)


if __name__ == "__main__":
    sys.exit(main())
