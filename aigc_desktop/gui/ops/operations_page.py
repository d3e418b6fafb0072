"""The operations page: what the program does by itself, and whether it is well."""

from __future__ import annotations

from PySide6.QtCore import Signal

from aigc_desktop.config.i18n import tr
from aigc_desktop.config.settings import Settings
from aigc_desktop.gui.bridge import Bridge
from aigc_desktop.gui.widgets.area_page import AreaPage


class OperationsPage(AreaPage):
    """Diagnostics, backup, jobs, logs, statistics, migrations, the local HTTP server."""

    settings_wanted = Signal()
    learning_wanted = Signal()
    return_wanted = Signal(str)
    """The database is to go back to this copy."""

    def __init__(self, bridge: Bridge, settings: Settings) -> None:
        super().__init__("aigc_desktop.gui.ops", tr("Operations"), _parts(), bridge)
        self.settings = settings


def _parts() -> tuple[tuple[str, str, str], ...]:
    return (
        ("diagnostics", "health", tr("Diagnostics")),
        ("backup", "backup", tr("Backup")),
        ("jobs", "clock", tr("Jobs")),
        ("logs", "log", tr("Logs")),
        ("statistics", "chart", tr("Statistics")),
        ("http", "server", tr("HTTP server")),
        ("migrations", "database", tr("Migrations")),
        ("takeover", "download", tr("Web version")),
    )
