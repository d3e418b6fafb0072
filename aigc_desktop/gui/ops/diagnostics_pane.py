"""Diagnostics: is everything well, and if not, what can be done about it."""

from __future__ import annotations

import time
from typing import Any

from PySide6.QtCore import Qt, Slot, qVersion
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QVBoxLayout,
    QWidget,
)

from aigc_desktop.config.i18n import listing, tr, tr_n
from aigc_desktop.core.diagnostics import CheckTitle, Group, Report, State, WindowFacts, worst
from aigc_desktop.core.events import CheckFinished, Event, NoticeLevel
from aigc_desktop.gui import calls, icons, notices, theme
from aigc_desktop.gui.ops.check_row import BADGES, LEARNING, SETTINGS, CheckRow, badge, state_text
from aigc_desktop.gui.ops.operations_page import OperationsPage
from aigc_desktop.gui.widgets.build import button, label, line, scrolled
from aigc_desktop.gui.widgets.file_dialogs import ask_where_to_save
from aigc_desktop.gui.widgets.flow import FlowLayout, growing, together

HEAD_WIDTH = 300
"""Pixels: the verdict has at least so much beside the buttons, or they go below it."""

FRESH_SECONDS = 60.0
"""A report that is no older is not made again only because the page is shown."""


class DiagnosticsPane(QWidget):
    """An overall verdict, and every check with its reason."""

    def __init__(self, page: OperationsPage) -> None:
        super().__init__(page)
        self._page = page
        self._bridge = page.bridge
        self._made_at = 0.0
        self._running = False
        self.rows: dict[str, CheckRow] = {}
        self._verdict_badge = badge(28)
        self._verdict = label(tr("Checking…"), "title")
        self._names = label("", "muted", wrap=True)
        self.again = button(tr("Run again"), self.run, "primary", "refresh")
        self.copy = button(tr("Copy the report"), self.copy_report, "", "copy")
        self.bundle = button(tr("Support bundle…"), self._choose_bundle, "", "download")
        self._groups = QVBoxLayout()
        self._groups.setSpacing(14)
        self._build()
        self._bridge.arrived.connect(self._on_event)

    def reload(self) -> None:
        """Run the checks if the last report is not from just now."""
        if not self.rows:
            self._bridge.call(self, calls.diagnostics.list_checks, on_done=self._show_checks)
        elif time.monotonic() - self._made_at > FRESH_SECONDS:
            self.run()

    @Slot()
    def run(self) -> None:
        """Run all checks."""
        if self._running or not self.rows:
            return
        self._running = True
        self.again.setEnabled(False)
        icons.bind(self._verdict_badge, "clock", "border_strong")
        self._verdict.setText(tr("Checking…"))
        self._names.setText("")
        for row in self.rows.values():
            row.wait()
        self._bridge.call(
            self,
            calls.diagnostics.run_checks,
            window_facts(),
            on_done=self._finished,
            on_error=self._failed,
        )

    @Slot()
    def copy_report(self) -> None:
        """Put the report on the clipboard, as text."""
        lines = [self._verdict.text(), ""]
        for row in self.rows.values():
            if (result := row.result) is not None:
                lines.append(f"[{state_text(result.state)}] {result.title}: {result.reason}")
        QApplication.clipboard().setText("\n".join(lines))
        self.copy.setText(tr("Copied"))

    def write_bundle(self, path: str) -> None:
        """Write the support bundle into the file."""
        self.bundle.setEnabled(False)

        def done(_result: Any) -> None:
            self.bundle.setEnabled(True)
            notices.say(NoticeLevel.INFO, "bundle_written", path=path, key="bundle")

        def failed(error: BaseException) -> None:
            self.bundle.setEnabled(True)
            notices.say_error(error)

        self._bridge.call(
            self,
            calls.diagnostics.write_bundle,
            path,
            window_facts(),
            on_done=done,
            on_error=failed,
        )

    @Slot(object)
    def _show_checks(self, checks: tuple[CheckTitle, ...]) -> None:
        if self.rows:
            return
        for group in Group:
            members = [check for check in checks if check.group is group]
            if members:
                self._groups.addWidget(self._group(group, members))
        self._groups.addStretch(1)
        self.run()

    def _group(self, group: Group, checks: list[CheckTitle]) -> QWidget:
        part = QWidget()
        column = QVBoxLayout(part)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(label(_group_text(group), "heading"))
        frame = QFrame()
        frame.setProperty("role", "panel")
        inside = QVBoxLayout(frame)
        inside.setContentsMargins(4, 2, 4, 2)
        inside.setSpacing(0)
        for at, check in enumerate(checks):
            if at:
                inside.addWidget(line())
            row = CheckRow(check)
            row.mend_wanted.connect(self._mend)
            row.undo_wanted.connect(self._undo)
            row.place_wanted.connect(self._go)
            self.rows[check.name] = row
            inside.addWidget(row)
        column.addWidget(frame)
        return part

    @Slot(object)
    def _on_event(self, event: Event) -> None:
        if self._running and isinstance(event, CheckFinished):
            row = self.rows.get(event.result.name)
            if row is not None:
                row.show_result(event.result)

    @Slot(object)
    def _finished(self, report: Report) -> None:
        self._running = False
        self._made_at = time.monotonic()
        self.again.setEnabled(True)
        self.copy.setText(tr("Copy the report"))
        for result in report.results:
            self.rows[result.name].show_result(result)
        self._show_verdict()

    @Slot(object)
    def _failed(self, error: BaseException) -> None:
        self._running = False
        self.again.setEnabled(True)
        icons.bind(self._verdict_badge, *BADGES[State.UNKNOWN])
        self._verdict.setText(tr("The checks could not be run."))
        notices.say_error(error)

    def _show_verdict(self) -> None:
        found = [row.result for row in self.rows.values() if row.result is not None]
        problems = [result.title for result in found if result.state is State.PROBLEM]
        others = [r.title for r in found if r.state in (State.WARNING, State.UNKNOWN)]
        verdict = worst(result.state for result in found)
        icons.bind(self._verdict_badge, *BADGES[verdict])
        counted = []
        if problems:
            counted.append(tr_n("{count} problem", "{count} problems", len(problems)))
        if others:
            counted.append(
                tr_n("{count} thing to look at", "{count} things to look at", len(others))
            )
        self._verdict.setText(listing(counted) or tr("All is well"))
        named = listing((*problems, *others))
        checked = tr("Checked at {time}", time=time.strftime("%H:%M:%S"))
        self._names.setText(f"{named} · {checked}" if named else checked)

    @Slot(str)
    def _mend(self, name: str) -> None:
        self._change(calls.diagnostics.mend, name)

    @Slot(str)
    def _undo(self, name: str) -> None:
        self._change(calls.diagnostics.undo_mend, name)

    def _change(self, change: Any, name: str) -> None:
        row = self.rows[name]
        before = row.result

        def done(result: Any) -> None:
            row.show_result(result)
            self._show_verdict()

        def failed(error: BaseException) -> None:
            if before is not None:
                row.show_result(before)
            notices.say_error(error)

        self._bridge.call(self, change, name, window_facts(), on_done=done, on_error=failed)

    @Slot(str)
    def _go(self, place: str) -> None:
        if place == SETTINGS:
            self._page.settings_wanted.emit()
        elif place == LEARNING:
            self._page.learning_wanted.emit()
        elif self._page.has_part(place):
            self._page.show_part(place)

    @Slot()
    def _choose_bundle(self) -> None:
        ask_where_to_save(
            self, tr("Support bundle"), "ZIP (*.zip)", "aigc-desktop-support.zip", self.write_bundle
        )

    def _build(self) -> None:
        head = QFrame()
        head.setProperty("role", "panel")
        row = FlowLayout(10, head)
        row.setContentsMargins(14, 12, 14, 12)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(self._verdict)
        words.addWidget(self._names)
        said = growing(words, HEAD_WIDTH, before=self._verdict_badge)
        row.addWidget(said)
        row.addWidget(together(self.bundle, self.copy, self.again))
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 12, 12)
        column.addLayout(self._groups)
        scroll = scrolled(body)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(14)
        layout.addWidget(head)
        layout.addWidget(scroll, 1)


def window_facts() -> WindowFacts:
    """Return what only a window knows."""
    chinese = QFontDatabase.families(QFontDatabase.WritingSystem.SimplifiedChinese)
    preferred = [family for family in theme.font().families() if family in chinese]
    return WindowFacts(qVersion(), next(iter((*preferred, *chinese)), ""))


def _group_text(group: Group) -> str:
    return {
        Group.CONNECTION: tr("Connection"),
        Group.DATABASE: tr("Database"),
        Group.FILES: tr("Files"),
        Group.SAFETY: tr("Safety"),
        Group.AUTOMATION: tr("What runs by itself"),
        Group.PROGRAM: tr("Program"),
    }[group]
