"""The prompt library: templates with variables, found, filled in, edited, taken over."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

from PySide6.QtCore import QSize, Signal, Slot
from PySide6.QtWidgets import (
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from aigc_desktop.config.i18n import sentences, tr
from aigc_desktop.config.messages import describe_error
from aigc_desktop.core.events import NoticeLevel
from aigc_desktop.core.scenario import Prompt
from aigc_desktop.gui import calls, notices
from aigc_desktop.gui.bridge import Bridge
from aigc_desktop.gui.chat.safe_text import one_line
from aigc_desktop.gui.widgets.ask import ask
from aigc_desktop.gui.widgets.build import beside, button, label
from aigc_desktop.gui.widgets.dialogs import bottom_row
from aigc_desktop.gui.widgets.file_dialogs import ask_for_file

LIST_WIDTH = 250
ROW = 34
MAX_VARIABLES = 12
_VARIABLE = re.compile(r"\{\{\s*([^\s{}|][^{}|\n]{0,60}?)\s*\}\}")


class PromptsPane(QWidget):
    """List on the left, the chosen prompt on the right."""

    chosen = Signal(str)
    """A filled-in prompt that is to be put into the composer."""

    def __init__(self, bridge: Bridge, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._prompts: list[Prompt] = []
        self._current: Prompt | None = None
        self.search = QLineEdit()
        self.search.setPlaceholderText(tr("Search prompts"))
        self.search.setAccessibleName(tr("Search prompts"))
        self.search.setClearButtonEnabled(True)
        self.list = QListWidget()
        self.list.setObjectName("filesList")
        self.list.setAccessibleName(tr("Prompts"))
        self.name = QLineEdit()
        self.name.setAccessibleName(tr("Name"))
        self.name.setPlaceholderText(tr("Name"))
        self.category = QLineEdit()
        self.category.setAccessibleName(tr("Category"))
        self.category.setPlaceholderText(tr("Category"))
        self.content = QPlainTextEdit()
        self.content.setAccessibleName(tr("Text of the prompt"))
        self.content.setTabChangesFocus(True)
        self.content.document().setDocumentMargin(10)
        self.problem = label("", "error", wrap=True)
        self.problem.hide()
        self.variables: dict[str, QLineEdit] = {}
        self._build()
        self.search.textChanged.connect(self._show_list)
        self.list.currentRowChanged.connect(self._pick)
        self.content.textChanged.connect(self._show_variables)
        self._show(None)

    def reload(self) -> None:
        """Ask for the library."""
        self._bridge.call(self, calls.prompts.list_prompts, on_done=self._take)

    def _build(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(beside(self._list_side(), self._form_side(), (LIST_WIDTH, 3 * LIST_WIDTH)))

    def _list_side(self) -> QWidget:
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 12, 0)
        column.setSpacing(8)
        column.addWidget(button(tr("New prompt"), self._begin_new, "primary", "plus"))
        column.addWidget(self.search)
        self._empty = label(
            tr("No prompts. Write one, or import a collection (CSV or Markdown)."),
            "muted",
            wrap=True,
        )
        column.addWidget(self._empty)
        column.addWidget(self.list, 1)
        column.addWidget(button(tr("Import a collection…"), self._choose_import))
        return left

    def _form_side(self) -> QWidget:
        right = QWidget()
        side = QVBoxLayout(right)
        side.setContentsMargins(12, 0, 0, 0)
        side.setSpacing(8)
        row = QHBoxLayout()
        row.addWidget(self.name, 2)
        row.addWidget(self.category, 1)
        side.addLayout(row)
        side.addWidget(self.content, 1)
        hint = tr(
            "Write {example} where something is to be filled in each time.", example="{{name}}"
        )
        side.addWidget(label(hint, "small", wrap=True))
        self._form = QFormLayout()
        self._form.setHorizontalSpacing(14)
        side.addLayout(self._form)
        side.addWidget(self.problem)
        self.delete = button(tr("Delete…"), self._ask_delete)
        self.save = button(tr("Save"), self._save)
        self.use = button(tr("Use in the chat"), self._use, "primary")
        side.addLayout(bottom_row(self.save, self.use, left=(self.delete,)))
        return right

    @Slot(object)
    def _take(self, prompts: Any) -> None:
        self._prompts = prompts
        self._show_list()

    @Slot()
    def _show_list(self) -> None:
        needle = self.search.text().strip().casefold()
        self._shown = [p for p in self._prompts if _matches(p, needle)]
        self.list.blockSignals(True)
        self.list.clear()
        for prompt in self._shown:
            item = QListWidgetItem(one_line(prompt.name, 80))
            item.setSizeHint(QSize(0, ROW))
            item.setToolTip(one_line(prompt.content, 200))
            self.list.addItem(item)
        ids = [prompt.id for prompt in self._shown]
        if self._current is not None and self._current.id in ids:
            self.list.setCurrentRow(ids.index(self._current.id))
        self.list.blockSignals(False)
        self._empty.setVisible(not self._prompts)

    @Slot(int)
    def _pick(self, row: int) -> None:
        if 0 <= row < len(self._shown):
            self._show(self._shown[row])

    def _show(self, prompt: Prompt | None) -> None:
        self._current = prompt
        self.name.setText(prompt.name if prompt else "")
        self.category.setText(prompt.category if prompt else "")
        self.content.setPlainText(prompt.content if prompt else "")
        self.delete.setEnabled(prompt is not None)
        self.problem.hide()
        self._show_variables()

    @Slot()
    def _begin_new(self) -> None:
        self.list.setCurrentRow(-1)
        self._show(None)
        self.name.setFocus()

    @Slot()
    def _show_variables(self) -> None:
        filled = bool(self.content.toPlainText().strip())
        self.use.setEnabled(filled)
        self.save.setEnabled(filled)
        names = list(dict.fromkeys(_VARIABLE.findall(self.content.toPlainText())))[:MAX_VARIABLES]
        if names == list(self.variables):
            return
        typed = {name: field.text() for name, field in self.variables.items()}
        while self._form.rowCount():
            self._form.removeRow(0)
        self.variables = {}
        for name in names:
            field = QLineEdit(typed.get(name, ""))
            field.setAccessibleName(name)
            self.variables[name] = field
            self._form.addRow(one_line(name, 40), field)

    @Slot()
    def _save(self) -> None:
        prompt = Prompt(
            self._current.id if self._current else 0,
            self.name.text().strip(),
            self._current.description if self._current else "",
            self.category.text().strip(),
            self.content.toPlainText(),
        )

        def saved(stored: Prompt) -> None:
            self._current = stored
            self.problem.hide()
            self.reload()

        self._bridge.call(
            self, calls.prompts.save_prompt, prompt, on_done=saved, on_error=self._fail
        )

    @Slot()
    def _use(self) -> None:
        content = self.content.toPlainText()
        if not content.strip():
            return
        prompt = self._current or Prompt(0, self.name.text(), "", "", content)
        values = {name: field.text() for name, field in self.variables.items() if field.text()}
        self._bridge.call(self, calls.prompts.use_prompt, prompt, values, on_done=self.chosen.emit)

    @Slot()
    def _ask_delete(self) -> None:
        prompt = self._current
        if prompt is None:
            return

        def gone(_: Any) -> None:
            self._show(None)
            self.reload()

        self.question = ask(
            self.window(),
            tr("Delete this prompt?"),
            one_line(prompt.name, 100),
            tr("Delete"),
            lambda: self._bridge.call(self, calls.prompts.remove_prompt, prompt.id, on_done=gone),
        )

    @Slot()
    def _choose_import(self) -> None:
        ask_for_file(self, tr("Import a collection…"), "*.csv *.md", self.take_collection)

    @Slot(str)
    def take_collection(self, path: str) -> None:
        """Take over a collection of prompts."""
        self._bridge.call(
            self, calls.prompts.import_collection, path, on_done=partial(self._imported, path)
        )

    def _imported(self, path: str, count: int) -> None:
        notices.say(NoticeLevel.INFO, "imported", path=path, count=count, key="imported")
        self.reload()

    @Slot(object)
    def _fail(self, error: BaseException) -> None:
        self.problem.setText(sentences(*describe_error(error)))
        self.problem.show()


def _matches(prompt: Prompt, needle: str) -> bool:
    words = (prompt.name, prompt.description, prompt.category, prompt.content)
    return not needle or any(needle in word.casefold() for word in words)
