"""Entry point: without a command the window opens; the commands work without one."""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program and return its exit code."""
    from aigc_desktop.cli import parse, run_command

    options = parse(sys.argv[1:] if arguments is None else arguments)
    if options.command is not None or options.self_test:
        return run_command(options)
    from aigc_desktop.bootstrap import Backend, prepare
    from aigc_desktop.config.paths import Paths
    from aigc_desktop.gui.app import run

    paths = Paths.default()
    settings, bus, stop_logging = prepare(paths)
    try:
        return run(paths, settings, bus, Backend)
    finally:
        stop_logging()


if __name__ == "__main__":
    sys.exit(main())
