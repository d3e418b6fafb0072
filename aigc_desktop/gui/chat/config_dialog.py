"""The configuration that a turn was answered with: each value, where it is from, the prompt."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QPlainTextEdit,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from aigc_desktop.config.i18n import listing, tr
from aigc_desktop.core.session import TurnConfig
from aigc_desktop.gui.chat.safe_text import visible
from aigc_desktop.gui.widgets.build import label
from aigc_desktop.gui.widgets.dialogs import bottom_row, close_button, dialog_layout
from aigc_desktop.gui.widgets.table import make_table

SIZE = (760, 620)
VALUE_WIDTH = 360


class ConfigDialog(QDialog):
    """A table of values above the whole system prompt."""

    def __init__(self, config: TurnConfig, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Configuration of this answer"))
        self.resize(*SIZE)
        self.table = values_table(_values(config), config.origins)
        self.prompt = prompt_view(config.system_prompt)
        sizes = listing(f"{part_name(kind)} {tokens:,}" for kind, tokens in config.prompt_parts)
        layout = dialog_layout(self)
        layout.addWidget(label(tr("Configuration of this answer"), "title"))
        layout.addWidget(self.table, 3)
        layout.addWidget(label(tr("System prompt"), "heading"))
        if sizes:
            text = tr("About so many tokens: {parts}", parts=sizes)
            layout.addWidget(label(text, "small", wrap=True))
        layout.addWidget(self.prompt, 4)
        layout.addLayout(bottom_row(close_button(self)))


def values_table(values: list[tuple[str, str, str]], origins: object) -> QTableWidget:
    """Return a table of (key, name, value) with where each value is from."""
    known = origins if isinstance(origins, dict) else dict(origins)  # type: ignore[call-overload]
    headings = [tr("Setting"), tr("Value"), tr("From")]
    table = make_table(len(values), headings, tr("Values and where they are from"))
    for row, (key, name, value) in enumerate(values):
        for column, text in enumerate((name, visible(value), origin_name(known.get(key, "")))):
            item = QTableWidgetItem(text)
            item.setToolTip(text)
            table.setItem(row, column, item)
    table.setColumnWidth(0, 190)
    table.setColumnWidth(1, VALUE_WIDTH)
    table.horizontalHeader().setStretchLastSection(True)
    return table


def prompt_view(text: str) -> QPlainTextEdit:
    """Return a read-only view of a prompt; what could not be seen in it is made visible."""
    view = QPlainTextEdit(visible(text))
    view.setReadOnly(True)
    view.setAccessibleName(tr("System prompt"))
    view.document().setDocumentMargin(10)
    return view


def part_name(kind: str) -> str:
    """Return the name of a part of the prompt."""
    return {
        "global": tr("Program"),
        "scenario": tr("Scenario"),
        "user": tr("Your instructions"),
        "session": tr("Instructions of this chat"),
        "user_preferences": tr("Your preferences"),
        "session_preferences": tr("Preferences of this chat"),
        "skills": tr("Skills"),
    }.get(kind, kind)


def origin_name(origin: str) -> str:
    """Return whose value it is."""
    return {
        "request": tr("This request"),
        "session": tr("This chat"),
        "user": tr("Your settings"),
        "scenario": tr("The scenario"),
        "global": tr("The program"),
    }.get(origin, "")


def _values(config: TurnConfig) -> list[tuple[str, str, str]]:
    scenario = f"{config.scenario_name} (v{config.scenario_version})"
    tools = listing(config.allowed_tools)
    return [
        ("scenario", tr("Scenario"), scenario if config.scenario_name else "–"),
        ("model", tr("Model"), f"{config.model} → {config.resolved_model}"),
        ("permission_mode", tr("Permission mode"), config.permission_mode),
        ("work_dir", tr("Work directory"), config.work_dir),
        ("allowed_tools", tr("Tools"), tools),
        ("max_turns", tr("Model calls per request"), f"{config.max_turns:,}"),
        ("max_tokens", tr("Output tokens per model call"), f"{config.max_tokens:,}"),
        ("token_limit", tr("Tokens per request"), f"{config.token_limit or 0:,}"),
        ("cost_limit_usd", tr("Cost per request"), str(config.cost_limit_usd or 0)),
        ("web_search", tr("Web search by Anthropic"), tr("On") if config.web_search else tr("Off")),
    ]
