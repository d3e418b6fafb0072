"""Asks for a passphrase; it is never shown and never kept here."""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QCheckBox, QDialog, QLineEdit, QVBoxLayout, QWidget

from aigc_desktop.config.i18n import tr
from aigc_desktop.gui.widgets.build import button, label
from aigc_desktop.gui.widgets.dialogs import bottom_row

MIN_LENGTH = 8


class PassphraseDialog(QDialog):
    """`passphrase` and `remember` hold the answer when it was accepted.

    A new one is typed twice. `optional`: leaving it empty is an answer too.
    """

    def __init__(
        self,
        title: str,
        text: str,
        parent: QWidget,
        *,
        new: bool = False,
        optional: bool = False,
        remembers: bool = False,
        name: str = "",
        minimum: int = MIN_LENGTH,
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        self._new = new
        self._optional = optional
        self._minimum = minimum
        self.field = _secret_field(name or tr("Passphrase"))
        self.again = _secret_field(tr("Passphrase, again"))
        self.again.setVisible(new)
        self.keep = QCheckBox(tr("Keep it in the keyring, so that scheduled backups can run"))
        self.keep.setChecked(True)
        self.keep.setVisible(remembers)
        self.problem = label("", "error", wrap=True)
        body = label(text, "muted", wrap=True)
        body.setMinimumWidth(400)
        self.ok = button(tr("OK"), self._try, "primary")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 20, 24, 18)
        layout.setSpacing(10)
        layout.addWidget(label(title, "heading"))
        for each in (body, self.field, self.again, self.keep, self.problem):
            layout.addWidget(each)
        layout.addLayout(bottom_row(button(tr("Cancel"), self.reject), self.ok))
        self.ok.setDefault(True)
        self.problem.hide()
        self.field.setFocus()

    @property
    def passphrase(self) -> str:
        return self.field.text()

    @property
    def remember(self) -> bool:
        return self.keep.isChecked()

    @Slot()
    def _try(self) -> None:
        problem = self._problem()
        self.problem.setText(problem)
        self.problem.setVisible(bool(problem))
        if not problem:
            self.accept()

    def _problem(self) -> str:
        text = self.field.text()
        if not text and self._optional:
            return ""
        if len(text) < self._minimum:
            return tr("At least {count} characters.", count=self._minimum)
        if self._new and text != self.again.text():
            return tr("The two are not the same.")
        return ""


def _secret_field(name: str) -> QLineEdit:
    field = QLineEdit()
    field.setEchoMode(QLineEdit.EchoMode.Password)
    field.setPlaceholderText(name)
    field.setAccessibleName(name)
    return field
