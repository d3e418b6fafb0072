"""Type a request and see which scenario would answer it, why, and with what prompt."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QTimer, Slot
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from aigc_desktop.config.i18n import listing, tr
from aigc_desktop.config.messages import (
    confidence_text,
    outcome_text,
    percent_text,
    reason_text,
)
from aigc_desktop.gui import calls
from aigc_desktop.gui.bridge import Bridge
from aigc_desktop.gui.chat.config_dialog import part_name, prompt_view
from aigc_desktop.gui.chat.safe_text import one_line
from aigc_desktop.gui.widgets.build import label

DELAY_MS = 200


class TryPane(QWidget):
    """Answers while one types; nothing is sent anywhere."""

    def __init__(self, bridge: Bridge, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self.request = QLineEdit()
        self.request.setPlaceholderText(tr("A request, as you would type it in a chat"))
        self.request.setAccessibleName(tr("Request to try"))
        self.outcome = label("", "heading", wrap=True)
        self.why = label("", "muted", wrap=True)
        self.others = label("", "small", wrap=True)
        self.prompt = prompt_view("")
        self.sizes = label("", "small", wrap=True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 10, 0, 0)
        layout.setSpacing(8)
        hint = tr("Which scenario would answer? Saved scenarios count; nothing is sent.")
        layout.addWidget(label(hint, "small", wrap=True))
        layout.addWidget(self.request)
        layout.addWidget(self.outcome)
        layout.addWidget(self.why)
        layout.addWidget(self.others)
        self._heading = label(tr("The whole system prompt"), "heading")
        layout.addWidget(self._heading)
        layout.addWidget(self.sizes)
        layout.addWidget(self.prompt, 1)
        layout.addStretch(0)
        self._delay = QTimer(self)
        self._delay.setSingleShot(True)
        self._delay.setInterval(DELAY_MS)
        self._delay.timeout.connect(self._try)
        self.request.textChanged.connect(self._delay.start)
        self._show_nothing()

    def _show_nothing(self) -> None:
        for text in (self.outcome, self.why, self.others, self.sizes):
            text.clear()
        self._heading.hide()
        self.prompt.hide()

    @Slot()
    def _try(self) -> None:
        text = self.request.text().strip()
        if not text:
            self._show_nothing()
            return

        def show(trial: Any) -> None:
            if text == self.request.text().strip():
                self._show(trial)

        self._bridge.call(self, calls.scenarios.try_request, text, on_done=show)

    def _show(self, trial: Any) -> None:
        match = trial.match
        name = one_line(trial.scenario.name, 60)
        said = (name, confidence_text(match), outcome_text(match))
        self.outcome.setText(" · ".join(filter(None, said)))
        reasons = [f"•  {one_line(reason_text(reason), 160)}" for reason in match.reasons]
        self.why.setText("\n".join(reasons))
        rest = [r for r in match.ranked if r.id != trial.scenario.id][:3]
        named = "   ".join(f"{one_line(r.name, 40)} {percent_text(r.share)}" for r in rest)
        took = f"{match.milliseconds:.1f}"
        self.others.setText(
            tr("Next: {others}   ({took} ms on this machine)", others=named or "–", took=took)
        )
        sizes = listing(f"{part_name(p.kind)} {p.tokens:,}" for p in trial.prompt.parts)
        self.sizes.setText(tr("About so many tokens: {parts}", parts=sizes))
        self.prompt.setPlainText(trial.prompt.text)
        self._heading.show()
        self.prompt.show()
