"""All checks, in the order of the report."""

from __future__ import annotations

from aigc_desktop.services.checks import (
    automation,
    connection,
    database,
    files,
    learning,
    program,
    safety,
    serving,
)
from aigc_desktop.services.checks.check import Check

ALL: tuple[Check, ...] = (
    *connection.CHECKS,
    *database.CHECKS,
    *files.CHECKS,
    *safety.CHECKS,
    *automation.CHECKS,
    *learning.CHECKS,
    *serving.CHECKS,
    *program.CHECKS,
)


def find(name: str) -> Check | None:
    """Return the check called `name`."""
    return next((check for check in ALL if check.name == name), None)
