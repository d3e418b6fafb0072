"""The ways out of a damaged database. Whatever is chosen, the damaged file is kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from aigc_desktop.config.i18n import sentences, tr, tr_n
from aigc_desktop.config.messages import describe, describe_error
from aigc_desktop.config.paths import Paths
from aigc_desktop.core.errors import UserError
from aigc_desktop.gui.in_thread import in_thread
from aigc_desktop.gui.ops.passphrase_dialog import PassphraseDialog
from aigc_desktop.gui.widgets.ask import ask
from aigc_desktop.gui.widgets.build import button, label
from aigc_desktop.services import rescue

PASSPHRASE_WRONG = "passphrase_wrong"  # noqa: S105 a code
PASSPHRASE_CODES = ("passphrase_missing", PASSPHRASE_WRONG)


class RescueChoices(QWidget):
    """Runs what is chosen in a thread; `rescued` when the program can be started again."""

    rescued = Signal()

    _settled = Signal(object)
    _snapshot_found = Signal(object)
    _backup_found = Signal(object)

    def __init__(
        self, paths: Paths, code: str = "database_corrupt", parent: QWidget | None = None
    ) -> None:
        """`code` says what is wrong: a database that is gone or too new is not rescued."""
        super().__init__(parent)
        self._paths = paths
        self._code = code
        self._status = label("", "muted", wrap=True)
        self._rescue = button(tr("Rescue what can be read"), self._run_rescue, "primary")
        self._restore = button("", self._run_restore)
        self._restore.hide()
        self._backup = button("", self._run_backup)
        self._backup.hide()
        self._empty = button(tr("Start with an empty database"), self._ask_empty)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(12)
        kept = tr("The damaged file is kept in the data folder, whatever you choose.")
        if code == "database_newer":
            kept = tr("The newer database is kept in the data folder.")
        if code != "database_missing":
            layout.addWidget(label(kept, wrap=True))
        for choice in self._choices():
            layout.addWidget(choice)
        self._rescue.setVisible(code == "database_corrupt")
        self._empty.setVisible(code != "database_newer")
        layout.addWidget(self._status)
        self._status.hide()
        self._settled.connect(self._show_result)
        self._snapshot_found.connect(self._offer_snapshot)
        self._backup_found.connect(self._offer_backup)
        in_thread(lambda: rescue.snapshot_time(paths), self._snapshot_found)
        in_thread(lambda: rescue.backup_time(paths), self._backup_found)

    def _choices(self) -> tuple[QPushButton, ...]:
        return self._rescue, self._backup, self._restore, self._empty

    @Slot(object)
    def _offer_snapshot(self, taken: Any) -> None:
        if taken is not None and not isinstance(taken, BaseException):
            time = f"{taken:%Y-%m-%d %H:%M}"
            self._restore.setText(tr("Go back to the copy of {time}", time=time))
            self._restore.show()

    @Slot(object)
    def _offer_backup(self, taken: Any) -> None:
        if taken is not None and not isinstance(taken, BaseException):
            time = f"{taken:%Y-%m-%d %H:%M}"
            self._backup.setText(tr("Restore the chats of the backup of {time}", time=time))
            self._backup.show()

    @Slot()
    def _run_backup(self) -> None:
        self._run(rescue.restore_backup)

    @Slot()
    def _run_rescue(self) -> None:
        self._run(rescue.rescue)

    @Slot()
    def _run_restore(self) -> None:
        newer = self._code == "database_newer"
        self._run(rescue.go_back if newer else rescue.restore_snapshot)

    @Slot()
    def _ask_empty(self) -> None:
        ask(
            self.window(),
            tr("Start with an empty database?"),
            tr("Your chats will not be shown. The damaged file is kept, so that nothing is lost."),
            tr("Start empty"),
            lambda: self._run(rescue.start_empty),
        )

    def _ask_passphrase(self, *, wrong: bool) -> None:
        self._status.setText(describe(PASSPHRASE_WRONG, {})[0] if wrong else "")
        reason, _ = describe("passphrase_missing", {})
        self.dialog = PassphraseDialog(tr("Passphrase"), reason, self.window(), minimum=1)
        self.dialog.accepted.connect(lambda: self._restore_with(self.dialog.passphrase))
        self.dialog.open()

    def _restore_with(self, passphrase: str) -> None:
        self._run(lambda paths: rescue.restore_backup(paths, passphrase=passphrase))

    def _run(self, choice: Callable[[Paths], int]) -> None:
        for each in self._choices():
            each.setEnabled(False)
        self._status.setText(tr("Working…"))
        self._status.show()
        in_thread(lambda: choice(self._paths), self._settled)

    @Slot(object)
    def _show_result(self, result: Any) -> None:
        for each in self._choices():
            each.setEnabled(True)
        if isinstance(result, UserError) and result.code in (
            "passphrase_missing",
            PASSPHRASE_WRONG,
        ):
            self._ask_passphrase(wrong=result.code == PASSPHRASE_WRONG)
            return
        if isinstance(result, BaseException):
            in_thread(lambda: rescue.backup_time(self._paths), self._backup_found)
            self._status.setText(sentences(*describe_error(result)))
            return
        if result:
            self._status.setText(tr_n("{count} entry rescued.", "{count} entries rescued.", result))
        self.rescued.emit()
