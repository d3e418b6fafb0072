"""A lesson in the user's own words: its text, when it holds, and where."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from aigc_desktop.config.i18n import sentences, tr
from aigc_desktop.config.messages import describe
from aigc_desktop.core.errors import UserError
from aigc_desktop.core.learning import Lesson, Scope, Target
from aigc_desktop.gui import calls, notices
from aigc_desktop.gui.bridge import Bridge
from aigc_desktop.gui.chat.safe_text import one_line, visible
from aigc_desktop.gui.learning import book
from aigc_desktop.gui.learning.wording import Names, scope_text
from aigc_desktop.gui.widgets.build import button, label, restyle
from aigc_desktop.gui.widgets.combo import NameCombo
from aigc_desktop.gui.widgets.dialogs import bottom_row

WIDTH = 560
TEXT_HEIGHT = 96
ERROR_LINES = 3
"""Room for what is wrong, so that nothing moves when it is said."""
MAX_TITLE = 60


class LessonDialog(QDialog):
    """Edits a lesson, or (lesson None) adds one."""

    saved = Signal()

    def __init__(self, bridge: Bridge, lesson: Lesson | None, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        title = tr("Add a lesson") if lesson is None else tr("Edit the lesson")
        self.setWindowTitle(title)
        self.setMinimumWidth(WIDTH)
        self._bridge = bridge
        self._lesson = lesson
        self._names = Names()
        self._build(title)
        if lesson is not None:
            self.text.setPlainText(visible(lesson.text))
            self.when.setText(visible(lesson.when))
        self.scope.currentIndexChanged.connect(self._list_places)
        self.text.textChanged.connect(self._allow)
        self._allow()
        bridge.call(self, book.load_places, on_done=self._show_places)
        self.text.setFocus()

    def _build(self, title: str) -> None:
        self.text = QPlainTextEdit()
        self.text.setFixedHeight(TEXT_HEIGHT)
        self.text.setTabChangesFocus(True)
        self.text.document().setDocumentMargin(11)
        self.text.setPlaceholderText(tr("For example: Keep answers under ten lines."))
        self.text.setAccessibleName(tr("The lesson"))
        self.when = QLineEdit()
        self.when.setPlaceholderText(tr("Always. Or for example: in code reviews"))
        self.when.setAccessibleName(tr("When it holds"))
        self.scope = QComboBox()
        self.scope.setAccessibleName(tr("Where it holds"))
        for scope in (Scope.GLOBAL, Scope.SCENARIO, Scope.SESSION):
            self.scope.addItem(scope_text(scope), scope)
        self.place = NameCombo()
        self.place.setAccessibleName(tr("Which one"))
        room = self.place.sizePolicy()
        room.setRetainSizeWhenHidden(True)
        self.place.setSizePolicy(room)
        self.place.hide()
        self.problem = label(describe("lesson_refused", {})[1], "small", wrap=True)
        self.problem.setMinimumHeight(ERROR_LINES * self.problem.fontMetrics().lineSpacing())
        self.problem.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self.save = button(tr("Save"), self._save, "primary")
        self.save.setDefault(True)
        form = QFormLayout()
        form.setHorizontalSpacing(16)
        form.setVerticalSpacing(10)
        form.addRow(tr("The lesson"), self.text)
        form.addRow(tr("When it holds"), self.when)
        where = QHBoxLayout()
        where.setSpacing(8)
        where.addWidget(self.scope, 1)
        where.addWidget(self.place, 2)
        form.addRow(tr("Where it holds"), where)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 18, 24, 18)
        layout.setSpacing(12)
        layout.addWidget(label(title, "title"))
        layout.addLayout(form)
        layout.addWidget(self.problem)
        layout.addLayout(bottom_row(button(tr("Cancel"), self.reject), self.save))

    @property
    def target(self) -> Target:
        """Where the lesson shall hold."""
        scope, place = Scope(self.scope.currentData()), self.place.currentData()
        if scope is Scope.SCENARIO:
            return Target(scope, scenario_id=place)
        return Target(scope, session_id=place) if scope is Scope.SESSION else Target()

    @Slot(object)
    def _show_places(self, names: Names) -> None:
        self._names = names
        if self._lesson is not None:
            target = self._lesson.target
            if target.session_id is not None:
                names.sessions.setdefault(target.session_id, tr("This chat"))
            self.scope.setCurrentIndex(self.scope.findData(target.scope))
            self._list_places()
            at = self.place.findData(target.scenario_id or target.session_id)
            self.place.setCurrentIndex(max(at, 0))

    @Slot()
    def _list_places(self) -> None:
        scope = self.scope.currentData()
        listed = {Scope.SCENARIO: self._names.scenarios, Scope.SESSION: self._names.sessions}
        self.place.clear()
        for number, name in listed.get(scope, {}).items():
            self.place.addItem(one_line(name, MAX_TITLE), number)
        self.place.setVisible(scope != Scope.GLOBAL)
        self._allow()

    @Slot()
    def _allow(self) -> None:
        placed = self.scope.currentData() == Scope.GLOBAL or self.place.currentData() is not None
        self.save.setEnabled(bool(self.text.toPlainText().strip()) and placed)

    @Slot()
    def _save(self) -> None:
        text, when = self.text.toPlainText().strip(), self.when.text().strip()
        self.save.setEnabled(False)
        say: dict[str, Any] = {"on_done": self._done, "on_error": self._failed}
        if self._lesson is None:
            add = calls.lessons.add_lesson
            self._bridge.call(self, add, text, when, self.target, **say)
        else:
            edit = calls.lessons.edit_lesson
            self._bridge.call(self, edit, self._lesson.id, text, when, self.target, **say)

    @Slot(object)
    def _done(self, _: object) -> None:
        self.saved.emit()
        self.accept()

    @Slot(object)
    def _failed(self, error: BaseException) -> None:
        """Say what is wrong beside what was typed; nothing of it is lost."""
        self._allow()
        if isinstance(error, UserError):
            self.problem.setProperty("role", "error")
            restyle(self.problem)
            self.problem.setText(sentences(*describe(error.code, error.params)))
        else:
            notices.say_error(error)
