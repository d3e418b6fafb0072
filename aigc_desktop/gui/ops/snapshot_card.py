"""One snapshot in the list."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QMenu, QVBoxLayout

from aigc_desktop.config.i18n import tr
from aigc_desktop.config.operation_words import moment_text
from aigc_desktop.core.backup import Snapshot
from aigc_desktop.gui import icons
from aigc_desktop.gui.chat.safe_text import one_line
from aigc_desktop.gui.ops import backup_words as words
from aigc_desktop.gui.widgets.build import button, icon_button, label


class SnapshotCard(QFrame):
    """Says what is in it, what changed, and how sure it is; asks by its signals."""

    restore_wanted = Signal(object)
    verify_wanted = Signal(object)
    label_wanted = Signal(object)
    export_wanted = Signal(object)
    delete_wanted = Signal(object)

    def __init__(self, snapshot: Snapshot) -> None:
        super().__init__()
        self.snapshot = snapshot
        self.setProperty("role", "card")
        name = one_line(words.name_of(snapshot), 80)
        when = moment_text(snapshot.created_at) if snapshot.created_at else snapshot.id
        self.setAccessibleName(f"{name}, {when}")
        self.restore = button(tr("Restore…"), self._restore)
        self.restore.setAccessibleName(tr("Restore {name}", name=f"{name}, {when}"))
        self.restore.setEnabled(not snapshot.damaged)
        self.more = icon_button("more", tr("More about {name}", name=f"{name}, {when}"), self._menu)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(label(name, "heading"))
        head.addWidget(label(when, "muted"))
        for mark in self._marks():
            head.addWidget(mark)
        head.addStretch(1)
        text = QVBoxLayout()
        text.setSpacing(3)
        text.addLayout(head)
        if not snapshot.damaged or snapshot.created_at:
            text.addWidget(label(words.content_text(snapshot), "small", wrap=True))
            text.addWidget(label(words.changes_text(snapshot.changes), "small", wrap=True))
        if snapshot.skipped:
            said = tr("Files that could not be read: {count}.", count=snapshot.skipped)
            text.addWidget(label(said, "error", wrap=True))
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 10, 10, 10)
        row.setSpacing(8)
        row.addLayout(text, 1)
        row.addWidget(self.restore, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self.more, 0, Qt.AlignmentFlag.AlignVCenter)

    def _marks(self) -> list[QLabel]:
        snapshot = self.snapshot
        if snapshot.damaged:
            return [_mark(tr("damaged"), "bad", "")]
        marks = []
        if snapshot.proven_at is not None:
            when = moment_text(snapshot.proven_at)
            marks.append(_mark(tr("proven"), "good", tr("Restored as a trial {when}", when=when)))
        elif snapshot.verified_at is not None:
            when = moment_text(snapshot.verified_at)
            marks.append(_mark(tr("verified"), "good", tr("Read back whole {when}", when=when)))
        else:
            marks.append(_mark(tr("not verified"), "doubt", ""))
        if snapshot.encrypted:
            marks.append(_mark(tr("encrypted"), "", tr("The passphrase is needed to read it.")))
        if snapshot.uploaded_at is not None:
            when = moment_text(snapshot.uploaded_at)
            marks.append(_mark(tr("in the bucket"), "", tr("Sent {when}", when=when)))
        if snapshot.foreign:
            marks.append(_mark(tr("another installation's"), "", ""))
        return marks

    @Slot()
    def _restore(self) -> None:
        self.restore_wanted.emit(self.snapshot)

    @Slot()
    def _menu(self) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for icon, text, signal in (
            ("shield", tr("Verify"), self.verify_wanted),
            ("rename", tr("Label…"), self.label_wanted),
            ("download", tr("Export as one file…"), self.export_wanted),
            ("trash", tr("Delete…"), self.delete_wanted),
        ):
            action = menu.addAction(text)
            icons.bind(action, icon)
            action.triggered.connect(lambda _checked=False, s=signal: s.emit(self.snapshot))
        menu.popup(self.more.mapToGlobal(self.more.rect().bottomLeft()))


def _mark(text: str, kind: str, tip: str) -> QLabel:
    made = label(text, "chip")
    made.setProperty("mark", kind)
    made.setToolTip(tip)
    return made
