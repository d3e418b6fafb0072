"""Says at the top of the window that the database is being brought up to date."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QVBoxLayout

from aigc_desktop.config.i18n import tr
from aigc_desktop.config.messages import progress_text
from aigc_desktop.core.migration import Progress, Stage
from aigc_desktop.gui.widgets.build import button, label

_SHARES = {
    Stage.SNAPSHOT: 0.02,
    Stage.COPY: 0.12,
    Stage.REVISION: 0.2,
    Stage.VERIFY: 0.9,
    Stage.SWAP: 0.98,
}
"""How much is done when a stage begins; the revisions share what is between. The backup before has
the whole bar to itself."""

PARTS = 1000


class MigrationStrip(QFrame):
    """Hidden until there is something to say. Typing goes on below it."""

    declined = Signal()
    """The user does not wait for the backup that comes first."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "notice")
        self.setProperty("level", "info")
        self.heading = label("", "heading")
        self.step = label("", "small")
        self.bar = QProgressBar()
        self.bar.setRange(0, PARTS)
        self.bar.setTextVisible(False)
        self.decline = button(tr("Go on without it"), self._decline, "link")
        words = QVBoxLayout()
        words.setSpacing(4)
        words.addWidget(self.heading)
        words.addWidget(self.step)
        top = QHBoxLayout()
        top.addLayout(words, 1)
        top.addWidget(self.decline, 0, Qt.AlignmentFlag.AlignBottom)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 10, 20, 12)
        layout.setSpacing(8)
        layout.addLayout(top)
        layout.addWidget(self.bar)
        self.hide()

    @Slot(object)
    def show_progress(self, progress: Progress) -> None:
        """Say what is being done."""
        backs_up = progress.stage is Stage.BACKUP
        self.decline.setVisible(backs_up)
        self._show(*(_backup_words() if backs_up else _upgrade_words(progress)))
        self.bar.setValue(int(_share(progress) * PARTS))
        self.show()

    def _show(self, heading: str, step: str) -> None:
        self.heading.setText(heading)
        self.bar.setAccessibleName(heading)
        self.step.setText(step)

    @Slot()
    def _decline(self) -> None:
        self.decline.setEnabled(False)
        self.declined.emit()


def _backup_words() -> tuple[str, str]:
    kept = tr("Chats, files and settings are kept as they are, and one can return to them.")
    return tr("A backup is made before the upgrade"), kept


def _upgrade_words(progress: Progress) -> tuple[str, str]:
    kept = tr("The state before is kept, and one can return to it.")
    step = f"{progress_text(progress)}. {kept}"
    return tr("The database is being brought up to date"), step


def _share(progress: Progress) -> float:
    if progress.stage is Stage.BACKUP:
        return progress.share
    share = _SHARES[progress.stage]
    if progress.stage is Stage.REVISION:
        share += (_SHARES[Stage.VERIFY] - share) * (progress.number - 1) / progress.count
    return share
