"""The permission rules: what each covers, what it matched lately, and Withdraw."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from aigc_desktop.config.i18n import tr, tr_n
from aigc_desktop.core.rules import Area, Effect, Match, Rule, Scope
from aigc_desktop.gui import calls
from aigc_desktop.gui.bridge import Bridge
from aigc_desktop.gui.chat.safe_text import one_line, visible
from aigc_desktop.gui.widgets.build import button, label


class PermissionsPane(QWidget):
    """The mode, and the rules that came from "for this session" and "always"."""

    def __init__(self, bridge: Bridge, mode: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._rows: list[QWidget] = []
        self._list = QVBoxLayout()
        self._list.setSpacing(8)
        self._empty = label(
            tr(
                "There are no rules. One is made when you answer a question with "
                "“Allow for this session” or “Always allow”."
            ),
            "muted",
            wrap=True,
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(12)
        layout.addWidget(mode)
        layout.addWidget(label(tr("Rules"), "heading"))
        layout.addWidget(self._empty)
        layout.addLayout(self._list)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.reload()

    def reload(self) -> None:
        """Ask for the rules."""
        self._bridge.call(self, calls.permissions.list_rules, on_done=self._show)

    @Slot(object)
    def _show(self, rules: Any) -> None:
        for row in self._rows:
            self._list.removeWidget(row)
            row.hide()
            row.deleteLater()
        self._rows = [self._row(rule) for rule in rules]
        for row in self._rows:
            self._list.addWidget(row)
        self._empty.setVisible(not self._rows)

    def _row(self, rule: Rule) -> QFrame:
        frame = QFrame()
        frame.setProperty("role", "card")
        words = QVBoxLayout()
        words.setSpacing(2)
        title = label(rule_title(rule), wrap=True)
        title.setTextFormat(Qt.TextFormat.PlainText)
        words.addWidget(title)
        for text in (one_line(visible(rule.folder), 120), _use_text(rule)):
            line = label(text, "small", wrap=True)
            line.setTextFormat(Qt.TextFormat.PlainText)
            words.addWidget(line)

        def withdraw() -> None:
            self._bridge.call(
                self, calls.permissions.withdraw_rule, rule, on_done=lambda _: self.reload()
            )

        end = button(tr("Withdraw"), withdraw)
        end.setAccessibleName(tr("Withdraw: {rule}", rule=rule_title(rule)))
        row = QHBoxLayout(frame)
        row.setContentsMargins(14, 10, 12, 10)
        row.addLayout(words, 1)
        row.addWidget(end, 0, Qt.AlignmentFlag.AlignVCenter)
        return frame


def rule_title(rule: Rule) -> str:
    """Return what a rule says, in words."""
    resource = one_line(visible(rule.resource), 200)
    if rule.area is Area.RUN and rule.match is Match.PREFIX:
        resource = f"{resource} …"
    what = {
        Area.READ: tr("Read {what}", what=resource or tr("any file")),
        Area.WRITE: tr("Write {what}", what=resource or tr("any file")),
        Area.RUN: tr("Run {what}", what=resource or tr("any command")),
        Area.FETCH: tr("Fetch from {what}", what=resource or tr("any host")),
        Area.CONNECT: tr("Commands may reach {what}", what=resource or tr("any host")),
    }[rule.area]
    effect = {
        Effect.ALLOW: tr("Allowed"),
        Effect.ASK: tr("Asked about"),
        Effect.DENY: tr("Denied"),
    }[rule.effect]
    scope = {
        Scope.SESSION: tr("in one chat"),
        Scope.SCENARIO: tr("in one scenario"),
        Scope.ALWAYS: tr("always"),
    }[rule.scope]
    return tr("{effect}, {scope}: {what}", effect=effect, scope=scope, what=what)


def _use_text(rule: Rule) -> str:
    if not rule.uses or rule.used_at is None:
        return tr("Not used yet")
    used = datetime.fromtimestamp(rule.used_at / 1000).astimezone()
    times = tr_n("Used {count} time", "Used {count} times", rule.uses)
    last = one_line(visible(rule.last_subject), 100)
    return tr("{times}, last {time}: {what}", times=times, time=f"{used:%Y-%m-%d %H:%M}", what=last)
