"""What the window holds: sidebar, pages, notices. It puts the parts together, little more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from aigc_desktop.config import settings as config
from aigc_desktop.config.i18n import tr
from aigc_desktop.config.paths import Paths
from aigc_desktop.config.settings import Settings
from aigc_desktop.gui import actions, calls
from aigc_desktop.gui.bridge import Bridge
from aigc_desktop.gui.chat.chat_page import ChatPage
from aigc_desktop.gui.learning.proposals import LEARNED, ProposalWatch
from aigc_desktop.gui.main_window import SIDEBAR_WIDTH, SPLIT
from aigc_desktop.gui.migration_strip import MigrationStrip
from aigc_desktop.gui.notices import NoticeAction, NoticeBar
from aigc_desktop.gui.sidebar.sidebar import Sidebar
from aigc_desktop.gui.widgets.build import beside

if TYPE_CHECKING:
    from aigc_desktop.gui.learning.learning_page import LearningPage
    from aigc_desktop.gui.ops.operations_page import OperationsPage
    from aigc_desktop.gui.problem_page import ProblemPage
    from aigc_desktop.gui.returned_page import ReturnedPage
    from aigc_desktop.gui.scenarios.scenarios_page import ScenariosPage
    from aigc_desktop.gui.settings.settings_page import SettingsPage
    from aigc_desktop.gui.settings.welcome_page import WelcomePage
    from aigc_desktop.gui.widgets.parts_page import PartsPage

LAST_SESSION = "window.session"
_KEY_PROBLEMS = (
    "api_key_missing",
    "api_key_invalid",
    "provider_not_chosen",
    "base_url_missing",
    "keyring_changed",
)


class Workspace(QWidget):
    """Holds the pages; rebuilt pages (another language) keep their session and draft."""

    return_wanted = Signal(str)
    """The database is to go back to this copy."""
    backup_declined = Signal()
    """The backup before an upgrade is not waited for."""

    def __init__(
        self, bridge: Bridge, settings: Settings, paths: Paths, window: QWidget, typed: str = ""
    ) -> None:
        """`typed` is what the user has written while this was on its way."""
        super().__init__(window)
        self._bridge = bridge
        self._settings = settings
        self._paths = paths
        self._splitter: QSplitter | None = None
        self._outer = QHBoxLayout(self)
        self._outer.setContentsMargins(0, 0, 0, 0)
        self.pages = QStackedWidget()
        self._settings_page: SettingsPage | None = None
        self._welcome: WelcomePage | None = None
        self._scenarios: ScenariosPage | None = None
        self._operations: OperationsPage | None = None
        self._learning: LearningPage | None = None
        self._problem: ProblemPage | ReturnedPage | None = None
        self._sidebar_wanted = True
        self.shortcuts: actions.ShortcutsDialog | None = None
        self._build()
        self._show_welcome_if_new()
        session_id = settings.state(LAST_SESSION)
        self.chat.take_over(typed, session_id if isinstance(session_id, int) else None)

    def rebuild(self, *, keep_session: bool = True) -> None:
        """Build everything again: in another language, or (no session is kept) on other data."""
        session_id, typed = self.chat.session_id, self.chat.composer.text()
        if not keep_session:
            session_id = None
        part = self.settings_page.nav.currentRow() if self.shows_settings else None
        self.chat.flush()
        self.store_state()
        for action in self.actions():
            self.removeAction(action)
            action.deleteLater()
        self._build()
        self.start()
        self.chat.take_over("" if session_id else typed, session_id)
        if part is not None:
            self.show_settings()
            self.settings_page.show_part(part)

    @property
    def settings_page(self) -> SettingsPage:
        """The settings, made when they are first wanted."""
        if self._settings_page is None:
            from aigc_desktop.gui.settings.settings_page import SettingsPage

            self._settings_page = SettingsPage(self._bridge, self._settings, self._paths)
            self._settings_page.closed.connect(self.show_chat)
            self.pages.addWidget(self._settings_page)
        return self._settings_page

    @property
    def scenarios_page(self) -> ScenariosPage:
        """The scenario manager, made when it is first wanted."""
        if self._scenarios is None:
            from aigc_desktop.gui.scenarios.scenarios_page import ScenariosPage

            self._scenarios = ScenariosPage(self._bridge)
            self._scenarios.closed.connect(self.show_chat)
            self._scenarios.prompt_chosen.connect(self._take_prompt)
            self.pages.addWidget(self._scenarios)
        return self._scenarios

    @property
    def operations_page(self) -> OperationsPage:
        """Operations, made when they are first wanted."""
        if self._operations is None:
            from aigc_desktop.gui.ops.operations_page import OperationsPage

            self._operations = OperationsPage(self._bridge, self._settings)
            self._operations.closed.connect(self.show_chat)
            self._operations.session_wanted.connect(self._open_session)
            self._operations.turn_wanted.connect(self._open_turn)
            self._operations.settings_wanted.connect(self.show_settings)
            self._operations.return_wanted.connect(self.return_wanted)
            self._operations.learning_wanted.connect(self.show_learning)
            self.pages.addWidget(self._operations)
        return self._operations

    @property
    def learning_page(self) -> LearningPage:
        """What was learned, made when it is first wanted."""
        if self._learning is None:
            from aigc_desktop.gui.learning.learning_page import LearningPage

            self._learning = LearningPage(self._bridge)
            self._learning.closed.connect(self.show_chat)
            self._learning.session_wanted.connect(self._open_session)
            self.proposals.counted.connect(self._learning.show_proposals)
            self.pages.addWidget(self._learning)
        return self._learning

    @property
    def welcome(self) -> WelcomePage:
        """The page of the first run, made when it is first wanted."""
        if self._welcome is None:
            from aigc_desktop.gui.settings.welcome_page import WelcomePage

            self._welcome = WelcomePage(self._bridge, self._settings)
            self._welcome.connected.connect(self.show_chat)
            self._welcome.take_over_wanted.connect(self.show_take_over)
            self.pages.addWidget(self._welcome)
        return self._welcome

    @property
    def shows_settings(self) -> bool:
        return self._settings_page is not None and (
            self.pages.currentWidget() is self._settings_page
        )

    def start(self) -> None:
        """The backend is there: load the list; the welcome page if nothing is connected."""
        self.migration.hide()
        self.sidebar.reload()
        self._show_welcome_if_new()
        self._bridge.call(self, calls.chat.attend)
        self.proposals.count()

    def take_focus(self) -> None:
        """Let the user type where typing is expected."""
        shows_welcome = self.pages.currentWidget() is self._welcome
        field = self.welcome.key_form.field if shows_welcome else self.chat.composer
        field.setFocus()

    def _show_welcome_if_new(self) -> None:
        if not self._settings.get(config.PROVIDER):
            self.show_welcome()

    def show_problem(self, error: BaseException) -> ProblemPage:
        """Show that the program could not start."""
        from aigc_desktop.gui.problem_page import ProblemPage

        page = ProblemPage(error, self._paths)
        self._put_in_front(page)
        return page

    def show_return(self, snapshot: str) -> ReturnedPage:
        """Go back to a copy of the database, which nobody has open now, and show how that went."""
        from aigc_desktop.gui.returned_page import ReturnedPage

        page = ReturnedPage(self._paths, snapshot)
        self._put_in_front(page)
        return page

    def _put_in_front(self, page: ProblemPage | ReturnedPage) -> None:
        self._problem = page
        self.migration.hide()
        self.pages.addWidget(page)
        self.pages.setCurrentWidget(page)
        self.sidebar.setEnabled(False)

    def hide_problem(self) -> None:
        """Go back to the chat page for another try."""
        self.pages.setCurrentWidget(self.chat)
        if self._problem is not None:
            self.pages.removeWidget(self._problem)
            self._problem.deleteLater()
            self._problem = None
        self.sidebar.setEnabled(True)

    @Slot()
    def show_chat(self) -> None:
        """Show the chat page."""
        self.sidebar.setVisible(self._sidebar_wanted)
        self.pages.setCurrentWidget(self.chat)
        self.chat.composer.setFocus()

    @Slot()
    def show_settings(self) -> None:
        """Show the settings."""
        self.sidebar.hide()
        self.pages.setCurrentWidget(self.settings_page)
        self.settings_page.show_part(0)

    @Slot()
    def show_scenarios(self) -> None:
        """Show the scenario manager."""
        self._show_page(self.scenarios_page)

    @Slot()
    def show_operations(self) -> None:
        """Show the operations page."""
        self._show_page(self.operations_page)

    @Slot()
    def show_take_over(self) -> None:
        """Show where data of the web version comes in."""
        self.show_operations()
        self.operations_page.show_part("takeover")

    @Slot()
    def show_learning(self) -> None:
        """Show what was learned."""
        self._show_page(self.learning_page)
        self.proposals.count()

    @Slot()
    def show_inbox(self) -> None:
        """Show the lessons that wait for an answer."""
        self.show_learning()
        self.learning_page.nav.setCurrentRow(0)

    def _sees_learning(self) -> bool:
        return self._learning is not None and self._learning.isVisible()

    def _show_page(self, page: PartsPage) -> None:
        self.sidebar.hide()
        self.pages.setCurrentWidget(page)
        page.reload()
        page.nav.setFocus(Qt.FocusReason.OtherFocusReason)

    @Slot(str)
    def _take_prompt(self, text: str) -> None:
        self.show_chat()
        typed = self.chat.composer.text()
        self.chat.composer.set_text(f"{typed}\n\n{text}" if typed.strip() else text)

    @Slot()
    def show_welcome(self) -> None:
        """Show the page of the first run."""
        self.sidebar.hide()
        self.pages.setCurrentWidget(self.welcome)
        self.take_focus()

    def _build(self) -> None:
        self.notices = NoticeBar()
        self.migration = MigrationStrip()
        self.migration.declined.connect(self.backup_declined)
        self.migration.declined.connect(self.take_focus)
        self.sidebar = Sidebar(self._bridge)
        self.chat = ChatPage(self._bridge, self._settings)
        self._settings_page = None
        self._welcome = None
        self._scenarios = None
        self._operations = None
        self._learning = None
        self.pages = QStackedWidget()
        self.pages.addWidget(self.chat)
        right = QWidget()
        column = QVBoxLayout(right)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.migration)
        column.addWidget(self.notices)
        column.addWidget(self.pages, 1)
        if self._splitter is not None:
            self._outer.removeWidget(self._splitter)
            self._splitter.deleteLater()
        width = self._settings.state(SPLIT, SIDEBAR_WIDTH)
        self._splitter = beside(
            self.sidebar, right, (width if isinstance(width, int) else SIDEBAR_WIDTH, 4000)
        )
        self._outer.addWidget(self._splitter)
        self._connect()
        self.set_actions()

    def _connect(self) -> None:
        self._bridge.arrived.connect(self.notices.on_event)
        open_settings = NoticeAction(tr("Open settings"), self.show_settings)
        for code in _KEY_PROBLEMS:
            self.notices.offer(code, (open_settings,))
        self.notices.offer(LEARNED, (NoticeAction(tr("Have a look"), self.show_inbox),))
        self.notices.hold_back(LEARNED, self._sees_learning)
        sidebar, chat = self.sidebar, self.chat
        sidebar.session_chosen.connect(self._open_session)
        sidebar.hit_chosen.connect(self._open_hit)
        sidebar.new_chat_requested.connect(self.new_chat)
        sidebar.settings_requested.connect(self.show_settings)
        sidebar.scenarios_requested.connect(self.show_scenarios)
        sidebar.learning_requested.connect(self.show_learning)
        sidebar.operations_requested.connect(self.show_operations)
        chat.manage_scenarios_requested.connect(self.show_scenarios)
        chat.learning_requested.connect(self.show_learning)
        self.proposals = ProposalWatch(self._bridge, sidebar)
        self.proposals.counted.connect(sidebar.learning_badge.show_count)
        sidebar.current_gone.connect(self._current_gone)
        chat.session_shown.connect(sidebar.set_current)
        chat.rename_requested.connect(self.rename)
        chat.sidebar_toggled.connect(self.toggle_sidebar)

    def set_actions(self) -> None:
        """Put the shortcuts on the window."""
        actions.install(
            self,
            {
                "new_chat": self.new_chat,
                "search": self.focus_search,
                "find": self.chat.open_find,
                "rename": self.rename,
                "pin": self.sidebar.pin_current,
                "trash": self.sidebar.trash_current,
                "next_chat": self._next_chat,
                "previous_chat": self._previous_chat,
                "focus_composer": self.show_chat,
                "question": self.chat.focus_question,
                "stop": self.chat.stop,
                "files": self.chat.toggle_files,
                "sidebar": self.toggle_sidebar,
                "scenario": self.chat.show_scenario,
                "scenarios": self.show_scenarios,
                "learning": self.show_learning,
                "operations": self.show_operations,
                "settings": self.show_settings,
                "shortcuts": self.show_shortcuts,
                "quit": self.window().close,
            },
        )

    @Slot()
    def new_chat(self) -> None:
        """Show an empty chat."""
        self.show_chat()
        self.chat.new_chat()

    @Slot()
    def focus_search(self) -> None:
        """Go to the search field."""
        self._sidebar_wanted = True
        self.show_chat()
        self.sidebar.focus_search()

    @Slot()
    def rename(self) -> None:
        """Let the user type another title, where it can be seen."""
        self._sidebar_wanted = True
        self.show_chat()
        self.sidebar.rename_current()

    @Slot()
    def toggle_sidebar(self) -> None:
        """Show or hide the sidebar."""
        if self.pages.currentWidget() is self.chat:
            self._sidebar_wanted = self.sidebar.isHidden()
            self.sidebar.setVisible(self._sidebar_wanted)

    @Slot()
    def show_shortcuts(self) -> None:
        """List all shortcuts."""
        self.shortcuts = actions.ShortcutsDialog(self)
        self.shortcuts.open()

    @Slot()
    def _next_chat(self) -> None:
        self.sidebar.step(1)

    @Slot()
    def _previous_chat(self) -> None:
        self.sidebar.step(-1)

    @Slot(int)
    def _open_session(self, session_id: int) -> None:
        self.show_chat()
        self.chat.show_session(session_id)

    @Slot(int, int)
    def _open_turn(self, session_id: int, turn_id: int) -> None:
        self.show_chat()
        self.chat.show_session(session_id, turn_id=turn_id)

    @Slot(int, int, str)
    def _open_hit(self, session_id: int, _turn_id: int, text: str) -> None:
        self.show_chat()
        self.chat.show_session(session_id, find=text)

    @Slot(object)
    def _current_gone(self, instead: int | None) -> None:
        if instead is None:
            self.chat.new_chat()
        else:
            self.chat.show_session(instead)

    def store_state(self) -> None:
        """Remember what was shown, and how wide the sidebar was."""
        if self._splitter is not None and not self.sidebar.isHidden():
            self._settings.set_state(SPLIT, self._splitter.sizes()[0])
        self._settings.set_state(LAST_SESSION, self.chat.session_id)
