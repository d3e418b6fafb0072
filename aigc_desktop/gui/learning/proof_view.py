"""What the test of a lesson came to: the figures, the verdict, and each pair side by side."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QPlainTextEdit,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from aigc_desktop.config.i18n import tr
from aigc_desktop.core.trial import Pair, Proof, Share, TrialVerdict
from aigc_desktop.gui import icons, theme
from aigc_desktop.gui.chat.safe_text import one_line, visible
from aigc_desktop.gui.learning.interval_bar import IntervalBar
from aigc_desktop.gui.learning.proof_words import (
    WITH,
    WITHOUT,
    preferred_text,
    share_text,
    spent_text,
)
from aigc_desktop.gui.learning.wording import verdict_text
from aigc_desktop.gui.widgets.build import beside, label
from aigc_desktop.gui.widgets.nav_page import NAV_ROW

LIST_WIDTH = 250
EVEN = 0.5
MARKS = {WITH: ("check", "success"), WITHOUT: ("close", "danger")}
TOKENS = {
    TrialVerdict.HELPS: "success",
    TrialVerdict.HARMS: "danger",
    TrialVerdict.UNDECIDED: "text_muted",
}


class ProofView(QWidget):
    """Figures above, pairs below."""

    def __init__(self, proof: Proof, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._proof = proof
        self.verdict = label(verdict_text(proof.verdict), "heading")
        self.pairs = QListWidget()
        self.pairs.setObjectName("filesList")
        self.pairs.setAccessibleName(tr("Requests"))
        self.request = label("", wrap=True)
        self.preferred = label("", "small", wrap=True)
        self.with_lesson = _answer_view(tr("With the lesson"))
        self.without_lesson = _answer_view(tr("Without the lesson"))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(10)
        layout.addWidget(self._figures())
        layout.addWidget(self._side_by_side(), 1)
        for pair in proof.pairs:
            self._list(pair)
        self.pairs.currentRowChanged.connect(self._show_pair)
        self.pairs.setCurrentRow(0)

    def _figures(self) -> QFrame:
        frame, proof = QFrame(), self._proof
        frame.setProperty("role", "panel")
        grid = QGridLayout(frame)
        grid.setContentsMargins(16, 12, 16, 12)
        grid.setHorizontalSpacing(14)
        grid.setVerticalSpacing(6)
        grid.setColumnStretch(1, 1)
        grid.addWidget(self.verdict, 0, 0, 1, 2)
        spent = label(spent_text(proof), "small")
        grid.addWidget(spent, 0, 2, Qt.AlignmentFlag.AlignRight)
        harmed = "danger" if proof.verdict is TrialVerdict.HARMS else "warning"
        rows: tuple[tuple[str, Share, str, float], ...] = (
            (tr("Better with the lesson"), proof.wins, TOKENS[proof.verdict], EVEN),
            (tr("Control got worse"), proof.harm, harmed, EVEN),
        )
        for row, (title, share, token, line) in enumerate(rows, 1):
            grid.addWidget(label(title), row, 0)
            grid.addWidget(IntervalBar(share, token, line), row, 1)
            grid.addWidget(label(share_text(share), "small"), row, 2)
        return frame

    def _side_by_side(self) -> QSplitter:
        answers = QHBoxLayout()
        answers.setSpacing(10)
        for title, view in (
            (tr("With the lesson"), self.with_lesson),
            (tr("Without the lesson"), self.without_lesson),
        ):
            column = QVBoxLayout()
            column.setSpacing(4)
            column.addWidget(label(title, "small"))
            column.addWidget(view, 1)
            answers.addLayout(column, 1)
        right = QWidget()
        layout = QVBoxLayout(right)
        layout.setContentsMargins(12, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(self.request)
        layout.addWidget(self.preferred)
        layout.addLayout(answers, 1)
        return beside(self.pairs, right, (LIST_WIDTH, 3 * LIST_WIDTH))

    def _list(self, pair: Pair) -> None:
        text = one_line(pair.request, 80)
        if pair.is_control:
            text = tr("Control: {what}", what=text)
        item = QListWidgetItem(text)
        name, token = MARKS.get(pair.preferred, ("pause", "text_muted"))
        item.setIcon(icons.icon(name, token))
        item.setToolTip(preferred_text(pair))
        item.setSizeHint(QSize(0, NAV_ROW))
        item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{text}: {preferred_text(pair)}")
        self.pairs.addItem(item)

    @Slot(int)
    def _show_pair(self, row: int) -> None:
        if not 0 <= row < len(self._proof.pairs):
            return
        pair = self._proof.pairs[row]
        self.request.setText(one_line(pair.request, 300))
        said = preferred_text(pair)
        reason = one_line(pair.reason, 400)
        self.preferred.setText(
            tr("{verdict}: {reason}", verdict=said, reason=reason) if reason else said
        )
        self.with_lesson.setPlainText(visible(pair.with_lesson))
        self.without_lesson.setPlainText(visible(pair.without_lesson))


def _answer_view(name: str) -> QPlainTextEdit:
    view = QPlainTextEdit()
    view.setReadOnly(True)
    view.setAccessibleName(name)
    view.setFont(theme.font(10))
    view.document().setDocumentMargin(10)
    return view
