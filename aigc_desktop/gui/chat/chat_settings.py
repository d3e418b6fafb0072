"""What a chat is answered with: shown in the header, and set from there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal, Slot

from aigc_desktop.config import settings as config
from aigc_desktop.config.i18n import tr
from aigc_desktop.config.settings import Settings
from aigc_desktop.gui import calls
from aigc_desktop.gui.bridge import Bridge
from aigc_desktop.gui.chat.links import open_link

if TYPE_CHECKING:
    from aigc_desktop.gui.chat.chat_page import ChatPage


class ChatSettings(QObject):
    """Model, work directory and scenario of the chat that the page shows."""

    work_dir_known = Signal(object)
    """The work directory of the chat that is shown."""

    def __init__(self, bridge: Bridge, settings: Settings, page: ChatPage) -> None:
        super().__init__(page)
        self._bridge = bridge
        self._settings = settings
        self._page = page
        self._header = header = page.header
        self._in_session = page.sending.in_session
        header.models_wanted.connect(self._load_models)
        header.model_chosen.connect(self._set_model)
        header.work_dir_chosen.connect(self._set_work_dir)
        header.open_work_dir_wanted.connect(self._open_work_dir)
        header.scenarios_wanted.connect(self._load_scenarios)
        header.scenario_pinned.connect(self._pin_scenario)
        header.availability_wanted.connect(self._show_availability)

    def show(self) -> None:
        """Show title and settings of the chat."""
        session = self._page.state.session
        demo = self._settings.get(config.PROVIDER) == "demo"
        model = "demo" if demo else self._settings.get(config.MODEL)
        self.show_pinned(session.id if session else None)
        if session is None:
            self._header.set_title(tr("New chat"))
            self._header.set_model(model, own=False)
            self._header.set_work_dir(self._settings.get(config.WORK_DIR) or tr("Work directory"))
            return
        self._header.set_title(session.title)
        self._header.set_model(session.model or model, own=session.model is not None)
        self._bridge.call(self, calls.chat.work_dir, session.id, on_done=self._show_work_dir)

    def show_pinned(self, session_id: int | None) -> None:
        """Say whether the chat stays in one scenario."""
        if session_id is None:
            self._header.set_scenario("")
            return

        def done(found: Any) -> None:
            if session_id == self._page.session_id:
                self._header.show_scenarios(*found)

        self._bridge.call(self, calls.scenarios.choices_of_session, session_id, on_done=done)

    @Slot(object)
    def _show_work_dir(self, path: Any) -> None:
        self._header.set_work_dir(str(path))
        self.work_dir_known.emit(path)

    @Slot()
    def _load_models(self) -> None:
        self._bridge.call(self, calls.connection.list_models, on_done=self._header.show_models)

    @Slot(object)
    def _set_model(self, model: str | None) -> None:
        self._in_session(calls.sessions.set_session_model, model)

    @Slot(object)
    def _set_work_dir(self, path: str | None) -> None:
        self._in_session(calls.sessions.set_session_work_dir, path)

    @Slot()
    def _open_work_dir(self) -> None:
        self._in_session(calls.chat.work_dir, on_done=open_link)

    @Slot()
    def _load_scenarios(self) -> None:
        self._bridge.call(
            self,
            calls.scenarios.choices_of_session,
            self._page.session_id,
            on_done=lambda found: self._header.show_scenarios(*found),
        )

    @Slot(object)
    def _pin_scenario(self, scenario_id: int | None) -> None:
        self._in_session(
            calls.scenarios.pin_scenario,
            scenario_id,
            on_done=lambda _: self.show_pinned(self._page.session_id),
        )

    @Slot()
    def _show_availability(self) -> None:
        from aigc_desktop.gui.scenarios.availability_pane import AvailabilityDialog

        self._in_session(
            calls.sessions.get_session,
            on_done=lambda _: AvailabilityDialog(
                self._bridge, self._page.session_id, self._page
            ).open(),
        )
