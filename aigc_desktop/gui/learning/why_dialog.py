"""Why an answer is as it is: scenario, skills, lessons; each lesson can be tried without."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from aigc_desktop.config.i18n import tr
from aigc_desktop.core.learning import Lesson, LessonState, LessonUse, Why
from aigc_desktop.gui import calls, notices
from aigc_desktop.gui.bridge import Bridge
from aigc_desktop.gui.chat.safe_text import one_line, visible
from aigc_desktop.gui.learning.wording import scope_text, state_text
from aigc_desktop.gui.widgets.build import button, label, scrolled
from aigc_desktop.gui.widgets.dialogs import bottom_row, close_button, dialog_layout
from aigc_desktop.gui.widgets.flow import FlowLayout
from aigc_desktop.gui.widgets.open_size import open_at_size

SIZE = (660, 520)


class WhyDialog(QDialog):
    """What stood behind one answer."""

    learning_wanted = Signal()

    def __init__(self, bridge: Bridge, why: Why, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Why this answer"))
        open_at_size(self, SIZE)
        self._bridge = bridge
        self._why = why
        self._switches: dict[int, QPushButton] = {}
        close = close_button(self)
        layout = dialog_layout(self, 12)
        layout.addWidget(label(tr("Why this answer"), "title"))
        layout.addWidget(self._body(), 1)
        more = button(tr("Everything that was learned"), self._go, "link")
        layout.addLayout(bottom_row(close, left=(more,)))
        close.setFocus()
        bridge.call(self, calls.lessons.list_lessons, on_done=self._show_states)

    def _body(self) -> QScrollArea:
        why, body = self._why, QWidget()
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
        return scrolled(body)

    def _card(self, use: LessonUse) -> QFrame:
        frame = QFrame()
        frame.setProperty("role", "card")
        chip = label(scope_text(use.scope), "chip")
        without = button(tr("Answer without it"), lambda: self._answer_without(use), "", "branch")
        without.setToolTip(tr("Answers anew; the old answer stays beside it."))
        without.setAccessibleName(tr("Answer without it: {what}", what=one_line(use.text, 60)))
        off = button(tr("Switch off"), lambda: self._switch(use, off, on=not off.isChecked()))
        off.setCheckable(True)
        self._keep_width(off)
        self._switches[use.id] = off
        off.setAccessibleName(tr("Switch off: {what}", what=one_line(use.text, 60)))
        row = FlowLayout()
        row.addWidget(chip)
        row.addStretch()
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

    @Slot(object)
    def _show_states(self, lessons: list[Lesson]) -> None:
        """Say of each lesson what became of it since; only what is in force can be switched off."""
        now = {each.id: each for each in lessons}
        for number, off in self._switches.items():
            lesson = now.get(number)
            if lesson is not None and lesson.state is LessonState.OFF:
                off.setChecked(True)
                off.setText(_switch_text(on=False))
            elif lesson is None or lesson.state is not LessonState.ACTIVE:
                off.setEnabled(False)
                off.setText(tr("Deleted") if lesson is None else state_text(lesson))

    @staticmethod
    def _keep_width(off: QPushButton) -> None:
        """Let the button be as wide as its other text needs: nothing moves when it is pressed."""
        off.ensurePolished()
        off.setText(_switch_text(on=False))
        width = off.sizeHint().width()
        off.setText(_switch_text(on=True))
        off.setMinimumWidth(max(width, off.sizeHint().width()))

    def _switch(self, use: LessonUse, off: QPushButton, *, on: bool) -> None:
        """Switch it at once; if that fails, the button says again what is true."""

        def failed(error: BaseException) -> None:
            off.setChecked(on)
            off.setText(_switch_text(on=not on))
            notices.say_error(error)

        off.setText(_switch_text(on=on))
        self._bridge.call(self, calls.lessons.switch_lesson, use.id, on, on_error=failed)

    @Slot()
    def _go(self) -> None:
        self.accept()
        self.learning_wanted.emit()


def _switch_text(*, on: bool) -> str:
    return tr("Switch off") if on else tr("Switched off. Undo")


def _scenario(why: Why) -> str:
    if not why.scenario:
        return tr("Default scenario")
    name = one_line(why.scenario, 80)
    return tr("{name}, version {version}", name=name, version=why.scenario_version)
