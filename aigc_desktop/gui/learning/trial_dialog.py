"""The test of a lesson: what it will do, how far it is, what it came to; and earlier ones."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QProgressBar,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from aigc_desktop.config.i18n import sentences, tr
from aigc_desktop.config.messages import describe
from aigc_desktop.core.errors import UserError
from aigc_desktop.core.events import Event, TrialProgress
from aigc_desktop.core.learning import Lesson, LessonState
from aigc_desktop.core.trial import Proof, TrialPlan
from aigc_desktop.gui import calls, notices
from aigc_desktop.gui.bridge import Bridge, Handle
from aigc_desktop.gui.learning.lesson_face import lesson_text
from aigc_desktop.gui.learning.proof_view import ProofView
from aigc_desktop.gui.learning.proof_words import plan_lines, price_line
from aigc_desktop.gui.learning.wording import capital, moment_text, verdict_text
from aigc_desktop.gui.widgets.build import button, label
from aigc_desktop.gui.widgets.combo import NameCombo
from aigc_desktop.gui.widgets.dialogs import bottom_row, dialog_layout
from aigc_desktop.gui.widgets.open_size import open_at_size

SIZE = (940, 660)


class TrialDialog(QDialog):
    """Nothing is asked of the model before Start is pressed; Stop ends it at once."""

    accepted_lesson = Signal()

    def __init__(self, bridge: Bridge, lesson: Lesson, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Test the lesson"))
        open_at_size(self, SIZE)
        self._bridge = bridge
        self._lesson = lesson
        self._running: Handle | None = None
        self._proofs: list[Proof] = []
        self._build()
        bridge.arrived.connect(self._on_event)
        bridge.call(
            self,
            calls.proofs.plan_trial,
            lesson.id,
            on_done=self._show_plan,
            on_error=self._cannot,
        )
        bridge.call(self, calls.proofs.proofs_of, lesson.id, on_done=self._show_proofs)
        self.finished.connect(self._stop)

    def _build(self) -> None:
        self.plan = label(tr("Looking through your past requests…"), wrap=True)
        self.price = label("", "muted", wrap=True)
        self.problem = label("", "error", wrap=True)
        self.problem.hide()
        self.step = label("", "muted")
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName(tr("How far the test is"))
        self.pages = QStackedWidget()
        self._plan_page = _centred(self._plan_panel())
        self._running_page = _centred(self.step, self.progress)
        self.pages.addWidget(self._plan_page)
        self.pages.addWidget(self._running_page)
        self.earlier = NameCombo()
        self.earlier.setAccessibleName(tr("Tests so far"))
        self.earlier.setSizeAdjustPolicy(NameCombo.SizeAdjustPolicy.AdjustToContents)
        self.earlier.currentIndexChanged.connect(self._choose)
        self.earlier.hide()
        self.start = button(tr("Start the test"), self._start, "primary")
        self.start.setEnabled(False)
        self.stop = button(tr("Stop"), self._stop, "", "stop")
        self.accept_lesson = button(tr("Accept the lesson"), self._accept, "primary")
        self.close_button = button(tr("Close"), self.reject)
        buttons = (self.close_button, self.stop, self.start, self.accept_lesson)
        layout = dialog_layout(self)
        layout.addWidget(label(tr("Test the lesson"), "title"))
        layout.addWidget(label(lesson_text(self._lesson), "muted", wrap=True))
        layout.addWidget(self.pages, 1)
        layout.addLayout(bottom_row(*buttons, left=(self.earlier,)))
        self._show_page(self._plan_page)

    def _plan_panel(self) -> QFrame:
        panel = QFrame()
        panel.setProperty("role", "panel")
        layout = QVBoxLayout(panel)
        layout.setContentsMargins(20, 16, 20, 18)
        layout.setSpacing(12)
        layout.addWidget(label(tr("What the test does"), "heading"))
        layout.addWidget(self.plan)
        layout.addWidget(self.price)
        layout.addWidget(self.problem)
        return panel

    def _show_page(self, page: QWidget | None) -> None:
        if page is not None:
            self.pages.setCurrentWidget(page)
        running = page is self._running_page
        shown: dict[QPushButton, bool] = {
            self.start: page is self._plan_page,
            self.stop: running,
            self.accept_lesson: page not in (self._plan_page, self._running_page)
            and self._lesson.state is not LessonState.ACTIVE,
        }
        for each, visible in shown.items():
            each.setVisible(visible)
        self.earlier.setVisible(bool(self._proofs) and not running)

    @Slot(object)
    def _show_plan(self, plan: TrialPlan) -> None:
        self.plan.setText("\n\n".join(plan_lines(plan)))
        self.price.setText(price_line(plan))
        self.start.setEnabled(plan.requests > 0)
        if plan.requests:
            self.start.setFocus()
        else:
            self.plan.setText(
                tr("There are no past requests that the lesson could be tested on yet.")
            )

    @Slot(object)
    def _cannot(self, error: BaseException) -> None:
        """Say it below what the test would do."""
        if not self.start.isEnabled():
            self.plan.hide()
            self.price.hide()
        if isinstance(error, UserError):
            self.problem.setText(sentences(*describe(error.code, error.params)))
            self.problem.show()
        else:
            notices.say_error(error)

    @Slot(object)
    def _show_proofs(self, proofs: list[Proof]) -> None:
        self._proofs = proofs
        self.earlier.blockSignals(True)
        self.earlier.clear()
        self.earlier.addItem(tr("A new test"), None)
        for at, proof in enumerate(proofs):
            time, verdict = capital(moment_text(proof.at)), verdict_text(proof.verdict)
            text = tr("{time}: {verdict}", time=time, verdict=verdict)
            self.earlier.addItem(text, at)
        self.earlier.blockSignals(False)
        self._show_page(self.pages.currentWidget())

    @Slot()
    def _choose(self) -> None:
        at = self.earlier.currentData()
        if at is None:
            self._show_page(self._plan_page)
        else:
            self._show_proof(self._proofs[at])

    @Slot()
    def _start(self) -> None:
        self.problem.hide()
        self.step.setText(tr("Asking the model…"))
        self.progress.setRange(0, 0)
        self._show_page(self._running_page)
        self.stop.setFocus()
        self._running = self._bridge.call(
            self,
            calls.proofs.test_lesson,
            self._lesson.id,
            on_done=self._ended,
            on_error=self._failed,
        )

    @Slot(object)
    def _on_event(self, event: Event) -> None:
        if self._running is None or not isinstance(event, TrialProgress):
            return
        if event.lesson_id == self._lesson.id and event.total:
            self.progress.setRange(0, event.total)
            self.progress.setValue(event.done)
            self.step.setText(
                tr("{done} of {total} calls of the model", done=event.done, total=event.total)
            )

    @Slot(object)
    def _ended(self, proof: Proof) -> None:
        self._running = None
        self._show_proofs([proof, *self._proofs])
        self.earlier.setCurrentIndex(1)

    @Slot(object)
    def _failed(self, error: BaseException) -> None:
        self._running = None
        self._show_page(self._plan_page)
        self._cannot(error)

    @Slot()
    def _stop(self) -> None:
        if self._running is not None:
            self._running.cancel()
            self._running = None
            self._show_page(self._plan_page)

    def _show_proof(self, proof: Proof) -> None:
        for at in range(self.pages.count() - 1, 1, -1):
            old = self.pages.widget(at)
            if old is not None:
                self.pages.removeWidget(old)
                old.deleteLater()
        view = ProofView(proof)
        self.pages.addWidget(view)
        self._show_page(view)

    @Slot()
    def _accept(self) -> None:
        def done(_: object) -> None:
            self.accepted_lesson.emit()
            self.accept()

        self._bridge.call(self, calls.lessons.accept_lesson, self._lesson.id, on_done=done)


def _centred(*widgets: QWidget) -> QWidget:
    page = QWidget()
    layout = QVBoxLayout(page)
    layout.setContentsMargins(60, 0, 60, 0)
    layout.setSpacing(10)
    layout.addStretch(1)
    for widget in widgets:
        layout.addWidget(widget)
    layout.addStretch(2)
    return page
