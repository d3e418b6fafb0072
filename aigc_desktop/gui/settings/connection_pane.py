"""Settings: which model answers, and with which key."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from aigc_desktop.config import settings as config
from aigc_desktop.config.i18n import listing, sentences, tr
from aigc_desktop.config.messages import describe
from aigc_desktop.config.settings import Settings
from aigc_desktop.gui import calls
from aigc_desktop.gui.bridge import Bridge
from aigc_desktop.gui.chat.safe_text import one_line
from aigc_desktop.gui.settings.fields import SettingField
from aigc_desktop.gui.settings.key_form import KeyForm
from aigc_desktop.gui.settings.outcome import Outcome
from aigc_desktop.gui.settings.server_form import ServerForm
from aigc_desktop.gui.widgets.build import button, label, line

_PROVIDERS = ("anthropic", "server", "demo")


class ConnectionPane(QWidget):
    """Provider, key, address, model, and a check."""

    def __init__(self, settings: Settings, bridge: Bridge) -> None:
        super().__init__()
        self._settings = settings
        self._bridge = bridge
        self._shown = ""
        self.provider = QComboBox()
        names = (tr("Anthropic"), tr("Local or other server"), tr("Demo model"))
        for code, name in zip(_PROVIDERS, names, strict=True):
            self.provider.addItem(name, code)
        self.provider.setAccessibleName(tr("Connection"))
        self.provider.setCurrentIndex(max(self.provider.findData(settings.get(config.PROVIDER)), 0))
        self.key_form = KeyForm(bridge)
        self.server_form = ServerForm(bridge, settings.get(config.BASE_URL))
        self.demo_button = button(tr("Use the demo model"), self._use_demo, "primary")
        self._forms = (self.key_form, self.server_form, self._demo())
        self._state = label("", "muted", wrap=True)
        self._forget = button(tr("Forget the key"), self._forget_key, "link")
        self.outcome = Outcome()
        self.check_button = button(tr("Check the connection"), self.check)
        self.model = SettingField(config.MODEL, settings, bridge)
        self._build()
        self.provider.currentIndexChanged.connect(self._provider_changed)
        self._provider_changed()
        self.refresh()

    def refresh(self) -> None:
        """Ask what is connected now."""
        self.model.refresh()
        self._bridge.call(self, calls.connection.state, on_done=self._show_state)

    @Slot()
    def check(self) -> None:
        """Ask the server for its models."""
        self.check_button.setEnabled(False)
        self.outcome.wait(tr("Checking…"))
        self._bridge.call(
            self, calls.connection.check, on_done=self._checked, on_error=self._check_failed
        )

    def _build(self) -> None:
        row = QHBoxLayout()
        row.addWidget(label(tr("Model provider")), 1)
        self.provider.setFixedWidth(280)
        row.addWidget(self.provider)
        status = QHBoxLayout()
        status.addWidget(self._state, 1)
        status.addWidget(self._forget)
        status.addWidget(self.check_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(12)
        layout.addLayout(row)
        for form in self._forms:
            layout.addWidget(form)
        layout.addWidget(line())
        layout.addLayout(status)
        layout.addWidget(self.outcome)
        layout.addWidget(line())
        layout.addWidget(self.model)

    def _demo(self) -> QWidget:
        page = QWidget()
        layout = QHBoxLayout(page)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(label(tr("Not an AI: it follows a script."), "muted", wrap=True), 1)
        layout.addWidget(self.demo_button)
        return page

    @Slot()
    def _provider_changed(self) -> None:
        at = self.provider.currentIndex()
        for index, form in enumerate(self._forms):
            form.setVisible(index == at)
        if _PROVIDERS[at] == "server":
            self.server_form.look_for_servers()

    @Slot(object)
    def _show_state(self, state: Any) -> None:
        words = {
            "stored": tr("The key is stored; it is never shown."),
            "missing": tr("No key is stored."),
            "not_needed": tr("No key is needed."),
        }
        key = words.get(state.key_state) or sentences(*describe(state.key_state, {}))
        names = dict(
            zip(
                _PROVIDERS,
                (tr("Anthropic"), one_line(state.base_url, 60), tr("Demo model")),
                strict=True,
            )
        )
        now = names.get(state.provider, tr("nothing"))
        self._state.setText(tr("In use: {name}. {key}", name=now, key=key))
        if state.provider != self._shown and state.provider in _PROVIDERS:
            self._shown = state.provider
            self.provider.setCurrentIndex(self.provider.findData(state.provider))
        self._forget.setVisible(state.key_state == "stored")
        self.key_form.show_stored(state.provider == "anthropic" and state.key_state == "stored")

    @Slot(object)
    def _checked(self, models: Any) -> None:
        self.check_button.setEnabled(True)
        shown = listing(one_line(model, 40) for model in models[:6])
        more = "…" if len(models) > 6 else ""
        text = tr("It works. Models: {models}", models=shown + more) if models else tr("It works.")
        self.outcome.succeed(text)

    @Slot(object)
    def _check_failed(self, error: BaseException) -> None:
        self.check_button.setEnabled(True)
        self.outcome.fail(error)

    @Slot()
    def _use_demo(self) -> None:
        self._bridge.call(self, calls.connection.use_demo)

    @Slot()
    def _forget_key(self) -> None:
        self._bridge.call(self, calls.connection.forget_key)
