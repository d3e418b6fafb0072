"""Says at the top of the window that the database is being brought up to date."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QFrame, QProgressBar, QVBoxLayout

from aigc_desktop.config.i18n import tr
from aigc_desktop.config.messages import progress_text
from aigc_desktop.core.migration import Progress, Stage
from aigc_desktop.gui.widgets.build import label

_SHARES = {
    Stage.SNAPSHOT: 0.02,
    Stage.COPY: 0.12,
    Stage.REVISION: 0.2,
    Stage.VERIFY: 0.9,
    Stage.SWAP: 0.98,
}
"""How much is done when a stage begins; the revisions share what is between."""

PARTS = 1000


class MigrationStrip(QFrame):
    """Hidden until there is something to say. Typing goes on below it."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "notice")
        self.setProperty("level", "info")
        self.step = label("", "small")
        self.bar = QProgressBar()
        self.bar.setRange(0, PARTS)
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(tr("The database is being brought up to date"))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 10, 20, 12)
        layout.setSpacing(4)
        layout.addWidget(label(tr("The database is being brought up to date"), "heading"))
        layout.addWidget(self.step)
        layout.addWidget(self.bar)
        self.hide()

    @Slot(object)
    def show_progress(self, progress: Progress) -> None:
        """Say what is being done."""
        share = _SHARES[progress.stage]
        if progress.stage is Stage.REVISION:
            share += (_SHARES[Stage.VERIFY] - share) * (progress.number - 1) / progress.count
        self.bar.setValue(int(share * PARTS))
        kept = tr("The state before is kept, and one can return to it.")
        self.step.setText(f"{progress_text(progress)}. {kept}")
        self.show()
