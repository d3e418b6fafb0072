"""The form of one scenario; what is wrong is said at the field while it is typed."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QTimer, Signal, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QScrollArea,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from aigc_desktop.config.i18n import sentences, tr
from aigc_desktop.config.messages import describe_error
from aigc_desktop.core.errors import UserError
from aigc_desktop.core.scenario import Bundle, Scenario
from aigc_desktop.gui import calls
from aigc_desktop.gui.bridge import Bridge
from aigc_desktop.gui.settings.wording import choice_label
from aigc_desktop.gui.widgets.build import label, restyle

CHECK_DELAY_MS = 350
CAPTION_WIDTH = 168
MODES = ("plan", "ask", "accept_edits", "auto")

_Row = tuple[str, str, QWidget, str]
"""A field's name in the bundle, its caption, the field, a hint or ""."""


class ScenarioForm(QScrollArea):
    """All fields of a scenario."""

    edited = Signal()

    def __init__(self, bridge: Bridge, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._shown = Bundle("")
        self._edited = False
        self._filling = False
        self._make_fields()
        self._build()
        self._delay = QTimer(self)
        self._delay.setSingleShot(True)
        self._delay.setInterval(CHECK_DELAY_MS)
        self._delay.timeout.connect(self._check)

    @property
    def is_edited(self) -> bool:
        """Whether something was typed that is not saved."""
        return self._edited

    @property
    def is_public(self) -> bool:
        """Whether others may see it, as the form says."""
        return self.public.isChecked()

    def set_categories(self, names: list[str]) -> None:
        """Offer the categories that there are."""
        text = self.category.currentText()
        self._filling = True
        self.category.clear()
        self.category.addItems(names)
        self.category.setCurrentText(text)
        self._filling = False

    def show_bundle(self, bundle: Bundle, scenario: Scenario | None) -> None:
        """Fill the form."""
        self._filling = True
        self._shown = bundle
        self.name.setText(bundle.name)
        self.description.setPlainText(bundle.description)
        self.category.setCurrentText(bundle.category)
        self.tags.setText(", ".join(bundle.tags))
        self.keywords.setPlainText(", ".join(bundle.keywords))
        self.examples.setPlainText("\n".join(bundle.examples))
        self.prompt.setPlainText(bundle.system_prompt)
        self.model.setText(bundle.model or "")
        self.mode.setCurrentIndex(max(0, self.mode.findData(bundle.permission_mode or "")))
        self.turns.setValue(bundle.max_turns or 0)
        self.work_dir.setText(bundle.work_dir or "")
        self.tools.setText(", ".join(bundle.allowed_tools or ()))
        self.skills.setText(", ".join(bundle.skills))
        servers = [dict(server) for server in bundle.mcp_servers]
        self.servers.setText(json.dumps(servers, ensure_ascii=False) if servers else "–")
        self.public.setChecked(scenario is not None and scenario.is_public)
        self._filling = False
        self.forget_edits()

    def forget_edits(self) -> None:
        """From now on the form counts as it was shown."""
        self._edited = False
        self._say("", "")
        self.edited.emit()

    def bundle(self) -> Bundle:
        """Return what is in the form."""
        tools = _split(self.tools.text())
        return replace(
            self._shown,
            name=self.name.text().strip(),
            description=self.description.toPlainText().strip(),
            category=self.category.currentText().strip(),
            tags=_split(self.tags.text()),
            keywords=_split(self.keywords.toPlainText()),
            examples=_lines(self.examples.toPlainText()),
            system_prompt=self.prompt.toPlainText().strip(),
            model=self.model.text().strip() or None,
            permission_mode=self.mode.currentData() or None,
            max_turns=self.turns.value() or None,
            work_dir=self.work_dir.text().strip() or None,
            allowed_tools=tools or None,
            skills=_split(self.skills.text()),
        )

    @Slot(object)
    def show_problem(self, error: BaseException) -> None:
        """Say at the field what is wrong with it."""
        if isinstance(error, UserError) and error.code == "scenario_invalid":
            params = error.params
            self._say(str(params.get("field", "")), problem_text(params))
        else:
            title, remedy = describe_error(error)
            self._say("", sentences(title, remedy))

    def _make_fields(self) -> None:
        self.name = QLineEdit()
        self.description = _text(64)
        self.category = QComboBox()
        self.category.setEditable(True)
        self.tags = QLineEdit()
        self.keywords = _text(64)
        self.examples = _text(150)
        self.prompt = _text(240)
        self.model = QLineEdit()
        self.model.setPlaceholderText(tr("As in the settings"))
        self.mode = QComboBox()
        self.mode.addItem(tr("As in the settings"), "")
        for mode in MODES:
            self.mode.addItem(choice_label("permission_mode", mode), mode)
        self.turns = QSpinBox()
        self.turns.setRange(0, 1000)
        self.turns.setSpecialValueText(tr("As in the settings"))
        self.work_dir = QLineEdit()
        self.work_dir.setPlaceholderText(tr("As in the settings"))
        self.tools = QLineEdit()
        self.tools.setPlaceholderText(tr("All tools"))
        self.skills = QLineEdit()
        self.servers = QLabel("–")
        self.servers.setWordWrap(True)
        self.public = QCheckBox(tr("Everyone who shares this database sees it"))

    def _build(self) -> None:
        body = QWidget()
        body.setObjectName("scrollBody")
        layout = QVBoxLayout(body)
        layout.setContentsMargins(0, 10, 12, 16)
        layout.setSpacing(12)
        self._problem = label("", "error", wrap=True)
        self._problem.hide()
        layout.addWidget(self._problem)
        self._notes: dict[str, QLabel] = {}
        self._fields: dict[str, QWidget] = {}
        for title, rows in self._groups():
            self._group(layout, title, rows)
        self.public.toggled.connect(self._changed)
        layout.addWidget(self.public)
        layout.addStretch(1)
        self.setWidgetResizable(True)
        self.setWidget(body)

    def _groups(self) -> tuple[tuple[str, tuple[_Row, ...]], ...]:
        """Return the parts of the form: title and rows."""
        return (
            (
                tr("What it is for"),
                (
                    ("name", tr("Name"), self.name, ""),
                    ("description", tr("Description"), self.description, ""),
                    ("category", tr("Category"), self.category, ""),
                    ("tags", tr("Tags"), self.tags, tr("Separated by commas.")),
                ),
            ),
            (
                tr("How requests are recognised"),
                (
                    (
                        "examples",
                        tr("Example requests"),
                        self.examples,
                        tr("One per line. Five or more, as you would type them, work best."),
                    ),
                    ("keywords", tr("Keywords"), self.keywords, tr("Separated by commas.")),
                ),
            ),
            (
                tr("How it answers"),
                (
                    ("system_prompt", tr("System prompt"), self.prompt, ""),
                    ("model", tr("Recommended model"), self.model, ""),
                    ("allowed_tools", tr("Allowed tools"), self.tools, tr("Separated by commas.")),
                    (
                        "permission_mode",
                        tr("Permission mode"),
                        self.mode,
                        tr("Only a stricter one than in the settings has an effect."),
                    ),
                    ("max_turns", tr("Model calls per request"), self.turns, ""),
                    ("work_dir", tr("Work directory"), self.work_dir, ""),
                    ("skills", tr("Skills"), self.skills, tr("Separated by commas.")),
                    ("mcp_servers", tr("MCP servers"), self.servers, ""),
                ),
            ),
        )

    def _group(self, layout: QVBoxLayout, title: str, rows: tuple[_Row, ...]) -> None:
        layout.addWidget(label(title, "heading"))
        form = QFormLayout()
        form.setContentsMargins(0, 0, 0, 6)
        form.setHorizontalSpacing(18)
        form.setVerticalSpacing(9)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        for key, name, field, help_text in rows:
            field.setAccessibleName(name)
            box = QVBoxLayout()
            box.setSpacing(2)
            box.addWidget(field)
            note = label(help_text, "small", wrap=True)
            note.setProperty("help", help_text)
            note.setVisible(bool(help_text))
            box.addWidget(note)
            self._notes[key], self._fields[key] = note, field
            caption = label(name)
            caption.setFixedWidth(CAPTION_WIDTH)
            caption.setBuddy(field)
            form.addRow(caption, box)
            self._listen(field)
        layout.addLayout(form)

    def _listen(self, field: QWidget) -> None:
        if isinstance(field, QLineEdit | QPlainTextEdit):
            field.textChanged.connect(self._changed)
        elif isinstance(field, QComboBox):
            field.currentTextChanged.connect(self._changed)
        elif isinstance(field, QSpinBox):
            field.valueChanged.connect(self._changed)

    @Slot()
    def _changed(self) -> None:
        if self._filling:
            return
        self._edited = True
        self._delay.start()
        self.edited.emit()

    @Slot()
    def _check(self) -> None:
        self._bridge.call(
            self,
            calls.scenarios.check_bundle,
            self.bundle(),
            on_done=lambda _: self._say("", ""),
            on_error=self.show_problem,
        )

    def _say(self, field: str, text: str) -> None:
        for key, note in self._notes.items():
            wrong = key == field and bool(text)
            shown = text if wrong else str(note.property("help") or "")
            note.setText(shown)
            note.setProperty("role", "error" if wrong else "small")
            note.setVisible(bool(shown))
            self._fields[key].setProperty("invalid", wrong)
            restyle(note)
            restyle(self._fields[key])
        general = text if field not in self._notes else ""
        self._problem.setText(general)
        self._problem.setVisible(bool(general))


def problem_text(params: Any) -> str:
    """Return what is wrong with a field, in words."""
    limit = params.get("limit", "")
    return {
        "empty": tr("This must not be empty."),
        "too_long": tr("At most {limit} characters.", limit=limit),
        "too_many": tr("At most {limit}.", limit=limit),
    }.get(str(params.get("problem")), tr("This can't be used."))


def _text(height: int) -> QPlainTextEdit:
    field = QPlainTextEdit()
    field.setTabChangesFocus(True)
    field.setMinimumHeight(height)
    field.setMaximumHeight(height)
    field.document().setDocumentMargin(7)
    return field


def _split(text: str) -> tuple[str, ...]:
    parts = text.replace("，", ",").replace("、", ",").replace("\n", ",").split(",")
    return tuple(dict.fromkeys(part.strip() for part in parts if part.strip()))


def _lines(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))
