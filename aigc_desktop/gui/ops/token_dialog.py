"""Makes a token and shows it, this once, with a line to paste into a terminal."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QDialog,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from aigc_desktop.config.i18n import sentences, tr
from aigc_desktop.config.messages import describe_error
from aigc_desktop.config.operation_words import moment_text
from aigc_desktop.core import http
from aigc_desktop.core.http import NewToken
from aigc_desktop.gui import calls, theme
from aigc_desktop.gui.bridge import Bridge
from aigc_desktop.gui.widgets.build import button, label
from aigc_desktop.gui.widgets.dialogs import bottom_row
from aigc_desktop.gui.widgets.form import Form

WIDTH = 640
HOUR = 3600
TOKEN_HEIGHT = 112
CURL_HEIGHT = 146


class TokenDialog(QDialog):
    """First what it is for and how long it holds; then the token."""

    def __init__(self, bridge: Bridge, address: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("New token"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(WIDTH)
        self._bridge = bridge
        self._address = address
        self.name = QLineEdit()
        self.name.setAccessibleName(tr("What it is for"))
        self.name.setPlaceholderText(tr("for example: nightly script"))
        self.ttl = QComboBox()
        self.ttl.setAccessibleName(tr("Holds for"))
        for text, seconds in _lifetimes():
            self.ttl.addItem(text, seconds)
        self.ttl.setCurrentIndex(1)
        self.problem = label("", "error", wrap=True)
        self.problem.hide()
        self.token = _text(tr("Token"), TOKEN_HEIGHT)
        self.curl = _text(tr("Command line"), CURL_HEIGHT)
        self.about = label("", "small", wrap=True)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._question())
        self._made = self._answer()
        self._made.setParent(self)
        self._made.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 20, 24, 18)
        layout.setSpacing(12)
        layout.addWidget(label(self.windowTitle(), "heading"))
        layout.addWidget(self._stack)
        self.name.setFocus()

    def _question(self) -> QWidget:
        page = QWidget()
        form = Form()
        form.add_row(tr("What it is for"), self.name)
        form.add_row(tr("Holds for"), self.ttl)
        self.make = button(tr("Make the token"), self._make, "primary")
        self.make.setDefault(True)
        layout = QVBoxLayout(page)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(12)
        layout.addLayout(form)
        layout.addWidget(self.problem)
        layout.addStretch(1)
        layout.addLayout(bottom_row(button(tr("Cancel"), self.reject), self.make))
        return page

    def _answer(self) -> QWidget:
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(
            label(tr("This is the only time that it is shown. Copy it now."), wrap=True)
        )
        for title, field, verb in (
            (tr("Token"), self.token, tr("Copy the token")),
            (tr("Command line"), self.curl, tr("Copy the command line")),
        ):
            head = QHBoxLayout()
            head.addWidget(label(title, "heading"), 1)
            head.addWidget(_copy_button(verb, field))
            layout.addLayout(head)
            layout.addWidget(field)
        layout.addWidget(self.about)
        self.close_button = button(tr("Close"), self.accept, "primary")
        layout.addLayout(bottom_row(self.close_button))
        return page

    @Slot()
    def _make(self) -> None:
        self.make.setEnabled(False)
        self._bridge.call(
            self,
            calls.tokens.create_token,
            self.ttl.currentData(),
            self.name.text(),
            on_done=self._show,
            on_error=self._fail,
        )

    @Slot(object)
    def _show(self, made: NewToken) -> None:
        self.token.setPlainText(made.token)
        self.curl.setPlainText(curl_line(self._address, made.token))
        until = tr("It holds until {time}.", time=moment_text(made.about.expires_at))
        only_now = tr("Without a keyring it ends when the program is closed.")
        self.about.setText(until if made.lasting else sentences(until, only_now))
        self._stack.addWidget(self._made)
        self._stack.setCurrentWidget(self._made)
        self.close_button.setDefault(True)
        self.close_button.setFocus()

    @Slot(object)
    def _fail(self, error: Any) -> None:
        self.make.setEnabled(True)
        self.problem.setText(sentences(*describe_error(error)))
        self.problem.show()


def curl_line(address: str, token: str) -> str:
    """Return the manual's command, ready to be pasted."""
    return (
        f"curl -X POST '{address}{http.LEARN}?min_feedback_count=5' "
        f"-H 'Authorization: Bearer {token}'"
    )


def _lifetimes() -> tuple[tuple[str, int], ...]:
    return (
        (tr("15 minutes"), HOUR // 4),
        (tr("1 hour"), HOUR),
        (tr("8 hours"), 8 * HOUR),
        (tr("1 day"), 24 * HOUR),
        (tr("7 days"), 7 * 24 * HOUR),
        (tr("30 days"), 30 * 24 * HOUR),
        (tr("90 days"), 90 * 24 * HOUR),
    )


def _text(name: str, height: int) -> QPlainTextEdit:
    made = QPlainTextEdit()
    made.setReadOnly(True)
    made.setTabChangesFocus(True)
    made.setAccessibleName(name)
    made.setFixedHeight(height)
    made.document().setDocumentMargin(8)
    made.setFont(theme.mono_font(9.5))
    return made


def _copy_button(verb: str, field: QPlainTextEdit) -> QPushButton:
    def copy() -> None:
        QApplication.clipboard().setText(field.toPlainText())
        made.setText(tr("Copied"))

    made = button(tr("Copy"), copy, "", "copy")
    made.setAccessibleName(verb)
    return made
