"""Backups: make, look at, verify, prove, restore, take along."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Slot
from PySide6.QtWidgets import (
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from aigc_desktop.config.i18n import tr
from aigc_desktop.config.operation_words import moment_text, size_text
from aigc_desktop.core.backup import BackupOverview, Operation, RestoreResult, Snapshot
from aigc_desktop.core.events import BackupProgressed, BackupsChanged, Event, NoticeLevel
from aigc_desktop.gui import calls, notices
from aigc_desktop.gui.bridge import Handle
from aigc_desktop.gui.ops import backup_words as words
from aigc_desktop.gui.ops.backup_settings import BackupSettings
from aigc_desktop.gui.ops.backup_summary import BackupSummary
from aigc_desktop.gui.ops.operations_page import OperationsPage
from aigc_desktop.gui.ops.passphrase_dialog import PassphraseDialog
from aigc_desktop.gui.ops.restore_dialog import RestoreDialog
from aigc_desktop.gui.ops.snapshot_card import SnapshotCard
from aigc_desktop.gui.widgets.ask import ask, ask_text
from aigc_desktop.gui.widgets.build import button, scrolled
from aigc_desktop.gui.widgets.cards import CardList
from aigc_desktop.gui.widgets.file_dialogs import ask_for_file, ask_where_to_save

FILTER = "AIGC Desktop (*.zip *.age)"


class BackupPane(QWidget):
    """One thing at a time runs; it can be cancelled, and nothing half done stays."""

    def __init__(self, page: OperationsPage) -> None:
        super().__init__(page)
        self._bridge = page.bridge
        self._work: Handle | None = None
        self.snapshots: list[Snapshot] = []
        self.summary = BackupSummary()
        self.cards = CardList(
            tr("No snapshots yet. One holds chats, files, skills, scenarios and settings; no keys.")
        )
        self.settings = BackupSettings(page.bridge, page.settings)
        self.tabs = QTabWidget()
        self._build()
        self.summary.backup_wanted.connect(self.back_up)
        self.summary.drill_wanted.connect(self.drill)
        self.summary.cancel_wanted.connect(self.cancel)
        self.summary.undo_wanted.connect(self._ask_undo)
        self._bridge.arrived.connect(self._on_event)

    def reload(self) -> None:
        """Ask how the backups stand."""
        self._bridge.call(self, calls.backup.get_overview, on_done=self._show_overview)
        self._bridge.call(
            self, calls.backup.list_snapshots, on_done=self._show_list, on_error=notices.say_error
        )

    @Slot(str)
    def back_up(self, name: str = "") -> None:
        """Make a snapshot."""
        self._start(Operation.CREATE, calls.backup.create_backup, name, done=self._backed_up)

    @Slot()
    def drill(self) -> None:
        """Prove that the newest snapshot can be restored."""
        self._start(Operation.DRILL, calls.backup.run_drill)

    @Slot()
    def cancel(self) -> None:
        """Stop what is going on."""
        if self._work is not None:
            self._work.cancel()
            self._end()

    @Slot(object)
    def verify(self, snapshot: Snapshot) -> None:
        """Read everything that a snapshot needs."""

        def done(found: Any) -> None:
            code = "snapshot_whole" if found.ok else "snapshot_broken"
            level = NoticeLevel.INFO if found.ok else NoticeLevel.ERROR
            size = size_text(found.size)
            notices.say(level, code, key="verified", size=size, name=words.name_of(snapshot))

        self._start(Operation.VERIFY, calls.backup.verify_snapshot, snapshot.id, done=done)

    @Slot(object)
    def show_restore(self, snapshot: Snapshot) -> None:
        """Show what restoring it would do."""
        self.restore_dialog = RestoreDialog(self._bridge, snapshot, self.window())
        self.restore_dialog.chosen.connect(lambda choice: self._restore(snapshot, choice))
        self.restore_dialog.open()

    def export(self, snapshot: Snapshot, path: str, passphrase: str | None) -> None:
        """Write a snapshot into one portable file."""

        def done(size: int) -> None:
            shown = size_text(size)
            notices.say(NoticeLevel.INFO, "backup_exported", key="export", path=path, size=shown)

        arguments = (snapshot.id, path, passphrase)
        self._start(Operation.EXPORT, calls.restore.export_snapshot, *arguments, done=done)

    def take_in(self, path: str, passphrase: str | None = None) -> None:
        """Read a portable file as a snapshot; asks for its passphrase if it has one."""

        def failed(error: BaseException) -> None:
            if getattr(error, "code", "") == "import_passphrase_needed":
                self._ask_import_passphrase(path)
            else:
                notices.say_error(error)

        self._start(Operation.IMPORT, calls.restore.import_backup, path, passphrase, failed=failed)

    def _restore(self, snapshot: Snapshot, selection: Any) -> None:
        self._start(
            Operation.RESTORE,
            calls.restore.restore_snapshot,
            snapshot.id,
            selection,
            done=self._restored,
        )

    def _start(
        self,
        operation: Operation,
        service: Any,
        *arguments: Any,
        done: Any = None,
        failed: Any = None,
    ) -> None:
        if self._work is not None:
            return
        self.summary.show_working(operation)

        def finished(result: Any) -> None:
            self._end()
            if done is not None:
                done(result)

        def broke(error: BaseException) -> None:
            self._end()
            (failed or notices.say_error)(error)

        self._work = self._bridge.call(self, service, *arguments, on_done=finished, on_error=broke)

    def _end(self) -> None:
        self._work = None
        self.summary.show_idle()
        self.reload()

    @Slot(object)
    def _show_overview(self, overview: BackupOverview) -> None:
        self.summary.show_overview(overview)
        self.settings.show_overview(overview)
        if overview.running is not None:
            self.summary.show_working(overview.running)
        elif self._work is None:
            self.summary.show_idle()

    @Slot(object)
    def _show_list(self, snapshots: list[Snapshot]) -> None:
        if snapshots == self.snapshots and snapshots:
            return
        self.snapshots = snapshots
        self.cards.show_cards(self._card(snapshot) for snapshot in snapshots)

    def _card(self, snapshot: Snapshot) -> SnapshotCard:
        made = SnapshotCard(snapshot)
        made.restore_wanted.connect(self.show_restore)
        made.verify_wanted.connect(self.verify)
        made.label_wanted.connect(self._ask_label)
        made.export_wanted.connect(self._choose_export)
        made.delete_wanted.connect(self._ask_delete)
        return made

    @Slot(object)
    def _on_event(self, event: Event) -> None:
        if isinstance(event, BackupProgressed):
            self.summary.show_progress(event.progress)
        elif isinstance(event, BackupsChanged):
            if self._work is None:
                self.summary.show_idle()
            if self.isVisible():
                self.reload()

    @Slot(object)
    def _backed_up(self, result: Any) -> None:
        added = size_text(result["added"])
        notices.say(NoticeLevel.INFO, "backed_up", key="backed_up", added=added)

    @Slot(object)
    def _restored(self, result: RestoreResult) -> None:
        if result.restarts:
            return
        level = NoticeLevel.WARNING if result.problems else NoticeLevel.INFO
        notices.say(
            level,
            "restored_partly" if result.problems else "restored",
            key="restored",
            what=words.restored_text(result.sessions, result.files),
            problems=len(result.problems),
        )

    @Slot()
    def _ask_undo(self) -> None:
        self.question = ask(
            self.window(),
            tr("Undo the restore?"),
            tr(
                "Everything becomes as it was just before it; "
                "what was done since then is set aside in a safety snapshot."
            ),
            tr("Undo"),
            lambda: self._start(Operation.RESTORE, calls.restore.undo_restore, done=self._restored),
        )

    @Slot(object)
    def _ask_delete(self, snapshot: Snapshot) -> None:
        when, name = moment_text(snapshot.created_at), words.name_of(snapshot)
        self.question = ask(
            self.window(),
            tr("Delete this snapshot?"),
            tr("“{name}”, {when}: it cannot be brought back.", name=name, when=when),
            tr("Delete"),
            lambda: self._start(Operation.PRUNE, calls.backup.delete_snapshot, snapshot.id),
        )

    @Slot(object)
    def _ask_label(self, snapshot: Snapshot) -> None:
        self.naming = ask_text(
            self.window(),
            tr("Label of this snapshot"),
            snapshot.label,
            tr("Save"),
            lambda text: self._bridge.call(
                self, calls.backup.label_snapshot, snapshot.id, text, on_error=notices.say_error
            ),
        )

    @Slot(object)
    def _choose_export(self, snapshot: Snapshot) -> None:
        self.dialog = PassphraseDialog(
            tr("Export as one file"),
            tr("With a passphrase the file is encrypted; without one any program can open it."),
            self.window(),
            new=True,
            optional=True,
        )
        self.dialog.accepted.connect(lambda: self._choose_file(snapshot, self.dialog.passphrase))
        self.dialog.open()

    def _choose_file(self, snapshot: Snapshot, passphrase: str) -> None:
        ask_where_to_save(
            self,
            tr("Export as one file"),
            FILTER,
            f"aigc-desktop-{snapshot.id[:15]}{'.zip.age' if passphrase else '.zip'}",
            lambda path: self.export(snapshot, path, passphrase or None),
        )

    @Slot()
    def _choose_import(self) -> None:
        ask_for_file(self, tr("Import a file"), FILTER, self.take_in)

    def _ask_import_passphrase(self, path: str) -> None:
        self.dialog = PassphraseDialog(
            tr("Passphrase of the file"), tr("The file is encrypted."), self.window(), minimum=1
        )
        self.dialog.accepted.connect(lambda: self.take_in(path, self.dialog.passphrase))
        self.dialog.open()

    def _build(self) -> None:
        listing = QWidget()
        column = QVBoxLayout(listing)
        column.setContentsMargins(0, 10, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.cards, 1)
        self.tabs.addTab(listing, tr("Snapshots"))
        self.tabs.addTab(self.settings, tr("Backup settings"))
        take_in = button(tr("Import a file…"), self._choose_import, "link", "open-external")
        self.tabs.setCornerWidget(take_in)
        body = QWidget()
        inside = QVBoxLayout(body)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(12)
        inside.addWidget(self.summary)
        inside.addWidget(self.tabs, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(scrolled(body))
