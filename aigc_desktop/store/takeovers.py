"""Rows of `takeovers`: the reports of what was taken over."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, insert, select

from aigc_desktop.core.takeover import Arrived, FilesReport, LeftOut, TakeOverReport
from aigc_desktop.store.tables import takeovers


def note(db: Connection, report: TakeOverReport) -> None:
    """Keep a report."""
    db.execute(insert(takeovers).values(taken_at=report.taken_at, report=asdict(report)))


def all_reports(db: Connection) -> list[TakeOverReport]:
    """Return all reports, the newest first."""
    rows = db.execute(select(takeovers.c.report).order_by(takeovers.c.id.desc()))
    return [_report(row.report) for row in rows]


def _report(data: dict[str, Any]) -> TakeOverReport:
    files = data["files"]
    if files is not None:
        renamed = tuple((old, new) for old, new in files["renamed"])
        refused = tuple((path, reason) for path, reason in files["refused"])
        files = FilesReport(**{**files, "renamed": renamed, "refused": refused})
    arrived = tuple(Arrived(**each) for each in data["arrived"])
    left_out = tuple(LeftOut(**each) for each in data["left_out"])
    return TakeOverReport(**{**data, "files": files, "arrived": arrived, "left_out": left_out})
