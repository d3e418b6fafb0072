"""The support bundle: what helps others to help, without keys, messages or names of the user's."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import sys
import zipfile
from collections import deque
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from aigc_desktop import __version__
from aigc_desktop.config import settings as config
from aigc_desktop.config.log import FILE_NAME, redact
from aigc_desktop.config.paths import Paths
from aigc_desktop.config.settings import Settings
from aigc_desktop.core.diagnostics import Report
from aigc_desktop.core.errors import UserError

LOG_LINES = 2000
MAX_LINE = 2000
"""Characters of one line of the log."""

TAIL_BYTES = 4 * 1024 * 1024
"""From the end of the log file; the last lines are in it."""

README = """\
Support bundle of AIGC Desktop.

It holds: versions, settings (never keys), the report of the diagnostics, the last lines of the
log with secrets taken out, the database's revision and how many rows each table has.
It holds no messages, no titles, no files and no keys. Your home folder is written as ~.
Please look through it before you send it.
"""


def write(
    path: Path,
    paths: Paths,
    settings: Settings,
    report: Report,
    revision: str,
    rows: dict[str, int],
) -> None:
    """Write the bundle as a zip file; an unfinished one is never left behind.

    Raises UserError: `file_not_writable`, `disk_full`.
    """
    parts = {
        "README.txt": README,
        "versions.json": _json(_versions()),
        "settings.json": _json(_settings(settings)),
        "doctor.json": _json(_report(report)),
        "database.json": _json({"revision": revision, "rows": rows}),
        "log.txt": "\n".join(_last_lines(paths.logs_dir / FILE_NAME)),
    }
    temporary = path.with_name(f".{path.name}.part")
    try:
        with zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, text in parts.items():
                archive.writestr(name, _cleaned(text, paths))
        temporary.chmod(0o600)
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        code = "disk_full" if error.errno == 28 else "file_not_writable"
        raise UserError(code, path=str(path), reason=error.strerror or "") from error


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2, default=str)


def _versions() -> dict[str, Any]:
    packages = {
        name: dist.version
        for dist in importlib.metadata.distributions()
        if (name := dist.metadata["Name"])
    }
    return {
        "program": __version__,
        "frozen": bool(getattr(sys, "frozen", False)),
        "python": sys.version,
        "system": platform.platform(),
        "machine": platform.machine(),
        "cpus": os.cpu_count(),
        "packages": dict(sorted(packages.items(), key=lambda item: item[0].lower())),
    }


def _settings(settings: Settings) -> dict[str, Any]:
    """Return the declared settings; of free text only whether there is any."""
    found: dict[str, Any] = {}
    for setting in config.ALL:
        value = settings.get(setting)
        if setting is config.BASE_URL:
            parts = urlsplit(str(value))
            value = f"{parts.scheme}://{parts.hostname}" if value else ""
        elif setting.type is str and not setting.choices and setting is not config.MODEL:
            value = "(set)" if value else ""
        found[setting.key] = {"value": value, "origin": settings.origin(setting)}
    return found


def _report(report: Report) -> dict[str, Any]:
    results = []
    for result in report.results:
        data = asdict(result)
        del data["detail"]
        results.append(data)
    return {"made_at": report.made_at, "worst": report.worst, "results": results}


def _last_lines(file: Path) -> list[str]:
    try:
        with file.open("rb") as stream:
            stream.seek(0, os.SEEK_END)
            stream.seek(max(stream.tell() - TAIL_BYTES, 0))
            text = stream.read(TAIL_BYTES).decode("utf-8", "replace")
    except OSError as error:
        return [f"(the log cannot be read: {error.strerror})"]
    return [line[:MAX_LINE] for line in deque(text.splitlines(), LOG_LINES)]


def _cleaned(text: str, paths: Paths) -> str:
    """Return `text` without secrets, and with the user's folders shortened."""
    cleaned = redact(text)
    for folder, short in ((paths.home, "~data"), (Path.home(), "~")):
        if len(str(folder)) > 1:
            cleaned = cleaned.replace(str(folder), short)
    return cleaned
