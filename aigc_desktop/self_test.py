"""`--self-test`: does everything that the program stands on work here? Also run on every build."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import traceback
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aigc_desktop.services.app import App


def run_self_test() -> int:
    """Run every check, print one line each, return 0 if all passed."""
    failed = 0
    for check in CHECKS:
        try:
            print(f"ok    {check.__name__[1:]}: {check()}", flush=True)
        except Exception as error:  # noqa: BLE001 a check that fails is a result
            failed += 1
            print(f"FAIL  {check.__name__[1:]}: {type(error).__name__}: {error}", flush=True)
            traceback.print_exc(file=sys.stderr)
    return 1 if failed else 0


def _qt() -> str:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from aigc_desktop.gui.self_check import paint_a_window

    return paint_a_window()


def _sqlite() -> str:
    from aigc_desktop.services.self_check import sqlite_with_full_text

    return sqlite_with_full_text()


def _keyring() -> str:
    from aigc_desktop.config.secrets import available_backends

    return ", ".join(available_backends()) or "none here"


def _tls() -> str:
    import ssl

    count = len(ssl.create_default_context().get_ca_certs())
    return f"{ssl.OPENSSL_VERSION}, {count} certificates"


def _resources() -> str:
    from aigc_desktop.config.i18n import CHINESE, set_language, tr
    from aigc_desktop.config.paths import migrations_dir, resource

    for path in (resource("icons"), resource("translations"), migrations_dir() / "env.py"):
        if not path.exists():
            raise FileNotFoundError(path)
    before = set_language("auto")
    set_language(CHINESE)
    translated = tr("There is no API key.")
    set_language(before)
    if translated == "There is no API key.":
        raise LookupError("no Chinese translation")
    return translated


def _main_job() -> str:
    """Ask the demo model for a file; see it written, stored over a restart; match a request."""
    from aigc_desktop.bootstrap import open_app, prepare
    from aigc_desktop.config.paths import Paths
    from aigc_desktop.services.self_check import (
        main_job,
        matching,
        sessions_after_restart,
    )

    os.environ["AIGC_DEMO_DELAY"] = "0"
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        paths = Paths(Path(home) / "home")

        async def once(job: Callable[[App], Awaitable[str]]) -> str:
            settings, bus, stop_logging = prepare(paths)
            try:
                async with open_app(paths, settings, bus) as app:
                    return await job(app)
            finally:
                stop_logging()

        written = asyncio.run(once(main_job))
        found = asyncio.run(once(sessions_after_restart))
        matched = asyncio.run(once(matching))
        return f"{written}; after a restart: {found}; matched: {matched}"


CHECKS: tuple[Callable[[], str], ...] = (_qt, _sqlite, _keyring, _tls, _resources, _main_job)
