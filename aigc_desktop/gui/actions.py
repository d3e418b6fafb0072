"""All actions with their shortcuts, declared once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import Qt, SignalInstance
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QDialog, QGridLayout, QVBoxLayout, QWidget

from aigc_desktop.config.i18n import tr
from aigc_desktop.gui.widgets.build import label

Run = Callable[..., object] | SignalInstance


@dataclass(frozen=True)
class ActionSpec:
    """An action: its name in the code, its keys (the first is shown), what it says."""

    name: str
    keys: tuple[str, ...]
    text: str


def action_specs() -> tuple[ActionSpec, ...]:
    """Return all actions, in the order of the help."""
    return (
        ActionSpec("new_chat", ("Ctrl+N",), tr("New chat")),
        ActionSpec("search", ("Ctrl+K", "Ctrl+Shift+F"), tr("Search chats and messages")),
        ActionSpec("find", ("Ctrl+F",), tr("Find in this chat")),
        ActionSpec("rename", ("F2",), tr("Rename this chat")),
        ActionSpec("pin", ("Ctrl+D",), tr("Pin or unpin this chat")),
        ActionSpec("trash", ("Ctrl+Shift+Backspace",), tr("Move this chat to the trash")),
        ActionSpec("next_chat", ("Ctrl+PgDown", "Ctrl+Tab"), tr("Next chat")),
        ActionSpec("previous_chat", ("Ctrl+PgUp", "Ctrl+Shift+Tab"), tr("Previous chat")),
        ActionSpec("focus_composer", ("Ctrl+L",), tr("Write a message")),
        ActionSpec("question", ("Ctrl+J",), tr("Go to the agent's question")),
        ActionSpec("stop", ("Ctrl+.",), tr("Stop the agent")),
        ActionSpec("files", ("Ctrl+Shift+E",), tr("Show or hide the files")),
        ActionSpec("sidebar", ("Ctrl+B",), tr("Show or hide the sidebar")),
        ActionSpec("scenario", ("Ctrl+E",), tr("Scenario of the last request")),
        ActionSpec("scenarios", ("Ctrl+Shift+S",), tr("Scenarios and prompts")),
        ActionSpec("learning", ("Ctrl+Shift+L",), tr("What was learned")),
        ActionSpec("operations", ("Ctrl+Shift+O",), tr("Operations")),
        ActionSpec("settings", ("Ctrl+,",), tr("Settings")),
        ActionSpec("shortcuts", ("F1", "Ctrl+/"), tr("Keyboard shortcuts")),
        ActionSpec("quit", ("Ctrl+Q",), tr("Quit")),
    )


def composer_keys() -> tuple[tuple[str, str], ...]:
    """Return the keys of the composer, for the help."""
    return (
        ("Enter", tr("Send (see the settings)")),
        ("Shift+Enter", tr("New line")),
        ("Up", tr("Earlier messages, from the first line")),
        ("Esc", tr("Stop the agent")),
    )


def install(window: QWidget, runs: dict[str, Run]) -> dict[str, QAction]:
    """Put every action on the window; `runs` says what each does."""
    made: dict[str, QAction] = {}
    for spec in action_specs():
        action = QAction(spec.text, window)
        action.setObjectName(f"action-{spec.name}")
        action.setShortcuts([QKeySequence(keys) for keys in spec.keys])
        action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
        action.triggered.connect(runs[spec.name])
        window.addAction(action)
        made[spec.name] = action
    return made


class ShortcutsDialog(QDialog):
    """Lists all shortcuts."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Keyboard shortcuts"))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(28, 22, 28, 24)
        layout.setSpacing(14)
        layout.addWidget(label(tr("Keyboard shortcuts"), "title"))
        grid = QGridLayout()
        grid.setHorizontalSpacing(28)
        grid.setVerticalSpacing(9)
        rows = [(spec.keys[0], spec.text) for spec in action_specs()] + [*composer_keys()]
        half = (len(rows) + 1) // 2
        for at, (keys, text) in enumerate(rows):
            column = 3 * (at // half)
            grid.addWidget(label(text), at % half, column)
            shown = QKeySequence(keys).toString(QKeySequence.SequenceFormat.NativeText)
            grid.addWidget(label(shown, "kbd"), at % half, column + 1, Qt.AlignmentFlag.AlignRight)
        grid.setColumnMinimumWidth(2, 16)
        layout.addLayout(grid)
