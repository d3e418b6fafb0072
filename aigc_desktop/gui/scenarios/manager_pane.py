"""The list of scenarios with search and category, and the chosen one's form beside it."""

from __future__ import annotations

from functools import partial
from typing import Any

from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QTabWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from aigc_desktop.config.i18n import tr
from aigc_desktop.core.events import NoticeLevel
from aigc_desktop.core.scenario import Bundle, Scenario
from aigc_desktop.gui import calls, icons, notices
from aigc_desktop.gui.bridge import Bridge
from aigc_desktop.gui.chat.safe_text import one_line
from aigc_desktop.gui.scenarios.import_dialog import ImportDialog
from aigc_desktop.gui.scenarios.moved_dialog import MovedDialog
from aigc_desktop.gui.scenarios.scenario_form import ScenarioForm
from aigc_desktop.gui.scenarios.try_pane import TryPane
from aigc_desktop.gui.scenarios.versions_dialog import VersionsDialog
from aigc_desktop.gui.widgets.ask import ask
from aigc_desktop.gui.widgets.build import beside, button, label
from aigc_desktop.gui.widgets.file_dialogs import ask_for_file, ask_where_to_save

ID_ROLE = Qt.ItemDataRole.UserRole
LIST_WIDTH = 250
ROW = 34
FILE_FILTER = "*.json"


class ManagerPane(QWidget):
    """Finds, makes, edits, tries and shares scenarios."""

    def __init__(self, bridge: Bridge, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._scenarios: list[Scenario] = []
        self._current: int | None = None
        self._new = False
        self.search = QLineEdit()
        self.search.setPlaceholderText(tr("Search scenarios"))
        self.search.setAccessibleName(tr("Search scenarios"))
        self.search.setClearButtonEnabled(True)
        self.category = QComboBox()
        self.category.setAccessibleName(tr("Category"))
        self.list = QListWidget()
        self.list.setObjectName("filesList")
        self.list.setAccessibleName(tr("Scenarios"))
        self.form = ScenarioForm(bridge)
        self.trial = TryPane(bridge)
        self._build()
        self.search.textChanged.connect(self._show_list)
        self.category.currentIndexChanged.connect(self._show_list)
        self.list.currentItemChanged.connect(self._chosen)
        self.form.edited.connect(self._update_buttons)
        self._update_buttons()

    def reload(self) -> None:
        """Ask for the list; what is being edited stays."""
        self._bridge.call(self, calls.scenarios.list_scenarios, on_done=self._take)

    def select(self, scenario_id: int) -> None:
        """Show one of the scenarios."""
        for row in range(self.list.count()):
            if self.list.item(row).data(ID_ROLE) == scenario_id:
                self.list.setCurrentRow(row)

    @property
    def current(self) -> Scenario | None:
        """The scenario that is shown; None while a new one is written."""
        return next((s for s in self._scenarios if s.id == self._current), None)

    def _build(self) -> None:
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 12, 0)
        column.setSpacing(8)
        new = button(tr("New scenario"), self._begin_new, "primary", "plus")
        column.addWidget(new)
        column.addWidget(self.search)
        column.addWidget(self.category)
        self._empty = label(tr("No scenario matches."), "muted", wrap=True)
        self._empty.hide()
        column.addWidget(self._empty)
        column.addWidget(self.list, 1)
        share = QHBoxLayout()
        share.addWidget(button(tr("Import…"), self._choose_import))
        share.addWidget(button(tr("Export…"), partial(self._choose_export, None)))
        column.addLayout(share)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.addTab(self.form, tr("Edit"))
        self.tabs.addTab(self.trial, tr("Try it"))
        right = QWidget()
        side = QVBoxLayout(right)
        side.setContentsMargins(12, 0, 0, 0)
        side.setSpacing(8)
        side.addLayout(self._head())
        side.addWidget(self.tabs, 1)
        split = beside(left, right, (LIST_WIDTH, 3 * LIST_WIDTH))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(split)

    def _head(self) -> QHBoxLayout:
        self.title = label("", "title")
        self.title.setMinimumWidth(60)
        self.note = label("", "small")
        self.save = button(tr("Save"), self._save, "primary")
        self.more = QToolButton()
        icons.bind(self.more, "more")
        self.more.setIconSize(QSize(18, 18))
        self.more.setAccessibleName(tr("More"))
        self.more.setToolTip(tr("More"))
        self.more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self.more)
        menu.addAction(tr("Make it the default")).triggered.connect(self._set_default)
        menu.addAction(tr("Duplicate")).triggered.connect(self._duplicate)
        menu.addAction(tr("Export…")).triggered.connect(self._export_current)
        menu.addSeparator()
        menu.addAction(tr("Move to the trash")).triggered.connect(self._trash)
        self.more.setMenu(menu)
        self.versions = button(tr("Versions…"), self._show_versions)
        row = QHBoxLayout()
        row.setSpacing(8)
        names = QVBoxLayout()
        names.setSpacing(0)
        names.addWidget(self.title)
        names.addWidget(self.note)
        row.addLayout(names, 1)
        row.addWidget(self.versions)
        row.addWidget(self.save)
        row.addWidget(self.more)
        return row

    @Slot(object)
    def _take(self, scenarios: Any) -> None:
        self._scenarios = scenarios
        chosen = self.category.currentData()
        self.category.blockSignals(True)
        self.category.clear()
        self.category.addItem(tr("All categories"), "")
        names = {s.bundle.category for s in scenarios if s.bundle.category}
        for name in sorted(names):
            self.category.addItem(one_line(name, 40), name)
        self.category.setCurrentIndex(max(0, self.category.findData(chosen or "")))
        self.category.blockSignals(False)
        self.form.set_categories(sorted(names))
        self._show_list()

    @Slot()
    def _show_list(self) -> None:
        needle = self.search.text().strip().casefold()
        category = self.category.currentData() or ""
        shown = [s for s in self._scenarios if _matches(s.bundle, needle, category)]
        self.list.blockSignals(True)
        self.list.clear()
        for scenario in shown:
            self.list.addItem(_item(scenario))
        self.list.blockSignals(False)
        self._empty.setVisible(not shown)
        if self._new:
            return
        ids = [scenario.id for scenario in shown]
        if self._current in ids:
            self.list.setCurrentRow(ids.index(self._current))
        elif ids and not self.form.is_edited:
            self.list.setCurrentRow(0)
        self._show_current()

    @Slot(QListWidgetItem)
    def _chosen(self, item: QListWidgetItem | None, _before: object = None) -> None:
        if item is None:
            return
        number = item.data(ID_ROLE)
        if number == self._current and not self._new:
            return
        if self.form.is_edited:
            self._leave_edits(number)
            return
        self._new, self._current = False, number
        self._show_current()

    def _leave_edits(self, number: int) -> None:
        self.list.blockSignals(True)
        self.select(self._current or -1)
        self.list.blockSignals(False)

        def leave() -> None:
            self.form.forget_edits()
            self._new, self._current = False, number
            self._show_current()
            self.select(number)

        self.question = ask(
            self.window(),
            tr("Leave without saving?"),
            tr("What you changed in this scenario is lost."),
            tr("Don't save"),
            leave,
        )

    def _show_current(self) -> None:
        scenario = self.current
        if scenario is not None and not self.form.is_edited:
            self.form.show_bundle(scenario.bundle, scenario)
        self._update_buttons()

    @Slot()
    def _update_buttons(self) -> None:
        scenario = self.current
        self.title.setText(
            one_line(scenario.name, 60) if scenario and not self._new else tr("New scenario")
        )
        self.note.setText(_note(scenario) if scenario and not self._new else "")
        self.save.setEnabled(self.form.is_edited)
        for widget in (self.versions, self.more):
            widget.setEnabled(scenario is not None and not self._new)

    @Slot()
    def _begin_new(self) -> None:
        self._new, self._current = True, None
        self.list.clearSelection()
        self.list.setCurrentRow(-1)
        self.form.show_bundle(Bundle(""), None)
        self.tabs.setCurrentIndex(0)
        self.form.name.setFocus()
        self._update_buttons()

    @Slot()
    def _save(self) -> None:
        """Look what would go elsewhere first; publish at once when nothing does."""
        bundle = self.form.bundle()
        number = None if self._new else self._current

        def looked(moved: Any) -> None:
            if not moved:
                self._publish(number, bundle)
                return
            self.moved = MovedDialog(moved, self)
            self.moved.accepted.connect(partial(self._publish, number, bundle))
            self.moved.open()

        self._bridge.call(
            self,
            calls.scenarios.preview_publish,
            number,
            bundle,
            on_done=looked,
            on_error=self.form.show_problem,
        )

    def _publish(self, number: int | None, bundle: Bundle) -> None:
        wants_public = self.form.is_public

        def saved(scenario_id: int) -> None:
            if wants_public != self._is_public(scenario_id):
                self._bridge.call(self, calls.scenarios.set_public, scenario_id, wants_public)
            self.form.forget_edits()
            self._new, self._current = False, scenario_id
            self.reload()

        self._bridge.call(
            self,
            calls.scenarios.save_scenario,
            number,
            bundle,
            on_done=saved,
            on_error=self.form.show_problem,
        )

    def _is_public(self, number: int) -> bool:
        return any(s.id == number and s.is_public for s in self._scenarios)

    @Slot()
    def _set_default(self) -> None:
        self._bridge.call(self, calls.scenarios.set_default, self._current)

    @Slot()
    def _duplicate(self) -> None:
        def made(scenario_id: int) -> None:
            self._current = scenario_id
            self.reload()

        self._bridge.call(self, calls.scenarios.duplicate_scenario, self._current, on_done=made)

    @Slot()
    def _trash(self) -> None:
        scenario = self.current
        if scenario is None:
            return
        self.form.forget_edits()

        def done(_: Any) -> None:
            number = scenario.id
            undo = notices.NoticeAction(
                tr("Undo"),
                lambda: self._bridge.call(self, calls.scenarios.restore_scenario, number),
            )
            notices.say(
                NoticeLevel.INFO,
                "session_trashed",
                title=one_line(scenario.name, 60),
                key="scenario_trashed",
                actions=(undo,),
            )

        self._bridge.call(self, calls.scenarios.trash_scenario, scenario.id, on_done=done)

    @Slot()
    def _show_versions(self) -> None:
        scenario = self.current
        if scenario is not None:
            self.versions_dialog = VersionsDialog(self._bridge, scenario, self)
            self.versions_dialog.open()

    @Slot()
    def _export_current(self) -> None:
        self._choose_export(self._current)

    def _choose_export(self, number: int | None, _checked: bool = False) -> None:
        ids = () if number is None else (number,)
        ask_where_to_save(
            self,
            tr("Export scenarios"),
            FILE_FILTER,
            "scenarios.json",
            lambda path: self.export(path, ids),
        )

    def export(self, path: str, ids: tuple[int, ...] = ()) -> None:
        """Write scenarios into a file."""

        def done(count: int) -> None:
            notices.say(NoticeLevel.INFO, "exported", path=path, count=count, key="exported")

        self._bridge.call(self, calls.scenario_files.export_scenarios, path, ids, on_done=done)

    @Slot()
    def _choose_import(self) -> None:
        ask_for_file(self, tr("Import scenarios"), FILE_FILTER, self.look_at_import)

    @Slot(str)
    def look_at_import(self, path: str) -> None:
        """Show what a file holds before anything is taken over."""

        def show(imported: Any) -> None:
            self.import_dialog = ImportDialog(imported, self)
            self.import_dialog.accepted.connect(
                lambda: self._bridge.call(self, calls.scenario_files.import_scenarios, imported)
            )
            self.import_dialog.open()

        self._bridge.call(self, calls.scenario_files.read_import, path, on_done=show)


def _matches(bundle: Bundle, needle: str, category: str) -> bool:
    if category and bundle.category != category:
        return False
    words = (bundle.name, bundle.description, bundle.category, *bundle.tags, *bundle.keywords)
    return not needle or any(needle in word.casefold() for word in words)


def _item(scenario: Scenario) -> QListWidgetItem:
    name = one_line(scenario.name, 80)
    item = QListWidgetItem(f"{name}  ★" if scenario.is_default else name)
    item.setData(ID_ROLE, scenario.id)
    item.setSizeHint(QSize(0, ROW))
    item.setToolTip(one_line(scenario.bundle.description, 200))
    said = tr("{name}, the default", name=name) if scenario.is_default else name
    item.setData(Qt.ItemDataRole.AccessibleTextRole, said)
    return item


def _note(scenario: Scenario) -> str:
    parts = [tr("Version {version}", version=scenario.version)]
    if scenario.is_default:
        parts.append(tr("the default"))
    if scenario.builtin:
        own = tr("built-in") if scenario.follows_builtin else tr("built-in, edited by you")
        parts.append(own)
    parts.append(tr("visible to everyone") if scenario.is_public else tr("visible to you"))
    return " · ".join(parts)
