"""Why an answer is as it is: scenario, skills, lessons; each lesson can be tried without."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QHBoxLayout,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from aigc_desktop.config.i18n import tr
from aigc_desktop.core.learning import LessonUse, Why
from aigc_desktop.gui import calls
from aigc_desktop.gui.bridge import Bridge
from aigc_desktop.gui.chat.safe_text import one_line, visible
from aigc_desktop.gui.learning.wording import scope_text
from aigc_desktop.gui.widgets.build import button, label

SIZE = (660, 520)


class WhyDialog(QDialog):
    """What stood behind one answer."""

    learning_wanted = Signal()

    def __init__(self, bridge: Bridge, why: Why, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Why this answer"))
        self.resize(*SIZE)
        self._bridge = bridge
        self._why = why
        close = button(tr("Close"), self.accept, "primary")
        close.setDefault(True)
        bottom = QHBoxLayout()
        bottom.addWidget(button(tr("Everything that was learned"), self._go, "link"))
        bottom.addStretch(1)
        bottom.addWidget(close)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 16, 20, 16)
        layout.setSpacing(12)
        layout.addWidget(label(tr("Why this answer"), "title"))
        layout.addWidget(self._body(), 1)
        layout.addLayout(bottom)
        close.setFocus()

    def _body(self) -> QScrollArea:
        why, body = self._why, QWidget()
        body.setObjectName("scrollBody")
        layout = QVBoxLayout(body)
        layout.setContentsMargins(0, 0, 12, 0)
        layout.setSpacing(8)
        layout.addWidget(label(tr("Scenario"), "heading"))
        layout.addWidget(label(_scenario(why), wrap=True))
        layout.addSpacing(8)
        layout.addWidget(label(tr("Skills"), "heading"))
        skills = " · ".join(one_line(skill, 60) for skill in why.skills)
        layout.addWidget(label(skills or tr("None"), "" if skills else "muted", wrap=True))
        layout.addSpacing(8)
        layout.addWidget(label(tr("What was learned and taken into account"), "heading"))
        for use in why.lessons:
            layout.addWidget(self._card(use))
        if not why.lessons:
            layout.addWidget(label(tr("No lesson was used for this answer."), "muted", wrap=True))
        if why.without:
            layout.addSpacing(8)
            layout.addWidget(label(tr("Left out for this answer"), "heading"))
            for use in why.without:
                layout.addWidget(label(f"· {visible(use.text)}", "muted", wrap=True))
        layout.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setWidget(body)
        return area

    def _card(self, use: LessonUse) -> QFrame:
        frame = QFrame()
        frame.setProperty("role", "card")
        chip = label(scope_text(use.scope), "chip")
        without = button(tr("Answer without it"), lambda: self._answer_without(use), "", "branch")
        without.setToolTip(tr("Answers anew; the old answer stays beside it."))
        without.setAccessibleName(tr("Answer without it: {what}", what=one_line(use.text, 60)))
        off = button(tr("Switch off"), lambda: self._switch(use, off, on=not off.isChecked()))
        off.setCheckable(True)
        off.setAccessibleName(tr("Switch off: {what}", what=one_line(use.text, 60)))
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(chip, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addStretch(1)
        row.addWidget(without)
        row.addWidget(off)
        layout = QVBoxLayout(frame)
        layout.setContentsMargins(14, 12, 12, 12)
        layout.setSpacing(8)
        layout.addWidget(label(visible(use.text), wrap=True))
        layout.addLayout(row)
        return frame

    def _answer_without(self, use: LessonUse) -> None:
        self._bridge.call(
            self,
            calls.why.answer_without,
            self._why.turn_id,
            use.id,
            on_done=lambda _: self.accept(),
        )

    def _switch(self, use: LessonUse, off: QPushButton, *, on: bool) -> None:
        off.setText(tr("Switch off") if on else tr("Switched off. Undo"))
        self._bridge.call(self, calls.lessons.switch_lesson, use.id, on)

    @Slot()
    def _go(self) -> None:
        self.accept()
        self.learning_wanted.emit()


def _scenario(why: Why) -> str:
    if not why.scenario:
        return tr("Default scenario")
    name = one_line(why.scenario, 80)
    return tr("{name}, version {version}", name=name, version=why.scenario_version)
