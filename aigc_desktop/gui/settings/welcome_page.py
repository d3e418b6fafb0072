"""The first thing a newcomer sees: how to connect a model."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from aigc_desktop.config import settings as config
from aigc_desktop.config.i18n import CHINESE, ENGLISH, current_language, tr
from aigc_desktop.config.settings import Settings
from aigc_desktop.gui import calls, icons
from aigc_desktop.gui.bridge import Bridge
from aigc_desktop.gui.settings.key_form import KeyForm
from aigc_desktop.gui.settings.server_form import ServerForm
from aigc_desktop.gui.widgets.build import button, label, scrolled

MAX_WIDTH = 640


class WelcomePage(QWidget):
    """Three ways to begin; what goes wrong is said where it was tried."""

    connected = Signal()
    take_over_wanted = Signal()

    def __init__(self, bridge: Bridge, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("welcomePage")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._bridge = bridge
        self.key_form = KeyForm(bridge)
        self.server_form = ServerForm(bridge, settings.get(config.BASE_URL))
        self.demo_button = button(tr("Try the demo model"), self._use_demo, "", "play")
        for form in (self.key_form, self.server_form):
            form.connected.connect(self.connected)
        self._build()
        self.server_form.look_for_servers()

    def _build(self) -> None:
        body = QWidget()
        column = QWidget()
        column.setMaximumWidth(MAX_WIDTH)
        layout = QVBoxLayout(column)
        layout.setContentsMargins(0, 16, 0, 32)
        layout.setSpacing(14)
        layout.addLayout(self._languages())
        layout.addLayout(self._greeting())
        layout.addSpacing(6)
        for card in self._cards():
            layout.addWidget(card)
        self.take_over_button = button(
            tr("Used the web version before? Take over your chats…"),
            self.take_over_wanted,
            "link",
            "download",
        )
        layout.addWidget(self.take_over_button, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch(1)
        centred = QHBoxLayout(body)
        centred.setContentsMargins(24, 0, 24, 0)
        centred.addStretch(1)
        centred.addWidget(column, 100)
        centred.addStretch(1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scrolled(body))

    def _greeting(self) -> QVBoxLayout:
        mark = QLabel()
        mark.setPixmap(icons.pixmap("app", "", 60, self.devicePixelRatioF()))
        mark.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        title = label(tr("Welcome to AIGC Desktop"), "display")
        title.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        text = label(
            tr(
                "An agent that reads, writes and runs things in a folder of yours. Connect a model:"
            ),
            "muted",
            wrap=True,
        )
        text.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        column = QVBoxLayout()
        column.setSpacing(8)
        for widget in (mark, title, text):
            column.addWidget(widget)
        return column

    def _languages(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.addStretch(1)
        for code, name in ((CHINESE, "简体中文"), (ENGLISH, "English")):
            choice = QPushButton(name)
            choice.setProperty("kind", "ghost")
            choice.setProperty("language", code)
            choice.setCheckable(True)
            choice.setChecked(current_language() == code)
            choice.clicked.connect(self._switch_language)
            row.addWidget(choice)
        return row

    def _cards(self) -> list[QFrame]:
        key = _card(
            "key",
            tr("Anthropic key"),
            tr("The key is checked and then kept in your system's keyring."),
            self.key_form,
        )
        server = _card(
            "server",
            tr("Local or other server"),
            tr("Ollama, LM Studio, llama.cpp, or anything that speaks the Messages API."),
            self.server_form,
        )
        demo = _card(
            "spark",
            tr("Demo model, no key needed"),
            tr(
                "Not an AI: it follows a script. It goes through everything the real thing does "
                "(streaming, tools, approvals, files), so that you can see how the work goes."
            ),
            self.demo_button,
        )
        return [key, server, demo]

    @Slot()
    def _switch_language(self) -> None:
        language = self.sender().property("language")
        self._bridge.call(self, calls.preferences.set_setting, config.LANGUAGE, language)

    @Slot()
    def _use_demo(self) -> None:
        self.demo_button.setEnabled(False)
        self._bridge.call(
            self, calls.connection.use_demo, on_done=self._demo_used, on_error=self._demo_failed
        )

    @Slot(object)
    def _demo_used(self, _: Any) -> None:
        self.connected.emit()

    @Slot(object)
    def _demo_failed(self, error: BaseException) -> None:
        self.demo_button.setEnabled(True)
        self._bridge.unhandled.emit(error)


def _card(icon: str, title: str, text: str, content: QWidget) -> QFrame:
    card = QFrame()
    card.setProperty("role", "card")
    mark = QPushButton()
    mark.setProperty("kind", "mark")
    mark.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    mark.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
    mark.setIconSize(QSize(22, 22))
    icons.bind(mark, icon, "accent")
    words = QVBoxLayout()
    words.setSpacing(2)
    words.addWidget(label(title, "heading"))
    words.addWidget(label(text, "muted", wrap=True))
    head = QHBoxLayout()
    head.setSpacing(12)
    head.addWidget(mark, 0, Qt.AlignmentFlag.AlignTop)
    head.addLayout(words, 1)
    layout = QVBoxLayout(card)
    layout.setContentsMargins(18, 16, 18, 16)
    layout.setSpacing(12)
    layout.addLayout(head)
    layout.addWidget(content)
    return card
