"""The chat page's header: title, model, work directory, find, files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

from PySide6.QtCore import QEvent, QObject, Qt, Signal, Slot
from PySide6.QtGui import QAction, QActionGroup, QFontMetrics, QResizeEvent
from PySide6.QtWidgets import QFileDialog, QFrame, QHBoxLayout, QMenu, QToolButton, QWidget

from aigc_desktop.config.i18n import tr
from aigc_desktop.gui.chat.safe_text import one_line
from aigc_desktop.gui.widgets.build import icon_button, label, pill


class ChatHeader(QFrame):
    """Shows what is set for this session and lets it be changed."""

    sidebar_toggled = Signal()
    rename_wanted = Signal()
    models_wanted = Signal()
    model_chosen = Signal(object)
    """A model's name, or None to follow the settings."""
    work_dir_chosen = Signal(object)
    """A folder's path, or None to follow the settings."""
    open_work_dir_wanted = Signal()
    scenarios_wanted = Signal()
    scenario_pinned = Signal(object)
    """The id of the scenario that the chat stays in, or None to choose for each request."""
    availability_wanted = Signal()
    manage_wanted = Signal()
    find_wanted = Signal()
    files_toggled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("header")
        self._full_title = ""
        self._model = ""
        self._own_model = False
        self._work_dir = ""
        self.title = label("", "heading")
        self.title.setMinimumWidth(40)
        self.title.setToolTip(tr("Double-click to rename"))
        self.title.installEventFilter(self)
        self.model_button = pill("model", tr("Model of this chat"))
        self.model_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._model_menu = QMenu(self.model_button)
        self._model_menu.aboutToShow.connect(self.models_wanted)
        self.model_button.setMenu(self._model_menu)
        self.scenario_button = pill("spark", tr("Scenario of this chat"))
        self.scenario_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._scenario_menu = QMenu(self.scenario_button)
        self._scenario_menu.aboutToShow.connect(self.scenarios_wanted)
        self.scenario_button.setMenu(self._scenario_menu)
        self.set_scenario("")
        self.folder_button = pill("folder", tr("Work directory of this chat"))
        self.folder_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.folder_button.setMenu(self._folder_menu())
        self.files_button = icon_button("panel-right", tr("Files of this chat"), self.files_toggled)
        self.files_button.setCheckable(True)
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 7, 10, 7)
        row.setSpacing(4)
        row.addWidget(icon_button("sidebar", tr("Show or hide the sidebar"), self.sidebar_toggled))
        row.addWidget(self.title, 1)
        row.addWidget(self.scenario_button)
        row.addWidget(self.model_button)
        row.addWidget(self.folder_button)
        row.addWidget(icon_button("search", tr("Find in this chat"), self.find_wanted))
        row.addWidget(self.files_button)

    def set_title(self, title: str) -> None:
        """Show the session's title, as much of it as there is room for."""
        self._full_title = one_line(title)
        self._elide()

    def set_model(self, model: str, own: bool) -> None:
        """Show the model; `own`: chosen for this session, not taken from the settings."""
        self._model, self._own_model = model, own
        text = tr("Demo model") if model == "demo" else model
        self.model_button.setText(f" {one_line(text, 28)}")
        self.show_models([model])

    def show_models(self, models: Sequence[str]) -> None:
        """Fill the picker."""
        self._model_menu.clear()
        group = QActionGroup(self._model_menu)
        default = self._entry(group, tr("As in the settings"), None, not self._own_model)
        self._model_menu.addAction(default)
        self._model_menu.addSeparator()
        names = list(dict.fromkeys([*models, self._model] if self._model else models))
        for name in names:
            chosen = self._own_model and name == self._model
            self._model_menu.addAction(self._entry(group, one_line(name, 60), name, chosen))
        group.triggered.connect(self._model_picked)

    def set_scenario(self, name: str) -> None:
        """Show the scenario that the chat stays in; "" when one is chosen for each request."""
        self.scenario_button.setText(f" {one_line(name, 20) or tr('Automatic')}")
        self.show_scenarios((), None)

    def show_scenarios(self, scenarios: Sequence[tuple[int, str]], pinned: int | None) -> None:
        """Fill the picker with (id, name) pairs."""
        menu = self._scenario_menu
        menu.clear()
        group = QActionGroup(menu)
        automatic = self._entry(group, tr("Choose for each request"), None, pinned is None)
        menu.addAction(automatic)
        menu.addSeparator()
        for number, name in scenarios:
            menu.addAction(self._entry(group, one_line(name, 60), number, number == pinned))
        group.triggered.connect(self._scenario_picked)
        menu.addSeparator()
        menu.addAction(tr("Scenarios and instructions of this chat…")).triggered.connect(
            self.availability_wanted
        )
        menu.addAction(tr("Manage scenarios…")).triggered.connect(self.manage_wanted)
        if scenarios:
            name = dict(scenarios).get(pinned, "") if pinned is not None else ""
            self.scenario_button.setText(f" {one_line(name, 20) or tr('Automatic')}")

    @Slot(QAction)
    def _scenario_picked(self, action: QAction) -> None:
        self.scenario_pinned.emit(action.data())

    def set_work_dir(self, path: str) -> None:
        """Show the folder in which the agent works."""
        self._work_dir = path
        self.folder_button.setText(f" {one_line(PurePath(path).name or path, 24)}")
        self.folder_button.setToolTip(tr("Work directory: {path}", path=one_line(path, 300)))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.title and event.type() == QEvent.Type.MouseButtonDblClick:
            self.rename_wanted.emit()
            return True
        return super().eventFilter(watched, event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._elide()

    @Slot()
    def choose_folder(self) -> None:
        """Let the user pick another work directory."""
        dialog = QFileDialog(self.window(), tr("Choose the work directory"), self._work_dir)
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self.work_dir_chosen)
        dialog.open()

    def _folder_menu(self) -> QMenu:
        menu = QMenu(self.folder_button)
        menu.addAction(tr("Open in the file manager")).triggered.connect(self.open_work_dir_wanted)
        menu.addAction(tr("Choose another folder…")).triggered.connect(self.choose_folder)
        default = menu.addAction(tr("As in the settings"))
        default.triggered.connect(self._default_folder)
        return menu

    @Slot()
    def _default_folder(self) -> None:
        self.work_dir_chosen.emit(None)

    def _entry(self, group: QActionGroup, text: str, data: object, checked: bool) -> QAction:
        action = QAction(text, group)
        action.setData(data)
        action.setCheckable(True)
        action.setChecked(checked)
        return action

    @Slot(QAction)
    def _model_picked(self, action: QAction) -> None:
        self.model_chosen.emit(action.data())

    def _elide(self) -> None:
        room = max(self.title.width(), 40)
        metrics = QFontMetrics(self.title.font())
        self.title.setText(metrics.elidedText(self._full_title, Qt.TextElideMode.ElideRight, room))
