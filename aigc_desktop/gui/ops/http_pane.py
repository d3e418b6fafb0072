"""The local HTTP server: on or off, where, with which tokens, and what it answers."""

from __future__ import annotations

from functools import partial
from typing import Any

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from aigc_desktop.config.i18n import sentences, tr
from aigc_desktop.config.messages import describe, describe_error
from aigc_desktop.config.operation_words import moment_text, token_state_text
from aigc_desktop.core import http
from aigc_desktop.core.events import Event, HttpChanged
from aigc_desktop.core.http import ApiToken, HttpState, TokenState
from aigc_desktop.gui import calls
from aigc_desktop.gui.chat.safe_text import one_line
from aigc_desktop.gui.ops.token_dialog import TokenDialog
from aigc_desktop.gui.widgets.area_page import AreaPage
from aigc_desktop.gui.widgets.ask import ask
from aigc_desktop.gui.widgets.build import button, label, restyle, scrolled
from aigc_desktop.gui.widgets.cards import Do, card

PORT_WIDTH = 90


class HttpPane(QWidget):
    """A switch, the tokens, the addresses."""

    def __init__(self, page: AreaPage) -> None:
        super().__init__(page)
        self._bridge = page.bridge
        self._state: HttpState | None = None
        self.switch = QCheckBox(tr("Answer programs on this machine"))
        self.switch.clicked.connect(self._switch)
        self.where = label("", wrap=True)
        self.where.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.problem = label("", "error", wrap=True)
        self.problem.hide()
        self.other_port = button("", self._use_free_port)
        self.other_port.hide()
        self.port = QLineEdit()
        self.port.setAccessibleName(tr("Port"))
        self.port.setFixedWidth(PORT_WIDTH)
        self.port.returnPressed.connect(self._set_port)
        self.apply = button(tr("Use this port"), self._set_port)
        self.new = button(tr("New token…"), self._ask_token, "primary")
        self.rotate = button(tr("Refuse all tokens…"), self._ask_rotate, "danger")
        self.tokens = QVBoxLayout()
        self.tokens.setSpacing(8)
        self.no_tokens = label(
            tr("No tokens. A program that asks needs one; it is made here and shown once."),
            "muted",
            wrap=True,
        )
        self._cards: list[QWidget] = []
        self._build()
        self._bridge.arrived.connect(self._on_event)

    def reload(self) -> None:
        """Ask how the server stands, and for the tokens."""
        self._bridge.call(self, calls.http.http_state, on_done=self._show)
        self._bridge.call(self, calls.tokens.list_tokens, on_done=self._show_tokens)

    def _build(self) -> None:
        body = QWidget()
        layout = QVBoxLayout(body)
        layout.setContentsMargins(0, 0, 12, 16)
        layout.setSpacing(10)
        layout.addWidget(label(tr("Local HTTP server"), "title"))
        hint = tr(
            "Other programs on this machine can ask for figures and start the learning. "
            "Nothing outside this machine reaches it, and no web page."
        )
        layout.addWidget(label(hint, "small", wrap=True))
        layout.addWidget(self._server_card())
        row = QHBoxLayout()
        row.addWidget(label(tr("Access tokens"), "heading"), 1)
        row.addWidget(self.rotate)
        row.addWidget(self.new)
        layout.addSpacing(8)
        layout.addLayout(row)
        layout.addWidget(self.no_tokens)
        layout.addLayout(self.tokens)
        layout.addSpacing(8)
        layout.addWidget(label(tr("What it answers"), "heading"))
        layout.addWidget(_addresses())
        layout.addStretch(1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scrolled(body))

    def _server_card(self) -> QFrame:
        frame = QFrame()
        frame.setProperty("role", "card")
        port = QHBoxLayout()
        port.addWidget(label(tr("Port")))
        port.addWidget(self.port)
        port.addWidget(self.apply)
        port.addWidget(self.other_port)
        port.addStretch(1)
        layout = QVBoxLayout(frame)
        layout.setContentsMargins(16, 12, 16, 12)
        layout.setSpacing(8)
        layout.addWidget(self.switch)
        layout.addWidget(self.where)
        layout.addWidget(self.problem)
        layout.addLayout(port)
        return frame

    @Slot(object)
    def _show(self, state: HttpState) -> None:
        self._state = state
        self.switch.setChecked(state.running)
        self.where.setText(
            tr("It listens at {address}", address=state.address) if state.running else tr("Off")
        )
        self.where.setProperty("role", "success" if state.running else "muted")
        restyle(self.where)
        if not self.port.hasFocus() or not self.port.isModified():
            self.port.setText(str(state.port))
        if state.problem is not None:
            self._say(sentences(*describe(*state.problem)))
        else:
            self._say("")
        free = state.free_port if state.problem is not None else None
        self.other_port.setVisible(free is not None)
        self.other_port.setText(tr("Use port {port}", port=free))

    def _say(self, text: str) -> None:
        self.problem.setText(text)
        self.problem.setVisible(bool(text))

    @Slot(bool)
    def _switch(self, on: bool) -> None:
        self._bridge.call(self, calls.http.set_http, on, on_done=self._show, on_error=self._fail)

    @Slot()
    def _set_port(self) -> None:
        text = self.port.text().strip()
        self._use(int(text) if text.isascii() and text.isdigit() else 0)

    @Slot()
    def _use_free_port(self) -> None:
        if self._state is None or self._state.free_port is None:
            return
        port = self._state.free_port
        self.port.setText(str(port))

        def then(_: Any) -> None:
            self._switch(True)

        self._bridge.call(self, calls.http.set_http_port, port, on_done=then, on_error=self._fail)

    def _use(self, port: int) -> None:
        self.port.setModified(False)
        self._bridge.call(
            self, calls.http.set_http_port, port, on_done=self._show, on_error=self._fail
        )

    @Slot(object)
    def _fail(self, error: BaseException) -> None:
        text = sentences(*describe_error(error))
        self._bridge.call(
            self, calls.http.http_state, on_done=lambda state: self._show_failed(state, text)
        )

    def _show_failed(self, state: HttpState, text: str) -> None:
        self._show(state)
        self._say(text)

    @Slot(object)
    def _show_tokens(self, tokens: Any) -> None:
        for old in self._cards:
            self.tokens.removeWidget(old)
            old.hide()
            old.deleteLater()
        self._cards = [self._card(token) for token in tokens]
        for each in self._cards:
            self.tokens.addWidget(each)
        self.no_tokens.setVisible(not tokens)
        self.rotate.setVisible(any(token.state is TokenState.VALID for token in tokens))

    def _card(self, token: ApiToken) -> QWidget:
        name = one_line(token.name, 80) or tr("Token {id}", id=token.id[:6])
        used = (
            tr("never used")
            if token.used_at is None
            else tr("last used {time}", time=moment_text(token.used_at))
        )
        until = tr("until {time}", time=moment_text(token.expires_at))
        facts = " · ".join((token_state_text(token.state), until, used))
        buttons: list[Do] = []
        if token.state is TokenState.VALID:
            revoke = partial(self._bridge.call, self, calls.tokens.revoke_token, token.id)
            buttons.append((tr("Revoke"), tr("Revoke {name}", name=name), revoke))
        return card(name, (facts,), buttons)

    @Slot()
    def _ask_token(self) -> None:
        address = self._state.address if self._state else ""
        self.dialog = TokenDialog(self._bridge, address, self.window())
        self.dialog.open()

    @Slot()
    def _ask_rotate(self) -> None:
        self.question = ask(
            self.window(),
            tr("Refuse all tokens?"),
            tr("A new signing key is made. Every program needs a new token."),
            tr("Refuse all"),
            lambda: self._bridge.call(self, calls.tokens.rotate_key),
        )

    @Slot(object)
    def _on_event(self, event: Event) -> None:
        if isinstance(event, HttpChanged) and self.isVisible():
            self.reload()


def _addresses() -> QFrame:
    frame = QFrame()
    frame.setProperty("role", "card")
    grid = QGridLayout(frame)
    grid.setContentsMargins(16, 12, 16, 12)
    grid.setHorizontalSpacing(16)
    grid.setVerticalSpacing(8)
    grid.setColumnStretch(1, 1)
    rows = (
        ("GET", http.HEALTH, tr("Status and version; needs no token")),
        ("GET", http.STATS, tr("Sessions, messages, tokens and cost")),
        ("POST", http.LEARN, tr("Learns preferences from feedback now")),
        ("GET", http.METRICS, tr("Figures for Prometheus")),
        ("GET", http.OPENAPI, tr("The description of all this (OpenAPI); needs no token")),
    )
    for row, (method, path, text) in enumerate(rows):
        chip = label(method, "chip")
        chip.setAlignment(Qt.AlignmentFlag.AlignCenter)
        words = QVBoxLayout()
        words.setSpacing(1)
        address = label(path, wrap=True)
        address.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        words.addWidget(address)
        words.addWidget(label(text, "small", wrap=True))
        grid.addWidget(chip, row, 0, Qt.AlignmentFlag.AlignTop)
        grid.addLayout(words, row, 1)
    return frame
