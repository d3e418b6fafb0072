"""The settings, in parts; each row comes from the declaration of its setting."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, QUrl, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import (
    QHBoxLayout,
    QVBoxLayout,
    QWidget,
)

import aigc_desktop
from aigc_desktop.config import settings as config
from aigc_desktop.config.i18n import tr
from aigc_desktop.config.paths import Paths
from aigc_desktop.config.setting import Setting
from aigc_desktop.config.settings import Settings
from aigc_desktop.core.events import ConnectionChanged, Event, SettingChanged
from aigc_desktop.gui.bridge import Bridge
from aigc_desktop.gui.settings.connection_pane import ConnectionPane
from aigc_desktop.gui.settings.fields import SettingField
from aigc_desktop.gui.settings.permissions_pane import PermissionsPane
from aigc_desktop.gui.widgets.build import button, label, line, scrolled
from aigc_desktop.gui.widgets.nav_page import NavPage

MAX_WIDTH = 720
NAV_WIDTH = 190
_APPEARANCE = (config.LANGUAGE, config.THEME, config.SEND_KEY)
_WORK = (config.WORK_DIR, config.COMMAND_TIMEOUT)
_PERMISSIONS = (config.PERMISSION_MODE, config.WEB_SEARCH)
_SCENARIOS = (config.WHEN_UNSURE, config.MATCH_QUESTIONS)
_LEARNING = (
    config.LEARNING,
    config.LESSONS_APPLY,
    config.LESSON_PROOF,
    config.TRIAL_BUDGET_USD,
)
_LIMITS = (
    config.MAX_TURNS,
    config.MAX_TOKENS,
    config.TOKEN_LIMIT,
    config.COST_LIMIT_USD,
)


class SettingsPage(NavPage):
    """Navigation on the left, one part on the right."""

    def __init__(
        self, bridge: Bridge, settings: Settings, paths: Paths, parent: QWidget | None = None
    ) -> None:
        super().__init__(tr("Settings"), NAV_WIDTH, parent)
        self.body.setContentsMargins(10, 8, 0, 0)
        self.body.setSpacing(24)
        self._bridge = bridge
        self._settings = settings
        self._paths = paths
        self.fields: dict[str, SettingField] = {}
        self.connection = ConnectionPane(settings, bridge)
        self._add("key", tr("Connection"), self.connection)
        self._add("appearance", tr("Appearance"), self._rows(_APPEARANCE))
        self._add("folder", tr("Work"), self._rows(_WORK))
        self.permissions = PermissionsPane(bridge, self._rows(_PERMISSIONS))
        self._add("shield", tr("Permissions"), self.permissions)
        self._add("spark", tr("Scenarios"), self._rows(_SCENARIOS))
        self._add("learn", tr("Learning"), self._rows(_LEARNING))
        self._add("limits", tr("Limits"), self._rows(_LIMITS))
        self._add("info", tr("About"), self._about())
        self.nav.currentRowChanged.connect(self.stack.setCurrentIndex)
        self.nav.setCurrentRow(0)
        bridge.arrived.connect(self._on_event)

    def show_part(self, index: int) -> None:
        """Show one of the parts, 0 being the connection."""
        self.nav.setCurrentRow(index)
        self.nav.setFocus()

    def _add(self, icon: str, title: str, content: QWidget) -> None:
        self.add_entry(icon, title)
        body = QWidget()
        layout = QVBoxLayout(body)
        layout.setContentsMargins(0, 4, 24, 24)
        layout.setSpacing(10)
        heading = label(title, "title")
        content.setMaximumWidth(MAX_WIDTH)
        layout.addWidget(heading)
        layout.addWidget(content)
        layout.addStretch(1)
        self.stack.addWidget(scrolled(body))

    def _rows(self, settings: tuple[Setting[Any], ...]) -> QWidget:
        part = QWidget()
        layout = QVBoxLayout(part)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        for at, setting in enumerate(settings):
            if at:
                layout.addWidget(line())
            field = SettingField(setting, self._settings, self._bridge)
            self.fields[setting.key] = field
            layout.addWidget(field)
        return part

    def _about(self) -> QWidget:
        part = QWidget()
        layout = QVBoxLayout(part)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(label(f"AIGC Desktop {aigc_desktop.__version__}", "heading"))
        layout.addWidget(label(tr("Licence: Apache-2.0"), "muted"))
        layout.addWidget(line())
        for name, path in (
            (tr("Data folder"), self._paths.home),
            (tr("Logs"), self._paths.logs_dir),
        ):
            row = QHBoxLayout()
            words = QVBoxLayout()
            words.setSpacing(1)
            words.addWidget(label(name))
            where = label(str(path), "small", wrap=True)
            where.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            words.addWidget(where)
            row.addLayout(words, 1)
            opener = button(tr("Open"), self._open_folder, "", "folder-open")
            opener.setProperty("path", str(path))
            row.addWidget(opener)
            layout.addLayout(row)
        layout.addWidget(line())
        field = SettingField(config.LOG_LEVEL, self._settings, self._bridge)
        self.fields[config.LOG_LEVEL.key] = field
        layout.addWidget(field)
        return part

    @Slot()
    def _open_folder(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(self.sender().property("path")))

    @Slot(object)
    def _on_event(self, event: Event) -> None:
        if isinstance(event, SettingChanged) and event.key in self.fields:
            self.fields[event.key].refresh()
        if isinstance(event, ConnectionChanged | SettingChanged):
            self.connection.refresh()
