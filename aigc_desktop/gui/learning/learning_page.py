"""The learning page: proposals, what is in use, how learning goes."""

from __future__ import annotations

from PySide6.QtCore import Slot

from aigc_desktop.config.i18n import tr
from aigc_desktop.core.events import Event, LessonsChanged
from aigc_desktop.gui import notices
from aigc_desktop.gui.bridge import Bridge
from aigc_desktop.gui.learning.proposals import LEARNED
from aigc_desktop.gui.widgets.area_page import AreaPage

INBOX = "inbox"


class LearningPage(AreaPage):
    """The lesson inbox, lessons in use, the state of learning."""

    def __init__(self, bridge: Bridge) -> None:
        super().__init__("aigc_desktop.gui.learning", tr("Learning"), _parts(), bridge)
        bridge.arrived.connect(self._on_event)

    @property
    def shows_inbox(self) -> bool:
        """Whether the user looks at the inbox now."""
        return self.isVisible() and self.nav.currentRow() == 0

    @Slot(int)
    def show_proposals(self, count: int) -> None:
        """Say in the navigation how many lessons wait; seen, they are no news."""
        self.show_count(INBOX, count)
        if self.shows_inbox:
            notices.clear(LEARNED)

    @Slot(object)
    def _on_event(self, event: Event) -> None:
        if isinstance(event, LessonsChanged) and self.isVisible():
            self.reload()


def _parts() -> tuple[tuple[str, str, str], ...]:
    return (
        (INBOX, "inbox", tr("Inbox")),
        ("lessons", "learn", tr("Lessons")),
        ("state", "pulse", tr("State")),
    )
