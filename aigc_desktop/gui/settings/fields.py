"""One row of the settings form, made from the declaration of a setting."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from PySide6.QtCore import QTimer, Slot
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from aigc_desktop.config import settings as config
from aigc_desktop.config.i18n import sentences, tr
from aigc_desktop.config.messages import describe_error
from aigc_desktop.config.setting import Setting
from aigc_desktop.config.settings import Settings
from aigc_desktop.core.errors import UserError
from aigc_desktop.gui import calls
from aigc_desktop.gui.bridge import Bridge
from aigc_desktop.gui.settings.wording import (
    choice_label,
    origin_text,
    setting_help,
    setting_label,
)
from aigc_desktop.gui.widgets.build import icon_button, label, restyle

SAVE_DELAY_MS = 500
CONTROL_WIDTH = 250
FOLDERS = (config.WORK_DIR, config.BACKUP_FOLDER)


class SettingField(QWidget):
    """Name, help, control, and what is wrong with what was typed. Saves by itself."""

    def __init__(self, setting: Setting[Any], settings: Settings, bridge: Bridge) -> None:
        super().__init__()
        self.setting = setting
        self._settings = settings
        self._bridge = bridge
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 6, 0, 6)
        self._layout.setSpacing(3)
        self._note = label("", "small", wrap=True)
        self._note.hide()
        self.control = self._make_control()
        name = setting_label(setting.key)
        self.control.setAccessibleName(name)
        row = QHBoxLayout()
        row.setSpacing(16)
        row.addLayout(self._words(name), 1)
        row.addWidget(self._control_box())
        self._layout.addLayout(row)
        self._layout.addWidget(self._note)
        self._show_origin()

    def refresh(self) -> None:
        """Show the value that is in force now."""
        value = str(self._settings.get(self.setting))
        if isinstance(self.control, QComboBox):
            self.control.blockSignals(True)
            self.control.setCurrentIndex(self.control.findData(value))
            self.control.blockSignals(False)
        elif not self.control.hasFocus():
            self.control.blockSignals(True)
            self.control.setText(value)
            self.control.blockSignals(False)
        self._show_origin()

    def _words(self, name: str) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(1)
        column.addWidget(label(name, wrap=True))
        if help_text := setting_help(self.setting.key):
            column.addWidget(label(help_text, "small", wrap=True))
        return column

    def _control_box(self) -> QWidget:
        box = QWidget()
        box.setFixedWidth(CONTROL_WIDTH)
        row = QHBoxLayout(box)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.control, 1)
        if self.setting in FOLDERS:
            row.addWidget(icon_button("folder-open", tr("Choose…"), self._choose_folder))
        return box

    def _make_control(self) -> QComboBox | QLineEdit:
        value = str(self._settings.get(self.setting))
        if choices := self._choices():
            box = QComboBox()
            for choice in choices:
                box.addItem(choice_label(self.setting.key, choice), choice)
            box.setCurrentIndex(box.findData(value))
            box.currentIndexChanged.connect(self._chosen)
            return box
        self._delay = QTimer(self)
        self._delay.setSingleShot(True)
        self._delay.setInterval(SAVE_DELAY_MS)
        self._delay.timeout.connect(self._save_typed)
        field = QLineEdit(value)
        if self.setting in FOLDERS:
            field.setPlaceholderText(tr("The program's own folder"))
        field.textChanged.connect(self._typed)
        field.editingFinished.connect(self._save_typed)
        return field

    def _choices(self) -> tuple[str, ...]:
        return ("True", "False") if self.setting.type is bool else self.setting.choices

    def _show_origin(self) -> None:
        origin = self._settings.origin(self.setting)
        fixed = origin in ("env", "environment")
        self.control.setEnabled(not fixed)
        if fixed:
            self._say(origin_text(origin, self.setting.env or ""))

    @Slot()
    def _chosen(self) -> None:
        assert isinstance(self.control, QComboBox)
        self._save(self.control.currentData())

    @Slot()
    def _typed(self) -> None:
        try:
            self._parse()
        except UserError as error:
            self._fail(error)
            self._delay.stop()
        else:
            self._say("")
            self._delay.start()

    @Slot()
    def _save_typed(self) -> None:
        self._delay.stop()
        try:
            value = self._parse()
        except UserError:
            return
        if value != self._settings.get(self.setting):
            self._save(value)

    def _parse(self) -> Any:
        assert isinstance(self.control, QLineEdit)
        text = self.control.text().strip()
        return self.setting.parse(text.replace(",", "") if self._is_number() else text)

    def _is_number(self) -> bool:
        return self.setting.type in (int, Decimal)

    def _save(self, value: Any) -> None:
        self._bridge.call(
            self,
            calls.preferences.set_setting,
            self.setting,
            value,
            on_done=self._saved,
            on_error=self._fail,
        )

    @Slot(object)
    def _saved(self, _: Any) -> None:
        self._say("")

    @Slot(object)
    def _fail(self, error: BaseException) -> None:
        title, remedy = describe_error(error)
        self._say(sentences(title, remedy), error=True)

    def _say(self, text: str, error: bool = False) -> None:
        self._note.setText(text)
        self._note.setProperty("role", "error" if error else "small")
        self._note.setVisible(bool(text))
        self.control.setProperty("invalid", error)
        restyle(self._note)
        restyle(self.control)

    @Slot()
    def _choose_folder(self) -> None:
        assert isinstance(self.control, QLineEdit)
        title = setting_label(self.setting.key)
        dialog = QFileDialog(self.window(), title, self.control.text())
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.fileSelected.connect(self.control.setText)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()
