"""Which scenarios are to choose from, and instructions of one's own: for all chats or for one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtWidgets import (
    QDialog,
    QListWidget,
    QListWidgetItem,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from aigc_desktop.config.i18n import tr
from aigc_desktop.core.scenario import Available
from aigc_desktop.gui import calls
from aigc_desktop.gui.bridge import Bridge
from aigc_desktop.gui.chat.safe_text import one_line
from aigc_desktop.gui.widgets.build import label
from aigc_desktop.gui.widgets.dialogs import bottom_row, close_button, dialog_layout

ID_ROLE = Qt.ItemDataRole.UserRole
SAVE_DELAY_MS = 600
SIZE = (560, 620)


class AvailabilityPane(QWidget):
    """Check marks and a text; saved while one goes."""

    def __init__(
        self, bridge: Bridge, session_id: int | None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._session_id = session_id
        self._available = Available()
        self._filling = False
        self.list = QListWidget()
        self.list.setObjectName("filesList")
        self.list.setAccessibleName(tr("Scenarios to choose from"))
        self.prompt = QPlainTextEdit()
        self.prompt.setTabChangesFocus(True)
        self.prompt.setMaximumHeight(140)
        self.prompt.document().setDocumentMargin(8)
        self.saved = label("", "small")
        own = session_id is not None
        title = tr("Instructions of this chat") if own else tr("Your instructions for all chats")
        self.prompt.setAccessibleName(title)
        hint = tr("Requests are answered in one of these. None checked: all of them.")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(label(tr("Scenarios to choose from"), "heading"))
        layout.addWidget(label(hint, "small", wrap=True))
        layout.addWidget(self.list, 1)
        layout.addWidget(label(title, "heading"))
        layout.addWidget(
            label(tr("Added to the prompt, after the scenario's."), "small", wrap=True)
        )
        layout.addWidget(self.prompt)
        layout.addWidget(self.saved)
        self._delay = QTimer(self)
        self._delay.setSingleShot(True)
        self._delay.setInterval(SAVE_DELAY_MS)
        self._delay.timeout.connect(self.save)
        self.list.itemChanged.connect(self._changed)
        self.prompt.textChanged.connect(self._changed)

    def reload(self) -> None:
        """Ask for what is chosen; not while something is being changed."""
        if self._delay.isActive():
            return

        def named(found: Any) -> None:
            names = found[0]
            self._bridge.call(
                self,
                calls.scenarios.available,
                self._session_id,
                on_done=lambda available: self._show(names, available),
            )

        self._bridge.call(self, calls.scenarios.choices_of_session, None, on_done=named)

    @Slot()
    def save(self) -> None:
        """Keep what is checked and typed."""
        self._delay.stop()
        items = [self.list.item(row) for row in range(self.list.count())]
        chosen = tuple(i.data(ID_ROLE) for i in items if i.checkState() is Qt.CheckState.Checked)
        self._available = replace(
            self._available, scenario_ids=chosen, custom_prompt=self.prompt.toPlainText().strip()
        )
        self._bridge.call(
            self,
            calls.scenarios.set_available,
            self._session_id,
            self._available,
            on_done=lambda _: self.saved.setText(tr("Saved")),
        )

    def save_if_changed(self) -> None:
        """Do not lose what was typed last."""
        if self._delay.isActive():
            self.save()

    def _show(self, names: list[tuple[int, str]], available: Available) -> None:
        self._available = available
        self._filling = True
        row = self.list.currentRow()
        self.list.clear()
        for number, name in names:
            item = QListWidgetItem(one_line(name, 80))
            item.setData(ID_ROLE, number)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            checked = number in available.scenario_ids
            item.setCheckState(Qt.CheckState.Checked if checked else Qt.CheckState.Unchecked)
            self.list.addItem(item)
        self.list.setCurrentRow(row)
        if self.prompt.toPlainText().strip() != available.custom_prompt:
            self.prompt.setPlainText(available.custom_prompt)
        self._filling = False

    @Slot()
    def _changed(self) -> None:
        if not self._filling:
            self.saved.clear()
            self._delay.start()


class AvailabilityDialog(QDialog):
    """The same for one chat."""

    def __init__(self, bridge: Bridge, session_id: int | None, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Scenarios and instructions of this chat"))
        self.resize(*SIZE)
        self.pane = AvailabilityPane(bridge, session_id)
        layout = dialog_layout(self)
        layout.addWidget(label(self.windowTitle(), "title"))
        layout.addWidget(self.pane, 1)
        layout.addLayout(bottom_row(close_button(self)))
        self.finished.connect(self.pane.save_if_changed)
        self.pane.reload()
