"""The program itself: settings, log, versions, fonts."""

from __future__ import annotations

import logging
import platform
import shutil
import subprocess
import sys
from typing import Any

from aigc_desktop import __version__
from aigc_desktop.config import settings as config
from aigc_desktop.config.i18n import listing, tr, tr_n
from aigc_desktop.config.log import FILE_NAME, PatientFileHandler
from aigc_desktop.config.messages import describe
from aigc_desktop.config.operation_words import size_text
from aigc_desktop.core.diagnostics import Group, State
from aigc_desktop.core.errors import UserError
from aigc_desktop.services.checks.check import Check, Finding, Mend, Place, blocking
from aigc_desktop.store.engine import check_sqlite_version
from aigc_desktop.store.search import probe_full_text

OLDEST_PYTHON = (3, 11)


async def settings(place: Place) -> Finding:
    """Can the settings be read, and does every value fit?"""
    damaged = place.settings.damaged
    if damaged is not None:
        title, remedy = describe("settings_damaged", {"path": damaged.name})
        return Finding(State.WARNING, title, remedy)
    wrong = place.settings.unfitting()
    if not wrong:
        return Finding(State.OK, tr("Every value fits."))
    names = ", ".join(sorted(wrong))
    return Finding(
        State.WARNING,
        tr_n(
            "{count} value does not fit and is passed over: {names}.",
            "{count} values do not fit and are passed over: {names}.",
            len(wrong),
            names=names,
        ),
        tr("They can be taken out of the file; the defaults are used anyway."),
        mendable=True,
    )


async def log(place: Place) -> Finding:
    """Is the log written?"""
    file = place.paths.logs_dir / FILE_NAME
    handlers = [h for h in logging.getLogger().handlers if isinstance(h, PatientFileHandler)]
    dropped = sum(handler.dropped for handler in handlers)
    if dropped:
        said = tr_n(
            "{count} line could not be written.", "{count} lines could not be written.", dropped
        )
        return Finding(
            State.PROBLEM, said, tr("Look at disk space and access rights."), place="logs"
        )
    if not handlers:
        return Finding(State.NOT_APPLICABLE, tr("This command writes no log."))
    size = await blocking(lambda: file.stat().st_size if file.exists() else 0)
    level = place.settings.get(config.LOG_LEVEL)
    said = tr("It is written ({size}, level {level}).", size=size_text(size), level=level)
    return Finding(State.OK, said, place="logs")


async def versions(place: Place) -> Finding:
    """Are the program's own parts new enough?"""
    qt = place.facts.qt if place.facts else ""
    python = platform.python_version()
    try:
        check_sqlite_version()
        sqlite = await blocking(probe_full_text)
    except UserError as error:
        title, remedy = describe(error.code, error.params)
        return Finding(State.PROBLEM, title, remedy)
    parts = [f"AIGC Desktop {__version__}", f"SQLite {sqlite}", f"Python {python}"]
    said = listing([*parts, f"Qt {qt}"] if qt else parts)
    if sys.version_info < OLDEST_PYTHON:
        return Finding(State.PROBLEM, said, tr("Python 3.11 or newer is needed."))
    return Finding(State.OK, said)


async def fonts(place: Place) -> Finding:
    """Can Chinese be drawn?"""
    if place.facts is not None:
        found = place.facts.chinese_font
    elif sys.platform.startswith("linux"):
        if shutil.which("fc-list") is None:
            return Finding(State.NOT_APPLICABLE, tr("Only the window needs fonts."))
        found = await blocking(_chinese_font)
    else:
        found = tr("the system's own")
    if found:
        return Finding(State.OK, tr("Chinese is drawn with {font}.", font=found))
    return Finding(
        State.WARNING,
        tr("No font for Chinese is installed: its characters show as boxes."),
        tr("Install fonts-noto-cjk or another font with Chinese."),
    )


def _chinese_font() -> str:
    done = subprocess.run(
        ["fc-list", "--format", "%{family[0]}\n", ":lang=zh-cn"],  # noqa: S607 the system's own
        capture_output=True,
        text=True,
        timeout=8,
        check=False,
    )
    found = sorted(done.stdout.split("\n")[:-1], key=lambda name: (" SC" not in name, name))
    return found[0] if found else ""


async def _take_out(place: Place) -> dict[str, Any]:
    return await blocking(place.settings.drop_unfitting)


async def _put_back(place: Place, before: Any) -> None:
    await blocking(lambda: place.settings.put_back(before))


CHECKS = (
    Check(
        "settings",
        Group.PROGRAM,
        "Settings file",
        settings,
        mend=Mend(
            "Take them out",
            "Values that do not fit are taken out of the settings file.",
            _take_out,
            _put_back,
        ),
    ),
    Check("log", Group.PROGRAM, "Log", log),
    Check("versions", Group.PROGRAM, "Versions", versions),
    Check("fonts", Group.PROGRAM, "Fonts", fonts),
)
