"""Where backups go, when they are made, how long they are kept, and with which passphrase."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from aigc_desktop.config import settings as config
from aigc_desktop.config.i18n import sentences, tr, tr_n
from aigc_desktop.config.messages import describe_error
from aigc_desktop.config.setting import Setting
from aigc_desktop.config.settings import Settings
from aigc_desktop.core.backup import BackupOverview
from aigc_desktop.core.events import Event, SettingChanged
from aigc_desktop.gui import calls, notices
from aigc_desktop.gui.bridge import Bridge
from aigc_desktop.gui.ops.passphrase_dialog import PassphraseDialog
from aigc_desktop.gui.settings.fields import SettingField
from aigc_desktop.gui.widgets.build import button, label, line, restyle
from aigc_desktop.gui.widgets.flow import FlowLayout, growing

MAX_WIDTH = 720
CIPHER_WIDTH = 260
_WHERE = (config.BACKUP_TARGET, config.BACKUP_FOLDER)
_BUCKET = (
    config.MINIO_ENDPOINT,
    config.MINIO_BUCKET,
    config.MINIO_ACCESS_KEY,
    config.MINIO_REGION,
    config.MINIO_SECURE,
)
_WHEN = (
    config.BACKUP_ENABLED,
    config.BACKUP_INTERVAL,
    config.BACKUP_HOUR,
    config.BACKUP_WORK_DIRS,
)
_KEPT = (config.BACKUP_KEEP_DAILY, config.BACKUP_KEEP_WEEKLY, config.BACKUP_KEEP_MONTHLY)


class BackupSettings(QScrollArea):
    """Every change is saved by itself; secrets go to the keyring and are never shown."""

    def __init__(self, bridge: Bridge, settings: Settings) -> None:
        super().__init__()
        self._bridge = bridge
        self._settings = settings
        self._encrypted = False
        self.fields: dict[str, SettingField] = {}
        self.cipher = label("", wrap=True)
        self.encrypt = button(tr("Encrypt with a passphrase…"), self._ask_passphrase)
        self.plain = button(tr("Stop encrypting"), self._stop_encrypting)
        self.outcome = label("", "muted", wrap=True)
        self.secret = button(tr("Enter the secret key…"), self._ask_secret)
        self.test = button(tr("Test the bucket"), self._test)
        self.send = button(tr("Send now"), self._send)
        self.fetch = button(tr("Fetch snapshots from it"), self._fetch)
        self._bucket = QWidget()
        self._build()
        self._show_bucket()
        bridge.arrived.connect(self._on_event)

    def show_overview(self, overview: BackupOverview) -> None:
        """Show whether backups are encrypted."""
        self._encrypted = overview.encrypted
        if not overview.encrypted:
            said = tr("New backups are not encrypted. Keys are never in a backup.")
        elif overview.passphrase_known:
            said = tr("New backups are encrypted. Without the passphrase nobody can read them.")
        else:
            said = tr("New backups are encrypted, but the passphrase is not known here.")
        self.cipher.setText(said)
        self.encrypt.setText(
            tr("Enter the passphrase…") if overview.encrypted else tr("Encrypt with a passphrase…")
        )
        self.plain.setVisible(overview.encrypted)

    def _build(self) -> None:
        body = QWidget()
        body.setObjectName("scrollBody")
        inside = QWidget()
        inside.setMaximumWidth(MAX_WIDTH)
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 4, 12, 12)
        column.setSpacing(6)
        self._part(column, tr("Where"), _WHERE)
        bucket = QVBoxLayout(self._bucket)
        bucket.setContentsMargins(0, 0, 0, 0)
        self._rows(bucket, _BUCKET)
        row = FlowLayout()
        for each in (self.secret, self.test, self.send, self.fetch):
            row.addWidget(each)
        bucket.addLayout(row)
        bucket.addWidget(self.outcome)
        column.addWidget(self._bucket)
        self._part(column, tr("When"), _WHEN)
        self._part(column, tr("How long"), _KEPT)
        column.addSpacing(8)
        column.addWidget(label(tr("Encryption"), "heading"))
        words = QVBoxLayout()
        words.addWidget(self.cipher)
        cipher = FlowLayout()
        cipher.addWidget(growing(words, CIPHER_WIDTH))
        cipher.addWidget(self.plain)
        cipher.addWidget(self.encrypt)
        column.addLayout(cipher)
        column.addStretch(1)
        outer = QHBoxLayout(body)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(inside, 1)
        outer.addStretch(0)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidget(body)

    def _part(self, column: QVBoxLayout, title: str, settings: tuple[Setting[Any], ...]) -> None:
        column.addSpacing(8)
        column.addWidget(label(title, "heading"))
        self._rows(column, settings)

    def _rows(self, column: QVBoxLayout, settings: tuple[Setting[Any], ...]) -> None:
        for at, setting in enumerate(settings):
            if at:
                column.addWidget(line())
            field = SettingField(setting, self._settings, self._bridge)
            self.fields[setting.key] = field
            column.addWidget(field)

    def _show_bucket(self) -> None:
        self._bucket.setVisible(self._settings.get(config.BACKUP_TARGET) == "bucket")

    @Slot(object)
    def _on_event(self, event: Event) -> None:
        if isinstance(event, SettingChanged) and event.key in self.fields:
            self.fields[event.key].refresh()
            self._show_bucket()

    @Slot()
    def _ask_passphrase(self) -> None:
        text = (
            tr("It is checked against the backups that are there.")
            if self._encrypted
            else tr("Whoever loses it loses the backups: nobody can bring them back without it.")
        )
        self.dialog = PassphraseDialog(
            tr("Passphrase of the backups"),
            text,
            self.window(),
            new=not self._encrypted,
            remembers=True,
        )
        self.dialog.accepted.connect(self._set_passphrase)
        self.dialog.open()

    @Slot()
    def _set_passphrase(self) -> None:
        passphrase, remember = self.dialog.passphrase, self.dialog.remember

        async def work(app: Any) -> None:
            await calls.backup.set_passphrase(app, passphrase, remember=remember)

        self._bridge.submit(work, self, on_error=notices.say_error)

    @Slot()
    def _stop_encrypting(self) -> None:
        self._bridge.call(self, calls.backup.stop_encrypting)

    @Slot()
    def _ask_secret(self) -> None:
        self.dialog = PassphraseDialog(
            tr("Secret key of the bucket"),
            tr("It is kept in the keyring."),
            self.window(),
            name=tr("Secret key"),
            minimum=1,
        )
        self.dialog.accepted.connect(self._set_secret)
        self.dialog.open()

    @Slot()
    def _set_secret(self) -> None:
        self._try(
            calls.backup.set_bucket_secret, self.dialog.passphrase, done=lambda _: tr("Saved")
        )

    @Slot()
    def _test(self) -> None:
        self._try(calls.backup.test_bucket, done=lambda name: tr("{name} works.", name=name))

    @Slot()
    def _send(self) -> None:
        self._try(
            calls.backup.upload_snapshots,
            done=lambda count: tr_n("{count} file sent.", "{count} files sent.", count),
        )

    @Slot()
    def _fetch(self) -> None:
        self._try(
            calls.backup.fetch_snapshots,
            done=lambda count: tr_n(
                "{count} snapshot fetched.", "{count} snapshots fetched.", count
            ),
        )

    def _try(self, service: Any, *arguments: Any, done: Any) -> None:
        self._say(tr("Working…"), "muted")
        self._bridge.call(
            self,
            service,
            *arguments,
            on_done=lambda result: self._say(done(result), "success"),
            on_error=lambda error: self._say(sentences(*describe_error(error)), "error"),
        )

    def _say(self, text: str, role: str) -> None:
        self.outcome.setText(text)
        self.outcome.setProperty("role", role)
        restyle(self.outcome)
