"""The state of the backups above the list: newest, proven, where, and what is going on."""

from __future__ import annotations

import time

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QProgressBar, QVBoxLayout, QWidget

from aigc_desktop.config.i18n import tr, tr_n
from aigc_desktop.config.messages import describe
from aigc_desktop.config.operation_words import moment_text, size_text
from aigc_desktop.core.backup import BackupOverview, DrillResult, Operation, Progress, TargetKind
from aigc_desktop.gui import icons
from aigc_desktop.gui.chat.safe_text import one_line
from aigc_desktop.gui.ops import backup_words as words
from aigc_desktop.gui.ops.check_row import badge
from aigc_desktop.gui.widgets.build import button, label, restyle
from aigc_desktop.gui.widgets.flow import FlowLayout, growing, together

OLD_SECONDS = 3 * 24 * 3600
MAX_LABEL = 200
HEAD_WIDTH = 400
"""Pixels: the words have at least so much beside the controls, or these go below them."""


class BackupSummary(QFrame):
    """Shows a `BackupOverview`; asks for work by its signals."""

    backup_wanted = Signal(str)
    drill_wanted = Signal()
    cancel_wanted = Signal()
    undo_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "panel")
        self._badge = badge(28)
        self.title = label("", "title", wrap=True)
        self.proven = label("", "muted", wrap=True)
        self.where = label("", "small", wrap=True)
        self.name = QLineEdit()
        self.name.setPlaceholderText(tr("Label (optional)"))
        self.name.setAccessibleName(tr("Label of the next backup"))
        self.name.setMaxLength(MAX_LABEL)
        self.name.setFixedWidth(170)
        self.name.returnPressed.connect(self._back_up)
        self.now = button(tr("Back up now"), self._back_up, "primary", "backup")
        self.drill = button(tr("Restore drill"), self.drill_wanted, "", "test")
        self.drill.setToolTip(
            tr("Restores the newest snapshot into a scratch folder and checks it.")
        )
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.at = label("", "muted")
        self.cancel = button(tr("Cancel"), self.cancel_wanted)
        self._has_any = False
        self._work = QWidget()
        self.undo_text = label("", wrap=True)
        self.undo = button(tr("Undo the restore"), self.undo_wanted, "", "restore")
        self._undo_row = QWidget()
        self._build()
        self.show_idle()

    def show_overview(self, overview: BackupOverview) -> None:
        """Show how the backups stand."""
        newest = overview.newest
        state = "success"
        if newest is None:
            self.title.setText(tr("There is no backup yet."))
            state = "warning"
        elif newest.damaged:
            self.title.setText(tr("The newest backup is damaged."))
            state = "danger"
        else:
            when = moment_text(newest.created_at)
            self.title.setText(tr("Newest backup: {when}", when=when))
            old = time.time() - newest.created_at / 1000 > OLD_SECONDS
            state = "warning" if old or newest.verified_at is None else "success"
        if overview.last_drill is not None and not overview.last_drill.ok:
            state = "danger"
        icon = {"success": "check", "warning": "warning", "danger": "error"}[state]
        icons.bind(self._badge, icon, state)
        self._show_proven(overview)
        self.where.setText(_where(overview))
        self._has_any = newest is not None
        self.drill.setEnabled(self._has_any and self._work.isHidden())
        restore = overview.last_restore
        self._undo_row.setVisible(restore is not None)
        if restore is not None:
            self.undo_text.setText(
                tr(
                    "Restored {when}: {what}.",
                    when=moment_text(restore.restored_at),
                    what=words.restored_text(restore.sessions, restore.files),
                )
            )

    def show_progress(self, progress: Progress) -> None:
        """Show how far the work is."""
        self.show_working(progress.operation)
        total, done = progress.total, progress.done
        while total > 2**30:
            total, done = total >> 10, done >> 10
        self.bar.setRange(0, total)
        self.bar.setValue(min(done, total))
        share = f" {100 * progress.done // progress.total}%" if progress.total else ""
        operation = words.operation_text(progress.operation)
        self.at.setText(f"{operation}: {words.phase_text(progress.phase)}{share}")

    def show_working(self, operation: Operation) -> None:
        """Something has begun."""
        if self._work.isHidden():
            self.at.setText(words.operation_text(operation))
            self.bar.setRange(0, 0)
            self._work.show()
            self.cancel.setEnabled(True)
        for each in (self.now, self.drill, self.name, self.undo):
            each.setEnabled(False)

    def show_idle(self) -> None:
        """Nothing is going on."""
        self._work.hide()
        for each in (self.now, self.name, self.undo):
            each.setEnabled(True)
        self.drill.setEnabled(self._has_any)

    def _show_proven(self, overview: BackupOverview) -> None:
        text, role = _proven(overview)
        self.proven.setText(text)
        self.proven.setProperty("role", role)
        restyle(self.proven)

    def _build(self) -> None:
        text = QVBoxLayout()
        text.setSpacing(3)
        for each in (self.title, self.proven, self.where):
            text.addWidget(each)
        top = FlowLayout(10)
        top.addWidget(growing(text, HEAD_WIDTH, before=self._badge))
        top.addWidget(together(self.drill, self.name, self.now))
        work = QHBoxLayout(self._work)
        work.setContentsMargins(0, 0, 0, 0)
        work.setSpacing(12)
        self.at.setMinimumWidth(220)
        work.addWidget(self.at)
        work.addWidget(self.bar, 1)
        work.addWidget(self.cancel)
        undo = QHBoxLayout(self._undo_row)
        undo.setContentsMargins(0, 0, 0, 0)
        undo.addWidget(self.undo_text, 1)
        undo.addWidget(self.undo)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 12, 14, 12)
        layout.setSpacing(6)
        layout.addLayout(top)
        layout.addWidget(self._work)
        layout.addWidget(self._undo_row)

    @Slot()
    def _back_up(self) -> None:
        if self.now.isEnabled():
            self.backup_wanted.emit(self.name.text().strip())
            self.name.clear()


def _proven(overview: BackupOverview) -> tuple[str, str]:
    last, proven = overview.last_drill, overview.last_proven
    if last is not None and not last.ok:
        which = {"what": last.snapshot_id, "reason": last.snapshot_id}
        title, _ = describe(last.problem or "drill_failed", which)
        return tr("The last restore drill failed: {reason}", reason=title), "error"
    if proven is None:
        return tr("Not yet proven restorable: a restore drill does that."), "muted"
    return _drill_text(proven), "success"


def _drill_text(found: DrillResult) -> str:
    return tr(
        "Last proven restorable {when}: {what}, checked in {seconds} s.",
        when=moment_text(found.started_at),
        what=words.restored_text(found.sessions, found.files),
        seconds=f"{found.seconds:.1f}",
    )


def _where(overview: BackupOverview) -> str:
    count = tr_n("{count} snapshot", "{count} snapshots", overview.snapshots)
    sizes = tr(
        "{stored} stored, {free} free",
        stored=size_text(overview.stored),
        free=size_text(overview.free),
    )
    places = [one_line(overview.folder, 90)]
    if overview.target is TargetKind.BUCKET and overview.bucket:
        places.append(one_line(overview.bucket, 60))
    kind = tr("encrypted") if overview.encrypted else tr("not encrypted")
    return " · ".join((count, sizes, kind, *places))
